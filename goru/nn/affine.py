"""The affine layer: every neuron is a weighted sum of its inputs plus a bias."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float


class Affine(NamedTuple):
    """Learned numbers of an affine layer."""

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"]


def affine(layer: Affine, x: Float[Array, "rows inputs"]) -> Float[Array, "rows outputs"]:
    r"""$y = x W + b$."""
    return jax.numpy.matmul(x, layer.weight) + layer.bias
