r"""Mean 0 and variance 1 along one axis, forward and backward: what batch norm and layer norm share.

$$\mu = \frac1m \sum_i x_i, \quad \sigma^2 = \frac1m \sum_i (x_i - \mu)^2, \quad
\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}}$$
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.arrays import Array, along, namespace

Along = Float[Array | np.ndarray, "*networks units rows"]


class Standardized(NamedTuple):
    """What was made of an array: `x`; `rstd`, one over the root; `mean` and `variance`.

    The axis along which it was is left with length 1 in all but `x`.
    """

    x: Any
    rstd: Any
    mean: Any
    variance: Any


def standardize(x: Along, axis: int, epsilon: Any) -> Standardized:
    """The variance from the differences, not from squares; and $1 / \\sqrt{\\sigma^2 + \\varepsilon}$ with it.

    **Arguments:**

    - `axis`: -1, the rows, or -2, the units.
    - `epsilon`: ε, of all networks, or `(networks,)`.
    """
    share = 1 / x.shape[axis]
    mean = sums_along(x, axis) * share
    centred = x - mean
    variance = dots(centred, centred, axis) * share
    rstd = 1 / namespace(x).sqrt(variance + along(epsilon, variance))
    if np.ndim(rstd) > np.ndim(x):  # networks that differ in ε read the same rows
        centred = centred * rstd
    else:
        centred *= rstd
    return Standardized(centred, rstd, mean, variance)


def back_through_standardize(
    gradient: Along, kept: Standardized, axis: int, total: Any, product: Any, scale: Any = 1
) -> Along:
    r"""The gradient of the input, by hand instead of as the chain of Ioffe & Szegedy's section 3:

    $$\frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}
      \left(g_i - \frac1m \sum_j g_j - \hat x_i \, \frac1m \sum_j g_j \hat x_j\right).$$

    **Arguments:**

    - `axis`: as of `standardize`.
    - `total`, `product`: the two sums, the axis left with length 1.
    - `scale`: γ, where it is the same along the axis.
    """
    rows = gradient.shape[axis]
    gradient -= total * (1 / rows)
    gradient -= kept.x * (product * (1 / rows))
    gradient *= kept.rstd * scale
    return gradient


def sums_along(x: Any, axis: int) -> Any:
    """Sums along the `axis`, which is left with length 1."""
    return np.add.reduce(x, axis=axis, keepdims=True) if isinstance(x, np.ndarray) else x.sum(axis, keepdims=True)


def dots(a: Any, b: Any, axis: int) -> Any:
    """Sums of products of `a` and `b` along the `axis`, which is left with length 1."""
    if isinstance(a, np.ndarray):
        return np.expand_dims(np.vecdot(a, b) if axis == -1 else np.einsum("...ur,...ur->...r", a, b), axis)
    return sums_along(a * b, axis)
