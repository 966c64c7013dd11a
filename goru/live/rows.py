"""The rows that networks are trained and validated on, as they read them: of a shape, or of a table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from goru.errors import InputError
from goru.live import shapes
from goru.live.state import ShapeData, ShapeName, State, StateError, checked_shape

Loss = Literal["binary_cross_entropy", "softmax_cross_entropy", "squared_error"]
MOST_POINTS = 1_000  # drawn on the page
MOST_ROWS = 5_000  # of a table, that are trained on
MARGIN = 0.08  # of the picture's extent, left free on every side


@dataclass(frozen=True, eq=False)
class Rows:
    """Prepared rows, and which of them are trained on.

    - `x`: `(rows, inputs)` float32.
    - `y`: what the loss takes: `(rows, 1)` float32 of two classes (0 or 1) or of a number (of mean 0 and standard
      deviation 1 over the training rows), `(rows,)` int32 of more classes.
    - `training`, `validation`: positions; all rows are in one of them.
    - `classes`: their names in the order of their codes; `None` in regression.
    - `columns`: the names of the two axes of the picture.
    - `plane`: whether the first two columns are the picture's own, so that networks can be asked about all of it.
    - `name`, `of_rows`: of the table, and how many it has.
    """

    x: np.ndarray
    y: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    classes: tuple[str, ...] | None
    columns: tuple[str, str]
    plane: bool
    name: str = ""
    of_rows: int = 0

    @property
    def loss(self) -> Loss:
        """By which networks are trained, as goru's perceptrons choose it."""
        if self.classes is None:
            return "squared_error"
        return "binary_cross_entropy" if len(self.classes) == 2 else "softmax_cross_entropy"

    @property
    def outputs(self) -> int:
        """How many a network has."""
        return 1 if self.y.ndim == 2 else len(self.classes or ())

    @property
    def labels(self) -> np.ndarray:
        """The class codes, or the scaled numbers, `(rows,)`; as an estimator takes them."""
        return self.y.reshape(-1) if self.classes is None else self.y.reshape(-1).astype(np.int64)

    @cached_property
    def prior_loss(self) -> float:
        """The training loss of the class shares, or of the mean."""
        y = self.labels[self.training]
        if self.classes is None:
            return float(np.var(y.astype(np.float64)))
        shares = np.bincount(y, minlength=len(self.classes)) / len(y)
        return float(-(shares * np.log(np.where(shares > 0, shares, 1))).sum())

    @cached_property
    def picture(self) -> np.ndarray:
        """Where rows are drawn, `(rows, 2)`: the plane's coordinates, or the first two principal components."""
        if self.plane:
            return self.x[:, :2]
        centred = self.x - self.x[self.training].mean(axis=0)
        few = self.training[: MOST_POINTS if self.x.shape[1] < 500 else 200]  # that take a fraction of a second
        _, _, axes = np.linalg.svd(centred[few], full_matrices=False)
        axes = axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True) + 1e-12)  # whichever way round they come
        found = centred @ axes.T
        return np.pad(found, ((0, 0), (0, 2 - found.shape[1])))

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """The picture's left, right, bottom and top."""
        low, high = self.picture.min(axis=0), self.picture.max(axis=0)
        if self.plane:  # a square, so that shapes keep theirs
            middle, half = (low + high) / 2, (high - low).max() / 2
            low, high = middle - half, middle + half
        margin = np.maximum(high - low, 1e-6) * MARGIN
        (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
        return left, right, bottom, top

    def points(self) -> dict[str, list[Any]]:
        """At most `MOST_POINTS` rows as the page draws them."""
        shown = np.sort(np.random.default_rng(0).permutation(len(self.x))[:MOST_POINTS])
        held_out = np.isin(shown, self.validation)
        return {
            "x": _rounded(self.picture[shown, 0]),
            "y": _rounded(self.picture[shown, 1]),
            "label": _rounded(self.labels[shown]) if self.classes is None else self.labels[shown].tolist(),
            "validation": held_out.tolist(),
        }


@dataclass(frozen=True)
class Source:
    """Where rows come from: shapes, and the table that the page was opened with, if there is one."""

    table: Rows | None = None
    _drawn: dict[ShapeData, Rows] = field(default_factory=dict, repr=False, compare=False)

    def rows(self, state: State) -> Rows:
        """Of a state.

        **Raises:** `StateError` if it wants a table and there is none.
        """
        if state.data is not None:
            found = self._drawn.get(state.data)
            if found is None:
                found = of_shape(state.data)
                self._drawn.clear()
                self._drawn[state.data] = found
            return found
        if self.table is None:
            raise StateError("data.kind", "there is no table: the page was opened without one.")
        return self.table

    def described(self) -> dict[str, Any] | None:
        """The table, for the page."""
        if self.table is None:
            return None
        classes = self.table.classes
        return {
            "name": self.table.name,
            "rows": len(self.table.x),
            "of_rows": self.table.of_rows,
            "columns": self.table.x.shape[1],
            "classes": None if classes is None else list(classes),
            "task": "regression" if classes is None else "classification",
        }


def of_shape(data: ShapeData) -> Rows:
    """Half of the rows are trained on."""
    x, labels = shapes.draw(data)
    half = (len(x) + 1) // 2
    y = labels.astype(np.float32)[:, None]
    return Rows(x, y, np.arange(half), np.arange(half, len(x)), ("0", "1"), ("x", "y"), plane=True)


def shape(name: ShapeName = "circles", rows: int = 300, noise: float = 0.2, useless: int = 0, seed: int = 0) -> Rows:
    """Rows of a shape: points in the plane, of two classes; half of them are trained on.

    **Arguments:**

    - `name`: `"circles"`, `"moons"`, `"spirals"`, `"xor"` or `"stripes"`.
    - `rows`: how many.
    - `noise`: the standard deviation of what is added to both coordinates.
    - `useless`: columns of noise beside them.
    - `seed`: of all that is drawn.

    **Raises:** `InputError` for what a page cannot be set to either.
    """
    given = {"name": name, "rows": rows, "noise": noise, "useless": useless, "seed": seed}
    fields = {field: value.item() if isinstance(value, np.generic) else value for field, value in given.items()}
    try:
        return of_shape(checked_shape(fields))
    except StateError as error:
        value = fields[error.where.removeprefix("data.")]
        raise InputError(f"{str(error).removeprefix('data.')} Got {value!r} instead.") from None


def table(
    source: Any,
    target: str | None = None,
    task: str | None = None,
    drop: Iterable[str] = (),
    most_rows: int = MOST_ROWS,
) -> Rows:
    """Rows of a table as `goru fit` reads it; see `goru.data.dataset.load_dataset`.

    The rows that a study would set aside as test rows are validated on, the others trained on; of many, some are drawn
    by lot. What prepares the columns is fitted on the training rows alone.

    **Arguments:**

    - `source`: a file, a folder with IDX files, a built-in table's name, or a frame.
    - `target`, `task`, `drop`: as of `goru.fit`: the column to predict, `"classification"` or `"regression"`, and
      columns to ignore.
    - `most_rows`: to be trained on; and half as many to be validated on.

    **Raises:** `InputError` for a table that cannot be used.
    """
    from goru.data.dataset import load_dataset
    from goru.data.preparing import Preparation, TargetScaling

    dataset = load_dataset(source, target=target, task=task, drop=drop)  # type: ignore[arg-type]  # checked there
    random = np.random.default_rng(0)
    chosen = [
        np.sort(random.permutation(len(y))[:most])
        for y, most in ((dataset.y_development, most_rows), (dataset.y_test, (most_rows + 1) // 2))
    ]
    encoded = [
        of.take(rows) for of, rows in zip((dataset.encoded_development, dataset.encoded_test), chosen, strict=True)
    ]
    y = np.concatenate([dataset.y_development[chosen[0]], dataset.y_test[chosen[1]]])
    training, validation = np.split(np.arange(len(y)), [len(chosen[0])])
    preparation = Preparation.fit(encoded[0], training)
    x = np.concatenate([preparation.transform(part) for part in encoded])
    if dataset.classes is None:
        y = TargetScaling.fit(y, training).transform(y)[:, None]
        names = None
    else:
        names = tuple(map(str, dataset.classes))
        y = y.astype(np.float32)[:, None] if len(names) == 2 else y.astype(np.int32)
    columns = ("principal component 1", "principal component 2")
    return Rows(x, y, training, validation, names, columns, plane=False, name=dataset.name, of_rows=dataset.n_rows)


def _rounded(values: np.ndarray) -> list[float]:
    return np.round(values.astype(np.float64), 4).tolist()
