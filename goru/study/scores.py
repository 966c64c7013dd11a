"""How good predictions are, in figures."""

import numpy as np

from goru.data.dataset import Dataset
from goru.model.model import Model


def score_on_test(dataset: Dataset, model: Model) -> dict[str, float]:
    """A model's figures on the test rows.

    **Returns:** for classes, `log loss` (nats) and `accuracy`; for numbers, `R²` and `error`, the root of the mean
    squared error in the target's own units.
    """
    predicted = model.values if dataset.classes is None else model.probabilities
    return _score(dataset, predicted(dataset.encoded_test))


def guess_on_test(dataset: Dataset) -> dict[str, float]:
    """The figures of no network at all: the class shares, or the mean, of the development rows."""
    y = dataset.y_development
    guess = y.mean() if dataset.classes is None else np.bincount(y, minlength=len(dataset.classes)) / len(y)
    return _score(dataset, np.tile(guess, (len(dataset.y_test), *[1] * np.ndim(guess))))


def _score(dataset: Dataset, predicted: np.ndarray) -> dict[str, float]:
    y = dataset.y_test
    if dataset.classes is not None:
        from sklearn.metrics import accuracy_score, log_loss

        return {
            "log loss": float(log_loss(y, predicted, labels=np.arange(len(dataset.classes)))),
            "accuracy": float(accuracy_score(y, predicted.argmax(axis=1))),
        }
    from sklearn.metrics import r2_score, root_mean_squared_error

    return {"R²": float(r2_score(y, predicted)), "error": float(root_mean_squared_error(y, predicted))}
