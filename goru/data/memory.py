"""Arrays in memory to a data set of development rows alone: whoever fits on them keeps test rows, if any, elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from goru.data.dataset import Dataset
from goru.data.duplicates import Duplicates
from goru.data.roles import groups_in
from goru.data.schema.encoding import Schema
from goru.data.targets.classes import Label
from goru.data.targets.target import LARGEST, Target
from goru.errors import InputError


def dataset_from(
    frame: pd.DataFrame,
    y: np.ndarray,
    classes: tuple[Label, ...] | None = None,
    *,
    weights: np.ndarray | None = None,
    groups: Sequence[Any] | np.ndarray | None = None,
    group_duplicates: bool = False,
    name: str = "X",
) -> Dataset:
    """Make a table in memory ready: every row is a development row, however few there are.

    Args:
        frame: the features.
        y: class codes from 0, or quantities.
        classes: the labels in the order of their codes; None for regression.
        weights: what each row counts for, above zero, on any scale.
        groups: the group of each row; rows of one group stay together in every split.
        group_duplicates: rows that are alike, the target included, stay together in every split.
        name: what messages call the table.

    Returns:
        A data set whose test arrays are empty.

    Raises:
        InputError: no feature column remains, lengths that differ, values that are no codes or no finite numbers,
            weights that are not above zero, or a row without a group.
    """
    for what, values in (("y", y), ("weights", weights), ("groups", groups)):
        if values is not None and len(values) != len(frame):
            raise InputError(f"{name}: {len(frame):,} rows, and {what} has {len(values):,}. Give one for each row.")
    target = Target("y", "regression" if classes is None else "classification", classes)
    targets = _targets(np.asarray(y), classes, name)
    schema = Schema.from_frame(frame, source=name)  # whose index says where rows stood before
    frame = frame.reset_index(drop=True)
    encoded = schema.encode(frame, name)
    codes = None if groups is None else groups_in(pd.Series(groups, name="groups").reset_index(drop=True), name)
    alike = Duplicates(encoded, targets)
    codes = alike.groups(codes) if group_duplicates else codes
    notes = alike.notes(codes, group_duplicates)
    rows, none = np.arange(len(frame)), np.empty(0, dtype=np.intp)
    return Dataset(
        name=name,
        target=target,
        schema=schema,
        encoded_development=encoded,
        y_development=targets,
        encoded_test=encoded.take(none),
        y_test=targets[none],
        development_rows=rows,
        test_rows=none,
        groups=codes,
        time=None,
        notes=(*schema.notes, *encoded.notes, *notes),
        weights=None if weights is None else _positive(np.asarray(weights, dtype=np.float64), name),
    )


def _targets(y: np.ndarray, classes: tuple[Label, ...] | None, name: str) -> np.ndarray:
    if classes is None:
        values = y.astype(np.float64)
        if not (np.abs(values) <= LARGEST).all():
            raise InputError(f"{name}: y holds values that are not finite, or above {LARGEST:g}. Fix these rows.")
        return values
    codes = y.astype(np.int32)
    if (codes != y).any() or (codes < 0).any() or (codes >= len(classes)).any():
        raise InputError(
            f"{name}: y holds a value that is not a class code. Give whole numbers from 0 to {len(classes) - 1}."
        )
    return codes


def _positive(weights: np.ndarray, name: str) -> np.ndarray:
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise InputError(
            f"{name}: a weight is not above zero, or not finite. Remove rows that are to count for nothing."
        )
    return weights
