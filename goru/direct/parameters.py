"""All learned numbers of some networks of one shape in one array, and views of its parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from goru.direct.layers import shaped


@dataclass(frozen=True)
class Layout:
    """Where the numbers of a network stand: per layer weight, bias and, in hidden layers with batch norm, γ and β.

    **Arguments:**

    - `widths`: of all layers, from the inputs to the outputs.
    - `batch_norm`: whether hidden layers have it.
    """

    widths: tuple[int, ...]
    batch_norm: bool

    @cached_property
    def _parts(self) -> dict[tuple[str, int], tuple[int, int, tuple[int, ...]]]:
        parts: dict[tuple[str, int], tuple[int, int, tuple[int, ...]]] = {}
        start = 0
        for layer, (inputs, outputs) in enumerate(zip(self.widths, self.widths[1:], strict=False)):
            shapes: dict[str, tuple[int, ...]] = {"weight": (inputs, outputs), "bias": (outputs,)}
            if self.batch_norm and layer < len(self.widths) - 2:
                shapes |= {"scale": (outputs,), "shift": (outputs,)}
            for name, shape in shapes.items():
                end = start + int(np.prod(shape))
                parts[name, layer] = start, end, shape
                start = end
        return parts

    @property
    def size(self) -> int:
        """Numbers of one network."""
        return max(end for _, end, _ in self._parts.values())

    def parts_of(self, flat: Any) -> dict[tuple[str, int], Any]:
        """The parts of numbers `(..., size)`, of one network or of many, by name and layer."""
        return {
            key: flat[..., start:end].reshape(*flat.shape[:-1], *shape)
            for key, (start, end, shape) in self._parts.items()
        }

    def weights_only(self) -> np.ndarray:
        """True where a number is of a weight matrix, `(size,)`: decay is for these."""
        mask = np.zeros(self.size, bool)
        for (name, _), (start, end, _) in self._parts.items():
            mask[start:end] = name == "weight"
        return mask

    @property
    def layers(self) -> int:
        """Affine layers."""
        return len(self.widths) - 1


class Parameters:
    """The numbers of networks, `(networks, size)`, and views of them by name.

    **Arguments:**

    - `flat`: the array; views of it are views.
    """

    def __init__(self, layout: Layout, flat: np.ndarray) -> None:
        self.layout, self.flat = layout, flat
        parts = layout.parts_of(flat)

        def views(name: str) -> list[np.ndarray]:
            return [part for (kind, _), part in parts.items() if kind == name]

        self.weights, self.biases = views("weight"), views("bias")
        self.scales, self.shifts = views("scale"), views("shift")

    def __reduce__(self) -> tuple:
        # The views are made anew, or they would be copies that no longer follow the array.
        return Parameters, (self.layout, self.flat)

    def __len__(self) -> int:
        return len(self.flat)

    def like(self) -> "Parameters":
        """As many numbers, all zero."""
        return Parameters(self.layout, np.zeros_like(self.flat))


def initial_parameters(
    layout: Layout,
    generators: Iterable[np.random.Generator],
    draw: Callable[[np.random.Generator, int, int], np.ndarray],
    scale: Any,
    shift: Any,
    dtype: Any,
) -> Parameters:
    """Random weights, biases of zero, γ and β as given.

    **Arguments:**

    - `generators`: one a network.
    - `draw`: the weights of a layer, from a generator and the numbers of inputs and outputs.
    - `scale`, `shift`: the initial γ and β; may be of each network, `(networks,)`.
    """
    every = list(generators)
    parameters = Parameters(layout, np.zeros((len(every), layout.size), dtype))
    for network, generator in enumerate(every):
        for weight in parameters.weights:
            weight[network] = draw(generator, *weight.shape[1:])
    for values, initial in ((parameters.scales, scale), (parameters.shifts, shift)):
        for own in values:
            own[:] = shaped(initial, own)
    return parameters
