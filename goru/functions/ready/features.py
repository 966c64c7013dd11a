"""Rows as a network takes them: 32-bit floats."""

from typing import Any

import numpy as np

from goru.errors import InputError


def features(X: Any) -> np.ndarray:
    """Arrays, sparse matrices, frames and lists of numbers as float32, the rows first; missing ones are NaN.

    **Raises:** `InputError` where something is no number; of a frame, it names the column.
    """
    dense = X.toarray() if hasattr(X, "toarray") else X
    try:
        return _floats(dense, "all values")
    except InputError:
        if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
            raise
        # Of pandas: together, columns of several types are objects, and missing ones no numbers.
        return np.stack([_floats(X[name], f"all values of column {name!r}") for name in X.columns], axis=1)


def _floats(numbers: Any, values: str) -> np.ndarray:
    try:
        return np.asarray(numbers, np.float32)
    except (TypeError, ValueError):
        message = f"X: not {values} are numbers. Encode text and categories before the study, or drop the column."
        raise InputError(message) from None
