"""Piecewise-linear encoding: what lets a network bend a column's effect where the data do.

Gorishniy, Rubachev, Babenko: On embeddings for numerical features in tabular deep learning. NeurIPS 2022, section 3.2.
"""

from collections.abc import Iterable

import numpy as np

FEWEST_PIECES, MOST_PIECES = 8, 48
# Finer pieces pay where there are rows to learn them from: measured best with about 24 of 2,000 to 4,000 rows and 48 of
# 16,000; twice as many of 4,000 lost what they had gained.
PIECES_A_ROOT = 0.37  # times the square root of the rows
MOST_FEATURES = 512  # that pieces add to a table; a column is cut into the fewest all the same
MOST_CELLS = 100_000_000  # that they add: 400 MB


def pieces_of(numeric: np.ndarray) -> tuple[int, ...]:
    """Into how many pieces each column of ``[n, p]`` numbers is cut: the more, the more rows there are; 0 for a column
    with no more different values than the fewest pieces."""
    cut = [len(np.unique(column[~np.isnan(column)])) > FEWEST_PIECES for column in numeric.T]
    features = min(MOST_FEATURES, MOST_CELLS // max(len(numeric), 1))
    most = min(int(PIECES_A_ROOT * len(numeric) ** 0.5), features // max(sum(cut), 1), MOST_PIECES)
    return tuple(max(most, FEWEST_PIECES) * wanted for wanted in cut)


def fit_edges(values: np.ndarray, pieces: int) -> tuple[float, ...]:
    """Return the edges ``b_0 .. b_T`` of ``T`` pieces that hold equally many of the values, NaN left out.

    A value that is more frequent than a piece's share has an edge of its own, and the others share the rest: of a
    column that is mostly zero, what is not zero is told apart as well. Without such values an edge would stand there
    many times over.
    """
    present = values[~np.isnan(values)].astype(np.float64)
    if present.size == 0:
        return (0.0,) * (pieces + 1)
    scale = scale_of(present)
    levels, counts = np.unique(present * scale, return_counts=True)
    frequent = levels[counts > present.size / pieces]
    rest = (present * scale)[~np.isin(present * scale, frequent)]
    if rest.size == 0:
        rest = levels
    between = np.quantile(rest, np.linspace(0, 1, pieces + 1 - len(frequent)))
    return tuple(map(float, np.sort(np.concatenate([frequent, between])) / scale))


def piecewise_linear_encoding(values: np.ndarray, edges: Iterable[float]) -> np.ndarray:
    """Return how far each value ``[n]`` has come through each piece, ``[n, T]``, shifted by one half.

    In piece ``t`` of ``b_t .. b_(t+1)`` it is ``(x - b_t) / (b_(t+1) - b_t) - 1/2``, before it -1/2, behind it 1/2; 0
    where the value is missing, and in a piece without width.
    """
    b = np.asarray(tuple(edges))
    scale = scale_of(b)
    b = b * scale
    widths = np.diff(b)
    with np.errstate(over="ignore", invalid="ignore"):
        come = (values[:, None] * scale - b[:-1]) / np.where(widths > 0, widths, 1)
    come = np.clip(come, 0, 1) - 0.5
    come[:, widths <= 0] = 0
    return np.nan_to_num(come, copy=False, nan=0.0)


def scale_of(values: np.ndarray) -> float:
    """Return one; a half where the difference of two values might leave the range of numbers."""
    return 0.5 if np.abs(values).max() > 1e300 else 1.0
