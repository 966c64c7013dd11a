"""Rows beyond the numbers that networks have learned from, where they are clipped, and predictions flatten out."""

from collections.abc import Sequence

import numpy as np

from goru.language import kept
from goru.wording import counted, listing

#: So much of a column's range beyond its end is still near it.
_MARGIN = 0.1


def ends_of(numeric: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest number of each column of ``[n, p]``; NaN of a column without numbers."""
    numbers = numeric.astype(np.float64, copy=False)
    return np.fmin.reduce(numbers, axis=0), np.fmax.reduce(numbers, axis=0)


def notes_on_rows_beyond(
    numeric: np.ndarray, lows: Sequence[float] | np.ndarray, highs: Sequence[float] | np.ndarray, names: Sequence[str]
) -> tuple[str, ...]:
    """Return how many rows lie well beyond the ends of columns, and which columns these are, in a sentence; or nothing.

    Args:
        numeric: numbers of columns ``[n, p]``, NaN where missing.
        lows, highs: the ends of each column where networks learned; empty if nobody knows.
        names: of the columns, as many or more.
    """
    beyond = np.zeros(len(numeric), dtype=bool)
    columns = []
    for column, (low, high) in enumerate(zip(lows, highs, strict=True)):
        margin = high * _MARGIN - low * _MARGIN
        if margin > 0:  # a column that was constant is not read at all
            values = numeric[:, column]
            out = (values < low - margin) | (values > high + margin)
            if out.any():
                beyond |= out
                columns.append(kept("'{column}' ({low:.6g} to {high:.6g})", column=names[column], low=low, high=high))
    if not columns:
        return ()
    rows = counted(int(beyond.sum()), "row lies", "rows lie")
    return (
        kept(
            "{rows} well beyond the training rows in {columns}: predictions flatten out there.",
            rows=rows,
            columns=listing(columns),
        ),
    )
