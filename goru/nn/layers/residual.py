"""A residual block: what it holds, added to what it is given.

He et al. 2016, https://arxiv.org/abs/1512.03385, equation 1: $y = F(x) + x$.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from goru.nn import network
from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Activations, Context, Layer


@dataclass(frozen=True)
class Residual(Layer):
    """$y = F(x) + x$ (He et al. 2016, equation 1).

    **Arguments:**

    - `layers`: $F$, one after the other; it puts out as many units as it reads.
    """

    kind: ClassVar[str] = "residual"
    layers: tuple[Layer, ...]

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> Any:
        """Of every layer inside."""
        return tuple(layer.init(generator, hyper) for layer in self.layers)

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """Through the layers, and past them."""
        y, kept = network.forward(self.layers, learned, x, context)
        return x + y, kept

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Any]:
        """The gradient goes both ways, and adds up."""
        through = gradient.copy() if isinstance(gradient, np.ndarray) else gradient
        found, through = network.backward(self.layers, learned, kept, through, out, inputs)
        return found, gradient + through if inputs else None

    def infer(self, learned: Any, x: Activations, statistics: Any, context: Context) -> Activations:
        """As in training."""
        return x + network.infer(self.layers, learned, statistics, context.hyper, x, context)

    def simplified(self, learned: Any, statistics: Any, hyper: Hyperparameters, units: int | None) -> tuple[Layer, Any]:
        """With the layers inside folded."""
        from goru.nn.fold import fold

        layers, learned = fold(self.layers, learned, statistics, hyper, units)
        return Residual(layers), learned

    def seen(self, kept: Any) -> Any:
        """Of every layer inside."""
        return network.seen(self.layers, kept)

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Twice what is inside: what that puts out is added to what went in, so it might go in again."""
        return 2 * tuple(pair for layer in self.layers for pair in layer.widths)

    @property
    def running(self) -> Any:
        """Of every layer inside."""
        return tuple(layer.running for layer in self.layers)
