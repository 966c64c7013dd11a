"""Loss of every row, by name; a network's loss is their mean."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

RowLoss = Callable[..., Float[Array, " rows"]]


def softmax_cross_entropy(outputs: Float[Array, "rows classes"], labels: Int[Array, " rows"]) -> Float[Array, " rows"]:
    r"""$-\log \text{softmax}(z)_y = \log \sum_k e^{z_k} - z_y$, in nats; `labels` are class indices."""
    # A comparison instead of an indexed read: it fuses, and its gradient is no scatter.
    chosen = labels[:, None] == jnp.arange(outputs.shape[1])
    return jax.nn.logsumexp(outputs, axis=1) - jnp.sum(jnp.where(chosen, outputs, 0), axis=1)


def binary_cross_entropy(
    outputs: Float[Array, "rows outputs"], targets: Float[Array, "rows outputs"]
) -> Float[Array, " rows"]:
    r"""$\log(1 + e^z) - t z$ per output, the outputs' mean: several labels a row, none excluding another."""
    return jnp.mean(jax.nn.softplus(outputs) - targets * outputs, axis=1)


def squared_error(
    outputs: Float[Array, "rows outputs"], targets: Float[Array, "rows outputs"]
) -> Float[Array, " rows"]:
    r"""$(y - t)^2$, the outputs' mean. No factor ½: the figure shown is the mean squared error."""
    return jnp.mean(jnp.square(outputs - targets), axis=1)


def poisson(outputs: Float[Array, "rows outputs"], targets: Float[Array, "rows outputs"]) -> Float[Array, " rows"]:
    r"""Half the Poisson deviance of the mean $e^z$: $t \log t - t z - t + e^z$, the outputs' mean; 0 at best."""
    entropy = jax.scipy.special.xlogy(targets, targets)
    return jnp.mean(entropy - targets * outputs - targets + jnp.exp(outputs), axis=1)


LOSSES: dict[str, RowLoss] = {
    "softmax_cross_entropy": softmax_cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "squared_error": squared_error,
    "poisson": poisson,
}
