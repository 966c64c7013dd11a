"""Candidates to be handed over: draws at their best epochs, ranked by what the race says of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.study import defaults
from goru.study.crossfit import choose
from goru.study.design import PLAIN, Arm
from goru.study.trial import Losses


@dataclass(frozen=True)
class Candidate:
    """A draw at its best epoch, by its mean held-out loss over all splits."""

    arm: Arm
    draw: int
    hyper: Hyperparameters
    epochs: int
    loss: float


def rank(losses: dict[Arm, Losses], drawn: dict[Arm, list[Hyperparameters]]) -> list[Candidate]:
    """All draws of the given arms that were trained in every split, the best first."""
    candidates = []
    for arm, own in losses.items():
        mean = own.score.mean(axis=1)  # NaN where a draw has not seen every split
        for draw in np.flatnonzero(~np.isnan(mean[:, -1])):
            epoch = int(mean[draw].argmin())
            candidates.append(Candidate(arm, int(draw), drawn[arm][draw], epoch + 1, float(mean[draw, epoch])))
    return sorted(candidates, key=lambda candidate: candidate.loss)


def no_worse_than_plain(ranked: Sequence[Candidate], losses: dict[Arm, Losses], folds: int) -> list[Candidate]:
    """The candidates of arms whose cross-fitted loss is no higher than the plain network's, in order.

    A rank is by the rows that have chosen the draw, and the luckiest of many draws stands first. So nothing is
    recommended of which the rows that have not chosen it say that the plain network does better.
    """
    crossfitted = {arm: _crossfitted(own, folds) for arm, own in losses.items()}
    return [candidate for candidate in ranked if crossfitted[candidate.arm] <= crossfitted[PLAIN]]


def _crossfitted(losses: Losses, folds: int) -> float:
    return float(choose(losses.score, folds).of(losses.score).mean())


def shortlist(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that a uniform bag is made of: the best one, and those of its arm that are nearly as good."""
    best = ranked[0]
    worst = best.loss + defaults.BAG_TOLERANCE * abs(best.loss)
    of_the_arm = [candidate for candidate in ranked if candidate.arm == best.arm][: defaults.BAG_DRAWS]
    return [candidate for candidate in of_the_arm if candidate.loss <= worst]


def rivals(ranked: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best draws of other arms: what a greedy selection may prefer."""
    firsts: dict[Arm, Candidate] = {}
    for candidate in ranked:
        firsts.setdefault(candidate.arm, candidate)
    others = [candidate for arm, candidate in firsts.items() if arm != chosen[0].arm and np.isfinite(candidate.loss)]
    return others[: defaults.RIVALS]


def shares(candidates: Sequence[Candidate], size: int) -> dict[Candidate, int]:
    """A uniform bag: its networks shared out evenly, the first candidates getting what is left over."""
    return {
        candidate: size // len(candidates) + (index < size % len(candidates))
        for index, candidate in enumerate(candidates)
    }
