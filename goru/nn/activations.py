"""Activation functions, by name."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Activation = Callable[[Float[Array, "..."]], Float[Array, "..."]]

ACTIVATIONS: dict[str, Activation] = {
    "identity": lambda x: x,
    "relu": jax.nn.relu,  # max(0, x), whose derivative at 0 is taken as 0 (that of jnp.maximum would be ½)
    "sigmoid": jax.nn.sigmoid,  # 1 / (1 + exp(-x))
    "tanh": jnp.tanh,
    # x Φ(x), exactly and not by tanh: Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,  # x sigmoid(x)
}
