"""Which rows are set aside for the test, and which rows of the others fit and score in each fold.

Everything is a function of the seed, and indices always point into the arrays given. Classes are spread evenly.
Whole groups stay together. With times, the past comes before the future, and equal times stay on one side.
"""

import warnings
from typing import NamedTuple

import numpy as np

from goru.data.targets.task import Task
from goru.errors import InputError, option
from goru.wording import counted

#: The folds of a study. Rows are counted on so many wherever it is checked that a table is large enough.
N_FOLDS = 5
TEST_SHARE = 0.2


class Split(NamedTuple):
    """The rows that a network is fitted on, and the rows that it is scored on."""

    training_rows: np.ndarray
    validation_rows: np.ndarray


def split_test(
    y: np.ndarray,
    task: Task,
    seed: int,
    groups: np.ndarray | None = None,
    time: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Set a fifth of the rows aside for the test.

    Without groups and time these are exactly the rows of scikit-learn's ``train_test_split(..., test_size=0.2,
    random_state=seed)``, with ``stratify=y`` for classification.

    Returns:
        The development rows and the test rows.

    Raises:
        InputError: too few rows, groups or times, or a class too rare.
    """
    _check_one(groups, time)
    if time is not None:
        before, after = _cut_times(time, [1 - TEST_SHARE])
        return before, after
    if groups is not None:
        return _split_test_groups(y, task, seed, groups)
    from sklearn.model_selection import train_test_split

    stratify = y if task == "classification" else None
    try:
        development, test = train_test_split(
            np.arange(len(y)), test_size=TEST_SHARE, random_state=seed, stratify=stratify
        )
    except ValueError:
        raise InputError(
            f"{counted(len(y), 'row')} cannot be split: too few to set test rows aside, or a class has too few."
        ) from None
    return development, test


def folds(
    y: np.ndarray,
    task: Task,
    n_folds: int,
    seed: int,
    groups: np.ndarray | None = None,
    time: np.ndarray | None = None,
) -> list[Split]:
    """Cut rows into folds; each fold is scored once, by a network fitted on the others.

    With times, the rows are cut into ``n_folds + 1`` periods; each but the first is scored by a network fitted on
    all periods before it. Such folds do not depend on the seed.

    Raises:
        InputError: fewer rows, groups or times than folds.
    """
    _check_one(groups, time)
    if n_folds < 2:
        raise InputError(f"{n_folds} folds: at least 2 are needed.")
    if time is not None:
        periods = _cut_times(time, [i / (n_folds + 1) for i in range(1, n_folds + 1)])
        return [Split(np.concatenate(periods[:i]), periods[i]) for i in range(1, n_folds + 1)]
    if groups is not None:
        fold_of = _group_folds(y, task, n_folds, seed, groups)
        return [Split(np.flatnonzero(fold_of != i), np.flatnonzero(fold_of == i)) for i in range(n_folds)]
    from sklearn.model_selection import KFold, StratifiedKFold

    stratified = task == "classification"
    largest = int(np.unique(y, return_counts=True)[1].max()) if stratified else len(y)
    if largest < n_folds:
        raise InputError(f"{counted(len(y), 'row')} cannot be split into {n_folds} folds.")
    cutter = (StratifiedKFold if stratified else KFold)(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is in no validation rows of some fold, and in the training rows of all.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return [Split(fit, score) for fit, score in cutter.split(np.zeros(len(y)), y)]


def _check_one(groups: np.ndarray | None, time: np.ndarray | None) -> None:
    if groups is not None and time is not None:
        raise InputError(
            f"rows are split by groups or by time, not by both. Give one of {option('groups')} and {option('time')}."
        )


def _split_test_groups(y: np.ndarray, task: Task, seed: int, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n_groups = len(np.unique(groups))
    if n_groups < N_FOLDS + 1:
        raise InputError(
            f"{counted(n_groups, 'group')} cannot be split: test rows and {N_FOLDS} folds need {N_FOLDS + 1} at least."
        )
    fold_of = _group_folds(y, task, round(1 / TEST_SHARE), seed, groups)

    def fitness(fold: int) -> tuple[int, float]:
        """Lower is better: first that no class leaves the development rows, then the size nearest to a fifth."""
        classes_left = len(np.unique(y[fold_of != fold])) if task == "classification" else 0
        return -classes_left, abs(float(np.mean(fold_of == fold)) - TEST_SHARE)

    test_fold = min(range(round(1 / TEST_SHARE)), key=fitness)
    return np.flatnonzero(fold_of != test_fold), np.flatnonzero(fold_of == test_fold)


def _group_folds(y: np.ndarray, task: Task, n_folds: int, seed: int, groups: np.ndarray) -> np.ndarray:
    """Return the fold of each row, whole groups together, folds alike in size and classes.

    Groups are dealt out one by one, the larger ones earlier, each to the fold that has least of the classes it
    brings. scikit-learn's StratifiedGroupKFold is of the same kind, but its order of groups is fixed by their sizes,
    so that another seed gives the same folds; two partitions of one table would then be one.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    if len(names) < n_folds:
        raise InputError(f"{counted(len(names), 'group')} cannot be split into {n_folds} folds.")
    codes = np.unique(y, return_inverse=True)[1] if task == "classification" else np.zeros(len(y), dtype=np.intp)
    brings = np.zeros((len(names), int(codes.max()) + 1))
    np.add.at(brings, (group_of, codes), 1)
    sizes = brings.sum(axis=1)
    weights = 1 / brings.sum(axis=0) ** 2
    order = np.argsort(-sizes * np.random.default_rng(seed).uniform(0.5, 1.5, len(names)))
    has = np.zeros((n_folds, brings.shape[1]))
    fold_of_group = np.empty(len(names), dtype=np.intp)
    for group in order:
        # The rows as a whole break ties, so that a fold without any row comes first.
        load = has @ (brings[group] * weights) + 1e-9 * has.sum(axis=1) / len(y)
        fold = int(load.argmin())
        fold_of_group[group] = fold
        has[fold] += brings[group]
    return fold_of_group[group_of]


def _cut_times(time: np.ndarray, shares: list[float]) -> list[np.ndarray]:
    """Cut rows, ordered by time, at the given shares; each cut moves to the nearest change of time."""
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if len(changes) < len(shares):
        times = counted(len(changes) + 1, "different time")
        raise InputError(f"{times} cannot be split into the {len(shares) + 1} periods that are needed.")
    cuts: list[int] = []
    for i, share in enumerate(shares):
        # Every cut takes a change behind the one before, and leaves one for each cut that is still to come.
        first = len(changes[changes <= cuts[-1]]) if cuts else 0
        last = len(changes) - (len(shares) - 1 - i)
        free = changes[first:last]
        cuts.append(int(free[np.abs(free - share * len(time)).argmin()]))
    return np.split(order, cuts)
