"""How predictions are judged: by a loss that need not be the one that networks are trained by, and, of probabilities,
at several temperatures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from goru.nn.arrays import namespace
from goru.nn.losses import Outputs, Targets

Measure = Literal["log-loss", "brier", "accuracy", "rmse", "mae"]
CLASSES: tuple[Measure, ...] = ("log-loss", "brier", "accuracy")  # what is for classes, the usual one first
NUMBERS: tuple[Measure, ...] = ("rmse", "mae")


@dataclass(frozen=True)
class Judge:
    r"""A loss of rows, lower is better, of outputs divided by each of several temperatures.

    A temperature T makes probabilities $\text{softmax}(z / T)$: those of a network that is too sure of itself are
    better above 1 (Guo, Pleiss, Sun, Weinberger 2017, section 4.2). It changes no prediction of a class.

    - `measure`: `"log-loss"`, in nats; `"brier"`, $\sum_k (p_k - [k = y])^2$, 0 to 2 (Brier 1950); `"accuracy"`, 1 for
      a row that is wrong, else 0; `"rmse"`, the squared error, and `"mae"`, the absolute error, the outputs' means.
    - `temperatures`: above 0; of numbers, and of accuracy, 1 alone makes sense.
    - `uniform_share`: for the log loss, of the probabilities that of the uniform distribution, after the temperature:
      it bounds what a row can cost.
    """

    measure: Measure
    temperatures: tuple[float, ...] = (1.0,)
    uniform_share: float = 0.0

    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """The loss of every row at every temperature, `(temperatures, *networks, rows)`."""
        xp = namespace(outputs)
        if self.measure in CLASSES:
            outputs = outputs - outputs.max(axis=-2, keepdims=True)  # no exponential overflows
        # All temperatures at once: of small networks, it is calls that take time, and not numbers.
        outputs = outputs * (1 / np.array(self.temperatures, outputs.dtype)).reshape(-1, *[1] * outputs.ndim)
        losses = _MEASURES[self.measure](xp, outputs, targets)
        if self.measure == "log-loss" and (share := self.uniform_share):
            return -xp.log((1 - share) * xp.exp(-losses) + share / outputs.shape[-2])
        return losses


def _chosen(outputs: Any, targets: Any) -> Any:
    return targets == np.arange(outputs.shape[-2])[:, None]


def _log_loss(xp: Any, outputs: Any, targets: Any) -> Any:
    return xp.log(xp.exp(outputs).sum(axis=-2)) - xp.where(_chosen(outputs, targets), outputs, 0).sum(axis=-2)


def _brier(xp: Any, outputs: Any, targets: Any) -> Any:
    odds = xp.exp(outputs)
    return xp.square(odds / odds.sum(axis=-2, keepdims=True) - _chosen(outputs, targets)).sum(axis=-2)


def _accuracy(xp: Any, outputs: Any, targets: Any) -> Any:
    wrong = (outputs.argmax(axis=-2) != targets).astype(outputs.dtype)
    return xp.where(xp.isnan(outputs).any(axis=-2), np.inf, wrong)  # a network that diverged is not right by accident


def _rmse(xp: Any, outputs: Any, targets: Any) -> Any:
    return xp.square(outputs - targets).mean(axis=-2)


def _mae(xp: Any, outputs: Any, targets: Any) -> Any:
    return xp.abs(outputs - targets).mean(axis=-2)


_MEASURES: dict[Measure, Callable[[Any, Any, Any], Any]] = {
    "log-loss": _log_loss,
    "brier": _brier,
    "accuracy": _accuracy,
    "rmse": _rmse,
    "mae": _mae,
}
