"""The layers of `goru.nn` and their gradients, for arrays `(networks, rows, features)`."""

from typing import NamedTuple

import numpy as np

ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid", "silu", "gelu")
_GOLDEN = 0x9E3779B9


def activate(name: str, z: np.ndarray) -> np.ndarray:
    """The activation function; of the same type as `z`."""
    match name:
        case "identity":
            return z
        case "relu":
            return np.maximum(z, 0)
        case "tanh":
            return np.tanh(z)
        case "sigmoid":
            return sigmoid(z)
        case "silu":
            return z * sigmoid(z)
        case "gelu":
            return z * _normal_cdf(z)
    raise ValueError(f"unknown activation {name!r}")


def back_through_activation(name: str, gradient: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The gradient with respect to `z`, given that with respect to `a = activate(name, z)`; may overwrite it."""
    match name:
        case "identity":
            return gradient
        case "relu":
            gradient *= z > 0
        case "tanh":
            gradient *= 1 - a * a
        case "sigmoid":
            gradient *= a * (1 - a)
        case "silu":
            s = sigmoid(z)
            gradient *= s * (1 + z * (1 - s))
        case "gelu":
            gradient *= _normal_cdf(z) + z * np.exp(-0.5 * z * z) * z.dtype.type((2 * np.pi) ** -0.5)
    return gradient


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), without overflow at either end."""
    return 0.5 * (np.tanh(0.5 * z) + 1)


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(z)


class Normalized(NamedTuple):
    """What batch norm's backward pass needs, and the batch's own statistics, `(networks, 1, features)`."""

    x_hat: np.ndarray
    rstd: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def shaped(value: float | np.ndarray, like: np.ndarray) -> np.ndarray:
    """A number for all networks, or one for each, to be combined with an array whose first axis is the networks."""
    array = np.asarray(value, like.dtype)
    return array.reshape(-1, *[1] * (like.ndim - 1)) if array.ndim else array


def normalize(x: np.ndarray, epsilon: float | np.ndarray) -> Normalized:
    """Every feature to mean 0 and variance 1 over the rows."""
    mean = x.mean(axis=1, keepdims=True)
    x_hat = x - mean
    variance = np.einsum("mbf,mbf->mf", x_hat, x_hat)[:, None] / x.dtype.type(x.shape[1])
    rstd = 1 / np.sqrt(variance + shaped(epsilon, variance))
    x_hat *= rstd
    return Normalized(x_hat, rstd, mean, variance)


def back_through_normalize(gradient: np.ndarray, normalized: Normalized) -> np.ndarray:
    """The gradient with respect to `x`, as `goru.nn.batch_norm.normalize` says; overwrites the one given."""
    x_hat, rows = normalized.x_hat, gradient.dtype.type(gradient.shape[1])
    along = np.einsum("mbf,mbf->mf", gradient, x_hat)[:, None] / rows
    gradient -= gradient.mean(axis=1, keepdims=True)
    gradient -= x_hat * along
    gradient *= normalized.rstd
    return gradient


def keep_mask(
    networks: np.ndarray, step: int, layer: int, shape: tuple[int, ...], rate: float | np.ndarray
) -> np.ndarray:
    """The masks of `goru.nn.dropout.keep_mask`, bit by bit, `(networks, rows, units)`.

    **Arguments:**

    - `networks`: their ids, `(networks,)` uint32.
    - `shape`: rows and units.
    - `rate`: the share deleted; may be of each network, `(networks, 1, 1)`.
    """
    rows, units = shape
    with np.errstate(over="ignore"):
        keys = np.full(len(networks), _GOLDEN, np.uint32)
        for word in (networks, step, layer):
            keys = _mix(keys ^ np.asarray(word).astype(np.uint32)) + np.uint32(_GOLDEN)
        counter = np.arange(rows * units, dtype=np.uint32).reshape(rows, units) * np.uint32(_GOLDEN)
        hashed = _mix(counter + keys[:, None, None])
    # A hash is below rate * 2^24, rounded up, exactly where its float is below rate * 2^24.
    return (hashed >> np.uint32(8)) >= np.ceil(np.float32(rate) * np.float32(2**24)).astype(np.uint32)


def _mix(x: np.ndarray) -> np.ndarray:
    """As in `goru.nn.dropout`; overwrites what it is given."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return x
