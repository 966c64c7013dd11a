"""A table as it was read, and the one form that every frame is brought into."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from goru.data.cells import TEXT, clean_text, is_boolean
from goru.data.wording import listing
from goru.errors import InputError

#: What may stand in a cell of a column of mixed types, which becomes text.
_SCALARS = (str, int, float, Decimal, date, np.generic)


@dataclass(frozen=True)
class RawTable:
    """A table as it was read: nothing is decided about its columns yet.

    Attributes:
        frame: tidy (see [`tidy`][goru.data.table.tidy]), with the rows numbered from 0.
        name: what messages call it: the file's name, a built-in name, or ``the table``.
        target_hint: the column to predict where the source itself knows it, else None.
        notes: what was done while reading, in plain sentences.
    """

    frame: pd.DataFrame
    name: str
    target_hint: str | None = None
    notes: tuple[str, ...] = ()


def row_name(series: pd.Series, position: int) -> str:
    """Return ``data row 12``: the first row below the header is 1. The index counts, where it counts rows from 0."""
    label = series.index[position]
    return f"data row {int(label if isinstance(label, (int, np.integer)) else position) + 1:,}"


def check_names(names: list[str], source: str) -> None:
    """Raise InputError if two columns have one name."""
    doubles = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubles:
        raise InputError(f"{source}: duplicate column names: {listing(map(repr, doubles))}. Rename or remove them.")


def tidy(frame: pd.DataFrame, source: str = "the table") -> pd.DataFrame:
    """Bring any frame into the one form that goru works on; the index stays.

    Names become text. A column becomes numbers of NumPy's types, booleans, dates without a time zone, categories, or
    clean text of the type ``TEXT``. A tidy frame is returned as it is.

    Raises:
        InputError: two columns have one name, or a column holds things that have no place in a table.
    """
    names = [str(name) for name in frame.columns]
    check_names(names, source)
    if not all(isinstance(dtype, np.dtype) and dtype.kind in "iufbM" for dtype in frame.dtypes):
        columns = {name: _tidy_column(frame.iloc[:, i], name, source) for i, name in enumerate(names)}
        return pd.DataFrame(columns, index=frame.index)
    return frame if list(frame.columns) == names else frame.set_axis(names, axis=1)


def _tidy_column(series: pd.Series, name: str, source: str) -> pd.Series:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype) or (isinstance(dtype, np.dtype) and dtype.kind in "iufb"):
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
    if pd.api.types.is_complex_dtype(dtype):
        raise InputError(f"{source}: column '{name}' holds complex numbers. Give real and imaginary parts as columns.")
    if pd.api.types.is_numeric_dtype(dtype):
        return pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan), index=series.index, name=name)
    return _tidy_objects(series, name, source)


def _tidy_objects(series: pd.Series, name: str, source: str) -> pd.Series:
    """Bring a column of Python objects, or of a type that only an extension knows, into one of the known types."""
    series = series.astype(object)
    match pd.api.types.infer_dtype(series, skipna=True):
        case "boolean":
            return series.astype("boolean")
        case "integer" | "floating" | "mixed-integer-float" | "decimal":
            return pd.to_numeric(series).astype(np.float64)
        case "date" | "datetime" | "datetime64":
            # Before pandas 3 dates end in 2262; a column that goes beyond stays text.
            with suppress(pd.errors.OutOfBoundsDatetime):
                return pd.to_datetime(series, utc=True).dt.tz_localize(None)
    odd = [value for value in series.dropna() if not isinstance(value, _SCALARS)]
    if odd:
        kind = type(odd[0]).__name__
        raise InputError(f"{source}: column '{name}' holds {kind} cells, where numbers, text or dates are wanted.")
    texts = [pd.NA if missing else str(value) for value, missing in zip(series, series.isna(), strict=True)]
    return clean_text(pd.Series(texts, index=series.index, name=name, dtype=TEXT))
