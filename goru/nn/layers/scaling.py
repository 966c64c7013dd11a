r"""A scale and a shift of every unit: $y = s \odot x + t$. What batch norm is once its statistics are fixed."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import Hyperparameters
from goru.nn.arrays import Array, row_dots, row_sums
from goru.nn.layers.layer import Activations, Context, Layer

PerUnit = Float[Array | np.ndarray, "*networks units"]


class ScaleShift(NamedTuple):
    """Learned numbers: `scale` and `shift` of every unit; γ and β where they follow a normalisation."""

    scale: PerUnit
    shift: PerUnit


def scaled(learned: ScaleShift, x: Any) -> Any:
    """$s x + t$."""
    y = x * learned.scale[..., None]
    y += learned.shift[..., None]
    return y


def of_scale_and_shift(gradient: Any, x: Any, out: ScaleShift | None) -> ScaleShift:
    r"""$\partial s = \sum_i g_i x_i$ and $\partial t = \sum_i g_i$."""
    into = out or ScaleShift(None, None)  # type: ignore[arg-type]
    return ScaleShift(row_dots(gradient, x, into.scale), row_sums(gradient, into.shift))


@dataclass(frozen=True)
class Scaling(Layer):
    r"""A scale and a shift of every unit, $y = s \odot x + t$; it starts as the identity.

    **Arguments:**

    - `units`: how many it reads and puts out.
    """

    kind: ClassVar[str] = "scaling"
    units: int

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaleShift:
        """The identity."""
        return ScaleShift(np.ones(self.units), np.zeros(self.units))

    def forward(self, learned: ScaleShift, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The same at inference."""
        return scaled(learned, x), x

    def backward(
        self, learned: ScaleShift, kept: Any, gradient: Activations, out: ScaleShift | None = None, inputs: bool = True
    ) -> tuple[ScaleShift, Activations]:
        r"""$\partial s = \sum_i g_i x_i$, $\partial t = \sum_i g_i$, $\partial x = s \odot g$."""
        found = of_scale_and_shift(gradient, kept, out)
        gradient *= learned.scale[..., None]
        return found, gradient
