"""What users pass as features, checked: frames stay frames where they hold more than numbers, all else is an array."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils.validation import validate_data

from goru.data.schema.encoding import Schema
from goru.data.table import pandas_of


@contextmanager
def within_floats() -> Iterator[None]:
    """Turn what NumPy says of whole numbers that no float holds into a `ValueError`, as of other bad input."""
    try:
        yield
    except OverflowError:
        raise ValueError(
            "X, y or sample_weight holds a whole number that is too large for a float. Scale it, or leave it out."
        ) from None


def validated(estimator: Any, X: Any, schema: Schema | None, reset: bool) -> Any:
    """A frame with more than numbers in it, an array of float64 or float32, or a CSR matrix of such.

    **Arguments:**

    - `schema`: that of the frame with more than numbers that the estimator was fitted on, if it was.
    - `reset`: whether the estimator is fitted anew, and is to remember the columns' names and number.

    **Raises:** `ValueError` or `TypeError` in scikit-learn's words.
    """
    frame = pandas_of(X)
    if frame is not None and (schema is not None or (reset and not _only_numbers(frame))):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        return frame.set_axis([str(name) for name in frame.columns], axis=1)
    if schema is not None:
        return _in_order(estimator, X, schema)
    if frame is not None and frame is not X:  # of another library: scikit-learn knows its names, and not its numbers
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        names = getattr(estimator, "feature_names_in_", None)
        X, reset = pd.DataFrame(frame.to_numpy(dtype=np.float64, na_value=np.nan), columns=names), False
    X = _numbers(estimator, X, reset)
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def refuse_gaps(y: Any) -> None:
    """Raise `ValueError`, beginning as scikit-learn's, where a target of Python objects is missing in some row."""
    if sparse.issparse(y):
        return
    # Of a list of words with a NaN among them NumPy makes words, "nan" being one.
    values = np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)
    if values.dtype.kind == "O" and (missing := pd.isna(values)).any():
        row = int(missing.reshape(len(values), -1).any(axis=1).argmax())
        raise ValueError(f"Input y contains NaN. Row {row} (counted from 0) has no value: remove it, or fill it in.")


def _only_numbers(frame: pd.DataFrame) -> bool:
    """Whether all columns hold numbers, or true and false."""
    return all(
        pd.api.types.is_numeric_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes
    )


def _numbers(estimator: Any, X: Any, reset: bool) -> Any:
    return validate_data(
        estimator,
        X,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        ensure_all_finite=sparse.issparse(X),
        reset=reset,
    )


def _in_order(estimator: Any, X: Any, schema: Schema) -> pd.DataFrame:
    """The rows of an array as those of the frame that the schema was decided on, by the order of its columns."""
    if sparse.issparse(X):
        raise ValueError(
            "X is sparse, and the estimator was fitted on a frame with text, categories or dates. Give a frame."
        )
    values = np.asarray(X)
    if values.dtype.kind in "OUS" and values.ndim == 2:
        validate_data(estimator, values, skip_check_array=True, reset=False)
    else:
        values = _numbers(estimator, values, reset=False)
    return pd.DataFrame(values, columns=[column.name for column in schema.columns]).infer_objects()
