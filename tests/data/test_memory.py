"""Arrays in memory become a data set of which every row is a development row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.memory import dataset_from
from goru.data.schema.encoding import Schema
from goru.errors import InputError


def make_frame(rows: int = 6) -> pd.DataFrame:
    """A number, with one missing, and a category; the index is that of a part of a larger table."""
    frame = pd.DataFrame({"size": np.linspace(0, 1, rows), "colour": np.where(np.arange(rows) % 2, "red", "blue")})
    frame.loc[0, "size"] = np.nan
    return frame.set_index(np.arange(rows)[::-1] + 100)


CODES, VALUES = np.array([0, 1, 2, 0, 1, 2]), np.linspace(-1, 1, 6)
CLASSES = ("a", "b", "c")


class TestRows:
    @given(st.integers(2, 40))
    def test_all_are_development_rows_however_few_there_are(self, rows):
        dataset = dataset_from(make_frame(rows), np.zeros(rows, int), ("a", "b"))
        assert (dataset.n_rows, len(dataset.y_development), len(dataset.encoded_development)) == (rows, rows, rows)
        np.testing.assert_array_equal(dataset.development_rows, np.arange(rows))

    def test_there_are_no_test_rows_but_their_arrays_are_there(self):
        dataset = dataset_from(make_frame(), VALUES)
        assert not dataset.has_test_rows
        assert (len(dataset.y_test), len(dataset.encoded_test), len(dataset.test_rows)) == (0, 0, 0)
        assert dataset.encoded_test.numeric.shape == (0, 1)

    def test_they_stay_in_their_order(self):
        np.testing.assert_array_equal(dataset_from(make_frame(), VALUES).y_development, VALUES)
        numbers = dataset_from(make_frame(), VALUES).encoded_development.numeric[:, 0]
        np.testing.assert_allclose(numbers, make_frame()["size"], rtol=1e-6)

    def test_columns_are_what_their_values_say(self):
        dataset, frame = dataset_from(make_frame(), VALUES), make_frame()
        assert dataset.schema == Schema.from_frame(frame)
        assert dataset.column_counts == {"numeric": 1, "categorical": 1, "date": 0, "dropped": 0}
        assert dataset.n_features == 1 + 1 + 2  # a number, whether it is missing, two colours

    def test_what_is_dropped_is_noted(self):
        (note,) = dataset_from(make_frame().assign(same=1), VALUES).notes
        assert "'same'" in note

    def test_where_every_column_is_dropped_nothing_is_left_to_learn_from(self):
        with pytest.raises(InputError, match="X: no feature column remains"):
            dataset_from(pd.DataFrame({"same": [1] * 6}), VALUES)


class TestTarget:
    def test_codes_are_of_the_classes_given(self):
        dataset = dataset_from(make_frame(), CODES, CLASSES)
        assert (dataset.task, dataset.classes, dataset.n_outputs) == ("classification", CLASSES, 3)
        assert dataset.y_development.dtype == dataset.y_test.dtype == np.int32
        np.testing.assert_array_equal(dataset.y_development, CODES)

    def test_a_class_may_have_no_row_at_all(self):
        assert dataset_from(make_frame(), np.zeros(6, int), CLASSES).n_outputs == 3

    def test_without_classes_it_is_a_number(self):
        dataset = dataset_from(make_frame(), VALUES.astype(np.float32))
        assert (dataset.task, dataset.classes, dataset.n_outputs) == ("regression", None, 1)
        assert dataset.y_development.dtype == dataset.y_test.dtype == np.float64

    @pytest.mark.parametrize("codes", [[0, 1, 2, 3, 0, 0], [0, -1, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0]])
    def test_what_is_no_code_is_refused(self, codes):
        with pytest.raises(InputError, match=r"not a class code\. Give whole numbers from 0 to 2"):
            dataset_from(make_frame(), np.array(codes), CLASSES)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_what_is_no_finite_number_is_refused(self, value):
        with pytest.raises(InputError, match="not finite"):
            dataset_from(make_frame(), np.array([value, *VALUES[1:]]))


class TestWeights:
    def test_by_default_there_are_none(self):
        assert dataset_from(make_frame(), VALUES).weights is None

    def test_they_are_kept_on_their_own_scale(self):
        weights = dataset_from(make_frame(), VALUES, weights=np.arange(1, 7)).weights
        assert weights.dtype == np.float64
        np.testing.assert_array_equal(weights, np.arange(1, 7))

    @pytest.mark.parametrize("weight", [0, -1, np.nan, np.inf])
    def test_one_that_is_not_above_zero_is_refused(self, weight):
        with pytest.raises(InputError, match="X: a weight is not above zero, or not finite"):
            dataset_from(make_frame(), VALUES, weights=np.array([weight, 1, 1, 1, 1, 1.0]))


class TestGroups:
    def test_by_default_there_are_none(self):
        assert dataset_from(make_frame(), VALUES).groups is None

    @pytest.mark.parametrize("groups", [["x", "y", "x", "z", "z", "y"], np.array([7, -3, 7, 0, 0, -3])])
    def test_rows_of_one_name_are_of_one_group(self, groups):
        found = dataset_from(make_frame(), VALUES, groups=groups).groups
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found[:, None] == found, np.asarray(groups)[:, None] == np.asarray(groups))

    def test_a_row_without_one_is_refused(self):
        with pytest.raises(InputError, match="X: data row 2: no group"):
            dataset_from(make_frame(), VALUES, groups=["x", None, "x", "z", "z", "y"])


@pytest.mark.parametrize(
    "short", [{"y": VALUES[1:]}, {"weights": np.ones(7)}, {"groups": ["x"]}], ids=lambda it: next(iter(it))
)
def test_lengths_that_differ_are_refused_by_name(short):
    with pytest.raises(
        InputError, match=f"table: 6 rows, and {next(iter(short))} has {len(next(iter(short.values())))}"
    ):
        dataset_from(**({"frame": make_frame(), "y": VALUES} | short), name="table")
