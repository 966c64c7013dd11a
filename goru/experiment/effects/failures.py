"""Trials that failed, and where arms can be compared in spite of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.trial import Trial

FEWEST_SPLITS = 2  # what the one chooses, the other judges


def splits_compared(trials: Sequence[Trial], splits: int, folds: int, plain: Arm) -> list[int]:
    """The splits in which no arm has failed that did well in most of them.

    An accident, such as a process that ran out of memory, costs the partition in which it happened, and where there is
    no other, the fold; otherwise it would cost the arm, or, of the plain one, everything. An arm that fails in most
    splits stands for itself.

    **Arguments:**

    - `splits`: how many there are, of whole partitions of `folds`, or of one.
    - `plain`: of which one configuration must be trained in all splits.
    """
    lost = np.zeros(splits, bool)
    for arm in {trial.arm for trial in trials}:
        trials_of_arm = [trial for trial in trials if trial.arm == arm]
        trained = np.zeros((1 + max(trial.configuration for trial in trials_of_arm), splits), bool)
        for trial in trials_of_arm:
            trained[trial.configuration, trial.split] = trial.ended != "failed"
        missing = ~trained[trained.sum(axis=1).argmax()]
        if missing.sum() > splits / 2:
            continue
        if arm != plain:
            for first in range(0, splits, folds):
                if trained[:, first : first + folds].all(axis=1).any():
                    missing[first : first + folds] = False
        lost |= missing
    partitions = [np.arange(first, min(first + folds, splits)) for first in range(0, splits, folds)]
    whole = [split for partition in partitions if not lost[partition].any() for split in partition.tolist()]
    if whole:
        return whole
    best = min(partitions, key=lambda partition: int(lost[partition].sum()))
    kept = best[~lost[best]].tolist()
    return kept if len(kept) >= FEWEST_SPLITS else list(range(splits))


def renumbered(trials: Sequence[Trial], splits: Sequence[int]) -> list[Trial]:
    """The trials of some splits, which are all there are from now on."""
    places = {split: place for place, split in enumerate(splits)}
    return [replace(trial, split=places[trial.split]) for trial in trials if trial.split in places]
