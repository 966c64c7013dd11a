"""Which of the user's rows are for the test, and how the others are cut into folds."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from goru.data.splitting import Split, split_test
from goru.data.targets.task import Task
from goru.errors import InputError, option
from goru.functions.rows import FEWEST_ROWS, WholeTable, count, table_of
from goru.studies.cv import partitions_of
from goru.studies.splits import cut, partitions, parts
from goru.wording import counted


@dataclass(frozen=True, eq=False)
class DevelopmentRows:
    """The development rows, as they are cut into folds: by their classes, or what else they are stratified by."""

    name: str
    task: Task
    classes: tuple[Any, ...] | None
    y_development: np.ndarray
    groups: np.ndarray | None
    time: np.ndarray | None

    def part(self, seed: int) -> np.ndarray:
        """The part that each row belongs to; see [`parts`][goru.studies.splits.parts]."""
        return parts(self, seed)


@dataclass(frozen=True, eq=False)
class Sides:
    """What rows are kept together by, `(rows,)` each: groups, times, and what is spread evenly over the folds."""

    codes: np.ndarray
    stratified: bool
    groups: np.ndarray | None
    time: np.ndarray | None

    @staticmethod
    def of(table: WholeTable, groups: Any, time: Any, stratify: Any) -> "Sides":
        """Of all rows.

        **Raises:** `InputError` where there is not one a row.
        """
        known = {"groups": _column("groups", groups, table.n), "time": _column("time", time, table.n)}
        if stratify is not None and not isinstance(stratify, bool):
            codes = np.unique(np.asarray(_column("stratify", stratify, table.n)), return_inverse=True)[1]
            return Sides(codes, True, **known)
        codes = np.zeros(table.n, int) if table.codes is None else table.codes
        return Sides(codes, table.classes is not None and stratify is not False, **known)

    def development(self, rows: np.ndarray) -> DevelopmentRows:
        """Of the rows that are not for the test."""
        groups, time = (None if of is None else of[rows] for of in (self.groups, self.time))
        codes = self.codes[rows]
        classes = None
        if self.stratified:
            labels, codes = np.unique(codes, return_inverse=True)
            classes = tuple(labels.tolist())
        return DevelopmentRows("X", self.task, classes, codes, groups, time)

    @property
    def task(self) -> Task:
        """By which rows are cut."""
        return "classification" if self.stratified else "regression"


def set_aside(sides: Sides, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The development rows and the test rows, a fifth.

    **Raises:** `InputError` if they are too few.
    """
    try:
        return split_test(sides.codes, sides.task, seed, sides.groups, sides.time)
    except InputError as error:
        raise InputError(f"{error} Give more rows, or test rows of your own with {option('test')}.") from None


def folds_of(development: DevelopmentRows, seed: int, cv: Any, X: Any, aside: int = 0) -> dict[int, list[list[Split]]]:
    """Partitions by their number of folds, the usual number first.

    **Arguments:**

    - `cv`: a number of folds, a splitter of scikit-learn's or pairs of indices; `None` for goru's own.
    - `aside`: how many rows are for the test instead.
    """
    if (rows := len(development.y_development)) < FEWEST_ROWS:
        beside = f" beside {aside} for the test" if aside else ""
        more = f", or test rows of your own with {option('test')}" if aside else ""
        raise InputError(
            f"X: {counted(rows, 'row')}{beside} are too few to cut into folds: {FEWEST_ROWS} are needed. "
            f"Give more rows{more}."
        )
    if isinstance(cv, Integral) and int(cv) < 2:
        raise InputError(f"cv: {cv} is out of range. Give 2 folds or more, or None.")
    if cv is None:
        return cut(development, seed)
    if isinstance(cv, Integral):
        return {int(cv): _partitions(development, int(cv), seed)}
    try:
        user_partitions = partitions_of(
            cv, X, development.y_development, development.groups, development.classes is not None, None
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"cv: {str(error).removeprefix('cv: ')}") from None
    return cut(development, seed, user_partitions)


def _partitions(development: DevelopmentRows, folds: int, seed: int) -> list[list[Split]]:
    try:
        return partitions(development, folds, seed)
    except InputError as error:
        raise InputError(f"cv={folds}: {error} Give fewer folds.") from None


def _column(name: str, values: Any, n: int) -> np.ndarray | None:
    if values is None:
        return None
    column = np.asarray(values)
    if column.shape != (n,):
        raise InputError(f"{name}: shape {column.shape}, where X has {counted(n, 'row')}. Give one value per row.")
    return column


def divided(
    whole: WholeTable, sides: Sides, test: Any, seed: int
) -> tuple[tuple[WholeTable, ...], np.ndarray, np.ndarray | None]:
    """Development rows and test rows, if there are any; which of all rows the first are; and the groups of the
    others."""
    everything = np.arange(whole.n)
    if test is False or test is None:
        return (whole,), everything, None
    if test is True:
        development, aside = set_aside(sides, seed)
        groups = None if sides.groups is None else sides.groups[aside]
        return (whole.part(development), whole.part(aside)), development, groups
    if not (isinstance(test, tuple | list) and len(test) == 2):
        raise InputError("test: give True (a fifth is set aside), False (none is), or a pair (X, y).")
    if test[1] is None and whole.y is not None:
        raise InputError("test: give its targets too, (X, y).")
    try:
        if count(test[0]) == 0:
            raise InputError("there are no rows. Give one or more, or True to set a fifth aside.")
        test_table = table_of(test[0], test[1], whole.task, classes=whole.classes)
    except InputError as error:
        raise InputError(f"test: {str(error).removeprefix('test: ')}") from None
    return (whole, test_table), everything, None


def deviation(table: WholeTable) -> float:
    """The standard deviation of numbers to be predicted, by which errors are measured; 1 where they are all alike."""
    assert table.codes is not None
    return float(np.std(table.codes)) or 1.0
