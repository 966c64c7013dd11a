"""Every model beside every other: what it loses in cross-validation, and what it costs."""

from collections.abc import Mapping

import numpy as np

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.effects.effects import Compared, error
from goru.experiment.effects.simultaneous import quantiles
from goru.experiment.effects.standings import Standings
from goru.experiment.findings.effect import Number
from goru.experiment.findings.evidence import LeaderboardEntry
from goru.experiment.trial import Losses

CONFIDENCE = 0.95  # of each interval alone


def arm_entries(losses: Mapping[Arm, Losses], folds: int, tuned: bool) -> tuple[LeaderboardEntry, ...]:
    """Every arm, cross-fitted as for the effects: the rows that judge have chosen neither its configuration nor its
    epoch.

    **Arguments:**

    - `folds`: of a partition.
    - `tuned`: whether there are knobs; then a few configurations say nothing of the error of the search, and there are
      no intervals.
    """
    standings = Standings(losses, folds, tuned)
    parts, configurations = standings.parts, len(standings.without)
    enough = not tuned or configurations >= defaults.FEWEST_CONFIGURATIONS
    entries = []
    for arm, place in standings.places.items():
        whole = Compared(
            standings.all.losses[place],
            parts[place],
            np.array([standing.losses[place].mean() for standing in standings.without]),
        )
        loss, low, high = loss_with_interval(whole, standings.shares, enough)
        entries.append(LeaderboardEntry(arm.name, "combination", loss, low, high))
    return tuple(entries)


def loss_with_interval(of: Compared, shares: np.ndarray, known: bool = True) -> tuple[Number, Number, Number]:
    """A mean loss and the ends of its interval, over the splits.

    **Arguments:**

    - `of`: the losses of a model, less those of none.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `known`: whether there is an interval at all.

    **Returns:** `None` for what is not known.
    """
    if not np.isfinite(of.losses).all():
        return None, None, None
    if not known or len(of.losses) < 2 or not np.isfinite(of.without).all():
        return of.change, None, None
    estimate = error(of, shares)
    half = quantiles([estimate], CONFIDENCE)[0] * estimate.total
    lowest = 0.0 if (of.parts >= 0).all() else -np.inf  # no sum of what is never below zero is
    return of.change, max(of.change - half, lowest), of.change + half
