"""How the loss depends on each hyperparameter: the configurations of all arms, and the ranges that they are drawn
from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.experiment.findings.evidence import Configuration, Hyperparameter
from goru.experiment.trial import Losses

EDGE = 0.05  # of a range, on its scale: what lies nearer to an end is at its edge
# Of an arm: the first ones, which are spread as evenly as all, and the recommended one.
MOST_CONFIGURATIONS = defaults.MOST_CONFIGURATIONS

Values = Callable[[Arm, Mapping[str, float]], Mapping[str, float]]


def as_trained(arm: Arm, values: Mapping[str, float]) -> Mapping[str, float]:
    """The numbers that a configuration is trained with are those of its knobs."""
    return values


def configurations_and_ranges(
    losses: Mapping[Arm, Losses],
    design: Design,
    configurations: Mapping[Arm, Sequence[Mapping[str, float]]],
    folds: int,
    recommended: Candidate,
    knob_values: Values = as_trained,
) -> tuple[tuple[Configuration, ...], tuple[Hyperparameter, ...]]:
    """The configurations, and every knob; none where there is nothing to tune.

    **Arguments:**

    - `folds`: the first partition's, in which all were trained: their losses can be compared there.
    - `recommended`: what was chosen.
    - `knob_values`: by what a configuration is trained with.
    """
    described = []
    for arm, losses_of_arm in losses.items():
        mean = losses_of_arm.validation[:, :folds].mean(axis=1)
        for configuration, by_stop in enumerate(mean):
            is_recommended = (arm, configuration) == (recommended.arm, recommended.configuration)
            if np.isnan(by_stop[-1]) or (configuration >= MOST_CONFIGURATIONS and not is_recommended):
                continue
            stop = int(by_stop.argmin())
            epochs = losses_of_arm.epoch(stop) + 1
            values = dict(knob_values(arm, configurations[arm][configuration]))
            described.append(Configuration(arm.name, configuration, values, epochs, float(by_stop[stop])))
    chosen = knob_values(recommended.arm, recommended.values)
    known = {name for configuration in described for name in configuration.values}
    knobs = {name: knob for name, knob in design.knobs.items() if name in known}
    ranges = [Hyperparameter(name, knob.low, knob.high, knob.log, chosen.get(name)) for name, knob in knobs.items()]
    epochs = next(iter(losses.values())).training.shape[2]
    if epochs > 1:
        ranges.append(Hyperparameter("epochs", 1, epochs, False, recommended.epochs, is_epochs=True))
    return tuple(described), tuple(replace(hyperparameter, edge=edge(hyperparameter)) for hyperparameter in ranges)


def edge(hyperparameter: Hyperparameter) -> Literal["low", "high"] | None:
    """At which end of its range the recommended value lies, if at any; the first epochs are none."""
    if hyperparameter.recommended is None or not hyperparameter.high > hyperparameter.low:
        return None
    ends = np.array([hyperparameter.low, hyperparameter.recommended, hyperparameter.high], float)
    below, value, above = np.log(ends) if hyperparameter.log else ends
    place = (value - below) / (above - below)
    if place > 1 - EDGE:
        return "high"
    return "low" if place < EDGE and not hyperparameter.is_epochs else None
