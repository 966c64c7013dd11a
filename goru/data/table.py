"""A table as it was read, and the one form that every frame is brought into."""

import os
from collections import Counter
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from goru.data.schema.cells import TEXT, clean_text, is_boolean
from goru.data.schema.numerals import LARGEST_EXACT
from goru.errors import InputError
from goru.wording import listing

#: What may stand in a cell of a column of mixed types, which becomes text.
_SCALARS = (str, int, float, Decimal, date, np.generic)
_NO_SCALARS = (bytes, np.complexfloating, np.void)  # for all that NumPy's types are
_KINDS: tuple[tuple[Any, str], ...] = (
    ((list, tuple, set, frozenset, np.ndarray), "lists"),
    (dict, "records"),
    (bytes, "bytes that are no text"),
    ((complex, np.complexfloating), "complex numbers"),
)


@dataclass(frozen=True)
class RawTable:
    """A table as it was read: nothing is decided about its columns yet.

    Attributes:
        frame: tidy (see [`tidy`][goru.data.table.tidy]), with the rows numbered from 0.
        name: what messages call it: the file's name, a built-in name, or ``the table``.
        target_hint: the column to predict where the source itself knows it, else None.
        notes: what was done while reading, in plain sentences.
        origin: the files that it was read from, or the built-in name; nothing of a frame.
    """

    frame: pd.DataFrame
    name: str
    target_hint: str | None = None
    notes: tuple[str, ...] = ()
    origin: frozenset[str] = frozenset()


def origin_of(*files: Path) -> frozenset[str]:
    """Files by the names that lead to them without links, for `RawTable.origin`."""
    return frozenset(map(os.path.realpath, files))


def pandas_of(table: Any) -> pd.DataFrame | None:
    """Return a frame of pandas, polars, PyArrow, or another library that can make one of pandas; None of all else."""
    if isinstance(table, pd.DataFrame):
        return table
    return table.to_pandas() if hasattr(table, "to_pandas") and hasattr(table, "columns") else None


def as_frame(table: Any) -> pd.DataFrame:
    """Return a frame as pandas has it; InputError for all that is none, such as an array: it has no names."""
    if (frame := pandas_of(table)) is None:
        raise InputError(
            f"a frame of pandas, polars or PyArrow with the table's columns is expected, not {type(table).__name__}."
        )
    return frame


def array_names(columns: int) -> list[str]:
    """Return the names that columns of an array get: ``x0``, ``x1``, ..."""
    return [f"x{place}" for place in range(columns)]


def frame_of(array: np.ndarray, columns: int | None = None) -> pd.DataFrame:
    """Return an array ``[n, columns]`` as a frame with names; InputError if it has another shape.

    Args:
        array: numbers, or Python objects.
        columns: how many there have to be; any number by default.
    """
    if array.ndim != 2 or (columns is not None and array.shape[1] != columns):
        wanted = "(rows, columns)" if columns is None else f"(rows, {columns:,})"
        raise InputError(f"an array of shape {array.shape}, where {wanted} is needed.")
    return pd.DataFrame(array, columns=array_names(array.shape[1])).infer_objects()


def row_name(series: pd.Series, position: int) -> str:
    """Return ``data row 12``: the first row below the header is 1. The index counts, where it counts rows from 0."""
    label = series.index[position]
    return f"data row {int(label if isinstance(label, (int, np.integer)) else position) + 1:,}"


def check_names(names: list[str], source: str, drop: Container[str] = (), hint: str = "") -> None:
    """Raise InputError if two columns have one name, and are wanted."""
    doubles = sorted(name for name, count in Counter(names).items() if count > 1 and name not in drop)
    if doubles:
        raise InputError(
            f"{source}: duplicate column names: {listing(map(repr, doubles))}. Rename or remove them{hint}."
        )


def is_odd(series: pd.Series) -> bool:
    """Whether a column of a tidy frame holds what has no place in a table, such as lists."""
    return series.dtype == object or isinstance(series.dtype, pd.ArrowDtype)


def odd_kind(series: pd.Series) -> str:
    """What such a column holds: ``lists``, or ``lists in 3 of its rows``."""
    if isinstance(series.dtype, pd.ArrowDtype):
        found = series.dtype.pyarrow_dtype
        return "maps" if pa.types.is_map(found) else "records" if pa.types.is_struct(found) else "lists"
    present = series.dropna()
    odd = [value for value in present if not _is_scalar(value)]
    if not odd:  # they are in rows that are not looked at here
        return "other cells"
    kinds = (kind for types, kind in _KINDS if isinstance(odd[0], types))
    kind = next(kinds, f"cells of the type {type(odd[0]).__name__}")
    return kind if len(odd) == len(present) else f"{kind} in {len(odd):,} of its rows"


def refuse_odd(series: pd.Series, what: str, source: str, hint: str) -> None:
    """Raise InputError if a column holds what has no place in a table."""
    if is_odd(series):
        raise InputError(f"{source}: {what} '{series.name}' holds {odd_kind(series)}. {hint}")


def tidy(frame: pd.DataFrame, source: str = "the table") -> pd.DataFrame:
    """Bring any frame into the one form that goru works on; the index stays.

    Names become text. A column becomes numbers of NumPy's types, booleans, dates without a time zone, categories, or
    clean text of the type ``TEXT``; times of day and spans of time become seconds. A column that holds what has no
    place in a table stays as it is, see `is_odd`: it is no feature. A tidy frame is returned as it is.

    Raises:
        InputError: two columns have one name.
    """
    names = [str(name) for name in frame.columns]
    check_names(names, source)
    if not all(isinstance(dtype, np.dtype) and dtype.kind in "iufbM" for dtype in frame.dtypes):
        columns = {name: _tidy_column(frame.iloc[:, i], name) for i, name in enumerate(names)}
        return pd.DataFrame(columns, index=frame.index)
    return frame if list(frame.columns) == names else frame.set_axis(names, axis=1)


def _tidy_column(series: pd.Series, name: str) -> pd.Series:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        bytes_ = any(isinstance(level, bytes) for level in dtype.categories)
        return _tidy_objects(series, name) if bytes_ else series
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return series
    if isinstance(dtype, pd.StringDtype):
        return clean_text(series)
    if is_boolean(series):
        return series.astype("boolean")
    if isinstance(dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(dtype):
        return series
    if isinstance(dtype, pd.PeriodDtype):
        return series.dt.to_timestamp()
    if pd.api.types.is_timedelta64_dtype(dtype):
        return series.dt.total_seconds()
    if isinstance(dtype, pd.ArrowDtype) and pa.types.is_nested(dtype.pyarrow_dtype):
        return series
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        numbers = pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan), index=series.index, name=name)
        return clean_text(series) if pd.api.types.is_integer_dtype(dtype) and _may_round(numbers) else numbers
    return _tidy_objects(series, name)


def _tidy_objects(series: pd.Series, name: str) -> pd.Series:
    """Bring a column of Python objects, or of a type that only an extension knows, into one of the known types."""
    series = series.astype(object)
    match pd.api.types.infer_dtype(series, skipna=True):
        case "boolean":
            return series.astype("boolean")
        case "integer" | "floating" | "mixed-integer-float" | "decimal":
            numbers = pd.to_numeric(series).astype(np.float64)
            return _texts(series, _without_point) if _may_round(numbers) else numbers
        case "date" | "datetime" | "datetime64":
            # Before pandas 3 dates end in 2262; a column that goes beyond stays text.
            with suppress(pd.errors.OutOfBoundsDatetime):
                return pd.to_datetime(series, utc=True).dt.tz_localize(None)
        case "timedelta" | "timedelta64":
            return pd.to_timedelta(series).dt.total_seconds()
        case "time":
            return series.map(_seconds, na_action="ignore").astype(np.float64)
    if not all(isinstance(value, bytes) or _is_scalar(value) for value in series.dropna()):
        return series
    try:
        return _texts(series, _text)
    except UnicodeDecodeError:
        return series


def _is_scalar(value: object) -> bool:
    return isinstance(value, _SCALARS) and not isinstance(value, _NO_SCALARS)


def _text(value: object) -> object:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _seconds(moment: time) -> float:
    return 60.0 * (60 * moment.hour + moment.minute) + moment.second + moment.microsecond / 1e6


def _may_round(numbers: pd.Series) -> bool:
    """Whether whole numbers may be others as float64: then they are kept as text, which tells them apart."""
    return bool((numbers.abs() >= LARGEST_EXACT).any()) and bool((numbers.dropna() % 1 == 0).all())


def _without_point(number: Any) -> object:
    """A whole number as an `int`; an infinite one as it is."""
    return int(number) if abs(number) < float("inf") else number


def _texts(series: pd.Series, change: Callable[[Any], object]) -> pd.Series:
    """Cells of any type as clean text, each changed before."""
    cells = zip(series, series.isna(), strict=True)
    texts = [pd.NA if missing else str(change(value)) for value, missing in cells]
    return clean_text(pd.Series(texts, index=series.index, name=series.name, dtype=TEXT))
