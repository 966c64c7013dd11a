"""How the activations of hidden layers are spread while a network is trained."""

from collections.abc import Mapping, Sequence

import numpy as np

from goru.experiment.findings.evidence import Activations, LayerActivations, Stage
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.layer import Context, Learned

BINS = 40
TAIL = 0.002  # the share of activations at either end that may lie outside of the bins
DEAD = 0.01  # a unit whose activation varies less over the rows says the same about all of them
MOST_LAYERS = 6  # in pictures: of deeper networks the first, the last, and some between
MOST_ROWS = 500

Stages = Mapping[int, Learned]  # by epoch, one network each, with a first axis


def hidden_activations(architecture: Architecture, epsilon: float, learned: Learned, x: np.ndarray) -> list[np.ndarray]:
    """What every hidden layer hands to the next, `(rows, units)` each: no unit is deleted, batch norm is by these rows.

    **Arguments:**

    - `epsilon`: batch norm's ε.
    - `learned`: of one network, with a first axis.
    """
    layers, hyper = architecture.layers, Hyperparameters(batch_norm_epsilon=epsilon)
    with np.errstate(all="ignore"):  # a network that diverged has no numbers to show
        statistics = network.exact_statistics(layers, learned, x.T, Context(hyper))
        outputs = network.hidden(layers, learned, statistics, hyper, x.T)
        return [of_layer[0].T for of_layer in outputs]


def describe_activations(outputs: Mapping[str, Mapping[int, Sequence[np.ndarray]]], rows: int) -> Activations:
    """The distribution of every layer's activations, by network and epoch.

    **Arguments:**

    - `outputs`: of every network by name, by epoch, what each hidden layer puts out.
    - `rows`: that this is of.
    """
    depth = len(next(iter(next(iter(outputs.values())).values())))
    layers = np.unique(np.linspace(0, depth - 1, min(depth, MOST_LAYERS)).round().astype(int))
    edges = {
        layer: _edges([stage[layer] for stages in outputs.values() for stage in stages.values()]) for layer in layers
    }
    return Activations(
        rows,
        tuple(int(layer) + 1 for layer in layers),
        tuple(tuple(edges[layer].tolist()) for layer in layers),
        {
            name: tuple(
                Stage(epoch, tuple(_described(of_stage[layer], edges[layer]) for layer in layers))
                for epoch, of_stage in stages.items()
            )
            for name, stages in outputs.items()
        },
    )


def _edges(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Of bins that hold nearly all activations of every array; zero, which many units put out, is an edge."""
    known = (array[np.isfinite(array)].astype(np.float64) for array in arrays)
    tails = [np.quantile(values, [TAIL, 1 - TAIL]) for values in known if len(values)]
    low, high = (min(tail[0] for tail in tails), max(tail[1] for tail in tails)) if tails else (0.0, 0.0)
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    if low == high:  # there is nothing but zeros
        high = 1.0
    width = (high - low) / BINS
    # Counted from zero in both directions; rounded, the last one might lie short of its end.
    edges = width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)
    edges[[0, -1]] = min(edges[0], low), max(edges[-1], high)
    return edges


def _described(values: np.ndarray, edges: np.ndarray) -> LayerActivations:
    if not np.isfinite(values).all():
        return LayerActivations(None, None, None, None, None)
    values = values.astype(np.float64)  # in which squares of float32 are numbers too
    counts, _ = np.histogram(values[values != 0], edges)
    return LayerActivations(
        shares=tuple(float(f"{share:.4g}") for share in counts / values.size),
        mean=float(values.mean()),
        std=float(values.std()),
        zero=float(np.mean(values == 0)),
        dead=float(np.mean(values.std(axis=0) < DEAD)),
    )
