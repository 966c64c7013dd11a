"""How good predictions of the test rows are: figures, losses row by row, and whether one model's are lower.

Predictions are probabilities `(rows, classes)`, the classes in the order of their codes, or values `(rows,)` in the
target's own units.
"""

import numpy as np

from goru.data.dataset import Dataset
from goru.data.preparing import TargetScaling
from goru.nn.judge import Measure

EPS = float(np.finfo(np.float64).eps)  # no probability counts as smaller, nor as nearer to one


def constant_predictions(dataset: Dataset, balanced: bool = False) -> np.ndarray:
    """What looks at no column predicts of the test rows: the class prior, or the mean, of the development rows.

    **Arguments:**

    - `balanced`: where every class counts alike, its share is the same as that of all others.
    """
    y, rows = dataset.y_development, len(dataset.y_test)
    if dataset.classes is None:
        return np.full(rows, _scaling(dataset).mean)
    classes = len(dataset.classes)
    return np.tile(np.full(classes, 1 / classes) if balanced else np.bincount(y, minlength=classes) / len(y), (rows, 1))


def figures(
    dataset: Dataset, predicted: np.ndarray, balanced: bool = False, measure: Measure | None = None
) -> dict[str, float | None]:
    """The figures of predictions.

    **Arguments:**

    - `balanced`: also the log loss in which every class counts alike, however many rows it has.
    - `measure`: that judges; where it is none of the usual figures, it comes first.

    **Returns:** for classes, `log loss` (nats), where asked for `balanced log loss`, `accuracy`, `balanced accuracy`
    and `AUC`; for numbers, `R²` and `error`, the root of the mean squared error in the target's own units. A figure
    that the test rows do not define is `None`. Where they judge, `Brier score`, and `absolute error`, in the target's
    own units.
    """
    y, losses = dataset.y_test, row_losses(dataset, predicted)
    if dataset.classes is None:
        unit = _scaling(dataset).std  # squares in units of their own may leave float64's range
        absolute = {} if measure != "mae" else {
            "absolute error": float(losses_at(dataset, y, predicted, measure).mean() * unit)
        }  # fmt: skip
        return absolute | {
            "R²": float(1 - losses.mean() / np.var(y / unit)) if np.ptp(y) > 0 else None,
            "error": float(np.sqrt(losses.mean()) * unit),
        }
    right = predicted.argmax(axis=1) == y
    return {
        **({"Brier score": float(losses_at(dataset, y, predicted, measure).mean())} if measure == "brier" else {}),
        "log loss": float(losses.mean()),
        **({"balanced log loss": mean_of_classes(losses, y)} if balanced else {}),
        "accuracy": float(right.mean()),
        "balanced accuracy": mean_of_classes(right, y),
        "AUC": auc(y, predicted),
    }


def row_losses(dataset: Dataset, predicted: np.ndarray, measure: Measure | None = None) -> np.ndarray:
    """The loss of every test row, `(rows,)` float64; see [`losses_at`][goru.studies.final.scores.losses_at]."""
    return losses_at(dataset, dataset.y_test, predicted, measure)


def losses_at(dataset: Dataset, y: np.ndarray, predicted: np.ndarray, measure: Measure | None = None) -> np.ndarray:
    """The loss of every row of any rows of the table, `y` being what they really are.

    That is the log loss in nats, or the squared error in units of the development rows' variance, in which networks
    are trained as well; or another measure, as [`Judge`][goru.nn.judge.Judge] has it.
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    if dataset.classes is None:
        errors = (y - predicted) / _scaling(dataset).std
        return np.abs(errors) if measure == "mae" else errors**2
    if measure == "brier":
        return np.sum((predicted - (y[:, None] == np.arange(predicted.shape[1]))) ** 2, axis=1)
    if measure == "accuracy":
        return (predicted.argmax(axis=1) != y).astype(np.float64)
    return -np.log(np.clip(predicted[np.arange(len(y)), y], EPS, 1 - EPS))


def mean_of_classes(values: np.ndarray, y: np.ndarray) -> float:
    """The mean over the classes in `y` of the mean of their rows' values."""
    counts = np.bincount(y)
    means = np.bincount(y, weights=values)[counts > 0] / counts[counts > 0]
    return float(means.mean())


def _scaling(dataset: Dataset) -> TargetScaling:
    """The mean and the standard deviation (1 where that is 0) of the development rows' target."""
    return TargetScaling.fit(dataset.y_development, np.arange(len(dataset.y_development)))


def auc(y: np.ndarray, predicted: np.ndarray) -> float | None:
    """The area under the ROC curve; of more than two classes, the mean of each against all others."""
    from sklearn.metrics import roc_auc_score

    n_classes = predicted.shape[1]
    rows = np.bincount(y, minlength=n_classes)
    # A class that no row is of, or every row, cannot be told from others.
    classes = [c for c in ([1] if n_classes == 2 else range(n_classes)) if 0 < rows[c] < len(y)]
    return float(np.mean([roc_auc_score(y == c, predicted[:, c]) for c in classes])) if classes else None
