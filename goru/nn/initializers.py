"""Initial weights."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from goru.nn.affine import Affine
from goru.nn.architecture import WeightInit


def weight_scale(init: WeightInit, inputs: int, outputs: int) -> float:
    r"""The standard deviation of an initial weight.

    - `"normal"`: 1, to be multiplied by the hyperparameter `weight_std`.
    - `"glorot_*"` (Xavier): $\sqrt{2 / (n_\text{in} + n_\text{out})}$,
      Glorot & Bengio 2010, equation 12 (for `"glorot_uniform"`: equation 16, the same variance).
    - `"he_*"`: $\sqrt{2 / n_\text{in}}$, He et al. 2015, https://arxiv.org/abs/1502.01852, equation 10.
    """
    match init:
        case "normal":
            return 1.0
        case "glorot_normal" | "glorot_uniform":
            return (2 / (inputs + outputs)) ** 0.5
        case "he_normal" | "he_uniform":
            return (2 / inputs) ** 0.5


def init_affine(
    key: Key[Array, ""],
    init: WeightInit,
    inputs: int,
    outputs: int,
    weight_std: float | Float[Array, ""] = 1.0,
) -> Affine:
    """An affine layer with random weights and biases of zero.

    **Arguments:**

    - `key`: a JAX random key.
    - `init`: the distribution; normal or uniform, all of the standard deviation of `weight_scale`.
    - `weight_std`: multiplies every weight. With `init="normal"` it is their standard deviation.
    """
    if init.endswith("uniform"):
        # A uniform variable on [-√3, √3] has variance 1.
        unit = jax.random.uniform(key, (inputs, outputs), minval=-(3**0.5), maxval=3**0.5)
    else:
        unit = jax.random.normal(key, (inputs, outputs))
    return Affine(
        weight=unit * (weight_scale(init, inputs, outputs) * weight_std),
        bias=jnp.zeros(outputs),
    )
