"""Squares of numbers: which columns have one, where they stand, and what they are."""

import json

import numpy as np
import pytest

from goru.data.preparing import Preparation, Unscaled
from goru.data.schema.encoding import Encoded
from goru.data.squares import squared_columns, squares
from goru.errors import InputError

ROWS = 40
SQUARED = (0, 2)


def make(seed: int = 0) -> Encoded:
    """Three numeric columns with gaps, an indicator and a category of three levels."""
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(ROWS, 3)) * [1, 10, 100]
    numeric[rng.random(numeric.shape) < 0.1] = np.nan
    codes = rng.integers(0, 3, (ROWS, 1)).astype(np.int32)
    return Encoded(numeric, np.zeros((ROWS, 1), np.float32), codes, (3,))


def fitted(encoded: Encoded, **given) -> Preparation:
    return Preparation.fit(encoded, np.arange(ROWS), **{"squared": SQUARED, **given})


class TestColumns:
    def test_those_with_more_than_two_values_have_one(self):
        rows = np.arange(12.0)
        columns = [rows % 3, rows % 2, rows * 0, rows, np.full(12, np.nan), np.where(rows < 4, np.nan, rows % 2)]
        assert squared_columns(np.stack(columns, axis=1)) == (0, 3)

    def test_a_table_without_numbers_has_none(self):
        assert squared_columns(np.empty((5, 0))) == ()


class TestPreparing:
    def test_a_square_is_a_third_of_that_of_the_prepared_number(self):
        encoded = make()
        preparation = fitted(encoded)
        numbers = preparation.numbers(encoded.numeric)
        found = preparation.transform(encoded, np.float64)
        np.testing.assert_array_equal(found[:, 7:], numbers[:, SQUARED] ** 2 / 3)
        assert ((found[:, 7:] >= 0) & (found[:, 7:] <= 3)).all()

    def test_squares_come_after_all_that_there_is_without_them_and_before_pieces(self):
        encoded = make()
        without, whole = fitted(encoded, squared=()), fitted(encoded, pieces=(0, 9, 0))
        assert (without.n_features, whole.n_features, whole.n_from_columns) == (7, 7 + 2 + 9, 7)
        found = whole.transform(encoded)
        np.testing.assert_array_equal(found[:, :7], without.transform(encoded))
        np.testing.assert_array_equal(found[:, 7:9], fitted(encoded).transform(encoded)[:, 7:])
        pieces = fitted(encoded, squared=(), pieces=(0, 9, 0)).transform(encoded)[:, 7:]
        np.testing.assert_array_equal(found[:, 9:], pieces)

    def test_a_missing_number_and_one_of_a_constant_column_have_a_square_of_zero(self):
        encoded = make()
        encoded.numeric[:, 2] = 7.0
        found = fitted(encoded).transform(encoded)[:, 7:]
        assert (found[np.isnan(encoded.numeric[:, 0]), 0] == 0).all()
        assert (found[:, 1] == 0).all()

    def test_of_huge_numbers_it_is_finite(self):
        assert np.isfinite(squares(fitted(make()).numbers(np.array([[1e300, -1e300, 0.0]])))).all()

    def test_numbers_that_are_not_scaled_have_none(self):
        encoded = make()
        assert Unscaled.fit(encoded, np.arange(ROWS)).n_features == 7


class TestJson:
    def test_a_preparation_survives(self):
        preparation = fitted(make())
        assert Preparation.from_json(json.loads(json.dumps(preparation.to_json()))) == preparation

    def test_what_was_written_before_there_were_squares_is_read(self):
        preparation = fitted(make(), squared=())
        content = preparation.to_json()
        del content["squared"]
        assert Preparation.from_json(content) == preparation

    @pytest.mark.parametrize("squared", [None, "0", {}, [3], [-1], [1, 0], [0, 0], [0.0], [True], [[0]]], ids=str)
    def test_damaged_ones_are_an_input_error(self, squared):
        with pytest.raises(InputError, match="damaged model"):
            Preparation.from_json(fitted(make()).to_json() | {"squared": squared})
