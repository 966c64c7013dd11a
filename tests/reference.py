"""A network's function by the formulas alone, in NumPy and float64: what tests of several folders are held against."""

import math

import numpy as np

from goru.nn.layers.batch_norm import Statistics


def by_hand(architecture, learned, statistics, hyper, x, masks=None) -> list[np.ndarray]:
    """What every hidden layer of one network puts out, and the outputs, in float64: `(rows, units)` each.

    **Arguments:**

    - `statistics`: a layer's mean and variance; those of these rows where there are none.
    - `masks`: of every hidden layer, `(rows, units)`; without them no neuron is deleted.
    """
    functions = {
        "identity": lambda z: z,
        "silu": lambda z: z / (1 + np.exp(-z)),
        "mish": lambda z: z * np.tanh(np.log1p(np.exp(z))),
        "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "gelu": lambda z: 0.5 * z * (1 + np.vectorize(math.erf)(z / np.sqrt(2))),
    }
    x, found, drops = np.float64(x), [], 0
    for layer, own, seen in zip(architecture.layers, learned, statistics, strict=True):
        if layer.kind == "affine":
            found.append(x)
            x = x @ np.float64(own.weight).T + (0 if own.bias is None else np.float64(own.bias))
        elif layer.kind == "activation":
            x = functions[layer.name](x)
        elif layer.kind == "batch_norm":
            mean, variance = map(np.float64, seen) if seen else (x.mean(axis=0), x.var(axis=0))
            x = (x - mean) / np.sqrt(variance + hyper.batch_norm_epsilon) * np.float64(own.scale) + own.shift
        elif layer.kind == "dropout":
            kept = 1 - hyper.dropout_rate
            if masks is not None:
                x = x * masks[drops] / (1 if layer.form == "classic" else kept)
            else:
                x = x * (kept if layer.form == "classic" else 1)
            drops += 1
    return [*found[1:], x]


def statistics_of(running) -> tuple:
    """Running statistics of one network without their start at zero; mean 0 and variance 1 where nothing was seen."""
    return tuple(
        (Statistics(own.mean / own.weight, own.variance / own.weight) if own.weight > 0 else Statistics(0.0, 1.0))
        if own
        else ()
        for own in running
    )
