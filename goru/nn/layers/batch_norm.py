r"""Batch normalization, over the rows of a mini-batch.

Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167, algorithm 1:

$$y_i = \gamma \hat x_i + \beta, \quad \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}$$

with the mean $\mu$ and the (biased) variance $\sigma^2$ of the unit over the rows. At inference the statistics of the
population stand in for those of the mini-batch: running means while training goes on and is watched, and an exact
estimate over all rows in the final model.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import Hyperparameters
from goru.nn.arrays import Array, along, namespace
from goru.nn.layers.layer import Activations, Context, Layer
from goru.nn.layers.scaling import PerUnit, ScaleShift, of_scale_and_shift, scaled
from goru.nn.layers.standardization import Standardized, back_through_standardize, standardize


class Statistics(NamedTuple):
    """The `mean` and the `variance` of every unit, over a population of rows."""

    mean: PerUnit
    variance: PerUnit


class RunningStatistics(NamedTuple):
    """Moving averages of `mean` and `variance`, which start from zero, and the `weight` that they have gathered."""

    mean: PerUnit
    variance: PerUnit
    weight: Float[Array | np.ndarray, "*networks"]


@dataclass(frozen=True)
class BatchNorm(Layer):
    r"""Batch normalization, $y = \gamma \hat x + \beta$ over the rows (Ioffe & Szegedy 2015, algorithm 1).

    ε is the hyperparameter `batch_norm_epsilon`. A batch has two rows at least: one has no variance.

    **Arguments:**

    - `units`: how many it reads and puts out.
    """

    kind: ClassVar[str] = "batch_norm"
    units: int

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaleShift:
        """γ and β, the same for every unit."""
        return ScaleShift(np.full(self.units, hyper.batch_norm_scale), np.full(self.units, hyper.batch_norm_shift))

    def forward(self, learned: ScaleShift, x: Activations, context: Context) -> tuple[Activations, Standardized]:
        """By the batch's own statistics."""
        kept = standardize(x, -1, context.hyper.batch_norm_epsilon)
        return scaled(learned, kept.x), kept

    def backward(
        self, learned: ScaleShift, kept: Standardized, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[ScaleShift, Activations]:
        r"""$\partial\beta = \sum_i g_i$ and $\partial\gamma = \sum_i g_i \hat x_i$; the input's needs no other sums."""
        found = of_scale_and_shift(gradient, kept.x, out)
        total, product = found.shift[..., None], found.scale[..., None]
        return found, back_through_standardize(gradient, kept, -1, total, product, learned.scale[..., None])

    def infer(self, learned: ScaleShift, x: Activations, statistics: Statistics, context: Context) -> Activations:
        """By the statistics of the population: a fixed affine map of every unit."""
        return scaled(ScaleShift(*self.fold(learned, statistics, context.hyper)), x)

    def fold(self, learned: ScaleShift, statistics: Statistics, hyper: Hyperparameters) -> tuple[Any, Any]:
        r"""Inference as $s x + t$: $s = \gamma / \sqrt{\sigma^2 + \varepsilon}$ and $t = \beta - s \mu$."""
        variance = statistics.variance + along(hyper.batch_norm_epsilon, statistics.variance, axes=1)
        scale = learned.scale / namespace(variance).sqrt(variance)
        return scale, learned.shift - scale * statistics.mean

    def seen(self, kept: Standardized) -> Statistics:
        """Those of the batch."""
        return Statistics(kept.mean[..., 0], kept.variance[..., 0])

    @property
    def running(self) -> RunningStatistics:
        """Nothing seen yet."""
        zeros = np.zeros(self.units, np.float32)
        return RunningStatistics(zeros, zeros.copy(), np.zeros((), np.float32))


def follow(running: Any, seen: Any, rows: int, momentum: Any) -> Any:
    """All running statistics of a network after a batch of so many rows.

    **Arguments:**

    - `running`, `seen`: trees of the same shape, of `RunningStatistics` and of the batch's `Statistics`.
    - `rows`: in the batch, two at least.
    - `momentum`: the share of the running statistics that is *kept* at each step (PyTorch's `momentum` is one minus
      this).

    As in the paper's algorithm 2, the running variance is unbiased (divided by m - 1), which the batch's own is not.

    **Raises:** `ValueError` for a batch of one row.
    """
    if not isinstance(running, RunningStatistics):
        return tuple(own and follow(own, new, rows, momentum) for own, new in zip(running, seen, strict=True))
    if rows < 2:
        raise ValueError("batch normalization needs at least two rows in a batch")

    def average(old: Any, new: Any, axes: int = 1) -> Any:
        kept = along(momentum, old, axes)
        return kept * old + (1 - kept) * new

    return RunningStatistics(
        average(running.mean, seen.mean),
        average(running.variance, seen.variance * (rows / (rows - 1))),
        average(running.weight, 1, axes=0),
    )


def corrected(running: Any) -> Any:
    """All running statistics of a network without their start at zero, as in Adam (Kingma & Ba 2015, section 3).

    Before the first step: mean 0, variance 1.
    """
    if not isinstance(running, RunningStatistics):
        return tuple(map(corrected, running))
    where = namespace(running.weight).where
    seen = running.weight[..., None] > 0
    weight = where(seen, running.weight[..., None], 1)
    return Statistics(running.mean / weight, where(seen, running.variance / weight, 1))
