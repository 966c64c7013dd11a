import datetime
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from goru.data.schema.cells import is_number
from goru.data.table import as_frame, is_odd, odd_kind, tidy
from goru.errors import InputError


def tidied(cells):
    return tidy(pd.DataFrame({"c": cells}))["c"]


@pytest.mark.parametrize("missing", [[], [None]], ids=["full", "with a gap"])
@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        ([datetime.time(0, 0), datetime.time(18, 5, 30, 500_000)], [0, 65130.5]),
        ([datetime.timedelta(days=1), datetime.timedelta(milliseconds=-250)], [86400, -0.25]),
    ],
    ids=["times of day", "spans of time"],
)
def test_times_are_numbers_of_seconds(cells, seconds, missing):
    column = tidied(pd.Series(cells + missing, dtype=object))
    assert is_number(column)
    np.testing.assert_array_equal(column, seconds + [np.nan] * len(missing))


@pytest.mark.parametrize("of", [list, pd.Categorical])
def test_bytes_that_are_utf_8_are_text(of):
    column = tidied(of(["grün".encode(), b" u ", b"NA", "grün".encode()]))
    assert isinstance(column.dtype, pd.StringDtype)
    assert column.dropna().tolist() == ["grün", "u", "grün"]


def test_bytes_beside_text_are_text():
    assert tidied(pd.Series([b"u", "v", 3], dtype=object)).tolist() == ["u", "v", "3"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([[1], [2, 3]], "lists"),
        ([np.ones(2), np.ones(3)], "lists"),
        ([(1, 2), None], "lists"),
        ([{"u": 1}, {}], "records"),
        ([b"\xff\xfe", b"u"], "bytes that are no text"),
        ([1j, 2j], "complex numbers"),
        (np.array([1j, 2], dtype=np.complex64), "complex numbers"),
        ([uuid.UUID(int=1), uuid.UUID(int=2)], "cells of the type UUID"),
        ([1, [2], "x"], "lists in 1 of its rows"),
        (pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), "lists"),
        (pd.Series([{"u": 1}], dtype=pd.ArrowDtype(pa.struct([("u", pa.int64())]))), "records"),
        (pd.Series([[("k", 1)]], dtype=pd.ArrowDtype(pa.map_(pa.string(), pa.int64()))), "maps"),
    ],
)
def test_a_column_that_has_no_place_in_a_table_is_kept_and_can_be_named(cells, kind):
    column = tidied(cells if isinstance(cells, pd.Series | np.ndarray) else pd.Series(cells, dtype=object))
    assert is_odd(column)
    assert odd_kind(column) == kind
    assert is_odd(tidy(pd.DataFrame({"c": column}))["c"])


def test_what_is_odd_may_be_in_rows_that_are_not_looked_at():
    column = tidied(pd.Series([1, "x", [2]], dtype=object))
    assert odd_kind(column.iloc[:2]) == "other cells"


@pytest.mark.parametrize("cells", [["x", "y"], [1.5, None], [True, None], [None, None], [pd.Timestamp("2024")]])
def test_a_column_of_cells_as_tables_have_them_is_not_odd(cells):
    assert not is_odd(tidied(pd.Series(cells, dtype=object)))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_other_libraries_are_taken(make):
    frame = as_frame(make({"a": [1.5, 2.5], "b": ["x", "y"]}))
    assert isinstance(frame, pd.DataFrame)
    assert frame["a"].tolist() == [1.5, 2.5]
    assert frame["b"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    "table", [np.eye(2), {"a": [1]}, "new.csv", pd.Series([1.0]), [[1.0]], None, pl.LazyFrame({"a": [1]})]
)
def test_what_is_no_frame_is_refused_in_one_line(table):
    with pytest.raises(InputError, match=f"a frame of pandas.* {type(table).__name__}") as error:
        as_frame(table)
    assert "\n" not in str(error.value)
