"""Everything that the pictures of an experiment are drawn from, whoever has trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.experiment.findings.answer import OverfittingFound
from goru.experiment.findings.arm_losses import arm_losses
from goru.experiment.findings.configurations import Values, as_trained, configurations_and_ranges
from goru.experiment.findings.evidence import ConfigurationCurves, Curves, Evidence
from goru.experiment.findings.leaderboard import arm_entries
from goru.experiment.findings.learning_curves import epochs_shown, learning_curves
from goru.experiment.trial import Losses, Trial


@dataclass(frozen=True, eq=False)
class Raced:
    """What the race has left.

    - `trials`: all of them.
    - `design`, `configurations`: what was varied, and what every configuration is trained with.
    - `losses`: of every arm.
    - `folds`: of its first partition.
    - `validation_to_training`: rows that are scored for every row that is fitted on.
    - `knob_values`: by what a configuration is trained with.
    """

    trials: Sequence[Trial]
    design: Design
    configurations: Mapping[Arm, Sequence[Mapping[str, float]]]
    losses: Mapping[Arm, Losses]
    folds: int
    validation_to_training: float
    knob_values: Values = as_trained


def gather(raced: Raced, plain: Candidate, recommended: Candidate) -> Evidence:
    """Without activations and predictions.

    **Arguments:**

    - `plain`, `recommended`: the best configuration of the plain arm, and the first of the final model.
    """
    losses = {arm: raced.losses[arm] for arm in raced.design.arms if arm in raced.losses}  # the plain one first
    epochs = losses[raced.design.plain].training.shape[2]
    configurations, ranges = configurations_and_ranges(
        losses, raced.design, raced.configurations, raced.folds, recommended, raced.knob_values
    )
    return Evidence(
        Curves(
            tuple(epochs_shown(epochs).tolist()), _curves(raced, plain, epochs), _curves(raced, recommended, epochs)
        ),
        arm_losses(losses, raced.folds),
        configurations,
        ranges,
        leaderboard=arm_entries(losses, raced.folds, bool(raced.design.knobs)),
    )


def _curves(raced: Raced, candidate: Candidate, epochs: int) -> ConfigurationCurves:
    # The arm's best configuration may have diverged on all rows: what is shown is the final model.
    losses = raced.losses[candidate.arm].of([candidate.configuration])
    return ConfigurationCurves(
        candidate.arm.name,
        candidate.configuration,
        candidate.epochs,
        OverfittingFound.of(losses, raced.folds, raced.validation_to_training),
        learning_curves(raced.trials, candidate.arm, candidate.configuration, epochs),
    )
