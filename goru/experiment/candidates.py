"""Candidates for the final model: configurations at their best epochs, ranked by what the race says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.additive import levels_model
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.trial import Losses

# How much of what main effects leave unexplained of an arm's lowest loss is taken for luck. With a half, two studies of
# a table recommend the same combination in 18 of 36 pairs instead of 6, and the final models are as good (37 studies of
# 13 tables: 1.003 of the test loss, standard error 0.005); with all of it they are worse (1.03).
LUCK = 0.5
FAR = 20.0  # times as far above the lowest loss as the median arm: such an arm has no say in main effects


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


def recommendable(ranked: Sequence[Candidate], losses: Mapping[Arm, Losses], plain: Arm, folds: int) -> list[Candidate]:
    """The candidates of arms whose cross-fitted loss is no higher than the plain network's, those of the recommended
    arm first.

    A rank is by the rows that have chosen the configuration, and the luckiest of many configurations stands first. So
    nothing is recommended of which the rows that have not chosen it say that the plain network does better; and of the
    other arms that one is recommended whose best configuration has the lowest loss, when a part of what main effects do
    not explain of it is taken for luck.

    **Arguments:**

    - `ranked`: all candidates, the best first; at least one has a finite loss, and some are plain.
    - `folds`: of a partition.
    """
    means = {arm: float(crossfitted(losses_of_arm.validation, folds).mean()) for arm, losses_of_arm in losses.items()}
    kept = [candidate for candidate in ranked if means[candidate.arm] <= means[plain]]
    expected = _expected(ranked)
    recommended = min(kept, key=lambda candidate: expected[candidate.arm]).arm
    return sorted(kept, key=lambda candidate: candidate.arm != recommended)


def _expected(ranked: Sequence[Candidate]) -> dict[Arm, float]:
    """Of every arm the loss of its best configuration, less a part of what the factors' main effects leave unexplained
    of it."""
    lowest: dict[Arm, float] = {}
    for candidate in ranked:
        lowest.setdefault(candidate.arm, candidate.loss)
    losses = np.array(list(lowest.values()))
    above = losses - losses.min()
    usual = np.isfinite(losses) & (above <= FAR * np.median(above))
    model = levels_model(list(lowest))[usual]
    unexplained = losses[usual] - model @ np.linalg.lstsq(model, losses[usual], rcond=None)[0]
    losses[usual] -= LUCK * unexplained
    return dict(zip(lowest, losses.tolist(), strict=True))
