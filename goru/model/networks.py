"""Networks without batch norm and dropout left in them, computed in NumPy: predicting needs no compiler."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter

import numpy as np

from goru.model.weights import mapped, named, shapes
from goru.nn import fold
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.layer import Learned
from goru.nn.network import Layers, every
from goru.nn.rows import Features, columns
from goru.population.immediate.threads import threads_for
from goru.wording import counted

#: So that activations stay in a processor's cache. No power of two: columns that lie so far apart push each other out.
ROWS_AT_ONCE = 1000
_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, eq=False)
class Networks:
    """Networks of one shape, as `goru.nn.fold` leaves them.

    **Arguments:**

    - `layers`: of each.
    - `learned`: a tree a layer; the first axis of every array is that of the networks; all float32, or all float64.

    **Attributes:**

    - `inputs`, `n_outputs`: numbers of features that a network reads, and of what it puts out.
    """

    layers: Layers
    learned: Learned
    inputs: int = field(init=False)
    n_outputs: int = field(init=False)

    def __post_init__(self) -> None:
        for name, width in zip(("inputs", "n_outputs"), widths(self.layers), strict=True):
            object.__setattr__(self, name, width)
        sizes = shapes(self.layers)
        if list(self.arrays) != list(sizes):
            raise ValueError(f"weights {list(self.arrays)}, where the layers have {list(sizes)}")
        dtype, count = self.dtype, (len(self),)
        for (name, shape), array in zip(sizes.items(), self.arrays.values(), strict=True):
            if array.shape != count + shape or array.size == 0:
                raise ValueError(f"weights {name}: {array.shape}, where the layers have {count + shape}")
            if array.dtype != dtype or dtype not in _DTYPES:
                raise ValueError("weights and biases are all float32, or all float64")

    @classmethod
    def perceptron(cls, activation: str, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> "Networks":
        """Affine, activation, ..., affine.

        **Arguments:**

        - `weights`, `biases`: a layer an entry, `(networks, outputs, inputs)` and `(networks, outputs)`.
        """
        if len(weights) != len(biases) or any(weight.ndim != 3 for weight in weights):
            raise ValueError("weights are (networks, outputs, inputs), and as many as biases")
        learned = [own for pair in zip(weights, biases, strict=True) for own in (Weights(*pair), ())]
        return cls(_perceptron(activation, tuple(weight.shape[1:] for weight in weights)), tuple(learned[:-1]))

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All that is learned, by name."""
        return named(self.learned)

    @cached_property
    def one_by_one(self) -> list[Learned]:
        """What each network has learned."""
        return [mapped(itemgetter(network), self.learned) for network in range(len(self))]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({counted(len(self), 'network')}, {self.shape})"

    @property
    def shape(self) -> str:
        """Widths and kinds of layers of a network, in words."""
        widths = [self.inputs, *(layer.outputs for layer in self.layers if isinstance(layer, Affine))]
        kinds = dict.fromkeys(getattr(layer, "name", layer.kind) for layer in self.layers if layer.kind != "affine")
        return ", ".join(["-".join(map(str, widths)), *kinds])

    def __len__(self) -> int:
        """How many networks."""
        return len(next(iter(self.arrays.values())))

    @property
    def dtype(self) -> np.dtype:
        """Of all numbers."""
        return next(iter(self.arrays.values())).dtype

    def outputs(self, x: Features) -> np.ndarray:
        """`(networks, rows, outputs)` for `x` of `(rows, inputs)`: logits, or scaled targets."""
        result = np.empty((len(self), len(x), self.n_outputs), self.dtype)
        for found, outputs in zip(result, self.each(x), strict=True):
            found[:] = outputs
        return result

    def each(self, x: Features) -> Iterator[np.ndarray]:
        """The same of one network after the other, `(rows, outputs)`."""
        if len(self) * len(x) <= ROWS_AT_ONCE:  # then calls cost more than what they compute
            yield from self._apply(self.learned, x).swapaxes(1, 2)
            return
        for learned in self.one_by_one:
            found = np.empty((len(x), self.n_outputs), self.dtype)
            with threads_for(self.layers, ROWS_AT_ONCE):
                for start in range(0, len(x), ROWS_AT_ONCE):
                    found[start : start + ROWS_AT_ONCE] = self._apply(learned, x[start : start + ROWS_AT_ONCE]).T
            yield found

    def _apply(self, learned: Learned, x: Features) -> np.ndarray:
        return fold.apply(self.layers, learned, columns(x.astype(self.dtype, copy=False)))

    @property
    def finite(self) -> np.ndarray:
        """Which of the networks have finite numbers alone, `(networks,)`."""
        return np.all([np.isfinite(a).all(axis=tuple(range(1, a.ndim))) for a in self.arrays.values()], axis=0)

    def only(self, networks: slice | list[int]) -> "Networks":
        """Some of the networks."""
        return Networks(self.layers, mapped(itemgetter(networks), self.learned))


@lru_cache(maxsize=256)
def _perceptron(activation: str, shapes: tuple[tuple[int, int], ...]) -> Layers:
    found = [layer for outputs, inputs in shapes for layer in (Affine(inputs, outputs), Activation(activation))]
    return tuple(found[:-1])


@lru_cache(maxsize=256)
def widths(layers: Layers) -> tuple[int, int]:
    """How many features a folded network reads, and how many outputs it has.

    **Raises:** `ValueError` if a layer reads another number of units than the one below it puts out, or is not folded.
    """
    if unfolded := [layer.kind for layer in every(layers) if hasattr(layer, "fold")]:
        raise ValueError(f"layers are not folded: {unfolded}")
    ends = [pair for layer in layers for pair in layer.widths]
    if not ends or any(out != into for (_, out), (into, _) in pairwise(ends)):
        raise ValueError(f"layers that do not fit, or none: {ends}")
    return ends[0][0], ends[-1][1]


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


def mixed(probabilities: np.ndarray, uniform_share: float) -> np.ndarray:
    """Probabilities of which a share, 0 to 1, is that of the uniform distribution over the classes: none is 0."""
    if uniform_share == 0:
        return probabilities
    return (1 - uniform_share) * probabilities + uniform_share / probabilities.shape[-1]
