"""The splits of a study: development rows cut into folds, more than once."""

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split, folds
from goru.study import defaults

_PARTITION, _PARTS = 7, 8  # what seeds are for: their second number


def partitions(dataset: Dataset, n_folds: int, seed: int) -> list[list[Split]]:
    """The partitions of the development rows, each a list of folds; every row is scored once in each.

    The folds of a table with times do not depend on the seed, nor do those of as many groups as folds: there is one
    partition only.
    """
    forced = dataset.time is not None or (dataset.groups is not None and len(np.unique(dataset.groups)) <= n_folds)
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


def parts(dataset: Dataset, seed: int) -> np.ndarray:
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


def score_to_fit(splits: list[Split]) -> float:
    """Rows scored over rows fitted, on average."""
    return float(np.mean([len(split.score_rows) / len(split.fit_rows) for split in splits]))
