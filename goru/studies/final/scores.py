"""How good predictions of the test rows are: figures, losses row by row, and whether one model's are lower.

Predictions are probabilities `(rows, classes)`, the classes in the order of their codes, or values `(rows,)` in the
target's own units.
"""

from collections.abc import Mapping

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


def intervals(
    dataset: Dataset, predicted: np.ndarray, values: Mapping[str, float | None], measure: Measure | None = None
) -> dict[str, tuple[float, float] | None]:
    """A 95 % interval of every figure: what other test rows would have said.

    A figure is nearly a mean of what each row adds to it (its influence: Efron 1982, the infinitesimal jackknife; for
    the AUC these are the placements of DeLong, DeLong, Clarke-Pearson 1988), which gives its standard error; rows of
    one group are added up first. The interval reaches 1.96 of them to each side, as far as the figure can be.

    **Arguments:**

    - `values`: of the figures.

    **Returns:** as `figures`; `None` where the rows do not define a figure, or there is a single row or group.
    """
    adds = influences(dataset, predicted, measure)
    n = len(dataset.y_test)
    units = np.arange(n) if dataset.test_groups is None else np.unique(dataset.test_groups, return_inverse=True)[1]
    count = int(units.max()) + 1
    result: dict[str, tuple[float, float] | None] = {}
    for name, value in values.items():
        if value is None or count < 2:
            result[name] = None
            continue
        sums = np.bincount(units, weights=adds[name])
        half = 1.96 * float(np.sqrt(count / (count - 1) * np.square(sums).sum())) / n
        lowest = -np.inf if name == "R²" else 0.0
        highest = 1.0 if name in ("R²", "accuracy", "balanced accuracy", "AUC") else np.inf
        result[name] = max(value - half, lowest), min(value + half, highest)
    return result


def influences(dataset: Dataset, predicted: np.ndarray, measure: Measure | None = None) -> dict[str, np.ndarray]:
    """What every row adds to the figures, `(rows,)` each, of mean 0: the derivative of a figure by the row's weight,
    times the number of rows."""
    y, losses = dataset.y_test, row_losses(dataset, predicted)
    if dataset.classes is None:
        unit, loss = _scaling(dataset).std, losses.mean()
        off = (y / unit - np.mean(y / unit)) ** 2
        variance = max(off.mean(), np.finfo(float).tiny)
        absolute = losses_at(dataset, y, predicted, "mae") * unit
        return {
            "absolute error": absolute - absolute.mean(),
            "R²": -(losses - loss) / variance + loss * (off - variance) / variance**2,
            "error": unit * (losses - loss) / (2 * max(np.sqrt(loss), np.finfo(float).tiny)),
        }
    right = (predicted.argmax(axis=1) == y).astype(float)
    brier = losses_at(dataset, y, predicted, "brier")
    return {
        "Brier score": brier - brier.mean(),
        "log loss": losses - losses.mean(),
        "balanced log loss": _of_classes(losses, y),
        "accuracy": right - right.mean(),
        "balanced accuracy": _of_classes(right, y),
        "AUC": _of_areas(y, predicted),
    }


def _of_classes(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the mean over the classes of the means of their rows."""
    counts = np.bincount(y)
    means = np.bincount(y, weights=values) / np.maximum(counts, 1)
    return (values - means[y]) * len(y) / (counts[y] * (counts > 0).sum())


def _of_areas(y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Of the area under the ROC curve, as `auc` has it."""
    from scipy.stats import rankdata

    classes = _told_apart(y, predicted.shape[1])
    adds = np.zeros(len(y))
    for code in classes:
        ours = y == code
        ranks = rankdata(predicted[:, code])
        n, m = int(ours.sum()), int((~ours).sum())
        placements = np.empty(len(y))
        placements[ours] = (ranks[ours] - rankdata(predicted[ours, code])) / m
        placements[~ours] = 1 - (ranks[~ours] - rankdata(predicted[~ours, code])) / n
        area = placements[ours].mean()
        adds += np.where(ours, (placements - area) / n, (placements - area) / m) * len(y) / len(classes)
    return adds


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

    classes = _told_apart(y, predicted.shape[1])
    return float(np.mean([roc_auc_score(y == c, predicted[:, c]) for c in classes])) if classes else None


def _told_apart(y: np.ndarray, n_classes: int) -> list[int]:
    """Classes, of two the second; one that no row is of, or every row, cannot be told from others."""
    rows = np.bincount(y, minlength=n_classes)
    return [c for c in ([1] if n_classes == 2 else range(n_classes)) if 0 < rows[c] < len(y)]
