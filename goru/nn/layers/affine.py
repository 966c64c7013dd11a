"""The affine layer: every unit is a weighted sum of its inputs plus a bias."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import Hyperparameters, WeightInit
from goru.nn.arrays import Array, outer, row_sums, turned
from goru.nn.initializers import draw_weights
from goru.nn.layers.layer import Context, Layer
from goru.nn.rows import SparseRows, sparse_outer, sparse_product

Inputs = Float[Array | np.ndarray, "... inputs rows"]
Sums = Float[Array | np.ndarray, "*networks outputs rows"]


class Weights(NamedTuple):
    """Learned numbers of an affine layer: `weight` and `bias`, which is `None` in one without."""

    weight: Float[Array | np.ndarray, "*networks outputs inputs"]
    bias: Float[Array | np.ndarray, "*networks outputs"] | None


@dataclass(frozen=True)
class Affine(Layer):
    r"""$Y = W X + b$.

    **Arguments:**

    - `inputs`, `outputs`: the numbers of units that are read and put out.
    - `bias`: false for a layer below batch norm, which takes a bias away again with the mean. Its gradient would be
      zero, and computed be rounding noise, which Adam scales up to whole steps.
    - `weight_init`: the distribution of the initial weights, or the standard deviation of normal ones. Biases start
      from zero.
    """

    kind: ClassVar[str] = "affine"
    inputs: int
    outputs: int
    bias: bool = True
    weight_init: WeightInit | float = "he_normal"

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Its inputs and outputs."""
        return ((self.inputs, self.outputs),)

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> Weights:
        """Random weights, times `hyper.weight_std`; biases of zero."""
        weight = draw_weights(self.weight_init, generator, self.inputs, self.outputs) * hyper.weight_std
        return Weights(weight, np.zeros(self.outputs) if self.bias else None)

    def forward(self, learned: Weights, x: Inputs | SparseRows, context: Context) -> tuple[Sums, Any]:
        """`x` of the first layer may be rows of a sparse table."""
        y = sparse_product(learned.weight, x) if isinstance(x, SparseRows) else learned.weight @ x
        if learned.bias is not None:
            y += learned.bias[..., None]
        return y, x

    def backward(
        self, learned: Weights, kept: Any, gradient: Sums, out: Weights | None = None, inputs: bool = True
    ) -> tuple[Weights, Inputs | None]:
        r"""$\partial W = G X^\top$, $\partial b = \sum_i G_i$, $\partial X = W^\top G$."""
        into = out or Weights(None, None)  # type: ignore[arg-type]
        product = sparse_outer if isinstance(kept, SparseRows) else outer
        found = Weights(
            product(gradient, kept, into.weight),
            None if learned.bias is None else row_sums(gradient, into.bias),
        )
        return found, turned(learned.weight) @ gradient if inputs else None
