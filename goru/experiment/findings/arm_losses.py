"""All arms beside one another."""

from collections.abc import Mapping

from goru.experiment.arms import Arm
from goru.experiment.effects.crossfit import judge
from goru.experiment.findings.evidence import ArmLosses
from goru.experiment.trial import Losses


def arm_losses(losses: Mapping[Arm, Losses], folds: int) -> tuple[ArmLosses, ...]:
    """Every arm, cross-fitted: its validation loss in every split."""
    return tuple(
        ArmLosses(arm.name, dict(arm), tuple(judge(losses_of_arm, folds).losses.tolist()))
        for arm, losses_of_arm in losses.items()
    )
