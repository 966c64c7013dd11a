"""Piecewise-linear encoding: what lets a network bend a column's effect where the data do.

Gorishniy, Rubachev, Babenko: On embeddings for numerical features in tabular deep learning. NeurIPS 2022, section 3.2.
"""

from collections.abc import Iterable

import numpy as np

N_PIECES = 8


def columns_to_cut(numeric: np.ndarray) -> tuple[bool, ...]:
    """Which columns of ``[n, p]`` numbers have more different values than pieces; others are not cut."""
    return tuple(len(np.unique(column[~np.isnan(column)])) > N_PIECES for column in numeric.T)


def fit_edges(values: np.ndarray) -> tuple[float, ...]:
    """Return the edges ``b_0 .. b_T`` of ``T`` pieces that hold equally many of the values, NaN left out."""
    present = values[~np.isnan(values)]
    if present.size == 0:
        return (0.0,) * (N_PIECES + 1)
    scale = scale_of(present)
    return tuple(map(float, np.quantile(present * scale, np.linspace(0, 1, N_PIECES + 1)) / scale))


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
