r"""Group normalization, over groups of the units of a row.

Wu & He 2018, https://arxiv.org/abs/1803.08494, equations 1 to 3 and 7: $y = \gamma \odot \hat x + \beta$, with the mean
and the variance of the units of a group, which stand beside each other. With one group it is layer normalization.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Activations, Context, Layer
from goru.nn.layers.scaling import ScaleShift, of_scale_and_shift, scaled
from goru.nn.layers.standardization import Standardized, back_through_standardize, dots, standardize, sums_along


@dataclass(frozen=True)
class GroupNorm(Layer):
    r"""Group normalization, $y = \gamma \odot \hat x + \beta$ over groups of a row's units (Wu & He 2018, equation 7).

    γ starts from 1, β from 0.

    **Arguments:**

    - `groups`: how many; all have the same number of units.
    - `units`: how many it reads and puts out, a multiple of `groups`.
    - `epsilon`: ε, added to the variance.

    **Raises:** `ValueError` for units that are not so many equal groups.
    """

    kind: ClassVar[str] = "group_norm"
    groups: int
    units: int
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if self.groups < 1 or self.units % self.groups:
            raise ValueError(f"{self.units} units are not {self.groups} groups of as many each")

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> ScaleShift:
        """The identity."""
        return ScaleShift(np.ones(self.units), np.zeros(self.units))

    def forward(self, learned: ScaleShift, x: Activations, context: Context) -> tuple[Activations, Standardized]:
        """The same at inference."""
        kept = standardize(self._grouped(x), -2, self.epsilon)
        return scaled(learned, kept.x.reshape(x.shape)), kept

    def backward(
        self, learned: ScaleShift, kept: Standardized, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[ScaleShift, Activations]:
        """As layer norm's, group by group."""
        found = of_scale_and_shift(gradient, kept.x.reshape(*kept.x.shape[:-3], *gradient.shape[-2:]), out)
        gradient *= learned.scale[..., None]
        of_groups = self._grouped(gradient)
        total, product = sums_along(of_groups, -2), dots(of_groups, kept.x, -2)
        return found, back_through_standardize(of_groups, kept, -2, total, product).reshape(gradient.shape)

    def _grouped(self, x: Any) -> Any:
        """The same, `(..., groups, units of a group, rows)`."""
        return x.reshape(*x.shape[:-2], self.groups, self.units // self.groups, x.shape[-1])
