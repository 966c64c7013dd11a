"""Which candidates an ensemble is made of, and how many networks of each."""

from collections.abc import Sequence

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.studies import defaults


def shortlist(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that a uniform ensemble is made of: the best one, and those of its arm that are nearly as good."""
    best = ranked[0]
    worst = best.loss + defaults.ENSEMBLE_TOLERANCE * abs(best.loss)
    of_the_arm = [candidate for candidate in ranked if candidate.arm == best.arm][: defaults.ENSEMBLE_CONFIGURATIONS]
    return [candidate for candidate in of_the_arm if candidate.loss <= worst]


def rivals(ranked: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best configurations of other arms: what a greedy selection may prefer."""
    firsts: dict[Arm, Candidate] = {}
    for candidate in ranked:
        firsts.setdefault(candidate.arm, candidate)
    best_of_rival_arms = [
        candidate for arm, candidate in firsts.items() if arm != chosen[0].arm and np.isfinite(candidate.loss)
    ]
    return best_of_rival_arms[: defaults.RIVALS]


def shares(candidates: Sequence[Candidate], size: int) -> dict[Candidate, int]:
    """A uniform ensemble: its networks shared out evenly, the first candidates getting what is left over."""
    return {
        candidate: size // len(candidates) + (index < size % len(candidates))
        for index, candidate in enumerate(candidates)
    }
