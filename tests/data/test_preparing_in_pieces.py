"""Columns that are cut into pieces as well: fitted on training rows, counted, prepared last, and read back from
JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.dataset import load_dataset
from goru.data.memory import dataset_from
from goru.data.pieces import FEWEST_PIECES, fit_edges, piecewise_linear_encoding
from goru.data.preparing import Preparation, Unscaled
from goru.data.schema.encoding import Encoded
from goru.errors import InputError

MANY = 9
PIECES = (MANY, 0, MANY)


def make(rows: int = 40, seed: int = 0) -> Encoded:
    """Three numeric columns with gaps, one indicator and two categories."""
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(rows, 3)) * [1, 10, 100]
    numeric[rng.random(numeric.shape) < 0.1] = np.nan
    codes = np.c_[rng.integers(-1, 3, rows), rng.integers(0, 2, rows)].astype(np.int32)
    return Encoded(numeric, (rng.random((rows, 1)) < 0.3).astype(np.float32), codes, (3, 2))


def fitted(encoded: Encoded, pieces: tuple[int, ...] = PIECES, **given) -> Preparation:
    return Preparation.fit(encoded, np.arange(len(encoded)), pieces=pieces, **given)


def plain_json(preparation: Preparation) -> dict:
    return json.loads(json.dumps(preparation.to_json(), allow_nan=False))


class TestFeatures:
    def test_pieces_come_after_all_that_there_is_without_them(self):
        encoded = make()
        whole, without = fitted(encoded), fitted(encoded, ())
        np.testing.assert_array_equal(whole.transform(encoded)[:, :9], without.transform(encoded))
        pieces = whole.transform(encoded)[:, 9:]
        assert pieces.dtype == np.float32
        for place, column in enumerate((0, 2)):
            values = encoded.numeric[:, column]
            own = pieces[:, place * MANY : (place + 1) * MANY]
            np.testing.assert_allclose(own, piecewise_linear_encoding(values, fit_edges(values, MANY)), atol=1e-6)

    def test_they_are_counted_apart_from_those_of_columns(self):
        encoded = make()
        whole = fitted(encoded)
        assert whole.n_from_columns == fitted(encoded, ()).n_features == 3 + 1 + 5
        assert whole.n_features == 9 + 2 * MANY == whole.transform(encoded).shape[1]

    def test_if_no_column_is_cut_there_are_no_edges(self):
        encoded = make()
        for pieces in ((), (0, 0, 0)):
            assert fitted(encoded, pieces).edges == ()
            assert fitted(encoded, pieces) == Preparation.fit(encoded, np.arange(len(encoded)))

    def test_a_column_that_is_not_cut_has_none(self):
        assert [len(edges) for edges in fitted(make()).edges] == [MANY + 1, 0, MANY + 1]

    def test_as_many_answers_are_needed_as_there_are_columns(self):
        with pytest.raises(ValueError, match="zip"):
            fitted(make(), (MANY, 0))

    def test_numbers_that_are_not_scaled_may_be_cut_as_well(self):
        encoded = make()
        plain = Unscaled.fit(encoded, np.arange(len(encoded)), pieces=PIECES)
        np.testing.assert_array_equal(plain.transform(encoded)[:, 9:], fitted(encoded).transform(encoded)[:, 9:])

    def test_large_tables_are_prepared_in_blocks_with_the_same_result(self, monkeypatch):
        encoded = make()
        whole = fitted(encoded).transform(encoded)
        monkeypatch.setattr("goru.data.preparing._BLOCK_CELLS", 60)
        np.testing.assert_array_equal(fitted(encoded).transform(encoded), whole)

    def test_a_gap_is_zero_in_every_piece_and_a_value_far_out_one_half(self):
        encoded = make()
        preparation = fitted(encoded)
        numeric = np.array([[np.nan] * 3, [1e300] * 3, [-1e300] * 3])
        rows = Encoded(numeric, np.zeros((3, 1), np.float32), np.full((3, 2), -1, np.int32), (3, 2))
        pieces = preparation.transform(rows)[:, 9:]
        assert np.unique(pieces, axis=1).tolist() == [[0], [0.5], [-0.5]]

    def test_a_column_missing_in_all_training_rows_has_pieces_that_say_nothing(self):
        encoded = make()
        encoded.numeric[:20, 0] = np.nan
        preparation = Preparation.fit(encoded, np.arange(20), pieces=PIECES)
        assert preparation.n_features == 9 + 2 * MANY
        assert not preparation.transform(encoded)[:, 9 : 9 + MANY].any()


class TestFitRows:
    @given(st.integers(0, 2**32 - 1))
    def test_changing_other_rows_changes_nothing(self, seed):
        rng = np.random.default_rng(seed)
        encoded, rows = make(), rng.permutation(40)
        before = Preparation.fit(encoded, rows[:25], pieces=PIECES)
        encoded.numeric[rows[25:]] = rng.normal(size=(15, 3)) * 1e6
        encoded.codes[rows[25:]] = 0
        assert Preparation.fit(encoded, rows[:25], pieces=PIECES) == before

    def test_changing_a_training_row_does(self):
        encoded = make()
        before = Preparation.fit(encoded, np.arange(25), pieces=PIECES)
        encoded.numeric[3] = 1e6
        assert Preparation.fit(encoded, np.arange(25), pieces=PIECES).edges != before.edges

    def test_edges_are_the_quantiles_of_the_training_rows(self):
        encoded, rows = make(), np.arange(0, 40, 3)
        preparation = Preparation.fit(encoded, rows, pieces=PIECES)
        assert preparation.edges == (
            fit_edges(encoded.numeric[rows, 0], MANY),
            (),
            fit_edges(encoded.numeric[rows, 2], MANY),
        )

    def test_weighted_rows_are_cut_too(self):
        encoded = make()
        weighted = fitted(encoded, weights=np.arange(1.0, 41))
        assert [len(edges) for edges in weighted.edges] == [MANY + 1, 0, MANY + 1]
        assert (np.abs(weighted.transform(encoded)[:, 9:]) <= 0.5).all()


class TestJson:
    @given(st.integers(0, 2**32 - 1))
    def test_a_preparation_survives_to_the_last_bit(self, seed):
        preparation = fitted(make(seed=seed))
        assert Preparation.from_json(plain_json(preparation)) == preparation

    def test_what_was_written_before_there_were_pieces_is_read(self):
        preparation = fitted(make(), ())
        content = plain_json(preparation)
        del content["edges"]
        assert Preparation.from_json(content) == preparation

    @pytest.mark.parametrize(
        "edges",
        [
            "text",
            None,
            {},
            3,
            [[0.0, 1.0]],
            [[0.0, 1.0]] * 4,
            [[0.0, 1.0], [], 5],
            [[0.0, 1.0], [], "no"],
            [[0.0, 1.0], [], None],
            [[0.0], [], []],
            [[1.0, 0.0], [], []],
            [[0.0, float("nan")], [], []],
            [[float("-inf"), 0.0], [], []],
            [[0.0, "1"], [], []],
            [[0.0, None], [], []],
            [[False, True], [], []],
            [[[0.0], [1.0]], [], []],
        ],
        ids=str,
    )
    def test_damaged_edges_are_an_input_error(self, edges):
        with pytest.raises(InputError, match="damaged model"):
            Preparation.from_json(plain_json(fitted(make())) | {"edges": edges})

    def test_a_number_too_large_for_a_float_is_damage(self):
        for damage in ({"edges": [[0, 10**400], [], []]}, {"medians": [0, 0, 10**400]}):
            with pytest.raises(InputError, match="damaged model"):
                Preparation.from_json(plain_json(fitted(make())) | damage)

    def test_whole_numbers_are_edges_too(self):
        content = plain_json(fitted(make())) | {"edges": [[0, 1, 1, 2], [], []]}
        found = Preparation.from_json(content)
        assert found.edges == ((0.0, 1.0, 1.0, 2.0), (), ())
        assert found.n_features == 9 + 3


class TestDataset:
    @pytest.fixture(scope="class")
    @staticmethod
    def dataset():
        """Columns with many values, with eight, and with nine; and a category."""
        rng, rows = np.random.default_rng(0), np.arange(120)
        frame = pd.DataFrame(
            {
                "many": rng.normal(size=120),
                "eight": (rows % 8) * 1.5,
                "nine": (rows % 9) * 1.5,
                "gaps": np.where(rows % 5, rng.normal(size=120), np.nan),
                "kind": np.array(["a", "b", "c"])[rows % 3],
            }
        )
        return dataset_from(frame, rng.normal(size=120))

    def test_columns_with_at_most_eight_values_are_not_cut(self, dataset):
        names = [column.name for column in dataset.schema.columns][: len(dataset.pieces)]
        assert dict(zip(names, dataset.pieces, strict=True)) == {
            "many": FEWEST_PIECES,
            "eight": 0,
            "nine": FEWEST_PIECES,
            "gaps": FEWEST_PIECES,
        }

    def test_prepared_features_are_those_of_the_schema_and_the_pieces(self, dataset):
        assert dataset.n_prepared("scaled") == dataset.n_features == 4 + 1 + 3
        assert dataset.n_prepared("pieces") == dataset.n_features + 3 * FEWEST_PIECES
        rows = np.arange(60)
        for encoding in ("scaled", "pieces"):
            pieces = dataset.pieces if encoding == "pieces" else ()
            preparation = Preparation.fit(dataset.encoded_development, rows, pieces=pieces)
            assert preparation.n_features == dataset.n_prepared(encoding)
            assert preparation.n_from_columns == dataset.n_features

    def test_test_rows_have_no_say_in_what_is_cut(self):
        frame = pd.DataFrame({"x": np.arange(60) % 5, "t": np.arange(60.0)}).astype(float)
        others = pd.DataFrame({"x": np.arange(30.0) / 7, "t": np.arange(30.0)})
        assert load_dataset(frame, target="t", test=others).pieces == (0,)
        assert load_dataset(others, target="t", test=frame).pieces == (FEWEST_PIECES,)

    def test_a_table_of_categories_alone_cannot_be_cut(self):
        dataset = dataset_from(pd.DataFrame({"kind": list("abcd") * 10}), np.arange(40.0))
        assert dataset.pieces == ()
        assert {dataset.n_prepared(encoding) for encoding in ("scaled", "squares", "pieces")} == {4}
