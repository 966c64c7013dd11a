"""All twelve arms beside one another, and whether two techniques do more together, or less, than each alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goru.study import defaults
from goru.study.crossfit import Judged, judge
from goru.study.design import AFTER, BEFORE, PLAIN, Arm
from goru.study.effects import Effect, effect
from goru.study.trial import Losses

_DROPOUT, _DECAY = Arm(dropout=True), Arm(weight_decay=True)
PAIRS = ((_DROPOUT, _DECAY), (BEFORE, _DROPOUT), (BEFORE, _DECAY), (AFTER, _DROPOUT), (AFTER, _DECAY))


def describe_arms(losses: Mapping[Arm, Losses], folds: int) -> list[dict[str, Any]]:
    """Every arm, cross-fitted: its held-out loss in every split."""
    return [
        {
            "arm": arm.name,
            "batch_norm": arm.batch_norm,
            "dropout": arm.dropout,
            "weight_decay": arm.weight_decay,
            "losses": judge(own, folds).losses.tolist(),
        }
        for arm, own in losses.items()
    ]


def interactions(losses: Mapping[Arm, Losses], folds: int, margin: float) -> list[Effect]:
    """Of every two techniques what they change together, less what each changes alone: (both - plain) - (one - plain) -
    (other - plain).

    Below zero they do more together than the sum of both; above zero each makes the other less necessary. The intervals
    of all pairs hold together.
    """
    judged = {arm: judge(own, folds) for arm, own in losses.items()}
    return [
        effect(
            f"{one.name} and {other.name}",
            together(judged[_both(one, other)], judged[PLAIN]),
            together(judged[one], judged[other]),
            margin,
            defaults.CONFIDENCE,
            len(PAIRS),
        )
        for one, other in PAIRS
    ]


def together(one: Judged, other: Judged) -> Judged:
    """The sum of two arms' losses."""
    return Judged(
        one.losses + other.losses,
        one.parts.astype(np.float64) + other.parts,
        one.shares,
        float(np.hypot(one.search, other.search)),
    )


def _both(one: Arm, other: Arm) -> Arm:
    return Arm(one.batch_norm or other.batch_norm, one.dropout or other.dropout, one.weight_decay or other.weight_decay)
