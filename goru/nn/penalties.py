"""Weight decay as a penalty: large weights are punished, since overfitting goes with large weights.

Only the weight matrices are decayed; biases, γ and β are not.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float


def l2_squared(weights: Sequence[Float[Array, "_ _"]], weight_decay: float | Float[Array, ""]) -> Float[Array, ""]:
    r"""$\frac12 \lambda \sum_l \lVert W_l \rVert^2$, whose gradient is $\lambda W_l$ (Krogh & Hertz 1991)."""
    return 0.5 * weight_decay * sum((jnp.sum(jnp.square(w)) for w in weights), start=jnp.zeros(()))


def l2_norm(weights: Sequence[Float[Array, "_ _"]], weight_decay: float | Float[Array, ""]) -> Float[Array, ""]:
    r"""$\lambda \sum_l \lVert W_l \rVert_2$, the norm itself, with its root.

    Its gradient is $\lambda W_l / \lVert W_l \rVert$: every matrix is pulled towards zero with one and the same
    force, however large it is. At zero, where the norm has no gradient, the gradient is taken as zero.
    """

    def norm(w):
        square = jnp.sum(jnp.square(w))
        # Two `where`s: the root's infinite derivative at zero must not be computed, or it would leave a NaN.
        return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)

    return weight_decay * sum((norm(w) for w in weights), start=jnp.zeros(()))
