"""Candidates for the final model: configurations at their best epochs, ranked by what the race says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.trial import Losses


@dataclass(frozen=True)
class Candidate:
    """A configuration at its best epoch and temperature, by its mean validation loss over all splits.

    - `schedule`: the length of the learning rate's schedule, in epochs, in which it stops after `epochs`; by default it
      does not stop.
    """

    arm: Arm
    configuration: int
    values: Mapping[str, float] = field(compare=False)
    epochs: int
    loss: float
    temperature: float = 1.0
    schedule: int | None = None


def rank(
    losses: Mapping[Arm, Losses],
    configurations: Mapping[Arm, Sequence[Mapping[str, float]]],
    schedule: int | None = None,
) -> list[Candidate]:
    """All configurations of the given arms that were trained in every split, the best first.

    **Arguments:**

    - `schedule`: of their learning rate.
    """
    candidates = []
    for arm, losses_of_arm in losses.items():
        mean = losses_of_arm.validation.mean(axis=1)  # NaN where a configuration has not seen every split
        for configuration in map(int, np.flatnonzero(~np.isnan(mean[:, -1]))):
            stop = int(mean[configuration].argmin())
            candidates.append(
                Candidate(
                    arm,
                    configuration,
                    configurations[arm][configuration],
                    losses_of_arm.epoch(stop) + 1,
                    float(mean[configuration, stop]),
                    losses_of_arm.temperature(stop),
                    schedule,
                )
            )
    return sorted(candidates, key=lambda candidate: candidate.loss)


def no_worse_than_plain(
    ranked: Sequence[Candidate], losses: Mapping[Arm, Losses], plain: Arm, folds: int
) -> list[Candidate]:
    """The candidates of arms whose cross-fitted loss is no higher than the plain network's, in order.

    A rank is by the rows that have chosen the configuration, and the luckiest of many configurations stands first. So
    nothing is recommended of which the rows that have not chosen it say that the plain network does better.
    """
    means = {arm: float(crossfitted(losses_of_arm.validation, folds).mean()) for arm, losses_of_arm in losses.items()}
    return [candidate for candidate in ranked if means[candidate.arm] <= means[plain]]
