"""Rows of a table that are sparse: they stand for the matrix whose columns they are, and are never written out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class SparseRows:
    """`sparse + constant`: every column of a table may be shifted by a constant.

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
        """The same numbers in another precision, `dtype`; `copy=False` copies only where it is another."""
        return SparseRows(self.sparse.astype(dtype, copy=copy), self.constant.astype(dtype, copy=copy))


Features = np.ndarray | SparseRows  # rows of a table, (rows, features)


def columns(x: Any) -> Any:
    """Rows of a table as networks read them: as columns; sparse ones stand for that as they are."""
    return x if isinstance(x, SparseRows) else x.swapaxes(-1, -2)


def targets(y: Any) -> Any:
    """Class indices as they are, numbers as columns."""
    return y if y.ndim == 1 else columns(y)


def sparse_product(weight: Any, x: SparseRows) -> np.ndarray:
    """`W X`, `(networks, outputs, rows)`, of weights `(networks, outputs, features)`, or of one network's."""
    if weight.ndim == 2:
        return np.ascontiguousarray((x.sparse @ weight.T + x.constant @ weight.T).T)
    return np.stack([sparse_product(own, x) for own in weight])


def sparse_outer(gradient: Any, x: SparseRows, out: Any = None) -> np.ndarray:
    """`G Xᵀ`, `(networks, outputs, features)`, or of one network."""
    found = np.empty((*gradient.shape[:-1], x.shape[1]), gradient.dtype) if out is None else out
    if gradient.ndim == 3:
        for own, product in zip(gradient, found, strict=True):
            sparse_outer(own, x, product)
    else:
        found[:] = (x.sparse.T @ gradient.T).T
        found += np.outer(gradient.sum(axis=-1), x.constant)
    return found
