"""The user's rows: as she gave them, and what is known of their target."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from goru.data.targets.task import recognise_task, task_of_numbers
from goru.errors import InputError, option
from goru.wording import counted, listing

FEWEST_ROWS = 10  # that are cut into folds

Task = Literal["classification", "regression", "loss"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows, as a training function is given them.

    - `X`: as the user gave it: arrays, frames, anything that can be indexed; indices, where that was a range.
    - `y`: as the user gave it; a list of labels or numbers as an array.
    - `codes`: of classes, `(rows,)` int64, in the order of `classes`; numbers, float64; `None` of what is neither.
    - `classes`: all labels, sorted; `None` in regression.
    - `indices`: places in the `X` that was given.
    - `weights`: what every row counts for, `(rows,)` float64, if not all count alike.
    """

    X: Any
    y: Any
    codes: np.ndarray | None
    classes: np.ndarray | None
    indices: np.ndarray
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.indices)


@dataclass(frozen=True, eq=False)
class WholeTable:
    """All rows: `X` and `y` as the user gave them; see `Rows` for the others."""

    X: Any
    y: Any
    codes: np.ndarray | None
    classes: np.ndarray | None
    weights: np.ndarray | None
    task: Task
    n: int
    places: np.ndarray | None = None  # of its rows in what the user gave, if they are not all of that

    def rows(self, indices: np.ndarray) -> Rows:
        """Some of them, by their `indices`, `(rows,)`, in this order."""
        return Rows(
            take(self.X, indices),
            None if self.y is None else take(self.y, indices),
            None if self.codes is None else self.codes[indices],
            self.classes,
            np.asarray(indices if self.places is None else self.places[indices]),
            None if self.weights is None else self.weights[indices],
        )

    def part(self, indices: np.ndarray) -> "WholeTable":
        """Some of them, by their `indices`, `(rows,)`, as a table of their own."""
        part = self.rows(indices)
        return WholeTable(part.X, part.y, part.codes, part.classes, part.weights, self.task, len(indices), indices)


def table_of(
    X: Any, y: Any, task: Task | None = None, weights: Any = None, classes: np.ndarray | None = None
) -> WholeTable:
    """Look at rows and their target.

    **Arguments:**

    - `task`: where the target does not say it.
    - `classes`: that there are, if they are known from other rows.

    **Raises:** `InputError` if they do not fit together.
    """
    if task not in (None, *get_args(Task)):
        raise InputError(f"unknown task {task!r}. Give 'classification', 'regression' or 'loss'.")
    n = count(X)
    if n == 0:
        raise InputError(f"X: there are no rows. Give {FEWEST_ROWS} or more.")
    if y is not None and count(y) != n:
        raise InputError(f"X and y: {counted(n, 'row')} and {counted(count(y), 'target')}. Give one target per row.")
    row_weights = None
    if weights is not None:
        try:
            row_weights = np.asarray(weights, dtype=np.float64)
        except (TypeError, ValueError):
            row_weights = np.full(0, np.nan)
        if (
            row_weights.shape != (n,)
            or not np.isfinite(row_weights).all()
            or (row_weights < 0).any()
            or not row_weights.any()
        ):
            raise InputError(f"sample_weight: give {n:,} numbers of at least zero, not all of them zero.")
    if y is None or task == "loss":
        return WholeTable(X, y, None, None, row_weights, "loss", n)
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if target.ndim != 1:
        return WholeTable(X, y, None, None, row_weights, "loss", n)
    if isinstance(y, list | tuple):
        y = target
    if _is_missing(target):
        raise InputError("y: some targets are missing. Leave these rows out.")
    kind = task or ("classification" if classes is not None else _task_of(target))
    if kind == "regression":
        try:
            numbers = target.astype(np.float64)
        except (TypeError, ValueError):
            needs, other = option("task", "regression"), option("task", "classification")
            raise InputError(
                f"y: some targets are not numbers, and {needs} needs numbers. Convert them, or give {other}."
            ) from None
        if not np.isfinite(numbers).all():
            raise InputError("y: some targets are infinite. Leave these rows out.")
        return WholeTable(X, y, numbers, None, row_weights, kind, n)
    try:
        labels, codes = np.unique(target, return_inverse=True)
    except TypeError:
        raise InputError("y: labels are of several kinds, text and numbers, say. Give labels of one kind.") from None
    if classes is not None:
        if new := labels[~np.isin(labels, classes)].tolist():
            raise InputError(
                f"test: its y has the class{'es' * (len(new) > 1)} {listing(map(repr, new))}, which y does not have. "
                "Leave these rows out, or add such rows to X and y."
            )
        labels, codes = classes, np.searchsorted(classes, target)
    elif len(labels) < 2:
        raise InputError(f"y: all rows are of one class, {labels.tolist()[0]!r}. Give rows of two classes or more.")
    return WholeTable(X, y, codes.astype(np.int64), labels, row_weights, kind, n)


def count(X: Any) -> int:
    """How many rows there are; of a mapping of inputs, in each.

    **Raises:** `InputError` for what has no rows.
    """
    if isinstance(X, Mapping):
        sizes = {name: count(part) for name, part in X.items()}
        if not sizes:
            raise InputError("X: a mapping without inputs. Give one or more, each with all rows.")
        if len(set(sizes.values())) > 1:
            there = listing(f"{name!r} has {size:,}" for name, size in sizes.items())
            raise InputError(f"X: its inputs have different numbers of rows: {there}. Give the same rows in each.")
        return next(iter(sizes.values()))
    try:
        return int(X.shape[0]) if hasattr(X, "shape") else len(X)
    except (TypeError, IndexError):
        message = f"X: {type(X).__name__} has no rows. Give range(n) for indices into a data set of your own."
        raise InputError(message) from None


def take(X: Any, indices: np.ndarray) -> Any:
    """Rows of an array, a frame, a mapping of inputs, a list; of a range, the numbers themselves."""
    if isinstance(X, range):
        return np.asarray(X)[indices]
    if isinstance(X, Mapping):
        return {name: take(part, indices) for name, part in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[indices]
    if getattr(X, "format", None) in ("coo", "dia", "bsr") and hasattr(X, "tocsr"):  # rows of these cannot be taken
        X = X.tocsr()
    if hasattr(X, "shape") or type(X).__module__.startswith("polars"):
        return X[indices]
    taken = [X[int(index)] for index in indices]
    return tuple(taken) if isinstance(X, tuple) else taken


def _task_of(target: np.ndarray) -> Literal["classification", "regression"]:
    if target.dtype.kind in "iuf":
        return task_of_numbers(target)
    import pandas as pd

    return recognise_task(pd.Series(target))


def _is_missing(target: np.ndarray) -> bool:
    if target.dtype.kind == "f":
        return bool(np.isnan(target).any())
    return target.dtype.kind == "O" and any(value is None or value != value for value in target)
