"""Rows as networks read them: an array, or a sparse matrix of which every column may be shifted by a constant."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class SparseRows:
    """`sparse + constant`, without ever writing it out.

    Columns whose most common value is not prepared as 0 have it in `constant`, and differences from it in `sparse`.

    **Arguments:**

    - `sparse`: `(rows, features)`.
    - `constant`: `(features,)`.
    """

    sparse: "csr_array"
    constant: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        return self.sparse.shape

    def __len__(self) -> int:
        return self.sparse.shape[0]

    def __getitem__(self, rows: np.ndarray | slice) -> "SparseRows":
        return SparseRows(self.sparse[rows], self.constant)

    def astype(self, dtype: Any, copy: bool = True) -> "SparseRows":
        """The same numbers in another precision."""
        return SparseRows(self.sparse.astype(dtype, copy=copy), self.constant.astype(dtype, copy=copy))


Features = np.ndarray | SparseRows


def times(x: Features, weights: np.ndarray) -> np.ndarray:
    """`x W` for every network's `W`, `(networks, features, units)`: `(networks, rows, units)`."""
    if isinstance(x, SparseRows):
        products = [x.sparse @ weight + x.constant @ weight for weight in weights]
        return np.stack(products) if len(products) > 1 else products[0][None]
    return np.matmul(x, weights)


def transposed_times(x: Features, deltas: np.ndarray, out: np.ndarray) -> None:
    """`xᵀ δ` for every network's `δ`, `(networks, rows, units)`, written to `out`.

    **Arguments:**

    - `x`: rows that all networks share, or `(networks, rows, features)`.
    """
    if isinstance(x, SparseRows):
        transposed = x.sparse.T
        for delta, product in zip(deltas, out, strict=True):
            product[:] = transposed @ delta
            product += np.outer(x.constant, delta.sum(axis=0))
    else:
        np.matmul(x.swapaxes(-1, -2), deltas, out=out)
