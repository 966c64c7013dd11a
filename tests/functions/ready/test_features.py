import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array

from goru.errors import InputError
from goru.functions.ready.features import features

NUMBERS = np.array([[1.0, 0.0], [0.5, -3.0]])
FORMS = [
    NUMBERS,
    NUMBERS.tolist(),
    pd.DataFrame(NUMBERS),
    pl.DataFrame(NUMBERS),
    csr_array(NUMBERS),
    NUMBERS.astype(object),
]


@pytest.mark.parametrize("X", FORMS, ids=lambda X: f"{type(X).__module__.split('.')[0]}.{type(X).__name__}")
def test_numbers_in_any_form(X):
    found = features(X)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, NUMBERS)


def test_whole_numbers_booleans_and_missing_ones():
    frame = pd.DataFrame({"n": pd.array([1, None], "Int64"), "b": [True, False]})
    np.testing.assert_array_equal(features(frame), [[1, 1], [np.nan, 0]])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_column_of_words_is_named(frame):
    with pytest.raises(InputError, match=r"^X: .*column 'town'"):
        features(frame({"n": [1, 2], "town": ["Seoul", "Busan"]}))


def test_words_in_an_array():
    with pytest.raises(InputError, match=r"^X: not all values are numbers"):
        features(np.array([["Seoul"], ["Busan"]]))


def test_ragged_rows():
    with pytest.raises(InputError):
        features([[1.0, 2.0], [3.0]])
