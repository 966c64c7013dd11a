r"""Weight decay as a penalty: large weights are penalised, since overfitting goes with large weights.

Only the weight matrices are decayed; biases, γ and β are not. Each penalty comes with its gradient. The third form,
decoupled decay, is no penalty but part of the optimiser's step (`goru.nn.optimizers`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from goru.nn.arrays import along, namespace

Matrix = Float[Array | np.ndarray, "*networks outputs inputs"]
PerNetwork = Float[Array | np.ndarray, "*networks"] | np.floating


def l2_squared(weight: Matrix, weight_decay: Any) -> tuple[PerNetwork, Matrix]:
    r"""$\frac12 \lambda \lVert W \rVert^2$, `(networks,)`, and its gradient $\lambda W$ (Krogh & Hertz 1991)."""
    return 0.5 * weight_decay * _squares(weight), along(weight_decay, weight) * weight


def l2_norm(weight: Matrix, weight_decay: Any) -> tuple[PerNetwork, Matrix]:
    r"""$\lambda \lVert W \rVert_2$, the norm itself, with its root, and its gradient $\lambda W / \lVert W \rVert$.

    Every matrix is pulled towards zero with one and the same force, however large it is. At zero, where the norm has
    no gradient, the gradient is taken as zero.
    """
    xp, squares = namespace(weight), _squares(weight)
    norm = xp.sqrt(squares)
    pull = weight_decay / xp.where(squares > 0, norm, 1)
    return weight_decay * norm, along(pull, weight) * weight


PENALTIES: dict[str, Callable[[Matrix, Any], tuple[PerNetwork, Matrix]]] = {
    "l2_squared": l2_squared,
    "l2_norm": l2_norm,
}


def _squares(weight: Matrix) -> PerNetwork:
    if isinstance(weight, np.ndarray):
        return np.vecdot(weight, weight).sum(axis=-1)
    return (weight * weight).sum(axis=(-2, -1))
