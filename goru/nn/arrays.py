"""What NumPy and JAX do not say alike. All else in this folder is one text for both.

Where NumPy can write into an array that is there, it does; JAX, whose arrays do not change, leaves that to its
compiler. So `a *= b` changes an array of NumPy's, and makes a new one of JAX's: the text of a layer may use it on an
array that nobody else holds.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jax import Array
else:
    Array = Any  # predicting needs no JAX, and is not to wait for its import

Numbers = Array | np.ndarray


def namespace(x: Any) -> ModuleType:
    """`numpy` for an `x` of NumPy's, else `jax.numpy`."""
    if isinstance(x, np.ndarray | np.generic):
        return np
    import jax.numpy as jnp

    return jnp


def along(value: Any, x: Any, axes: int = 2) -> Any:
    """A number for all networks, or one for each, `(networks,)`, to be combined with an array like `x`.

    **Arguments:**

    - `value`: the number, or numbers.
    - `axes`: of one network's array; activations and matrices have two.
    """
    array = np.asarray(value, x.dtype) if isinstance(value, np.ndarray | np.generic | float | int) else value
    return array.reshape(*array.shape, *[1] * axes) if array.ndim else array


def row_sums(x: Numbers, out: Any = None) -> Any:
    """Sums of `x`, `(..., units, rows)`, over the rows: `(..., units)`."""
    return np.add.reduce(x, axis=-1, out=out) if isinstance(x, np.ndarray) else x.sum(axis=-1)


def row_dots(a: Numbers, b: Numbers, out: Any = None) -> Any:
    """Sums of products of `a` and `b`, `(..., units, rows)`, over the rows: `(..., units)`."""
    if isinstance(a, np.ndarray):
        return np.vecdot(a, b, out=out)
    return (a * b).sum(axis=-1)


def column_dots(a: Numbers, b: Numbers, out: Any = None) -> Any:
    """Sums of products of `a` and `b`, `(..., units, rows)`, over the units: `(..., rows)`."""
    if isinstance(a, np.ndarray):
        return np.einsum("...ur,...ur->...r", a, b, out=out)
    return (a * b).sum(axis=-2)


def outer(gradient: Numbers, x: Numbers, out: Any = None) -> Any:
    """Sums over the rows of all products of a unit of one with a unit of the other, `(..., units, units)`."""
    turned = x.swapaxes(-1, -2)
    return np.matmul(gradient, turned, out=out) if isinstance(gradient, np.ndarray) else gradient @ turned


def turned(weight: Numbers) -> Any:
    """A matrix the other way round, as a factor of a product.

    Of JAX's it is turned over before the product, which costs little: XLA's fast products want the sums to run along
    the rows of the left matrix, and it would put the turning into the product again.
    """
    other = weight.swapaxes(-1, -2)
    if isinstance(weight, np.ndarray):
        return other
    import jax

    return jax.lax.optimization_barrier(other)


def masked(x: Numbers, mask: Numbers, scale: Any) -> Any:
    """`x` times `scale` where the `mask` is true, and zero elsewhere."""
    if isinstance(x, np.ndarray):
        kept = x * mask
        kept *= scale
        return kept
    return namespace(x).where(mask, x * scale, 0)
