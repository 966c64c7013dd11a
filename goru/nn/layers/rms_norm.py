r"""Root mean square normalization: layer norm without its mean and its shift.

Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467, equation 4, with ε for rows of zeros:

$$y = \gamma \odot \frac{x}{\sqrt{\frac1n \sum_i x_i^2 + \varepsilon}}$$
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.arrays import namespace, row_dots
from goru.nn.layers.layer import Activations, Context, Layer
from goru.nn.layers.scaling import PerUnit
from goru.nn.layers.standardization import dots


class Scale(NamedTuple):
    """Learned numbers: the `scale` γ of every unit."""

    scale: PerUnit


@dataclass(frozen=True)
class RMSNorm(Layer):
    """Root mean square normalization over a row's units (Zhang & Sennrich 2019, equation 4); γ starts from 1.

    **Arguments:**

    - `units`: how many it reads and puts out.
    - `epsilon`: ε, added to the mean square.
    """

    kind: ClassVar[str] = "rms_norm"
    units: int
    epsilon: float = 1e-5

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> Scale:
        """All ones."""
        return Scale(np.ones(self.units))

    def forward(self, learned: Scale, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The same at inference."""
        rrms = 1 / namespace(x).sqrt(dots(x, x, -2) * (1 / self.units) + self.epsilon)
        normalized = x * rrms
        return normalized * learned.scale[..., None], (normalized, rrms)

    def backward(
        self, learned: Scale, kept: Any, gradient: Activations, out: Scale | None = None, inputs: bool = True
    ) -> tuple[Scale, Activations]:
        r"""With $h = \gamma \odot g$ and $\hat x$ what γ multiplies: $\partial x = (h - \hat x \,
        \frac1n \sum_i h_i \hat x_i)$ over the root."""
        normalized, rrms = kept
        found = Scale(row_dots(gradient, normalized, out.scale if out else None))
        gradient *= learned.scale[..., None]
        gradient -= normalized * (dots(gradient, normalized, -2) * (1 / self.units))
        gradient *= rrms
        return found, gradient
