"""What estimators say about their input: as warnings, where the command line prints notes."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from goru.data.outliers import far_rows, remark_on_far_rows
from goru.data.schema.remarks import remarks_on_row_numbers
from goru.errors import InputWarning


def warn_of(notes: Iterable[str], stacklevel: int = 1) -> None:
    """Warn of each note; see `warnings.warn` for `stacklevel`."""
    for note in notes:
        warnings.warn(note, InputWarning, stacklevel=stacklevel + 1)


def notes_on_numbers(X: Any) -> tuple[str, ...]:
    """Notes on the columns of a frame of numbers alone, which has no schema; none on anything else."""
    if not isinstance(X, pd.DataFrame):
        return ()
    columns = [(str(name), X.iloc[:, place]) for place, name in enumerate(X.columns)]
    return tuple(
        note
        for name, numbers in columns
        if not pd.api.types.is_bool_dtype(numbers.dtype) and numbers.notna().all()
        for note in remarks_on_row_numbers(numbers, name)
    )


def notes_on_quantity(y: np.ndarray, places: np.ndarray | None = None) -> tuple[str, ...]:
    """Notes on values to be predicted.

    **Arguments:**

    - `y`: `(rows,)` or `(rows, outputs)`.
    - `places`: where the rows stand in what the user has given, if that had others too.
    """
    notes = []
    for output, values in enumerate(y.reshape(len(y), -1).T):
        far = far_rows(values)
        if len(far):
            behind = "" if y.ndim == 1 or y.shape[1] == 1 else f", {output}"
            rows = [f"y[{row if places is None else places[row]}{behind}]" for row in far]
            notes.append(remark_on_far_rows(values, far, rows))
    return tuple(notes)
