"""What a training function yields after an epoch, and the loss of every validation row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from goru.functions.rows import Rows

EPS = float(np.finfo(np.float64).eps)  # no probability counts as smaller, nor as nearer to one

#: Of what rows really are, and of predictions for them: the loss of every row, `(rows,)`.
Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True, eq=False)
class YieldedLosses:
    """What [`losses`][goru.functions.outputs.losses] makes.

    - `values`: of all validation rows, `(rows,)`; lower is better.
    - `training`: the mean loss on training rows, if it is known.
    """

    values: Any
    training: float | None = None


@dataclass(frozen=True, eq=False)
class YieldedPredictions:
    """What [`predictions`][goru.functions.outputs.predictions] makes.

    - `values`: of all validation rows, probabilities `(rows, classes)` or values `(rows,)`.
    - `training`: the mean loss on training rows, if it is known.
    """

    values: Any
    training: float | None = None


def losses(values: Any, training: float | None = None) -> YieldedLosses:
    """What a training function yields that measures its own loss: `yield goru.losses(per_row)`.

    **Arguments:**

    - `values`: of every validation row, `(rows,)`; lower is better.
    - `training`: the mean loss on training rows, which shows overfitting.
    """
    return YieldedLosses(values, training)


def predictions(values: Any, training: float | None = None) -> YieldedPredictions:
    """Predictions, with the mean loss on training rows beside them: `yield goru.predictions(p, training=loss)`.

    **Arguments:**

    - `values`: of every validation row: probabilities `(rows, classes)` in the order of `validation.classes` (of two
      classes, those of the second `(rows,)` are enough), or values `(rows,)` in the target's own units.
    - `training`: the mean loss on training rows: in nats, or squared error over the target's variance.
    """
    return YieldedPredictions(values, training)


@dataclass(frozen=True, eq=False)
class Scored:
    """An epoch.

    - `losses`: of every validation row, `(rows,)` float64; not finite where a network diverged.
    - `training`: the mean loss on training rows, or NaN.
    - `predicted`: probabilities `(rows, classes)` or values `(rows,)`; `None` where losses were yielded.
    """

    losses: np.ndarray
    training: float
    predicted: np.ndarray | None


def scored(yielded: Any, rows: Rows, loss: Loss | None, scale: float) -> Scored:
    """The loss of every row: log loss in nats, squared error over the target's variance, or one of the user's own.

    **Arguments:**

    - `loss`: instead of goru's own.
    - `scale`: the target's standard deviation.

    **Raises:** `ValueError` that says what is wrong with what was yielded.
    """
    training = getattr(yielded, "training", None) if isinstance(yielded, YieldedLosses | YieldedPredictions) else None
    known = float("nan") if training is None else float(training)
    if isinstance(yielded, YieldedLosses):
        return Scored(_of_rows(yielded.values, rows, "train: losses"), known, None)
    values = yielded.values if isinstance(yielded, YieldedPredictions) else yielded
    if yielded is None:
        raise ValueError("train: it yielded None. Yield predictions of the validation rows, or goru.losses(...).")
    predicted = _copied(values)
    if loss is not None:
        return Scored(_of_rows(loss(rows.y, predicted), rows, "loss: losses"), known, predicted)
    if rows.codes is None:
        raise ValueError(
            "train: without y, or with several targets, predictions have no loss. Yield goru.losses(per_row), or give "
            "loss=."
        )
    if rows.classes is None:
        predicted = _of_rows(predicted, rows, "train: predictions")
        return Scored(((rows.codes - predicted) / scale) ** 2, known, predicted)
    predicted = _probabilities(predicted, len(rows), len(rows.classes))
    right = predicted[np.arange(len(rows)), rows.codes]
    return Scored(-np.log(np.clip(right, EPS, 1 - EPS)), known, predicted)


def _copied(values: Any) -> np.ndarray:
    """As an array of its own: a function may write its next epoch into the one that it yields."""
    return np.array(values.detach().cpu() if hasattr(values, "detach") else values)


def _of_rows(values: Any, rows: Rows, what: str) -> np.ndarray:
    values = _copied(values).astype(np.float64)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (len(rows),):
        raise ValueError(f"{what} of shape {values.shape} for {len(rows)} validation rows. Give ({len(rows)},).")
    return values


def _probabilities(values: np.ndarray, rows: int, classes: int) -> np.ndarray:
    values = values.astype(np.float64)
    if classes == 2 and values.shape in ((rows,), (rows, 1)):
        second = values.reshape(rows)
        values = np.stack([1 - second, second], axis=1)
    if values.shape != (rows, classes):
        raise ValueError(
            f"train: predictions of shape {values.shape} for {rows} validation rows and {classes} classes. Give "
            f"probabilities ({rows}, {classes}), in the order of validation.classes."
        )
    finite = np.isfinite(values).all(axis=1)
    values[~finite] = np.nan
    if (values[finite] < -1e-6).any() or (abs(values[finite].sum(axis=1) - 1) > 1e-2).any():
        raise ValueError(
            "train: predictions are no probabilities. Let none be negative and those of a row sum to 1 (a softmax)."
        )
    return np.clip(values, 0, None)  # NaN stays NaN
