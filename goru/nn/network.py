"""A network is a tuple of layers. Here it is walked: forward, backward, at inference; nothing else knows the order.

What it has learned is a tuple of as many trees, as are its running statistics, and what its layers keep for the way
back.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Context, Layer, Learned

Layers = tuple[Layer, ...]
STATISTICS_STEP = -1  # a step that no training reaches: its masks are those of the statistics


def init(layers: Layers, generator: np.random.Generator, hyper: Hyperparameters) -> Learned:
    """One new network, in float64, drawn by the `generator`."""
    return tuple(layer.init(generator, hyper) for layer in layers)


def running(layers: Layers) -> Any:
    """The running statistics of one network, nothing seen yet."""
    return tuple(layer.running for layer in layers)


def forward(layers: Layers, learned: Learned, x: Any, context: Context) -> tuple[Any, tuple]:
    """Outputs in training, `(..., outputs, rows)`, and what every layer has kept for the way back."""
    kept = []
    for layer, own in zip(layers, learned, strict=True):
        if layer.backward is None:
            x, of_layer = _differentiated(layer, own, x, context)
        else:
            x, of_layer = layer.forward(own, x, context)
        kept.append(of_layer)
    return x, tuple(kept)


def backward(
    layers: Layers, learned: Learned, kept: tuple, gradient: Any, out: Any = None, inputs: bool = False
) -> tuple[Learned, Any]:
    """The gradient of all that is learned, and that of the input where it is asked for, given that of the outputs."""
    found: list[Any] = [()] * len(layers)
    # Below the first layer that learns anything, nobody needs a gradient.
    lowest = 0 if inputs else next((index for index, own in enumerate(learned) if type(own) is not tuple or own), 0)
    for index in reversed(range(lowest, len(layers))):
        layer, further = layers[index], inputs or index > lowest
        if layer.backward is None:
            found[index], gradient = kept[index].pull(gradient)
        else:
            into = None if out is None else out[index]
            found[index], gradient = layer.backward(learned[index], kept[index], gradient, into, further)
    return tuple(found), gradient


def infer(
    layers: Layers, learned: Learned, statistics: Any, hyper: Hyperparameters, x: Any, deleting: Context | None = None
) -> Any:
    """Outputs at inference, `(..., outputs, rows)`; `deleting` as of `at_inference`."""
    context = deleting or Context(hyper)
    for layer, own, of_layer in zip(layers, learned, statistics, strict=True):
        x = layer.infer(own, x, of_layer, context)
    return x


def at_inference(
    layers: Layers, learned: Learned, statistics: Any, hyper: Hyperparameters, x: Any, deleting: Context | None = None
) -> Iterator[tuple[Layer, Any]]:
    """Every layer, and what it puts out at inference: by the statistics of the population, no unit deleted.

    **Arguments:**

    - `deleting`: units are deleted as in this step of training, which shows the networks that dropout averages.
    """
    for layer, own, of_layer in zip(layers, learned, statistics, strict=True):
        x = infer((layer,), (own,), (of_layer,), hyper, x, deleting)
        yield layer, x


def hidden(
    layers: Layers, learned: Learned, statistics: Any, hyper: Hyperparameters, x: Any, deleting: Context | None = None
) -> Iterator[Any]:
    """What every hidden layer hands to the next at inference: what all affine layers but the first read, and blocks
    that hold such; `deleting` as of `at_inference`."""
    read = None  # until the first of them has read the inputs
    for layer, y in at_inference(layers, learned, statistics, hyper, x, deleting):
        affine = any(inner.kind in ("affine", "scaled_affine") for inner in every((layer,)))
        if affine and read is not None:
            yield read
        if affine or read is not None:
            read = y


def seen(layers: Layers, kept: tuple) -> Any:
    """The statistics of a batch, in a tree like the running ones."""
    return tuple(
        layer.seen(own.kept if layer.backward is None else own) for layer, own in zip(layers, kept, strict=True)
    )


def own_share(layers: Layers, kept: tuple) -> Any:
    """What share of each row is its own, where a layer has mixed rows; else `None`. At most one layer does."""
    for layer, of_layer in zip(layers, kept, strict=True):
        if layer.backward is not None and (share := layer.own_share(of_layer)) is not None:
            return share
    return None


def exact_statistics(layers: Layers, learned: Learned, x: Any, context: Context) -> Any:
    """The statistics of all the given rows, layer after layer, the layers below normalised by their own.

    Running averages estimate the same, but from few batches, and lag behind the weights. With the network's id in the
    context, units are deleted by masks of their own, so that a layer meets the statistics that it was trained with;
    without it none are, and the variance is smaller (Li et al. 2018, https://arxiv.org/abs/1801.05134). Rows are not
    mixed: one λ for all of them would say little about the many of training.
    """
    context, found = context._replace(step=STATISTICS_STEP), []
    for layer, own in zip(layers, learned, strict=True):
        x, kept = layer.forward(own, x, context._replace(networks=None) if layer.mixes else context)
        found.append(layer.seen(kept))
    return tuple(found)


class _Pulled(NamedTuple):
    """The way back that JAX has found, and what `forward` has kept."""

    pull: Any
    kept: Any


def _differentiated(layer: Layer, own: Learned, x: Any, context: Context) -> tuple[Any, _Pulled]:
    """The output of a layer that brings no way back, and JAX's."""
    if isinstance(x, np.ndarray):
        raise TypeError(f"{type(layer).__name__} has no backward: it can be trained by the compiled engine alone")
    import jax

    y, pull, kept = jax.vjp(lambda own, x: layer.forward(own, x, context), own, x, has_aux=True)
    return y, _Pulled(pull, kept)


def every(layers: Layers) -> Iterator[Layer]:
    """All layers, and those that they hold."""
    for layer in layers:
        yield layer
        yield from every(getattr(layer, "layers", ()))


def weights_in(learned: Learned) -> list[bool]:
    """Of every array in a tree, in JAX's order, whether it is a weight matrix: decay is for these alone."""
    import jax

    return list(_weights_of(jax.tree.structure(learned)))


@lru_cache(maxsize=64)
def _weights_of(structure: Any) -> tuple[bool, ...]:
    import jax

    numbered = structure.unflatten(range(structure.num_leaves))
    paths, _ = jax.tree_util.tree_flatten_with_path(numbered)
    return tuple(getattr(path[-1], "name", "") == "weight" for path, _ in paths)
