"""What a cell of text means: missing, a number, true or false, a date, or a level of a category.

One rule for files and frames, for training and prediction. A column's type in a file depends on the other rows of
that file ("2" stands beside "5more" in one file and alone in the next), so levels have one canonical text.
"""

from decimal import Decimal

import numpy as np
import pandas as pd

#: Every text column has this type, whatever the version of pandas would choose.
TEXT = pd.StringDtype("pyarrow")

#: Cells that mean "missing". ``None`` and ``?`` are not among them: tables use them as categories.
MISSING_WORDS = ("", "NA", "NaN", "nan", "N/A", "null", "NULL")

_BOOLEANS = {"true": True, "false": False}
_ISO_DATE = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}.*)?)?$"


def is_text(series: pd.Series) -> bool:
    """Whether the column holds text (and not categories, numbers, booleans or dates)."""
    return isinstance(series.dtype, pd.StringDtype)


def is_number(series: pd.Series) -> bool:
    """Whether the column holds numbers; booleans are not numbers here."""
    return pd.api.types.is_numeric_dtype(series.dtype) and not is_boolean(series)


def is_boolean(series: pd.Series) -> bool:
    """Whether the column holds true and false."""
    return not isinstance(series.dtype, pd.CategoricalDtype) and pd.api.types.is_bool_dtype(series.dtype)


def is_date(series: pd.Series) -> bool:
    """Whether the column holds dates."""
    return pd.api.types.is_datetime64_any_dtype(series.dtype)


def clean_text(series: pd.Series) -> pd.Series:
    """Strip the spaces around every text and make the missing words missing."""
    stripped = series.astype(TEXT).str.strip()
    return stripped.mask(stripped.isin(MISSING_WORDS), pd.NA)


def numbers_in(text: pd.Series) -> np.ndarray:
    """Return the numbers that the texts are, as float64; NaN where a text is missing or no number."""
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def first_non_number(text: pd.Series) -> int | None:
    """Return the position of the first text that is neither missing nor a number, or None if there is none."""
    bad = np.isnan(numbers_in(text)) & text.notna().to_numpy()
    return int(bad.argmax()) if bad.any() else None


def booleans_in(text: pd.Series) -> pd.Series:
    """Return true and false (in any case) as booleans; missing where a text is anything else."""
    return text.str.lower().map(_BOOLEANS).astype("boolean")


def dates_in(text: pd.Series) -> pd.Series:
    """Return the ISO 8601 dates that the texts are; NaT where a text is missing or no date.

    A time zone is applied and then dropped, so that all dates of a column are on one clock (UTC).
    """
    iso = text.where(text.str.match(_ISO_DATE).fillna(False).astype(bool))
    dates = pd.to_datetime(iso.astype(object), format="ISO8601", utc=True, errors="coerce")
    return dates.dt.tz_localize(None)


def parse_text(series: pd.Series) -> pd.Series:
    """Return a text column as numbers, else as booleans, where every cell that is not missing is one; else as is.

    Columns of other types are returned untouched.
    """
    if not is_text(series):
        return series
    present = series.dropna()
    if present.empty:
        return series
    # Most columns of words show it in their first cell; looking there first saves parsing all the others.
    if first_non_number(present.iloc[:1]) is None:
        if first_non_number(present) is None:
            return pd.Series(numbers_in(series), index=series.index, name=series.name)
    elif present.iloc[0].lower() in _BOOLEANS and booleans_in(present).notna().all():
        return booleans_in(series)
    return series


def parse_dates(series: pd.Series) -> pd.Series | None:
    """Return the column as dates if it holds dates, or text of which every cell that is not missing is an ISO date."""
    if is_date(series):
        return series
    if not is_text(series):
        return None
    present = series.dropna()
    if present.empty or dates_in(present.iloc[:1]).isna().any() or dates_in(present).isna().any():
        return None
    return dates_in(series)


def level_text(value: object) -> str:
    """Return the canonical text of a category's level: ``2``, ``"2"``, ``"02"`` and ``2.0`` are one level."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    text = str(value).strip()
    if text.lower() in _BOOLEANS:
        return text.lower()
    try:
        number = float(text) if "_" not in text else None
    except ValueError:
        return text
    if number is None or not np.isfinite(number):
        return text
    if text.lstrip("+-").isdecimal():
        return str(int(Decimal(text)))  # exact, however long, and with more zeros before it than int() reads
    return str(int(number)) if number.is_integer() else repr(number)


def levels_of(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return for each row the number of its level (-1 where missing), and the canonical texts of the levels.

    Two levels may share one canonical text.
    """
    numbers, uniques = pd.factorize(series)
    return numbers, [level_text(unique) for unique in uniques]
