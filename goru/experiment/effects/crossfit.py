"""Cross-fitting: in every split, what is best on the other folds stands for an arm, so that no row that judges chooses.

The losses of an arm are an array `(configurations, splits, epochs)`: mean losses on the validation rows of each split
after each epoch; infinite where a network diverged, NaN where a configuration was not trained. The splits are whole
partitions of the rows, one after the other, each of `folds` folds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from goru.experiment.trial import Losses

NONE = -1  # of the configurations none was trained in the whole partition: all have failed somewhere


@dataclass(frozen=True)
class Choice:
    """The configuration and the epoch (both from 0) that stand for an arm in each split, `(splits,)` each."""

    configurations: np.ndarray
    epochs: np.ndarray

    def of(self, losses: Any) -> np.ndarray:
        """What an array `(configurations, splits, epochs, ...)` holds of them, `(splits, ...)`; NaN where there is no
        configuration."""
        found = losses[self.configurations, np.arange(len(self.configurations)), self.epochs]
        if (none := self.configurations == NONE).any():
            found = found.copy()
            found[none] = np.nan
        return found


def choose(losses: np.ndarray, folds: int, without: np.ndarray | None = None) -> Choice:
    """For every split the configuration and the epoch that are best on the *other* folds of its partition.

    So no row that judges has chosen. Only configurations that were trained in the whole partition are looked at.

    **Arguments:**

    - `without`: a configuration for every split, `(splits,)`, that is not to be looked at.
    """
    n_configurations, n_splits, _ = losses.shape
    configurations, epochs = np.zeros(n_splits, int), np.zeros(n_splits, int)
    for split in range(n_splits):
        first = split - split % folds
        partition = np.arange(first, min(first + folds, n_splits))
        eligible = ~np.isnan(losses[:, partition, -1]).any(axis=1)
        if without is not None:
            eligible &= np.arange(n_configurations) != without[split]
        candidates = np.flatnonzero(eligible)
        if not len(candidates):
            configurations[split] = NONE
            continue
        others = losses[np.ix_(candidates, partition[partition != split])].sum(axis=1)
        best, epochs[split] = np.unravel_index(np.argmin(others), others.shape)
        configurations[split] = candidates[best]
    return Choice(configurations, epochs)


@dataclass(frozen=True)
class Judged:
    """An arm, or several, represented in each split by what is best on the other folds.

    - `losses`: `(splits,)`.
    - `parts`: `(splits, parts)`: what each part of the rows adds to them.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `search`: by how much the mean loss would be higher if the best configuration had not been drawn; 0 at least, and
      infinite where nothing says so: there is one configuration, or one alone that did not diverge.
    """

    losses: np.ndarray
    parts: np.ndarray
    shares: np.ndarray
    search: float


def judge(losses: Losses, folds: int, tuned: bool = True) -> Judged:
    """Cross-fitted: chosen on the other folds, judged on the split's own validation rows.

    **Arguments:**

    - `tuned`: whether there is anything to search for: otherwise no other configurations could have been drawn.
    """
    choice = choose(losses.validation, folds)
    judged = choice.of(losses.validation)
    judged = np.where(choice.configurations == NONE, np.inf, judged)
    search = float("inf") if tuned else 0.0
    if tuned and len(losses.validation) > 1:
        second = choose(losses.validation, folds, without=choice.configurations).of(losses.validation)
        comparable = np.isfinite(second) & np.isfinite(judged)  # a network that diverged is no measure of distance
        distance = second[comparable] - judged[comparable]
        search = max(float(np.mean(distance)), 0.0) if len(distance) else search
    return Judged(judged, choice.of(losses.parts), losses.shares, search)
