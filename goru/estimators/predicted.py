"""Predictions that were made before, as estimators: what a scorer is given."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class _Predicted(BaseEstimator):
    """Predictions that were made before, as an estimator."""

    def __init__(self, predicted: np.ndarray) -> None:
        self.predicted = predicted

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is left to fit."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> np.ndarray:
        """The predictions, `(rows,)`."""
        return self.predicted


class PredictedClasses(ClassifierMixin, _Predicted):
    """Probabilities `(rows, classes)` of a classifier."""

    def __init__(self, predicted: np.ndarray, classes: np.ndarray, weights: np.ndarray | float = 1.0) -> None:
        super().__init__(predicted)
        self.classes_, self.weights = classes, weights

    def predict(self, X: Any) -> np.ndarray:
        """The classes with the largest products of probability and decision weight, `(rows,)`."""
        return self.classes_[(self.predicted * self.weights).argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probabilities, `(rows, classes)`."""
        return self.predicted


class PredictedValues(RegressorMixin, _Predicted):
    """Values `(rows,)` of a regressor."""
