"""What a cell of text means: missing, a number, true or false, a date, or a level of a category.

One rule for files and frames, for training and prediction. A column's type in a file depends on the other rows of
that file ("2" stands beside "5more" in one file and alone in the next); see `goru.data.schema.numerals` for what levels
are.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from goru.data.schema.numerals import LARGEST_EXACT, MINUS, level_text

#: Every text column has this type, whatever the version of pandas would choose.
TEXT = pd.StringDtype("pyarrow")

#: Cells that mean "missing". ``None`` and ``?`` are not among them: tables use them as categories.
MISSING_WORDS = ("", "NA", "NaN", "nan", "N/A", "null", "NULL")
#: Cells that mean "missing" where all others of a column are numbers, dates, or true and false.
GAP_WORDS = (
    *("?", "??", "-", "--", "---", "\N{MINUS SIGN}", "\N{EN DASH}", "\N{EM DASH}", ".", "..", "...", "*", "#"),
    *("<NA>", "<na>", "NaT", "n/a", "N/a", "na", "Na", "n.a.", "N.A.", "n.a", "n/d", "N/D", "NAN", "-NaN", "-nan"),
    *("None", "none", "NONE", "Null", "nil", "NIL", "(null)", "(NULL)", "missing", "Missing", "MISSING", "\\N"),
    *("#N/A", "#n/a", "#NA", "#N/A N/A", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!", "#NAME?", "#NULL!"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
)

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


def without_gaps(series: pd.Series) -> pd.Series:
    """Return a column of text with the ``GAP_WORDS`` missing; columns of other types are returned untouched."""
    if not is_text(series):
        return series
    gaps = series.isin(GAP_WORDS).to_numpy(dtype=bool)
    return series.mask(gaps) if gaps.any() else series


def numbers_in(text: pd.Series) -> np.ndarray:
    """Return the numbers that the texts are, as float64; NaN where a text is missing or no number."""
    numbers = _all_numbers_in(text)
    if numbers is None:
        written = text.str.replace(MINUS, "-")
        numbers = pd.to_numeric(written, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _all_numbers_in(text: pd.Series) -> np.ndarray | None:
    """The same, twenty times as fast, or None: where some text is no number, or one that only pandas reads."""
    try:
        return pc.cast(pa.array(text, pa.large_string()), pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None


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
    numbers = _all_numbers_in(series)
    if numbers is None:
        present = series.dropna()
        # Most columns of words show it in their first cell; looking there first saves parsing all the others.
        if first_non_number(present.iloc[:1]) is not None or first_non_number(present) is not None:
            return booleans_or_text(series)
        numbers = numbers_in(series)
    return series if np.isnan(numbers).all() else pd.Series(numbers, index=series.index, name=series.name)


def are_rounded(column: pd.Series, numbers: np.ndarray) -> bool:
    """Return whether numbers of a column that differ are one as float64: whole numbers of more than 15 digits may be.

    Args:
        column: as it is in the tidy frame.
        numbers: what it is as float64, NaN and infinity left out.
    """
    if not len(numbers) or np.abs(numbers).max() < LARGEST_EXACT:
        return False
    return (is_text(column) or column.dtype.kind in "iu") and column.nunique() > len(np.unique(numbers))


def booleans_or_text(series: pd.Series) -> pd.Series:
    """Return a text column as booleans where every cell that is not missing is true or false; else as is."""
    present = series.dropna()
    if not present.empty and present.iloc[0].lower() in _BOOLEANS and booleans_in(present).notna().all():
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


def levels_of(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return for each row the number of its level (-1 where missing), and the texts of the levels.

    Two of the levels may have one text: a number, written in two ways.
    """
    numbers, uniques = pd.factorize(series)
    return numbers, [level_text(unique) for unique in uniques]
