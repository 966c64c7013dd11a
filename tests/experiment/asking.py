"""Designs, and losses of arms that are made by hand, of which questions are asked."""

from dataclasses import replace

import numpy as np
from experiments import ARMS, DESIGN, PLAIN, arm_of, losses_of, make_losses, make_trial

from goru.experiment import defaults
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer
from goru.experiment.knobs import uniform
from goru.experiment.questions import Contrast, Interaction

INF = np.inf
DROPOUT, DECAY, BOTH = arm_of(dropout=True), arm_of(weight_decay=True), arm_of(dropout=True, weight_decay=True)
BEFORE, AFTER, BEST = arm_of("before"), arm_of("after"), arm_of("after", True, True)
PAIRS = ((DROPOUT, DECAY), (BEFORE, DROPOUT), (BEFORE, DECAY), (AFTER, DROPOUT), (AFTER, DECAY))


def joined(one, other):
    levels = {**one, **{factor: level for factor, level in other.items() if level}}
    return Interaction(f"{one.name} and {other.name}", (arm_of(**levels),), (one,), (other,), (PLAIN,))


#: Single arms against single arms.
SINGLE = replace(
    DESIGN,
    contrasts=(
        Contrast("dropout", (DROPOUT,), (PLAIN,)),
        Contrast("weight decay", (DECAY,), (PLAIN,)),
        Contrast("before", (BEFORE,), (PLAIN,)),
        Contrast("after", (AFTER,), (PLAIN,)),
        Contrast("after instead of before", (AFTER,), (BEFORE,)),
        Contrast("on top of batch norm", (arm_of("before", True, True), BEST), (BEFORE, AFTER)),
        Contrast("best combination (cross-validated choice)", ARMS, (PLAIN,)),
    ),
    interactions=tuple(joined(*pair) for pair in PAIRS),
    removals=(),
)
#: Two factors, and the questions that are asked by default.
SQUARE = Design({"a": [0, 1], "b": [0, 1]}, {"rate": uniform(0, 1)})
NEITHER, B, A, AB = SQUARE.arms


def answers(losses, asked, folds=3, configurations=defaults.FEWEST_CONFIGURATIONS):
    return answer(asked, losses, folds, configurations)


def alike(losses, configurations=3):
    """Arms with equal configurations and one epoch, by their losses in the splits."""
    return {
        arm: make_losses(np.reshape([by_split] * configurations, (configurations, -1, 1)))
        for arm, by_split in losses.items()
    }


def raced(diverged=None, splits=range(3), configurations=defaults.FEWEST_CONFIGURATIONS):
    """Equal configurations, in three splits: plain networks lose 2, 2.02 and 1.98, dropout takes 0.5 off, BEST leaves
    0.1."""
    plain = (2.0, 2.02, 1.98)
    loss = dict.fromkeys(ARMS, (2.0, 2.0, 2.0))
    loss |= {PLAIN: plain, DROPOUT: tuple(value - 0.5 for value in plain), BEST: (0.1, 0.1, 0.1)}
    return losses_of(
        [
            make_trial(arm, configuration, split, [np.nan, np.nan], "diverged")
            if arm == diverged and split in splits
            else make_trial(arm, configuration, split, [3.0, loss[arm][split]])
            for arm in ARMS
            for configuration in range(configurations)
            for split in range(3)
        ]
    )


def all_of(three):
    return (*three.contrasts, *three.interactions, *three.removals)
