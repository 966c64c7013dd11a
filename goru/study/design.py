"""The design of a study: its arms, the questions it answers, and the draws of each arm."""

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

    @property
    def phrase(self) -> str:
        """As part of a sentence."""
        *first, last = self.name.split(" + ")
        said = f"{', '.join(first)} and {last}" if first else last
        return said.replace("before", "before the activation").replace("after", "after the activation")

    def architecture(self, base: Architecture) -> Architecture:
        """The base's shape with this arm's layers."""
        return replace(base, batch_norm=self.batch_norm, dropout=self.dropout)


ARMS = tuple(itertools.starmap(Arm, itertools.product((None, "before", "after"), (False, True), (False, True))))
PLAIN = ARMS[0]
BEFORE, AFTER = Arm(batch_norm="before"), Arm(batch_norm="after")


@dataclass(frozen=True)
class Contrast:
    """A question: what do some arms, the best of them, change against some others, the best of those?"""

    name: str
    arms: tuple[Arm, ...]
    against: tuple[Arm, ...]


RECOMMENDED = Contrast("the best of all combinations", ARMS, (PLAIN,))
CONTRASTS = (
    Contrast("dropout", (Arm(dropout=True),), (PLAIN,)),
    Contrast("weight decay", (Arm(weight_decay=True),), (PLAIN,)),
    Contrast("batch norm before the activation", (BEFORE,), (PLAIN,)),
    Contrast("batch norm after the activation", (AFTER,), (PLAIN,)),
    Contrast("batch norm after instead of before", (AFTER,), (BEFORE,)),
    Contrast(
        "dropout and decay on top of batch norm",
        (Arm("before", dropout=True, weight_decay=True), Arm("after", dropout=True, weight_decay=True)),
        (BEFORE, AFTER),
    ),
    RECOMMENDED,
)


def draws(
    arm: Arm, count: int, seed: int | tuple[int, ...], steps: int, search_batch_norm: bool = False
) -> list[Hyperparameters]:
    """The first draws of an arm, from a scrambled Sobol sequence (Owen 1998), the same one for every arm.

    So arms differ in their techniques and not in their luck: draw 3 has one learning rate in all of them. Asking for
    more draws leaves the first ones as they are.

    **Arguments:**

    - `steps`: of the learning rate's schedule.
    - `search_batch_norm`: whether the hyperparameters of batch norm are drawn as well.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=7 if search_batch_norm else 3, scramble=True, rng=np.random.default_rng(seed))
    points = sequence.random_base2(max(count - 1, 1).bit_length())[:count]
    return [_draw(arm, point, steps) for point in points]


def _draw(arm: Arm, point: np.ndarray, steps: int) -> Hyperparameters:
    learning_rate = _log(defaults.LEARNING_RATE, point[0])
    strength = _log(defaults.DECAY_STRENGTH, point[2])
    drawn = Hyperparameters(
        learning_rate=learning_rate,
        dropout_rate=_linear(defaults.DROPOUT_RATE, point[1]) if arm.dropout else 0.0,
        weight_decay=defaults.decay(strength, learning_rate, steps) if arm.weight_decay else 0.0,
    )
    if arm.batch_norm is None or len(point) == 3:
        return drawn
    return drawn._replace(
        batch_norm_scale=_log(defaults.BATCH_NORM_SCALE, point[3]),
        batch_norm_shift=_linear(defaults.BATCH_NORM_SHIFT, point[4]),
        batch_norm_epsilon=_log(defaults.BATCH_NORM_EPSILON, point[5]),
        batch_norm_momentum=_linear(defaults.BATCH_NORM_MOMENTUM, point[6]),
    )


def _linear(range_: tuple[float, float], u: float) -> float:
    return float(range_[0] + u * (range_[1] - range_[0]))


def _log(range_: tuple[float, float], u: float) -> float:
    return float(np.exp(np.log(range_[0]) + u * np.log(range_[1] / range_[0])))
