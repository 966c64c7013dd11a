"""Rows as a study hands them to a training function."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Rows:
    X: Any
    y: np.ndarray
    codes: np.ndarray
    classes: np.ndarray | None
    indices: np.ndarray
    weights: np.ndarray | None

    def __len__(self) -> int:
        return len(self.y)


def split(X: Any, y: Any, weights: Any = None, validation: int = 40) -> tuple[Rows, Rows]:
    """The last rows for validation. Texts and whole numbers are classes."""
    y = np.asarray(y)
    classes, codes = (None, y) if y.dtype.kind == "f" else np.unique(y, return_inverse=True)
    parts = []
    for indices in (np.arange(len(y) - validation), np.arange(len(y) - validation, len(y))):
        own = X.iloc[indices] if hasattr(X, "iloc") else [X[i] for i in indices] if isinstance(X, range) else X[indices]
        own_weights = None if weights is None else np.asarray(weights, float)[indices]
        parts.append(Rows(own, y[indices], codes[indices], classes, indices, own_weights))
    return parts[0], parts[1]


class Config(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


def values(predictions: Any) -> np.ndarray:
    """What was yielded, without the training loss beside it."""
    return predictions.values


def epochs(training: Any, stop_after: int | None = None) -> tuple[list[Any], Any]:
    """What a training function yields, and what it returns."""
    yielded = [next(training)]
    while True:
        try:
            yielded.append(training.send(len(yielded) == stop_after))
        except StopIteration as end:
            return yielded, end.value
