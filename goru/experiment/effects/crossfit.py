"""Cross-fitting: in every split, what is best on the other folds stands for an arm, so that no row that judges chooses.

The losses of an arm are an array `(draws, splits, epochs)`: mean losses on the validation rows of each split after each
epoch; infinite where a network diverged, NaN where a draw was not trained. The splits are whole partitions of the rows,
one after the other, each of `folds` folds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from goru.experiment.trial import Losses

NONE = -1  # of the draws none was trained in the whole partition: all have failed somewhere


@dataclass(frozen=True)
class Choice:
    """The draw and the epoch (both from 0) that stand for an arm in each split, `(splits,)` each."""

    draws: np.ndarray
    epochs: np.ndarray

    def of(self, losses: Any) -> np.ndarray:
        """What an array `(draws, splits, epochs, ...)` holds of them, `(splits, ...)`; NaN where there is no draw."""
        found = losses[self.draws, np.arange(len(self.draws)), self.epochs]
        if (none := self.draws == NONE).any():
            found = found.copy()
            found[none] = np.nan
        return found


def choose(losses: np.ndarray, folds: int, without: np.ndarray | None = None) -> Choice:
    """For every split the draw and the epoch that are best on the *other* folds of its partition.

    So no row that judges has chosen. Only draws that were trained in the whole partition are looked at.

    **Arguments:**

    - `without`: a draw for every split, `(splits,)`, that is not to be looked at.
    """
    n_draws, n_splits, _ = losses.shape
    draws, epochs = np.zeros(n_splits, int), np.zeros(n_splits, int)
    for split in range(n_splits):
        first = split - split % folds
        partition = np.arange(first, min(first + folds, n_splits))
        eligible = ~np.isnan(losses[:, partition, -1]).any(axis=1)
        if without is not None:
            eligible &= np.arange(n_draws) != without[split]
        candidates = np.flatnonzero(eligible)
        if not len(candidates):
            draws[split] = NONE
            continue
        others = losses[np.ix_(candidates, partition[partition != split])].sum(axis=1)
        best, epochs[split] = np.unravel_index(np.argmin(others), others.shape)
        draws[split] = candidates[best]
    return Choice(draws, epochs)


@dataclass(frozen=True)
class Judged:
    """An arm, or several, represented in each split by what is best on the other folds.

    - `losses`: `(splits,)`.
    - `parts`: `(splits, parts)`: what each part of the rows adds to them.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `search`: by how much the mean loss would be higher if the best draw had not been drawn; 0 at least, and infinite
      where nothing says so: there is one draw, or one alone that did not diverge.
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
    choice = choose(losses.score, folds)
    judged = choice.of(losses.score)
    judged = np.where(choice.draws == NONE, np.inf, judged)
    search = float("inf") if tuned else 0.0
    if tuned and len(losses.score) > 1:
        second = choose(losses.score, folds, without=choice.draws).of(losses.score)
        comparable = np.isfinite(second) & np.isfinite(judged)  # a network that diverged is no measure of distance
        distance = second[comparable] - judged[comparable]
        search = max(float(np.mean(distance)), 0.0) if len(distance) else search
    return Judged(judged, choice.of(losses.parts), losses.shares, search)
