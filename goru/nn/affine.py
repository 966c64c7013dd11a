"""The affine layer: every neuron is a weighted sum of its inputs plus a bias."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float


class Affine(NamedTuple):
    """Learned numbers of an affine layer."""

    weight: Float[Array | np.ndarray, "inputs outputs"]
    bias: Float[Array | np.ndarray, " outputs"]


def affine(layer: Affine, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
    r"""$y = x W + b$."""
    return jax.numpy.matmul(x, layer.weight) + layer.bias
