r"""A scale and a shift of every unit: $y = s \odot x + t$. What batch norm is once its statistics are fixed."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.arrays import row_dots, row_sums
from goru.nn.batch_norm import ScaleShift
from goru.nn.layer import Activations, Context, Layer


@dataclass(frozen=True)
class Scaling(Layer):
    """See above; it starts as the identity."""

    kind: ClassVar[str] = "scaling"
    units: int

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaleShift:
        """The identity."""
        return ScaleShift(np.ones(self.units), np.zeros(self.units))

    def forward(self, learned: ScaleShift, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The same at inference."""
        return x * learned.scale[..., None] + learned.shift[..., None], x

    def backward(
        self, learned: ScaleShift, kept: Any, gradient: Activations, out: ScaleShift | None = None, inputs: bool = True
    ) -> tuple[ScaleShift, Activations]:
        r"""$\partial s = \sum_i g_i x_i$, $\partial t = \sum_i g_i$, $\partial x = s \odot g$."""
        into = out or ScaleShift(None, None)  # type: ignore[arg-type]
        found = ScaleShift(row_dots(gradient, kept, into.scale), row_sums(gradient, into.shift))
        gradient *= learned.scale[..., None]
        return found, gradient
