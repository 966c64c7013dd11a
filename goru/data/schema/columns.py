"""The kind of every feature column, decided from the development rows alone, so that test rows shape nothing."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from goru.data.schema.cells import (
    are_rounded,
    is_boolean,
    is_number,
    levels_of,
    parse_dates,
    parse_text,
    without_gaps,
)
from goru.data.schema.row_numbers import counts_rows, names_rows
from goru.data.schema.spelling import other_spelling, spoiling_cells
from goru.errors import option
from goru.language import kept

#: Of a category of up to `FEW_LEVELS` levels all are kept; of more, "(other)" included, those of at least
#: `ROWS_OF_LEVEL` rows, up to `MOST_LEVELS`, and in all categories of more no more than `MOST_CELLS` one-hot cells.
FEW_LEVELS, ROWS_OF_LEVEL, MOST_LEVELS, MOST_CELLS = 50, 4, 500, 50_000_000
#: Text in which more than this share of the values differ names its row and says nothing about others.
IDENTIFIER_SHARE = 0.9
OTHER, MISSING = "(other)", "(missing)"
#: Reasons to drop a column that nobody need hear about.
CONSTANT, NO_VALUES = kept("constant"), kept("all values missing")
#: What becomes of numbers that name something.
TOO_LONG = kept("as its whole numbers are too long for a float, which rounds them. If they are names, say")
#: The parts of a date, and what pandas calls them.
_PANDAS_PARTS = {"year": "year", "month": "month", "day": "day", "weekday": "day_of_week", "hour": "hour"}
DATE_PARTS = tuple(_PANDAS_PARTS)


@dataclass(frozen=True)
class NumericColumn:
    """Numbers, or true and false as 1 and 0; ``missing`` adds an indicator of missing and infinite values."""

    kind: ClassVar[str] = "numeric"
    name: str
    missing: bool = False
    boolean: bool = False


@dataclass(frozen=True)
class CategoricalColumn:
    """A category: its levels, the most common first, then "(other)" and "(missing)" where it has them."""

    kind: ClassVar[str] = "categorical"
    name: str
    levels: tuple[str, ...]
    other: bool = False
    missing: bool = False

    @property
    def width(self) -> int:
        """The number of one-hot columns."""
        return len(self.levels) + self.other + self.missing

    @property
    def level_names(self) -> tuple[str, ...]:
        """The levels, "(other)" and "(missing)" included, in the order of their codes."""
        return self.levels + (OTHER,) * self.other + (MISSING,) * self.missing


@dataclass(frozen=True)
class DateColumn:
    """Dates, as those of their parts that vary; ``missing`` adds an indicator."""

    kind: ClassVar[str] = "date"
    name: str
    parts: tuple[str, ...]
    missing: bool = False

    @property
    def part_names(self) -> tuple[str, ...]:
        """The names of its features: ``when.year``, ``when.month``, ..."""
        return tuple(f"{self.name}.{part}" for part in self.parts)


@dataclass(frozen=True)
class DroppedColumn:
    """A column that is no feature, and why."""

    kind: ClassVar[str] = "dropped"
    name: str
    reason: str


Column = NumericColumn | CategoricalColumn | DateColumn | DroppedColumn


def decide_columns(
    frame: pd.DataFrame, categorical: Collection[str] = (), drop: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """Decide every column of a tidy frame.

    Args:
        frame: the development rows, features only.
        categorical: columns that are categories whatever they look like.
        drop: columns to ignore, each with the reason.
    """
    dropped = drop or {}
    columns = [
        DroppedColumn(name, dropped[name]) if name in dropped else _decide(frame[name], name, name in categorical)
        for name in frame.columns
    ]
    wide = sum(isinstance(column, CategoricalColumn) and len(column.levels) > FEW_LEVELS for column in columns)
    most = max(MOST_CELLS // max(wide * len(frame), 1), FEW_LEVELS - 1)
    return tuple(
        replace(column, levels=column.levels[:most], other=True)
        if isinstance(column, CategoricalColumn) and len(column.levels) > max(most, FEW_LEVELS)
        else column
        for column in columns
    )


def _decide(series: pd.Series, name: str, categorical: bool) -> Column:
    if categorical or isinstance(series.dtype, pd.CategoricalDtype):
        return _decide_category(series, name)
    parsed = parse_text(series)
    if not (is_number(parsed) or is_boolean(parsed)):
        # Where the others are numbers or dates, a "?" is missing; where they are words, it is a word like them.
        parsed = parse_text(without_gaps(series))
    if is_number(parsed) or is_boolean(parsed):
        return _decide_numeric(parsed, name, series)
    if not series.notna().any():
        return DroppedColumn(name, NO_VALUES)
    dates = parse_dates(parsed)
    if dates is not None:
        return _decide_date(dates, name)
    n_values = int(series.notna().sum())
    n_distinct = series.nunique()
    # A column of one single value is constant, not an identifier; that is said where categories are decided.
    if n_distinct > max(1, IDENTIFIER_SHARE * n_values):
        identifier = kept("an identifier (text in which more than 90 % of the values differ)")
        return DroppedColumn(name, spoiling_cells(series) or other_spelling(series) or identifier)
    return _decide_category(series, name)


def _decide_numeric(series: pd.Series, name: str, written: pd.Series) -> Column:
    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = np.isfinite(values)
    if not finite.any():
        return DroppedColumn(name, NO_VALUES)
    missing = not finite.all()
    if missing:
        values = values[finite]
    elif values.min() == values.max():
        rounded = are_rounded(written, values)
        return DroppedColumn(
            name,
            kept("constant, {too_long} {option}", too_long=TOO_LONG, option=option("categorical"))
            if rounded
            else CONSTANT,
        )
    elif names_rows(name) and counts_rows(series):
        return DroppedColumn(
            name, kept("it counts the rows, as an index does; give it another name if it is a feature")
        )
    return NumericColumn(name, missing=missing, boolean=is_boolean(series))


def _decide_date(dates: pd.Series, name: str) -> Column:
    parts = tuple(part for part, values in date_parts(dates.dropna()).items() if len(np.unique(values)) > 1)
    missing = bool(dates.isna().any())
    if not parts and not missing:
        return DroppedColumn(name, kept("constant (dates that differ in nothing down to the hour)"))
    return DateColumn(name, parts, missing)


def _decide_category(series: pd.Series, name: str) -> Column:
    numbers, texts = levels_of(series)
    rows = np.bincount(numbers[numbers >= 0], minlength=len(texts))
    counts: Counter[str] = Counter()
    for text, count in zip(texts, rows, strict=True):
        counts[text] += int(count)
    counts = +counts  # a categorical type may name levels that no row has
    missing = bool((numbers < 0).any())
    if not counts:
        return DroppedColumn(name, NO_VALUES)
    if len(counts) == 1 and not missing:
        return DroppedColumn(name, CONSTANT)
    # Equal counts are ordered by text, so that the order of rows does not matter.
    levels = sorted(counts, key=lambda level: (-counts[level], level))
    common = sum(counts[level] >= ROWS_OF_LEVEL for level in levels)
    other = len(levels) > max(min(common, MOST_LEVELS), FEW_LEVELS)
    most = max(min(common, MOST_LEVELS - 1), FEW_LEVELS - 1)
    return CategoricalColumn(name, tuple(levels[:most] if other else levels), other, missing)


def date_parts(dates: pd.Series) -> dict[str, np.ndarray]:
    """Return year, month (1-12), day (1-31), weekday (Monday is 0) and hour (0-23) as float64, NaN where missing."""
    return {
        part: getattr(dates.dt, name).to_numpy(dtype=np.float64, na_value=np.nan)
        for part, name in _PANDAS_PARTS.items()
    }
