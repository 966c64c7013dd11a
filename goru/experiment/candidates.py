"""Candidates for the final model: configurations at their best epochs, ranked by what the race says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.additive import levels_model
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.trial import Losses

# How much of what main effects leave unexplained of an arm's lowest loss is taken for luck. With a half, two studies of
# a table recommend the same combination in 18 of 36 cases instead of 6, and the final models are as good (36 studies of
# 12 tables: 1.003 of the test loss, standard error 0.005); with all of it they are worse (1.03).
LUCK = 0.5
FAR = 20.0


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
    other arms that one is recommended whose best configuration has the lowest loss when a part of what is its own is
    taken for luck, see `LUCK`.
    """
    means = {arm: float(crossfitted(losses_of_arm.validation, folds).mean()) for arm, losses_of_arm in losses.items()}
    expected = _expected(ranked)
    kept = [candidate for candidate in ranked if means[candidate.arm] <= means[plain]]
    best = min(kept, key=lambda candidate: expected[candidate.arm], default=None)
    return sorted(kept, key=lambda candidate: best is not None and candidate.arm != best.arm)


def _expected(ranked: Sequence[Candidate]) -> dict[Arm, float]:
    """Of every arm the loss of its best configuration, less a part of what the factors' main effects leave unexplained
    of it.

    Arms that are out of all proportion have no say in these effects: they are further above the lowest loss than
    `FAR` times the median arm.
    """
    lowest: dict[Arm, float] = {}
    for candidate in ranked:
        lowest.setdefault(candidate.arm, candidate.loss)
    losses = np.array(list(lowest.values()))
    if not np.isfinite(losses).any():
        return lowest
    above = losses - losses.min()
    usual = np.isfinite(losses) & (above <= FAR * np.median(above))
    model = levels_model(list(lowest))[usual]
    own = losses[usual] - model @ np.linalg.lstsq(model, losses[usual], rcond=None)[0]
    losses[usual] -= LUCK * own
    return dict(zip(lowest, losses.tolist(), strict=True))
