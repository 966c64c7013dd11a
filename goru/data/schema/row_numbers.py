"""Columns that number the rows: an index that was saved with a table, or an identifier."""

import re

import numpy as np
import pandas as pd

#: Fewer numbers are one after the other by chance.
_FEWEST = 10
_SPREAD = 1.5  # times as many as there are rows
_NAME = re.compile(
    r"|(unnamed|column|level)[: _]*\d+(_level_\d+)?|index|idx|id|rows?|rownames?|obs|no|nr|num|number|#"
    r"|(row|record|obs|observation|case|sample|serial|s)[ _.-]*(id|idx|index|no|nr|num|number|name)s?",
    re.IGNORECASE,
)


def names_rows(name: str) -> bool:
    """Whether a column is called as what only names rows: `id`, `row number`, `Unnamed: 0`, or not at all."""
    return _NAME.fullmatch(name.strip(" .")) is not None


def counts_rows(series: pd.Series) -> bool:
    """Whether numbers, none of them missing, count the rows by one, up or down, from wherever.

    The index says where a row stood in its table, if it holds whole numbers.
    """
    if len(series) < _FEWEST:
        return False
    index = series.index
    places = index.to_numpy(np.float64) if pd.api.types.is_integer_dtype(index.dtype) else np.arange(len(index))
    values = series.to_numpy(dtype=np.float64)
    return any(_steps_with(values[:end], places[:end]) for end in [_FEWEST]) and _steps_with(values, places)


def differs_in_all_rows(series: pd.Series) -> bool:
    """Whether numbers, none of them missing, are whole, and another one in every row."""
    values = series.to_numpy(dtype=np.float64)
    return len(values) >= _FEWEST and bool((values == np.floor(values)).all()) and series.is_unique


def are_consecutive(series: pd.Series) -> bool:
    """Whether whole numbers, another one in every row, are nearly all that there are between their ends, in any order.

    Some of them may be missing: those of the test rows.
    """
    return differs_in_all_rows(series) and bool(np.ptp(series.to_numpy(dtype=np.float64)) < _SPREAD * len(series))


def _steps_with(values: np.ndarray, places: np.ndarray) -> bool:
    ahead = values[0] == np.floor(values[0]) and places[0] != places[-1]
    return bool(ahead and any(np.ptp(values - step * places) == 0 for step in (1, -1)))
