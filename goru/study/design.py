"""The design of a study: its arms, and the draws of each arm."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from goru.nn.architecture import Architecture, BatchNormPlace, Hyperparameters
from goru.study import defaults


@dataclass(frozen=True)
class Arm:
    """One combination of the techniques under study."""

    batch_norm: BatchNormPlace | None = None
    dropout: bool = False
    weight_decay: bool = False

    @property
    def name(self) -> str:
        """In words; the arm with none is `plain`."""
        techniques = [
            *([f"batch norm {self.batch_norm}"] if self.batch_norm else []),
            *(["dropout"] if self.dropout else []),
            *(["weight decay"] if self.weight_decay else []),
        ]
        return " + ".join(techniques) or "plain"

    def architecture(self, base: Architecture) -> Architecture:
        """The base's shape with this arm's layers."""
        return replace(base, batch_norm=self.batch_norm, dropout=self.dropout)


ARMS = tuple(itertools.starmap(Arm, itertools.product((None, "before", "after"), (False, True), (False, True))))
PLAIN = ARMS[0]


@dataclass(frozen=True)
class Contrast:
    """A question: what does `arm` change against `against`?"""

    name: str
    arm: Arm
    against: Arm


CONTRASTS = (
    Contrast("dropout", Arm(dropout=True), PLAIN),
    Contrast("weight decay", Arm(weight_decay=True), PLAIN),
    Contrast("batch norm before the activation", Arm(batch_norm="before"), PLAIN),
    Contrast("batch norm after the activation", Arm(batch_norm="after"), PLAIN),
)


def draws(arm: Arm, count: int, seed: int) -> list[Hyperparameters]:
    """The first draws of an arm, from a scrambled Sobol sequence (Owen 1998), the same one for every arm.

    So arms differ in their techniques and not in their luck: draw 3 has one learning rate in all of them. Asking for
    more draws leaves the first ones as they are.
    """
    from scipy.stats import qmc

    points = qmc.Sobol(d=3, scramble=True, rng=seed).random_base2(max(count - 1, 1).bit_length())[:count]

    def log(range_: tuple[float, float], u: float) -> float:
        return float(np.exp(np.log(range_[0]) + u * np.log(range_[1] / range_[0])))

    low, high = defaults.DROPOUT_RATE
    return [
        Hyperparameters(
            learning_rate=log(defaults.LEARNING_RATE, u),
            dropout_rate=float(low + v * (high - low)) if arm.dropout else 0.0,
            weight_decay=log(defaults.WEIGHT_DECAY, w) if arm.weight_decay else 0.0,
        )
        for u, v, w in points
    ]
