"""How good predictions are, in figures."""

import numpy as np

from goru.data.dataset import Dataset
from goru.model.model import Model


def score_on_test(dataset: Dataset, model: Model) -> dict[str, float]:
    """A model's figures on the test rows.

    **Returns:** for classes, `log loss` (nats) and `accuracy`; for numbers, `R²` and `error`, the root of the mean
    squared error in the target's own units.
    """
    y = dataset.y_test
    if dataset.classes is not None:
        from sklearn.metrics import accuracy_score, log_loss

        probabilities = model.probabilities(dataset.encoded_test)
        return {
            "log loss": float(log_loss(y, probabilities, labels=np.arange(len(dataset.classes)))),
            "accuracy": float(accuracy_score(y, probabilities.argmax(axis=1))),
        }
    from sklearn.metrics import r2_score, root_mean_squared_error

    values = model.values(dataset.encoded_test)
    return {"R²": float(r2_score(y, values)), "error": float(root_mean_squared_error(y, values))}
