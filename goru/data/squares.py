"""Squares of numbers: one weight then tells what is far from the median, on either side, from what is near."""

import numpy as np


def squared_columns(numeric: np.ndarray) -> tuple[int, ...]:
    """Which columns of ``[n, p]`` numbers have a square: those with more than two different values. With two, the
    square says what the number says."""
    return tuple(column for column, values in enumerate(numeric.T) if _more_than_two(values[~np.isnan(values)]))


def squares(prepared: np.ndarray) -> np.ndarray:
    """Return a third of the square of prepared numbers, which lie between -3 and 3; it lies between 0 and 3."""
    return prepared * prepared / 3


def _more_than_two(values: np.ndarray) -> bool:
    return bool(values.size and ((values != values.min()) & (values != values.max())).any())
