"""Networks without batch norm and dropout left in them, computed in NumPy: predicting needs no compiler."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROWS_AT_ONCE = 4096  # so that the memory of a prediction does not grow with its rows


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * x) + 1)  # no overflow at either end


def _gelu(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return x * ndtr(x)


_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "gelu": _gelu,
    "silu": lambda x: x * _sigmoid(x),
}


@dataclass(frozen=True, eq=False)
class PlainNetworks:
    """Networks of one shape, as `goru.nn.fold` leaves them: affine, activation, ..., affine.

    **Arguments:**

    - `activation`: its name.
    - `weights`: a layer an entry, `(networks, inputs, outputs)` float32.
    - `biases`: a layer an entry, `(networks, outputs)` float32.
    """

    activation: str
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        if self.activation not in _ACTIVATIONS:
            raise ValueError(f"unknown activation {self.activation!r}")
        if not self.weights or len(self.weights) != len(self.biases):
            raise ValueError("as many biases as weights are needed, and at least one of each")
        if any(array.dtype != np.float32 or array.size == 0 for array in (*self.weights, *self.biases)):
            raise ValueError("weights and biases are float32, and there are some")
        width = self.weights[0].shape[1:2]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if weight.ndim != 3 or weight.shape[1:2] != width or bias.shape != (len(self), weight.shape[2]):
                raise ValueError(f"layers do not fit: weights {weight.shape}, biases {bias.shape}")
            width = weight.shape[2:]

    def __len__(self) -> int:
        """How many networks."""
        return self.weights[0].shape[0]

    @property
    def inputs(self) -> int:
        """Features that a network reads."""
        return self.weights[0].shape[1]

    @property
    def n_outputs(self) -> int:
        """Outputs of a network."""
        return self.weights[-1].shape[2]

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """`(networks, rows, outputs)` for `x` of `(rows, inputs)`: logits, or scaled targets."""
        result = np.empty((len(self), len(x), self.n_outputs), np.float32)
        activation = _ACTIVATIONS[self.activation]
        for start in range(0, len(x), ROWS_AT_ONCE):
            for network in range(len(self)):
                h = np.ascontiguousarray(x[start : start + ROWS_AT_ONCE], np.float32)
                for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                    h = h @ weight[network] + bias[network]
                    if layer < len(self.weights) - 1:
                        h = activation(h)
                result[network, start : start + ROWS_AT_ONCE] = h
        return result

    def only(self, networks: slice | list[int]) -> "PlainNetworks":
        """Some of the networks."""
        return PlainNetworks(
            self.activation,
            tuple(weight[networks] for weight in self.weights),
            tuple(bias[networks] for bias in self.biases),
        )


def softmax(outputs: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis, in float64, so that they sum to one."""
    shifted = np.exp(outputs.astype(np.float64) - outputs.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities made more even (above 1) or less (below): p^(1/T), scaled to sum to one (Guo et al. 2017)."""
    if temperature == 1:
        return probabilities
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)) / temperature
    return softmax(logs)
