"""What was predicted of rows that no network was fitted on, beside what they are: counts and points for pictures."""

from collections.abc import Mapping

import numpy as np

from goru.experiment.findings.evidence import (
    Bin,
    Calibration,
    ClassPredictions,
    Of,
    PrecisionRecall,
    Roc,
    Threshold,
    ValuePredictions,
)
from goru.experiment.findings.learning_curves import short

MOST_CLASSES = 20  # that a confusion matrix shows; of more, the most frequent ones, and the others as one
MOST_ROC_CLASSES = 10  # whose curves are shown: those told apart worst
MOST_POINTS = 100  # of a ROC curve
MOST_ROWS = 1000  # predicted against true
BINS, FEWEST_IN_A_BIN = 10, 20  # of a calibration curve
OTHERS = "(all others)"

Predicted = Mapping[str, np.ndarray]  # by model; the first one is the final model


def describe_classes(
    of: Of, y: np.ndarray, predicted: Predicted, labels: tuple[str, ...], decision_weights: tuple[float, ...] = ()
) -> ClassPredictions:
    """Of probabilities.

    **Arguments:**

    - `of`: which rows.
    - `y`: class codes, `(rows,)`.
    - `predicted`: `(rows, classes)` each.
    - `labels`: of the classes.
    - `decision_weights`: of the first model; empty: it predicts the most probable class.
    """
    first = next(iter(predicted.values()))
    codes = (first * (decision_weights or 1.0)).argmax(axis=1)
    names, counts = _confusion(y, codes, labels)
    return ClassPredictions(
        of,
        len(y),
        classes=names,
        confusion=tuple(map(tuple, counts.tolist())),
        wrong=int((y != codes).sum()),
        roc=_roc(y, predicted, labels),
        precision_recall=_precision_recall(y, predicted) if len(labels) == 2 else (),
        thresholds=_thresholds(y == 1, first[:, 1]) if len(labels) == 2 else (),
        calibration={name: calibration_of_classes(y, values) for name, values in predicted.items()},
    )


def describe_values(of: Of, y: np.ndarray, predicted: Predicted, seed: int) -> ValuePredictions:
    """Of numbers in the target's own units.

    **Arguments:**

    - `of`: which rows.
    - `y`, `predicted`: `(rows,)` each.
    - `seed`: which rows are shown, where they are many.
    """
    first = next(iter(predicted.values()))
    rows = np.arange(len(y))
    if len(y) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(y), MOST_ROWS, replace=False))
    return ValuePredictions(
        of,
        len(y),
        # All digits: what differs may stand far behind the point.
        true=tuple(y[rows].astype(float).tolist()),
        predicted=tuple(first[rows].astype(float).tolist()),
        calibration={name: calibration_of_values(y, values) for name, values in predicted.items()},
    )


def _confusion(y: np.ndarray, codes: np.ndarray, labels: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes shown, and how many rows of each class were taken for each class: `confusion[true][predicted]`."""
    shown = np.arange(len(labels))
    names = list(labels)
    if len(labels) > MOST_CLASSES:
        frequent = np.sort(np.argsort(-np.bincount(y, minlength=len(labels)), kind="stable")[: MOST_CLASSES - 1])
        shown = np.full(len(labels), MOST_CLASSES - 1)
        shown[frequent] = np.arange(MOST_CLASSES - 1)
        names = [labels[code] for code in frequent] + [OTHERS]
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (shown[y], shown[codes]), 1)
    return tuple(names), counts


def _roc(y: np.ndarray, predicted: Predicted, labels: tuple[str, ...]) -> tuple[Roc, ...]:
    """Of two classes one curve a model, for the second class; of more, one a class against the others, of the first
    model, those with the smallest area first. A class that no row, or every row, is of has none."""
    from sklearn.metrics import roc_auc_score, roc_curve

    first = next(iter(predicted.values()))
    if len(labels) == 2:
        asked = [(name, 1, values) for name, values in predicted.items()]
    else:
        asked = [(label, code, first) for code, label in enumerate(labels)]
    curves = []
    for name, code, values in asked:
        true = y == code
        if not 0 < true.sum() < len(y):
            continue
        false_share, true_share, _ = roc_curve(true, values[:, code])
        kept = np.unique(np.linspace(0, len(false_share) - 1, MOST_POINTS).round().astype(int))
        area = float(roc_auc_score(true, values[:, code]))
        curves.append(Roc(name, labels[code], area, short(false_share[kept]), short(true_share[kept])))
    return tuple(curves if len(labels) == 2 else sorted(curves, key=lambda curve: curve.area)[:MOST_ROC_CLASSES])


def _precision_recall(y: np.ndarray, predicted: Predicted) -> tuple[PrecisionRecall, ...]:
    """A curve a model, for the second of two classes; none where all rows are of one."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if not 0 < y.sum() < len(y):
        return ()
    curves = []
    for name, values in predicted.items():
        precision, recall, _ = precision_recall_curve(y, values[:, 1])
        kept = np.unique(np.linspace(0, len(recall) - 1, MOST_POINTS).round().astype(int))
        area = float(average_precision_score(y, values[:, 1]))
        curves.append(PrecisionRecall(name, area, short(recall[kept]), short(precision[kept])))
    return tuple(curves)


def _thresholds(true: np.ndarray, probabilities: np.ndarray) -> tuple[Threshold, ...]:
    """At tenths, and where F1 is highest; none where all rows are of one class."""
    if not 0 < true.sum() < len(true):
        return ()

    def at(threshold: float) -> Threshold:
        taken = probabilities >= threshold
        right = int((taken & true).sum())
        return Threshold(
            threshold,
            int(taken.sum()),
            right / int(taken.sum()) if taken.any() else None,
            right / int(true.sum()),
            2 * right / int(taken.sum() + true.sum()),
            float((taken == true).mean()),
        )

    tenths = [at(tenth / 10) for tenth in range(1, 10)]
    best = max((at(float(value)) for value in np.unique(probabilities.round(3))), key=lambda one: one.f1)
    return tuple(
        sorted([*tenths, *([best] if best.f1 > max(one.f1 for one in tenths) else [])], key=lambda one: one.probability)
    )


def calibration_of_classes(y: np.ndarray, predicted: np.ndarray) -> Calibration:
    """How often a prediction of some probability was right: of two classes that of the second one, of more that of the
    class with the highest.

    **Returns:** `bins` of as many rows, each with its mean probability (`predicted`), the share that was right
    (`observed`) with Wilson's interval (1927), and its `rows`; and `error`, the expected calibration error (Naeini et
    al. 2015): the mean distance of both, weighted by rows.
    """
    two = predicted.shape[1] == 2
    probabilities = predicted[:, 1] if two else predicted.max(axis=1)
    right = (y == 1) if two else predicted.argmax(axis=1) == y
    bins = []
    for rows in _bins(probabilities):
        share, n = float(right[rows].mean()), len(rows)
        low, high = wilson(share, n)
        bins.append(Bin(float(probabilities[rows].mean()), share, low, high, n))
    return Calibration(tuple(bins), sum(abs(bin_.predicted - bin_.observed) * bin_.rows for bin_ in bins) / len(y))


def calibration_of_values(y: np.ndarray, predicted: np.ndarray) -> Calibration:
    """The mean of what was true for predictions of about one size, with the 95 % interval of that mean."""
    # Sums and squares of very large or small values leave float64's range; a power of two changes no digit.
    unit = 2.0 ** int(np.clip(np.frexp(max(np.abs(y).max(), np.abs(predicted).max()))[1], -1000, 1000))
    true, scaled = y / unit, predicted / unit
    bins, error = [], 0.0
    for rows in _bins(predicted):
        n, mean, mean_predicted = len(rows), float(true[rows].mean()), float(scaled[rows].mean())
        half = 1.96 * float(true[rows].std(ddof=1)) / np.sqrt(n) if n > 1 else float("inf")
        ends = [float(value) * unit for value in (mean_predicted, mean, mean - half, mean + half)]
        bins.append(Bin(ends[0], ends[1], ends[2], ends[3], n))
        error += abs(mean_predicted - mean) * n / len(y)
    return Calibration(tuple(bins), error * unit)


def _bins(values: np.ndarray) -> list[np.ndarray]:
    """Rows in the order of their values, in bins of as many; equal values stay together: a bin that would begin among
    them begins before or after them, whichever is nearer."""
    order = np.argsort(values, kind="stable")
    count = int(np.clip(len(values) // FEWEST_IN_A_BIN, 1, BINS))
    begins = np.linspace(0, len(values), count + 1).round().astype(int)[:-1]
    ordered = values[order]
    before, after = (np.searchsorted(ordered, ordered[begins], side) for side in ("left", "right"))
    starts = np.unique(np.where(begins - before <= after - begins, before, after))
    return [rows for rows in np.split(order, starts[1:]) if len(rows)]


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share of n rows, 95 %."""
    centre, spread = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return float(max((centre - spread) / scale, 0)), float(min((centre + spread) / scale, 1))
