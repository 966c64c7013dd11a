"""All arms beside one another."""

from collections.abc import Mapping

from goru.experiment.arms import Arm
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.findings.evidence import ArmLosses
from goru.experiment.trial import Losses


def arm_losses(losses: Mapping[Arm, Losses], folds: int) -> tuple[ArmLosses, ...]:
    """Every arm, cross-fitted: its validation loss in every split."""
    return tuple(
        ArmLosses(arm.name, dict(arm), tuple(crossfitted(losses_of_arm.validation, folds).tolist()))
        for arm, losses_of_arm in losses.items()
    )
