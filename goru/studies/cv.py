"""What scikit-learn calls `cv`, to the partitions of a study."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from goru.data.splitting import Split


def partitions_of(
    cv: Any, X: Any, y: np.ndarray, groups: Any, classifier: bool, kept: np.ndarray | None
) -> list[list[Split]] | None:
    """The splits of `cv` as partitions, in each of which no row is scored twice; `None` if a study makes its own.

    **Arguments:**

    - `cv`: `None` or a number of folds; a splitter; or pairs of indices of rows to fit and to score. A repeated
      splitter gives one partition a repetition.
    - `kept`: the rows that count for something, if they are not all; a study sees these alone.

    **Raises:** `ValueError` for splits that a study cannot use.
    """
    if cv is None or isinstance(cv, Integral):
        return None
    from sklearn.model_selection import check_cv

    rows = np.arange(len(y))
    position = rows if kept is None else np.full(len(y), -1)
    if kept is not None:
        position[kept] = np.arange(len(kept))
    splits = []
    for parts in check_cv(cv, y, classifier=classifier).split(X, y, groups):
        try:
            fit, score = (rows[part] for part in parts)
        except IndexError:
            raise ValueError(f"cv: a split names rows that are not among the {len(y)} there are.") from None
        if np.intersect1d(fit, score).size:
            raise ValueError("cv: a split scores rows that it is fitted on.")
        fit, score = position[fit], position[score]
        splits.append(Split(np.sort(fit[fit >= 0]), np.sort(score[score >= 0])))
    if not splits:
        raise ValueError("cv: there are no splits.")
    return _partitions(splits)


def _partitions(splits: Sequence[Split]) -> list[list[Split]]:
    """Splits that follow one another and score different rows belong to one partition."""
    partitions: list[list[Split]] = [[]]
    for split in splits:
        scored = [earlier.validation_rows for earlier in partitions[-1]]
        if scored and np.intersect1d(np.concatenate(scored), split.validation_rows).size:
            partitions.append([])
        partitions[-1].append(split)
    sizes = {len(partition) for partition in partitions}
    if len(sizes) > 1 or max(sizes) < 2:
        raise ValueError(
            "cv: a study needs splits of which several, one after the other, score different rows, as those of KFold, "
            "GroupKFold, TimeSeriesSplit or RepeatedKFold do; a row that judges networks must not have chosen them. "
            "ShuffleSplit cannot be used."
        )
    return partitions
