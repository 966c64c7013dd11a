"""The few rows of a quantity that are so far from all others that every mean and square is theirs alone."""

import numpy as np

from goru.language import kept
from goru.wording import listing

_MOST = 3  # rows
_SHARE = 0.95


def far_rows(y: np.ndarray) -> np.ndarray:
    """Return the positions of the few rows that hold nearly all of the squared distance to the median, in order.

    Args:
        y: finite numbers, ``[n]``.
    """
    if len(y) <= 10 * _MOST:  # of so few rows, three are no exception
        return np.empty(0, dtype=np.intp)
    half = y / 2  # the difference of two large numbers would leave the range of numbers
    distances = np.abs(half - np.median(half))
    if not distances.any():
        return np.empty(0, dtype=np.intp)
    squares = np.square(distances / distances.max())
    furthest = np.argsort(-squares, kind="stable")[:_MOST]
    held = np.cumsum(squares[furthest]) / squares.sum()
    n_far = int((held < _SHARE).sum()) + 1
    return np.sort(furthest[:n_far]) if n_far <= _MOST else np.empty(0, dtype=np.intp)


def remark_on_far_rows(y: np.ndarray, far: np.ndarray, rows: list[str]) -> str:
    """Return what is to be said of such rows.

    Args:
        y: the quantity, ``[n]``.
        far: what ``far_rows`` has returned.
        rows: what messages call each of them.
    """
    others = np.delete(y, far)
    values = listing(f"{value:.6g}" for value in y[far])
    remark = (
        kept(
            "{rows} is {numbers}, far from all others ({low} to {high}): it decides every figure here. Fix the row, or "
            "leave it out."
        )
        if len(far) == 1
        else kept(
            "{rows} are {numbers}, far from all others ({low} to {high}): they decide every figure here. Fix these "
            "rows, or leave them out."
        )
    )
    low, high = f"{others.min():.3g}", f"{others.max():.3g}"
    return remark.format(rows=listing(rows), numbers=values, low=low, high=high)
