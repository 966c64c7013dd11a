"""The simplest arm that does about as well as the best."""

from dataclasses import dataclass

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.effects import Compared, error
from goru.experiment.effects.standings import Standings


@dataclass(frozen=True)
class Simplest:
    """An arm whose loss is within one standard error of the lowest: the one-standard-error rule (Breiman, Friedman,
    Olshen, Stone 1984, section 3.4.3), by the standard error of the difference.

    - `best`: the arm with the lowest loss, on folds that have not chosen.
    - `change`, `error`: by how much the loss of `arm` is higher, and the standard error of that.
    """

    arm: Arm
    best: Arm
    change: float
    error: float


def simplest(standings: Standings, parts: np.ndarray) -> Simplest | None:
    """Of the arms that are not shown to be worse than the best, the one with the fewest techniques; of several with as
    few, the one with the lowest loss. `None` where nothing stands for any arm.

    **Arguments:**

    - `parts`: those of `standings`.
    """
    arms, means = list(standings.places), standings.all.losses.mean(axis=1)
    if not np.isfinite(means).any():
        return None
    best = int(means.argmin())
    candidates = [Simplest(arms[best], arms[best], 0.0, 0.0)]
    for place, arm in enumerate(arms):
        with np.errstate(invalid="ignore"):  # without a configuration both may be lost
            without = [standing.losses[place].mean() - standing.losses[best].mean() for standing in standings.without]
        losses = standings.all.losses[place] - standings.all.losses[best]
        difference = Compared(losses, parts[place] - parts[best], np.array(without))
        if place == best or not np.isfinite([*difference.losses, *difference.without]).all():
            continue
        total = error(difference, standings.shares).total
        if difference.change <= total:
            candidates.append(Simplest(arm, arms[best], difference.change, total))
    return min(candidates, key=lambda candidate: (len(candidate.arm.techniques), candidate.change))
