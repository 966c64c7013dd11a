"""What users pass as features, to rows that networks read: arrays, sparse matrices and frames.

Arrays, and frames of numbers alone, keep their columns: one feature a column, and one more for each that has missing
values. Frames with text, categories or dates get a schema, as tables do on the command line.
"""

import warnings
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals
from scipy import sparse

from goru.data.preparing import Preparation, Unscaled
from goru.data.schema.cells import is_boolean, is_number
from goru.data.schema.columns import DroppedColumn, NumericColumn, decide_columns
from goru.data.schema.encoding import Encoded, Schema
from goru.data.table import is_odd, tidy
from goru.errors import InputError
from goru.estimators.samples import ENOUGH, GROWN, ColumnsSoFar, Places, values_of
from goru.nn.rows import Features, SparseRows
from goru.wording import listing

Scaling = Literal["robust"] | None


class Inputs:
    """Features as they are prepared: fitted on the rows that networks learn from, or followed batch by batch.

    **Arguments:**

    - `scaling`: `"robust"` (see `goru.data.preparing.Preparation`), or `None`: numbers are left as they are.
    """

    def __init__(self, scaling: Scaling) -> None:
        self._preparation = Preparation if scaling else Unscaled
        self._fitted = self._preparation((), (), 0, ())
        self.schema: Schema | None = None  # of a frame that holds more than numbers
        self.notes: tuple[str, ...] = ()  # on what columns were taken for
        self._missing = np.empty(0, np.intp)  # columns of an array that have an indicator
        self._so_far = ColumnsSoFar(self._preparation)
        self._first: FirstRows | None = None  # of frames that come in batches

    def fit(self, X: Any, weights: np.ndarray) -> None:
        """Learn what prepares the columns, from all rows there are.

        **Arguments:**

        - `X`: as [`validated`][goru.estimators.validation.validated] returns it.
        - `weights`: of the rows, all above zero.
        """
        if isinstance(X, pd.DataFrame):
            X = tidy(X, "X")
            if odd := [f"'{name}'" for name in X.columns if is_odd(X[name])]:
                warnings.warn(f"Left out, as they hold no numbers, text or dates: {listing(odd)}.", stacklevel=4)
            self.schema = Schema.from_frame(X, source="X")
        elif not sparse.issparse(X):
            self._missing = np.flatnonzero(~np.isfinite(X).all(axis=0))
        if sparse.issparse(X):
            columns, self._fitted = X, self._preparation.fit_columns(values_of(X, weights))
        else:
            encoded = self._encode(X)
            self.notes = (*self.schema.warnings, *encoded.notes) if self.schema else ()
            columns, self._fitted = encoded.numeric, self._preparation.fit(encoded, np.arange(len(X)), weights)
        self._so_far.fit(self._numbers(columns.shape[1]), self._fitted, columns, weights)

    def follow(self, X: Any, weights: np.ndarray) -> np.ndarray | None:
        """Learn from one batch more, or from the first one.

        What the columns of a frame are is decided by its first rows, until they are enough; medians and scales as in
        [`ColumnsSoFar`][goru.estimators.samples.ColumnsSoFar]; a column has an indicator once a number is missing.

        **Returns:** of every feature the place that it had before, -1 for a new one; `None` where none has moved.
        """
        before, earlier = self._names, None
        if isinstance(X, pd.DataFrame):
            if self.schema is None:
                self._first = FirstRows()
            if self._first is not None and self._first.add(X, weights):
                self.schema = self._first.schema()
                earlier = self._encode(self._first.frame).numeric, self._first.weights
                self._first = None if self._first.suffice else self._first
        elif not sparse.issparse(X):
            self._missing = np.union1d(self._missing, np.flatnonzero(~np.isfinite(X).all(axis=0)))
        columns = X if sparse.issparse(X) else self._encode(X).numeric
        found = self._so_far.follow(self._numbers(columns.shape[1]), columns, weights, earlier)
        _, indicators, widths = self.schema.shape if self.schema else (0, len(self._missing), ())
        self._fitted = self._preparation(*found, indicators, widths)
        stood = {name: place for place, name in enumerate(before)}
        places = np.array([stood.get(name, -1) for name in self._names])
        return None if np.array_equal(places, np.arange(len(before))) else places

    def _numbers(self, count: int) -> Places:
        """The features that are numbers."""
        names = range(count) if self.schema is None else self.schema.feature_names[:count]
        return {name: place for place, name in enumerate(names)}

    @property
    def _names(self) -> Sequence[Hashable]:
        """Of all features."""
        if self.schema is not None:
            return self.schema.feature_names
        return [*range(len(self._fitted.medians)), *(f"{column} is missing" for column in self._missing)]

    @property
    def preparation(self) -> Preparation:
        """What was learned of the columns so far."""
        return self._fitted

    @property
    def with_indicators(self) -> tuple[int, ...]:
        """The columns of an array that have an indicator of missing values."""
        return tuple(self._missing.tolist())

    @property
    def n_features(self) -> int:
        """Features of a prepared row."""
        return self._fitted.n_features

    def transform(self, X: Any, dtype: np.dtype) -> Features:
        """Prepared rows, `(rows, features)`.

        **Arguments:**

        - `X`: as [`validated`][goru.estimators.validation.validated] returns it.
        """
        if sparse.issparse(X):
            return _prepare_sparse(X, self._fitted, dtype)
        return self._fitted.transform(self._encode(X), dtype)

    def _encode(self, X: Any) -> Encoded:
        if isinstance(X, pd.DataFrame):
            assert self.schema is not None
            return self.schema.encode(X, "X")
        return _encode_columns(X, slice(None), self._missing)


class FirstRows:
    """Frames with more than numbers that have come so far, by which it is decided what their columns are."""

    def __init__(self) -> None:
        self.frame, self.weights = pd.DataFrame(), np.empty(0)
        self._decided_by = 0

    def add(self, frame: pd.DataFrame, weights: np.ndarray) -> bool:
        """Take a batch.

        **Returns:** whether to decide again.
        """
        self.frame = _joined(self.frame, frame) if len(self.weights) else frame.copy()
        self.weights = np.concatenate([self.weights, weights])
        return self.suffice or len(self.weights) >= GROWN * self._decided_by

    @property
    def suffice(self) -> bool:
        """Whether more rows are not looked at."""
        return len(self.weights) >= ENOUGH

    def schema(self) -> Schema:
        """What the columns are; one of numbers is a feature though it be constant so far, as in arrays.

        **Raises:** `InputError` if there is no feature.
        """
        self._decided_by = len(self.weights)
        frame = tidy(self.frame, "X")
        odd = {name: "neither numbers, text nor dates" for name in frame.columns if is_odd(frame[name])}
        schema = Schema(
            tuple(
                NumericColumn(column.name, bool(frame[column.name].isna().any()), is_boolean(frame[column.name]))
                if isinstance(column, DroppedColumn)
                and (is_number(frame[column.name]) or is_boolean(frame[column.name]))
                else column
                for column in decide_columns(frame, drop=odd)
            )
        )
        if schema.n_features == 0:
            raise InputError(
                f"X: no feature column remains in the first rows. {' '.join(schema.notes)} Give more rows."
            )
        return schema


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


def _joined(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows of both; categories have the levels of both."""
    one, other = one.copy(deep=False), other.copy(deep=False)
    for name in one.columns:
        if all(isinstance(frame[name].dtype, pd.CategoricalDtype) for frame in (one, other)):
            levels = union_categoricals([one[name], other[name]], ignore_order=True).dtype
            one[name], other[name] = one[name].astype(levels), other[name].astype(levels)
    return pd.concat([one, other[one.columns]], ignore_index=True)


def _prepare_sparse(X: Any, preparation: Preparation, dtype: np.dtype) -> SparseRows:
    """What `preparation.transform` would make of `X` as an array."""
    constant = np.zeros(preparation.n_features)  # no number is missing, so that indicators are 0
    constant[: X.shape[1]] = preparation.numbers(np.zeros(X.shape[1]))
    data = preparation.numbers(X.data.astype(np.float64), X.indices) - constant[X.indices]
    made = sparse.csr_array((data.astype(dtype), X.indices, X.indptr), shape=(X.shape[0], len(constant)))
    return SparseRows(made, constant.astype(dtype))
