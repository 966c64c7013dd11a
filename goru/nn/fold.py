r"""Merge batch norm, and the scaling of classic dropout, into the affine layers.

At inference batch norm is a fixed affine map of every feature, $s x + t$ with
$s = \gamma / \sqrt{\sigma^2 + \varepsilon}$ and $t = \beta - s \mu$. Before the activation it merges into the
affine layer below it, after the activation into the one above. What is left is a plain network of the same
function: affine, activation, ..., affine.
"""

from typing import Any

from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import Statistics
from goru.nn.network import Network


def fold(
    architecture: Architecture,
    network: Network,
    statistics: tuple[Statistics, ...],
    hyper: Hyperparameters,
) -> tuple[Affine, ...]:
    """The affine layers of the plain network that computes what `forward_inference` does."""
    folded = []
    scale: Any = 1.0
    shift: Any = None  # of the features that the next affine layer reads
    for index, layer in enumerate(network.hidden):
        weight, bias = _fold_below(layer.affine, scale, shift)
        scale, shift = 1.0, None
        if layer.batch_norm is not None:
            seen = statistics[index]
            s = layer.batch_norm.scale / (seen.variance + hyper.batch_norm_epsilon) ** 0.5
            t = layer.batch_norm.shift - seen.mean * s
            if architecture.batch_norm == "before":
                weight, bias = weight * s, bias * s + t
            else:
                scale, shift = s, t
        if architecture.dropout and architecture.dropout_form == "classic":
            kept = 1 - hyper.dropout_rate
            scale = scale * kept
            shift = None if shift is None else shift * kept
        folded.append(Affine(weight, bias))
    return (*folded, _fold_below(network.output, scale, shift))


def _fold_below(layer, scale, shift):
    """(scale * x + shift) W + b as one affine layer of x."""
    bias = layer.bias if shift is None else layer.bias + shift @ layer.weight
    weight = layer.weight * (scale[:, None] if getattr(scale, "ndim", 0) else scale)
    return Affine(weight, bias)
