r"""Networks at inference, with as few layers as compute the same.

Batch norm is $s x + t$ then, and the scaling of classic dropout $s x$. Behind an affine layer it merges into that one,
before one into the one to come; where there is neither it becomes a `Scaling`.
"""

from typing import Any, NamedTuple

import numpy as np

from goru.nn import network
from goru.nn.architecture import Hyperparameters
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.layer import Layer, Learned
from goru.nn.layers.scaling import ScaleShift, Scaling
from goru.nn.network import Layers


class _Entry(NamedTuple):
    layer: Layer
    learned: Any


def fold(
    layers: Layers, learned: Learned, statistics: Any, hyper: Hyperparameters, units: int | None = None
) -> tuple[Layers, Learned]:
    """The layers that are left, and their numbers: of one network, or of many of NumPy's.

    What they compute, `apply` does; no statistics and no hyperparameters are needed any more.

    **Arguments:**

    - `units`: how many the first layer reads, if none of the layers says that.

    **Raises:** `ValueError` for a scaling of nobody knows how many units.
    """
    units = next((pair[0] for layer in layers for pair in layer.widths), units)
    hyper = _of_networks(hyper, learned)
    done: list[_Entry] = []
    held: list[tuple[Any, Any]] = []  # s and t that the next affine layer may take in
    for layer, own, of_layer in zip(layers, learned, statistics, strict=True):
        entry = _Entry(layer, own)
        if hasattr(layer, "fold"):
            scale, shift = layer.fold(own, of_layer, hyper)
            if isinstance(scale, int):
                continue  # it does nothing
            if done and not held and isinstance(done[-1].layer, Affine):
                done[-1] = _below(done[-1], scale, shift)
            else:
                held.append((scale, shift))
            continue
        if isinstance(layer, Affine):
            for scale, shift in reversed(held):
                entry = _above(entry, scale, shift)
        else:
            done += _scalings(held, units)
            entry = _Entry(*layer.simplified(own, of_layer, hyper, units))
        held = []
        done.append(entry)
        units = layer.widths[-1][1] if layer.widths else units
    done += _scalings(held, units)
    return tuple(entry.layer for entry in done), tuple(entry.learned for entry in done)


def apply(layers: Layers, learned: Learned, x: Any) -> Any:
    """Outputs of a folded network, `(..., outputs, rows)`."""
    return network.infer(layers, learned, network.running(layers), Hyperparameters(), x)


def _below(entry: _Entry, scale: Any, shift: Any) -> _Entry:
    """s (W x + b) + t as one affine layer of x."""
    weight, bias = entry.learned
    scale = _per_unit(scale, weight)
    if bias is not None:
        bias = bias * scale + shift
    elif not isinstance(shift, int):
        bias = shift
    return _affine(entry, weight * scale[..., None], bias)


def _above(entry: _Entry, scale: Any, shift: Any) -> _Entry:
    """W (s x + t) + b as one affine layer of x."""
    weight, bias = entry.learned
    if not isinstance(shift, int):
        moved = np.einsum("...oi,...i->...o", weight, shift)
        bias = moved if bias is None else bias + moved
    return _affine(entry, weight * _per_unit(scale, weight)[..., None, :], bias)


def _per_unit(value: Any, weight: np.ndarray) -> np.ndarray:
    """A number for all units, one for each network's, or one for each unit."""
    array = np.asarray(value, weight.dtype)
    return array.reshape(*array.shape, *[1] * (weight.ndim - 1 - array.ndim))


def _affine(entry: _Entry, weight: Any, bias: Any) -> _Entry:
    layer = entry.layer
    assert isinstance(layer, Affine)
    return _Entry(Affine(layer.inputs, layer.outputs, bias is not None), Weights(weight, bias))


def _scalings(held: list[tuple[Any, Any]], units: int | None) -> list[_Entry]:
    """Layers of what no affine layer takes in."""
    found = []
    for scale, shift in held:
        if isinstance(shift, int):  # one number for all units
            if units is None:
                raise ValueError("a scaling needs an affine layer, or another that says how many units there are")
            scale = np.repeat(scale[..., None], units, axis=-1)
            shift = np.zeros_like(scale)
        found.append(_Entry(Scaling(scale.shape[-1]), ScaleShift(scale, shift)))
    return found


def _of_networks(hyper: Hyperparameters, learned: Learned) -> Hyperparameters:
    """With a dropout rate of every network, in the precision of its numbers, by the first that it has learned."""
    for own in learned:
        if hasattr(own, "_fields"):
            networks = own[0].shape[: -2 if hasattr(own, "weight") else -1]
            return hyper._replace(dropout_rate=np.broadcast_to(np.asarray(hyper.dropout_rate, own[0].dtype), networks))
        if own:
            return _of_networks(hyper, own)
    return hyper
