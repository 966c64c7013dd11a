"""The splits of a study: development rows cut into folds, more than once."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from goru.data.splitting import Split, folds
from goru.data.targets.task import Task
from goru.errors import InputError
from goru.studies import defaults
from goru.wording import counted


class Development(Protocol):
    """Development rows, as far as they are cut into folds; see [`Dataset`][goru.data.dataset.Dataset]."""

    @property
    def name(self) -> str:
        """Of the table."""

    @property
    def task(self) -> Task:
        """Whether classes are spread evenly."""

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """In classification."""

    @property
    def y_development(self) -> np.ndarray:
        """Codes of classes, or numbers, `(rows,)`."""

    @property
    def groups(self) -> np.ndarray | None:
        """Of every row; whole groups stay together."""

    @property
    def time(self) -> np.ndarray | None:
        """Of every row; past comes before future."""


_PARTITION, _PARTS, _THINNED = 7, 8, 12  # what seeds are for: their second number


def cut(
    dataset: Development, seed: int, user_partitions: Sequence[Sequence[Split]] | None = None
) -> dict[int, list[list[Split]]]:
    """Partitions of the development rows by their number of folds, the usual number first.

    **Arguments:**

    - `user_partitions`: the only partitions there are to be, instead of goru's own.

    **Raises:** `InputError` if what is given are no partitions, or the rows are too few.
    """
    if user_partitions is None:
        try:
            return {n_folds: partitions(dataset, n_folds, seed) for n_folds in _numbers_of_folds(dataset)}
        except InputError as error:
            raise InputError(f"{dataset.name}: {error}") from None
    checked = [[_checked(split, dataset) for split in partition] for partition in user_partitions]
    sizes = {len(partition) for partition in checked}
    if len(sizes) != 1 or min(sizes) < 2:
        raise InputError(f"{dataset.name}: splits come in partitions, all of as many folds, and of at least 2.")
    for partition in checked:
        scored = np.concatenate([split.validation_rows for split in partition])
        if len(np.unique(scored)) < len(scored):
            raise InputError(f"{dataset.name}: a row is scored twice in one partition. Give splits whose folds differ.")
    return {sizes.pop(): checked}


def _checked(split: Split, dataset: Development) -> Split:
    """The same rows as arrays."""
    fit, score = (np.asarray(rows, dtype=np.intp) for rows in split)
    for rows, what in ((fit, "fit"), (score, "score")):
        if len(rows) == 0 or rows.min() < 0 or rows.max() >= len(dataset.y_development):
            raise InputError(
                f"{dataset.name}: the {what} rows of a split are none, or not among the "
                f"{counted(len(dataset.y_development), 'row')} there are."
            )
    if np.isin(score, fit).any():
        raise InputError(f"{dataset.name}: a split scores rows that it fits on. Give splits that hold them out.")
    return Split(fit, score)


def _numbers_of_folds(dataset: Development) -> list[int]:
    """The usual one first, then the fewest that will do; fewer where rows or groups are too few, but two at least."""
    y, most = dataset.y_development, len(dataset.y_development)
    if dataset.groups is not None:
        most = len(np.unique(dataset.groups))
    elif dataset.classes is not None and dataset.time is None:
        most = int(np.bincount(y).max(initial=0))  # a class that has a row for every fold
    return list(dict.fromkeys(max(min(n_folds, most), 2) for n_folds in (defaults.FOLDS, defaults.FEWEST_FOLDS)))


def partitions(dataset: Development, n_folds: int, seed: int) -> list[list[Split]]:
    """The partitions of the development rows, each a list of folds; every row is scored once in each.

    The folds of a table with times do not depend on the seed, nor do those of as many groups, or rows, as folds: there
    is one partition only.
    """
    wholes = len(dataset.y_development) if dataset.groups is None else len(np.unique(dataset.groups))
    forced = dataset.time is not None or wholes <= n_folds
    count = 1 if forced else defaults.PARTITIONS
    return [
        folds(
            dataset.y_development,
            dataset.task,
            n_folds,
            seed if partition == 0 else int(np.random.SeedSequence((seed, _PARTITION, partition)).generate_state(1)[0]),
            dataset.groups,
            dataset.time,
        )
        for partition in range(count)
    ]


def thinned(splits: Sequence[Split], y: np.ndarray, rows: int, seed: int) -> list[Split]:
    """The splits with about so many of all development rows, the same in all of them: drawn by lot, evenly over the
    classes, or over the values of a number. A row stays where it is: what is fitted on is not scored.

    **Arguments:**

    - `y`: the target of the development rows.
    """
    if rows >= len(y):
        return list(splits)
    kept = evenly_drawn(y, rows, seed)
    return [Split(fit[kept[fit]], score[kept[score]]) for fit, score in splits]


def evenly_drawn(y: np.ndarray, rows: int, seed: int) -> np.ndarray:
    """Which of all rows are among so many that are drawn by lot, evenly over what they are to predict; `(n,)` bool.

    **Arguments:**

    - `rows`: no more than there are.
    """
    rng = np.random.default_rng((seed, _THINNED))
    order = np.lexsort((rng.random(len(y)), y))
    kept = np.zeros(len(y), bool)
    kept[order[((np.arange(rows) + 0.5) * len(y) / rows).astype(int)]] = True
    return kept


def parts(dataset: Development, seed: int) -> np.ndarray:
    """The part that each development row belongs to, `(rows,)` int32: parts of about one size, drawn by lot.

    Rows that are alike stay together: whole groups, and rows that follow one another in time. So parts can be taken
    for independent of one another.
    """
    n = len(dataset.y_development)
    rng = np.random.default_rng((seed, _PARTS))
    if dataset.time is not None:
        rank = np.argsort(np.argsort(dataset.time, kind="stable"))
    elif dataset.groups is not None:
        names, group_of = np.unique(dataset.groups, return_inverse=True)
        rank = rng.permutation(len(names))[group_of]
        n = len(names)
    else:
        rank = rng.permutation(n)
    return (rank * min(defaults.PARTS, n) // n).astype(np.int32)


def validation_to_training(splits: list[Split]) -> float:
    """Rows scored over rows fitted, on average."""
    return float(np.mean([len(split.validation_rows) / len(split.training_rows) for split in splits]))
