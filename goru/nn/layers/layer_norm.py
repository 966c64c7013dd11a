r"""Layer normalization, over the units of a row.

Ba et al. 2016, https://arxiv.org/abs/1607.06450, equation 4: $y = \gamma \odot \hat x + \beta$, with the mean and the
variance of a row's own units. So a row's output depends on no other row, and training and inference are one formula.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Activations, Context, Layer
from goru.nn.layers.scaling import ScaleShift, of_scale_and_shift, scaled
from goru.nn.layers.standardization import Standardized, back_through_standardize, dots, standardize, sums_along


@dataclass(frozen=True)
class LayerNorm(Layer):
    r"""Layer normalization, $y = \gamma \odot \hat x + \beta$ over a row's units (Ba et al. 2016, equation 4).

    γ starts from 1, β from 0.

    **Arguments:**

    - `units`: how many it reads and puts out.
    - `epsilon`: ε, added to the variance.
    """

    kind: ClassVar[str] = "layer_norm"
    units: int
    epsilon: float = 1e-5

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaleShift:
        """The identity."""
        return ScaleShift(np.ones(self.units), np.zeros(self.units))

    def forward(self, learned: ScaleShift, x: Activations, context: Context) -> tuple[Activations, Standardized]:
        """The same at inference."""
        kept = standardize(x, -2, self.epsilon)
        return scaled(learned, kept.x), kept

    def backward(
        self, learned: ScaleShift, kept: Standardized, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[ScaleShift, Activations]:
        """As batch norm's, but that γ differs along the axis of the sums."""
        found = of_scale_and_shift(gradient, kept.x, out)
        gradient *= learned.scale[..., None]
        total, product = sums_along(gradient, -2), dots(gradient, kept.x, -2)
        return found, back_through_standardize(gradient, kept, -2, total, product)
