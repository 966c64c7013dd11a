"""What users pass as features, to rows that networks read: arrays, sparse matrices and frames.

Arrays, and frames of numbers alone, keep their columns: one feature a column, and one more for each that has missing
values. Frames with text, categories or dates get a schema, as tables do on the command line.
"""

from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from goru.data.columns import NumericColumn
from goru.data.encoding import Encoded, Schema
from goru.data.preparing import Preparation, Unscaled
from goru.direct.rows import Features, SparseRows

Scaling = Literal["robust"] | None


class Inputs:
    """Features as they are prepared; fitted once, on the rows that networks learn from.

    **Arguments:**

    - `scaling`: `"robust"` (see `goru.data.preparing.Preparation`), or `None`: numbers are left as they are.
    """

    def __init__(self, scaling: Scaling) -> None:
        self._preparation = Preparation if scaling else Unscaled
        self.schema: Schema | None = None  # of a frame that holds more than numbers
        self._missing = np.empty(0, np.intp)  # columns of an array that have an indicator

    def fit(self, X: Any, weights: np.ndarray) -> None:
        """Learn what prepares the columns.

        **Arguments:**

        - `X`: as [`validated`][goru.estimators.validation.validated] returns it.
        - `weights`: of the rows, all above zero.
        """
        if isinstance(X, pd.DataFrame):
            self.schema = Schema.from_frame(X, source="X")
            self._fitted = self._preparation.fit(self.schema.encode(X, "X"), np.arange(len(X)), weights)
        elif sparse.issparse(X):
            self._fitted = self._preparation.fit_columns(_sparse_columns(X, weights))
        else:
            self._missing = np.flatnonzero(~np.isfinite(X).all(axis=0))
            self._fitted = self._preparation.fit(self._encode(X), np.arange(len(X)), weights)

    @property
    def n_features(self) -> int:
        """Features of a prepared row."""
        return self._fitted.n_features

    def transform(self, X: Any, dtype: np.dtype) -> Features:
        """Prepared rows, `(rows, features)`.

        **Arguments:**

        - `X`: as [`validated`][goru.estimators.validation.validated] returns it.
        """
        if isinstance(X, pd.DataFrame):
            assert self.schema is not None
            return self._fitted.transform(self.schema.encode(X, "X"), dtype)
        if sparse.issparse(X) and len(self._missing) == 0:
            return _prepare_sparse(X, self._fitted, dtype)
        return self._fitted.transform(self._encode(X.toarray() if sparse.issparse(X) else X), dtype)

    def _encode(self, X: np.ndarray) -> Encoded:
        return _encode_columns(X, slice(None), self._missing)


def encode_numbers(schema: Schema, X: np.ndarray) -> Encoded:
    """What `schema.encode` makes of a frame of numbers, from an array of all its columns in their order."""
    kept = [index for index, column in enumerate(schema.columns) if isinstance(column, NumericColumn)]
    missing = [index for index in kept if schema.columns[index].missing]  # type: ignore[union-attr]
    return _encode_columns(X, kept, missing)


def _encode_columns(X: np.ndarray, kept: Any, missing: Any) -> Encoded:
    finite = np.isfinite(X)
    numbers = X[:, kept] if finite.all() else np.where(finite, X, np.nan)[:, kept]
    indicators = ~finite[:, missing]
    return Encoded(numbers, indicators.astype(np.float32), np.empty((len(X), 0), np.int32), ())


def _sparse_columns(X: Any, weights: np.ndarray):
    """Each column's values and their weights, the zeros as one value."""
    columns, total = X.tocsc(), weights.sum()
    for column in range(X.shape[1]):
        part = slice(columns.indptr[column], columns.indptr[column + 1])
        values, own = columns.data[part], weights[columns.indices[part]]
        zeros = total - own.sum()
        yield (values, own) if len(values) == X.shape[0] else (np.append(values, 0), np.append(own, zeros))


def _prepare_sparse(X: Any, preparation: Preparation, dtype: np.dtype) -> SparseRows:
    """What `preparation.transform` would make of `X` as an array."""
    constant = preparation.numbers(np.zeros(X.shape[1]))
    data = preparation.numbers(X.data.astype(np.float64), X.indices) - constant[X.indices]
    made = sparse.csr_array((data.astype(dtype), X.indices, X.indptr), shape=X.shape)
    return SparseRows(made, constant.astype(dtype))
