r"""Batch normalization, over the rows of a mini-batch.

Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167, algorithm 1:

$$\mu = \frac1m \sum_i x_i, \quad \sigma^2 = \frac1m \sum_i (x_i - \mu)^2, \quad
\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \quad y_i = \gamma \hat x_i + \beta$$

At inference the statistics of the population stand in for those of the mini-batch: running means while
training goes on and is watched, and an exact estimate over all rows in what is handed over.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class BatchNorm(NamedTuple):
    """Learned numbers: the scale γ and the shift β of every feature."""

    scale: Float[Array | np.ndarray, " features"]
    shift: Float[Array | np.ndarray, " features"]


class Statistics(NamedTuple):
    """Mean and variance of every feature, over a population of rows."""

    mean: Float[Array, " features"]
    variance: Float[Array, " features"]


class RunningStatistics(NamedTuple):
    """Exponential moving averages that start from zero, and the weight that they have gathered so far."""

    mean: Float[Array, " features"]
    variance: Float[Array, " features"]
    weight: Float[Array, ""]


def init_batch_norm(
    features: int, scale: float | Float[Array, ""] = 1.0, shift: float | Float[Array, ""] = 0.0
) -> BatchNorm:
    """γ and β, the same for every feature."""
    return BatchNorm(
        scale=jnp.broadcast_to(jnp.asarray(scale, jnp.float32), (features,)),
        shift=jnp.broadcast_to(jnp.asarray(shift, jnp.float32), (features,)),
    )


def init_running_statistics(features: int) -> RunningStatistics:
    """Nothing seen yet."""
    return RunningStatistics(jnp.zeros(features), jnp.zeros(features), jnp.zeros(()))


def batch_statistics(x: Float[Array, "rows features"]) -> Statistics:
    """Mean and (biased) variance over the rows; the variance from the differences, not from squares."""
    mean = jnp.mean(x, axis=0)
    return Statistics(mean, jnp.mean(jnp.square(x - mean), axis=0))


@jax.custom_vjp
def normalize(
    layer: BatchNorm, x: Float[Array, "rows features"], epsilon: float | Float[Array, ""]
) -> tuple[Float[Array, "rows features"], Float[Array, " features"], Float[Array, " features"]]:
    r"""$y = \gamma \hat x + \beta$, and the mean and variance of the batch.

    The gradient flows through the statistics into `x`; the returned statistics themselves are for the
    running averages and pass no gradient on.

    The backward pass is written by hand instead of as the chain of the paper's section 3. With
    $g = \partial L / \partial y$, the gradients of the shift and of the scale are sums over the rows,

    $$\frac{\partial L}{\partial \beta} = \sum_i g_i, \qquad
      \frac{\partial L}{\partial \gamma} = \sum_i g_i \hat x_i,$$

    and the gradient of the input needs no others:

    $$\frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}
      \left(g_i - \frac1m \frac{\partial L}{\partial \beta}
      - \hat x_i \, \frac1m \frac{\partial L}{\partial \gamma}\right).$$
    """
    return _normalize_forward(layer, x, epsilon)[0]


def _normalize_forward(layer, x, epsilon):
    mean, variance = batch_statistics(x)
    rstd = jax.lax.rsqrt(variance + epsilon)
    normalized = (x - mean) * rstd
    return (normalized * layer.scale + layer.shift, mean, variance), (normalized, layer.scale, rstd)


def _normalize_backward(residuals, gradients):
    normalized, scale, rstd = residuals
    g, _, _ = gradients
    rows = g.shape[0]
    of_shift, of_scale = jnp.sum(g, axis=0), jnp.sum(g * normalized, axis=0)
    of_x = scale * rstd * (g - of_shift / rows - normalized * (of_scale / rows))
    return BatchNorm(of_scale, of_shift), of_x, None


normalize.defvjp(_normalize_forward, _normalize_backward)


def batch_norm_train(
    layer: BatchNorm,
    running: RunningStatistics,
    x: Float[Array, "rows features"],
    epsilon: float | Float[Array, ""] = 1e-5,
    momentum: float | Float[Array, ""] = 0.9,
) -> tuple[Float[Array, "rows features"], RunningStatistics]:
    """Normalise by the batch's own statistics, and let the running ones follow.

    **Arguments:**

    - `x`: at least two rows; a single one has no variance.
    - `momentum`: the share of the running statistics that is *kept* at each step (PyTorch's `momentum`
      is one minus this).

    **Returns:** the layer's output, and the new running statistics. As in the paper's algorithm 2, the
    running variance is unbiased (divided by m - 1), which the batch's own is not.
    """
    y, mean, variance = normalize(layer, x, epsilon)
    mean, variance = jax.lax.stop_gradient((mean, variance))
    return y, follow(running, mean, variance, x.shape[0], momentum)


def follow(
    running: RunningStatistics,
    mean: Float[Array, " features"],
    variance: Float[Array, " features"],
    rows: int,
    momentum: float | Float[Array, ""],
) -> RunningStatistics:
    """The running statistics after a batch of so many rows, at least two, of this mean and (biased) variance."""
    if rows < 2:
        raise ValueError("batch normalization needs at least two rows in a batch")

    def average(old, new):
        return momentum * old + (1 - momentum) * new

    return RunningStatistics(
        mean=average(running.mean, mean),
        variance=average(running.variance, variance * (rows / (rows - 1))),
        weight=average(running.weight, 1.0),
    )


def corrected(running: RunningStatistics) -> Statistics:
    """The running statistics without their start at zero, as in Adam (Kingma & Ba 2015, section 3).

    Before the first step: mean 0, variance 1.
    """
    seen = running.weight > 0
    weight = jnp.where(seen, running.weight, 1.0)
    return Statistics(running.mean / weight, jnp.where(seen, running.variance / weight, 1.0))


def batch_norm_inference(
    layer: BatchNorm,
    statistics: Statistics,
    x: Float[Array, "rows features"],
    epsilon: float | Float[Array, ""] = 1e-5,
) -> Float[Array, "rows features"]:
    """Normalise by the statistics of the population: a fixed affine map of every feature."""
    scale = layer.scale * jax.lax.rsqrt(statistics.variance + epsilon)
    return (x - statistics.mean) * scale + layer.shift
