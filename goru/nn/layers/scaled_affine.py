r"""An affine layer that learns a scale for every input, and so can turn down a column that says little.

Holzmüller et al. 2024, https://arxiv.org/abs/2407.04491, section 3.2:

$$y = W (s \odot x) + b, \qquad s = 1 + c u$$

Their $s$ is learned at 6 times the learning rate of the other weights. Here $u$ is learned, from zero on, at the same
rate: under Adam, whose steps do not depend on the size of a gradient, $c = 6$ is the same; in gradient descent
$c = \sqrt 6$ is, as $c$ also scales the gradient. $s$ is not decayed.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import Hyperparameters, WeightInit
from goru.nn.arrays import Array, column_dots
from goru.nn.layers.affine import Affine, Inputs, Sums, Weights
from goru.nn.layers.layer import Context, Layer
from goru.nn.rows import SparseRows

FASTER = 6.0


class ScaledWeights(NamedTuple):
    """Learned numbers: `weight` and `bias` of an affine layer, and `stretch`, $u$ of every input."""

    weight: Float[Array | np.ndarray, "*networks outputs inputs"]
    bias: Float[Array | np.ndarray, "*networks outputs"] | None
    stretch: Float[Array | np.ndarray, "*networks inputs"]


@dataclass(frozen=True)
class ScaledAffine(Layer):
    r"""$y = W (s \odot x) + b$ with $s = 1 + c u$ (Holzmüller et al. 2024, section 3.2).

    Networks of a block go on to read the same rows: weights are scaled, and not rows.

    **Arguments:**

    - `inputs`, `outputs`, `bias`, `weight_init`: as of [`Affine`][goru.nn.layers.affine.Affine].
    - `factor`: $c$.
    """

    kind: ClassVar[str] = "scaled_affine"
    inputs: int
    outputs: int
    bias: bool = True
    weight_init: WeightInit | float = "he_normal"
    factor: float = FASTER

    @property
    def affine(self) -> Affine:
        """The layer that it is at inference."""
        return Affine(self.inputs, self.outputs, self.bias, self.weight_init)

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Its inputs and outputs."""
        return ((self.inputs, self.outputs),)

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaledWeights:
        """As the affine layer; every scale is 1."""
        return ScaledWeights(*self.affine.init(generator, hyper), np.zeros(self.inputs))

    def forward(self, learned: ScaledWeights, x: Inputs | SparseRows, context: Context) -> tuple[Sums, Any]:
        """`x` may be rows of a sparse table."""
        return self.affine.forward(self.scaled(learned), x, context)

    def backward(
        self,
        learned: ScaledWeights,
        kept: Any,
        gradient: Sums,
        out: ScaledWeights | None = None,
        inputs: bool = True,
    ) -> tuple[ScaledWeights, Inputs | None]:
        r"""With $V$ for $W$ with scaled columns: $\partial W = \partial V \odot s$,
        $\partial u_j = c \sum_i \partial V_{ij} W_{ij}$."""
        into = None if out is None else Weights(out.weight, out.bias)
        weights = self.scaled(learned) if inputs else Weights(learned.weight, learned.bias)
        (weight, bias), further = self.affine.backward(weights, kept, gradient, into, inputs)
        stretch = column_dots(weight, learned.weight, out.stretch if out else None)
        stretch *= self.factor
        weight *= self.scales(learned)
        return ScaledWeights(weight, bias, stretch), further

    def simplified(
        self, learned: ScaledWeights, statistics: Any, hyper: Hyperparameters, units: int | None
    ) -> tuple[Layer, Any]:
        """An affine layer."""
        return self.affine, self.scaled(learned)

    def scales(self, learned: ScaledWeights) -> Any:
        """`s`, `(..., 1, inputs)`."""
        return (1 + self.factor * learned.stretch)[..., None, :]

    def scaled(self, learned: ScaledWeights) -> Weights:
        """The weights of the affine layer."""
        return Weights(learned.weight * self.scales(learned), learned.bias)
