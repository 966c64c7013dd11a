"""One column of a frame to numbers, dates or codes, as its schema says; cells that do not fit are named."""

import numpy as np
import pandas as pd

from goru.data.schema.cells import (
    booleans_in,
    dates_in,
    first_non_number,
    is_boolean,
    is_date,
    is_number,
    is_text,
    levels_of,
    numbers_in,
    parse_text,
    without_gaps,
)
from goru.data.schema.columns import CategoricalColumn, DateColumn, NumericColumn
from goru.data.schema.numerals import LevelCodes
from goru.data.table import row_name
from goru.errors import InputError
from goru.language import kept
from goru.wording import counted, listing, shortened


def numbers_of(series: pd.Series, column: NumericColumn, source: str, notes: list[str]) -> np.ndarray:
    """Return the numbers of a column, ``float64[n]`` (float32 where they are), NaN where missing or infinite.

    Raises:
        InputError: a cell is no number; its row is named.
    """
    if is_number(series) or is_boolean(series):
        dtype = np.float32 if series.dtype == np.float32 else np.float64
        numbers = series.to_numpy(dtype=dtype, na_value=np.nan)
    elif is_text(series):
        series = series if is_number(parse_text(series)) else _without_gaps(series, notes)
        if column.boolean and booleans_in(series.dropna()).notna().all():
            return booleans_in(series).to_numpy(dtype=np.float64, na_value=np.nan)
        bad = first_non_number(series)
        if bad is not None:
            raise InputError(
                f"{source}: {row_name(series, bad)}: column '{column.name}' is {shortened(series.iloc[bad])}"
                ", not a number as in the training rows. Fix the cell, or leave it empty if it is missing."
            )
        numbers = numbers_in(series)
    elif series.isna().all():
        return np.full(len(series), np.nan)
    else:
        raise InputError(f"{source}: column '{column.name}' holds {series.dtype} where numbers are expected.")
    infinite = np.isinf(numbers)
    if infinite.any():
        values = counted(int(infinite.sum()), "infinite value")
        notes.append(kept("'{name}' has {values}, taken as missing.", name=column.name, values=values))
        return np.where(infinite, np.nan, numbers)
    return numbers


def dates_of(series: pd.Series, column: DateColumn, source: str, notes: list[str]) -> pd.Series:
    """Return the dates of a column, NaT where missing.

    Raises:
        InputError: a cell is no date; its row is named.
    """
    if is_date(series):
        return series
    series = _without_gaps(series, notes)
    none = pd.Series(pd.NaT, index=series.index, dtype="datetime64[ns]")
    dates = dates_in(series) if is_text(series) else none
    bad = (dates.isna() & series.notna()).to_numpy()
    if bad.any():
        at = int(bad.argmax())
        raise InputError(
            f"{source}: {row_name(series, at)}: column '{column.name}' is {shortened(series.iloc[at])}, not a date. "
            "Write dates as 2024-12-31 or 2024-12-31T18:00."
        )
    return dates


def codes_of(series: pd.Series, column: CategoricalColumn, notes: list[str]) -> np.ndarray:
    """Return the codes of a category's levels, ``int32[n]``; -1 for a level (or a gap) that it does not have."""
    code_of = LevelCodes.in_order(column.levels)
    unseen_code = len(column.levels) if column.other else -1
    missing_code = column.width - 1 if column.missing else -1
    levels, texts = levels_of(series)
    found = np.array([*(code_of.get(text) for text in texts), missing_code], dtype=np.int32)
    unseen = np.flatnonzero(found[:-1] < 0)
    found[unseen] = unseen_code
    n_rows = int(np.isin(levels, unseen).sum())
    if n_rows and not column.other:
        names = listing(dict.fromkeys(shortened(texts[i]) for i in unseen), limit=5)
        rows = counted(n_rows, "row")
        notes.append(
            kept(
                "'{name}' has {rows} with levels never seen in the development rows: {names}.",
                name=column.name,
                rows=rows,
                names=names,
            )
        )
    return found[levels]


def _without_gaps(series: pd.Series, notes: list[str]) -> pd.Series:
    """The text of a column that is no category, words for "missing" being missing; how many is said."""
    present = without_gaps(series)
    if present is series:
        return series
    words = series[present.isna() & series.notna()]
    names = listing(dict.fromkeys(map(shortened, words)), limit=3)
    note = (
        kept("'{name}' has 1 cell {names}, taken as missing.")
        if len(words) == 1
        else kept("'{name}' has {n} cells {names}, taken as missing.")
    )
    notes.append(note.format(name=series.name, n=f"{len(words):,}", names=names))
    return present
