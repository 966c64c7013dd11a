"""What all estimators share: how arguments are kept, what rows count for, and what scikit-learn is told."""

from abc import ABC
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight

from goru.estimators.parameters import check_parameters
from goru.estimators.validation import refuse_gaps


class Estimator(BaseEstimator, ABC):
    """Not for use: see the classes made from it."""

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store the constructor's arguments untouched."""
        self.__dict__.update({name: value for name, value in arguments.items() if name not in ("self", "__class__")})

    def _check(self, y: Any) -> None:
        """Raise `ValueError` for arguments that make no sense, or a target that is missing, wholly or in some rows."""
        check_parameters(self)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        refuse_gaps(y)

    def _weights(self, sample_weight: Any, X: Any, by_class: np.ndarray | None) -> np.ndarray | None:
        """What rows count for, by themselves and by their class, `(rows,)`; `None` if all count alike.

        **Raises:** `ValueError` for weights below zero.
        """
        if by_class is not None and (by_class < 0).any():
            raise ValueError("Negative values in class_weight: a class counts for something, or for nothing.")
        if sample_weight is None:
            return by_class
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if (weights < 0).any():
            raise ValueError("Negative values in sample_weight: a row counts for something, or for nothing.")
        return weights if by_class is None else weights * by_class

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
