"""goru's own study as a design: batch norm, dropout and weight decay, in every combination."""

from collections.abc import Mapping
from dataclasses import replace

from goru.experiment.arms import Arm, Level
from goru.experiment.design import Design, Values
from goru.experiment.knobs import log_uniform, uniform
from goru.nn.architecture import Architecture, BatchNormPlace, Hyperparameters
from goru.studies import defaults

FACTORS: dict[str, tuple[Level, ...]] = {
    "batch_norm": (None, "before", "after"),
    "dropout": (False, True),
    "weight_decay": (False, True),
}
STRENGTH = "decay_strength"  # what is drawn for weight decay; λ follows from it
KNOBS = {
    "learning_rate": log_uniform(*defaults.LEARNING_RATE),
    "dropout_rate": uniform(*defaults.DROPOUT_RATE, when={"dropout": True}),
    STRENGTH: log_uniform(*defaults.DECAY_STRENGTH, when={"weight_decay": True}),
}
_WITH_IT = {"batch_norm": ["before", "after"]}
BATCH_NORM_KNOBS = {
    "batch_norm_scale": log_uniform(*defaults.BATCH_NORM_SCALE, when=_WITH_IT),
    "batch_norm_shift": uniform(*defaults.BATCH_NORM_SHIFT, when=_WITH_IT),
    "batch_norm_epsilon": log_uniform(*defaults.BATCH_NORM_EPSILON, when=_WITH_IT),
    "batch_norm_momentum": uniform(*defaults.BATCH_NORM_MOMENTUM, when=_WITH_IT),
}
ARMS = Design(FACTORS).arms
_PLACES: dict[Level, BatchNormPlace | None] = {None: None, "before": "before", "after": "after"}


def arm_of(batch_norm: BatchNormPlace | None = None, dropout: bool = False, weight_decay: bool = False) -> Arm:
    """One of the twelve arms."""
    levels = (("batch_norm", batch_norm), ("dropout", dropout), ("weight_decay", weight_decay))
    return ARMS[ARMS.index(Arm(levels))]


PLAIN = ARMS[0]


def design(search_batch_norm: bool = False) -> Design:
    """The design of goru's own study.

    **Arguments:**

    - `search_batch_norm`: whether the hyperparameters of batch norm are tuned as well.
    """
    knobs = KNOBS | BATCH_NORM_KNOBS if search_batch_norm else KNOBS
    return Design(FACTORS, knobs)


def architecture(arm: Arm, base: Architecture) -> Architecture:
    """The base's shape with an arm's layers."""
    return replace(base, batch_norm=_PLACES[arm["batch_norm"]], dropout=bool(arm["dropout"]))


def phrase(arm: Arm) -> str:
    """An arm as part of a sentence."""
    return arm.phrase.replace("before", "before the activation").replace("after", "after the activation")


def hyperparameters(values: Values, steps: int) -> Hyperparameters:
    """What a network is trained with.

    **Arguments:**

    - `values`: of the knobs that its arm has.
    - `steps`: of the learning rate's schedule.
    """
    numbers = {name: value for name, value in values.items() if name != STRENGTH}
    if STRENGTH in values:
        numbers["weight_decay"] = defaults.decay(values[STRENGTH], values["learning_rate"], steps)
    return Hyperparameters(**{"dropout_rate": 0.0, "weight_decay": 0.0} | numbers)


def knob_values(design: Design, arm: Arm, values: Mapping[str, float], steps: int) -> Values:
    """The numbers of the knobs that an arm has, and λ beside the strength that it follows from.

    **Arguments:**

    - `values`: what a network is trained with; see `hyperparameters`.
    """
    numbers = {name: values[name] for name in design.knobs_of(arm) if name in values}
    if arm["weight_decay"]:
        numbers["weight_decay"] = values["weight_decay"]
        numbers[STRENGTH] = defaults.strength(values["weight_decay"], values["learning_rate"], steps)
    return numbers
