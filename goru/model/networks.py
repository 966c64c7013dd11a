"""Networks without batch norm and dropout left in them, computed in NumPy: predicting needs no compiler."""

from dataclasses import dataclass

import numpy as np

from goru.direct.layers import ACTIVATIONS, activate
from goru.direct.rows import Features, times

ROWS_AT_ONCE = 4096  # so that the memory of a prediction does not grow with its rows


@dataclass(frozen=True, eq=False)
class PlainNetworks:
    """Networks of one shape, as `goru.nn.fold` leaves them: affine, activation, ..., affine.

    **Arguments:**

    - `activation`: its name.
    - `weights`: a layer an entry, `(networks, inputs, outputs)` float32 or float64.
    - `biases`: a layer an entry, `(networks, outputs)`, of the same type.
    """

    activation: str
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"unknown activation {self.activation!r}")
        if not self.weights or len(self.weights) != len(self.biases):
            raise ValueError("as many biases as weights are needed, and at least one of each")
        arrays = (*self.weights, *self.biases)
        if len({array.dtype for array in arrays}) > 1 or self.weights[0].dtype not in (np.float32, np.float64):
            raise ValueError("weights and biases are all float32, or all float64")
        if any(array.size == 0 for array in arrays):
            raise ValueError("there are no weights, or no biases")
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

    def outputs(self, x: Features) -> np.ndarray:
        """`(networks, rows, outputs)` for `x` of `(rows, inputs)`: logits, or scaled targets."""
        dtype = self.weights[0].dtype
        result = np.empty((len(self), len(x), self.n_outputs), dtype)
        for start in range(0, len(x), ROWS_AT_ONCE):
            rows = x[start : start + ROWS_AT_ONCE].astype(dtype, copy=False)
            for network in range(len(self)):
                h = rows
                for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                    h = times(h, weight[network, None])[0]
                    h += bias[network]
                    if layer < len(self.weights) - 1:
                        h = activate(self.activation, h)
                result[network, start : start + ROWS_AT_ONCE] = h
        return result

    @property
    def finite(self) -> np.ndarray:
        """Which of the networks have finite numbers alone, `(networks,)`."""
        arrays = (*self.weights, *self.biases)
        return np.all([np.isfinite(array).all(axis=tuple(range(1, array.ndim))) for array in arrays], axis=0)

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
