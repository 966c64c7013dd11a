"""goru's own study as a design: by default batch norm, dropout and weight decay, in every combination."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from goru.data.dataset import Dataset
from goru.errors import InputError, option
from goru.experiment.arms import Arm, Level
from goru.experiment.design import Design, Values
from goru.experiment.fraction import fraction
from goru.experiment.knobs import log_uniform, uniform
from goru.nn.architecture import Architecture, BatchNormPlace, Hyperparameters, Recipe
from goru.studies import defaults
from goru.studies.asked.options import Options
from goru.studies.asked.techniques import DEFAULT, EXCLUDED, FASTER, STRENGTH, TECHNIQUES, WINDOW, parsed, typed

FACTORS: dict[str, tuple[Level, ...]] = {name: TECHNIQUES[name].levels for name in DEFAULT}
LEARNING_RATE = {"learning_rate": log_uniform(*defaults.LEARNING_RATE)}
KNOBS = LEARNING_RATE | {name: knob for factor in DEFAULT for name, knob in TECHNIQUES[factor].knobs.items()}
ARMS = Design(FACTORS).arms  # of the default


def arm_of(batch_norm: BatchNormPlace | None = None, dropout: bool = False, weight_decay: bool = False) -> Arm:
    """One of the twelve arms of the default."""
    levels = (("batch_norm", batch_norm), ("dropout", dropout), ("weight_decay", weight_decay))
    return ARMS[ARMS.index(Arm(levels))]


PLAIN = ARMS[0]


def design(
    search_batch_norm: bool = False,
    factors: Mapping[str, Sequence[Level]] | None = None,
    most_arms: int = defaults.MOST_ARMS,
) -> Design:
    """The design of goru's own study.

    **Arguments:**

    - `search_batch_norm`: whether the hyperparameters of batch norm are tuned as well.
    - `factors`: by default batch norm, dropout and weight decay; see `goru.studies.asked.techniques`.
    - `most_arms`: of more combinations a balanced part is trained; see `goru.experiment.fraction`.

    **Raises:** `InputError` if batch norm is to be searched and is not asked about.
    """
    factors = FACTORS if factors is None else factors
    knobs = LEARNING_RATE | {name: knob for factor in factors for name, knob in TECHNIQUES[factor].knobs.items()}
    if search_batch_norm:
        with_it = {
            factor: [level for level in factors[factor] if (level and "before" in str(level)) or "after" in str(level)]
            for factor in ("batch_norm", "norm")
            if factor in factors
        }
        if not any(with_it.values()):
            raise InputError(f"{option('search_batch_norm', True)}: batch norm is not among the factors.")
        knobs |= {
            "batch_norm_scale": log_uniform(*defaults.BATCH_NORM_SCALE, when=with_it),
            "batch_norm_shift": uniform(*defaults.BATCH_NORM_SHIFT, when=with_it),
            "batch_norm_epsilon": log_uniform(*defaults.BATCH_NORM_EPSILON, when=with_it),
            "batch_norm_momentum": uniform(*defaults.BATCH_NORM_MOMENTUM, when=with_it),
        }
    excluded = tuple(levels for levels in EXCLUDED if levels.keys() <= factors.keys())
    return fraction(factors, knobs, excluded, most_arms)


def design_of(options: Options, dataset: Dataset) -> Design:
    """What is asked of a table.

    **Raises:** `InputError` for factors that there are not, or that are for classes where a number is predicted.
    """
    factors, classes = None, dataset.classes is not None
    if options.factors is not None:
        factors = parsed(options.factors, classes, options.activation)
    if not classes and (wrong := [name for name in factors or () if TECHNIQUES[name].classes]):
        raise InputError(
            f"{option('factors')}: '{dataset.target_name}' is a number, and {typed(wrong[0])} is for "
            "classes. Leave it out."
        )
    return design(options.search_batch_norm, factors)


def architecture(arm: Arm, base: Architecture) -> Architecture:
    """The base's shape with an arm's layers."""
    changes: dict[str, object] = {}
    for factor, level in arm.levels:
        changes |= TECHNIQUES[factor].shape.get(level, {})
    shape = replace(base, **changes)  # type: ignore[arg-type]
    # What is learned sqrt(6) times as large has, without Adam, a gradient as much larger: 6 times the rate in all.
    descent = ("optimizer", "momentum") in arm.levels and shape.column_scales
    return replace(shape, column_scales=shape.column_scales**0.5) if descent else shape


def recipe_of(arm: Arm, base: Recipe) -> Recipe:
    """How an arm's networks are trained."""
    changes: dict[str, object] = {}
    for factor, level in arm.levels:
        changes |= TECHNIQUES[factor].recipe.get(level, {})
    return replace(base, **changes)  # type: ignore[arg-type]


def programs(arms: Sequence[Arm], base: Architecture, recipe: Recipe) -> list[tuple[Architecture, Recipe]]:
    """What is compiled for some arms; several may share one."""
    return list(dict.fromkeys((architecture(arm, base), recipe_of(arm, recipe)) for arm in arms))


def sharing(arms: Sequence[Arm], base: Architecture, recipe: Recipe) -> int:
    """Of how many arms the program is that most of them share."""
    return max(Counter((architecture(arm, base), recipe_of(arm, recipe)) for arm in arms).values(), default=1)


def phrase(arm: Arm) -> str:
    """An arm as part of a sentence."""
    return arm.phrase.replace("before", "before the activation").replace("after", "after the activation")


def hyperparameters(values: Values, steps: int, arm: Arm | None = None) -> Hyperparameters:
    """What a network is trained with.

    **Arguments:**

    - `values`: of the knobs that its arm has.
    - `steps`: of the learning rate's schedule.
    - `arm`: its arm, where the optimiser is a factor.
    """
    numbers = {name: value for name, value in values.items() if name not in (STRENGTH, WINDOW)}
    if arm is not None and (times := FASTER.get(str(dict(arm).get("optimizer")))):
        numbers["learning_rate"] *= times
    if STRENGTH in values:
        numbers["weight_decay"] = defaults.decay(values[STRENGTH], numbers["learning_rate"], steps)
    if WINDOW in values:
        numbers["averaging"] = 1 - 1 / max(values[WINDOW] * steps, 1.0)
    fixed = {"dropout_rate": 0.0, "weight_decay": 0.0, "batch_norm_epsilon": defaults.EPSILON}
    return Hyperparameters(**fixed | numbers)


def knob_values(design: Design, arm: Arm, values: Mapping[str, float], steps: int) -> Values:
    """The numbers of the knobs that an arm has, and beside a strength, or a window, what follows from it.

    **Arguments:**

    - `values`: what a network is trained with; see `hyperparameters`.
    """
    known = design.knobs_of(arm)
    numbers = {name: values[name] for name in known if name in values}
    if STRENGTH in known:
        numbers["weight_decay"] = values["weight_decay"]
        numbers[STRENGTH] = defaults.strength(values["weight_decay"], values["learning_rate"], steps)
    if WINDOW in known:
        numbers["averaging"] = values["averaging"]
        numbers[WINDOW] = 1 / (1 - values["averaging"]) / max(steps, 1)
    return numbers
