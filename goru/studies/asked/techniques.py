"""The techniques that a study of goru's own networks can ask about: each in one place, as data.

A level of a technique changes the architecture or the recipe; a knob of it is a number of a network. To add one is to
add an entry, and whatever it needs in `goru.nn`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goru.errors import InputError, option
from goru.experiment.arms import Level
from goru.experiment.knobs import Knob, log_uniform, uniform
from goru.language import kept
from goru.nn.layers.scaled_affine import FASTER as COLUMNS_FASTER
from goru.studies import defaults
from goru.wording import listing, nearest

Changes = Mapping[str, Any]  # fields, and what they are instead


@dataclass(frozen=True)
class Technique:
    """A factor of a study, and what its levels do.

    - `about`: what it is, in a line.
    - `levels`: what a study asks about; the first is the reference.
    - `more`: levels that may be asked about as well.
    - `knobs`: numbers that are tuned where it is used: fields of `Hyperparameters`, or what they follow from.
    - `shape`, `recipe`: by level, what it changes of an `Architecture`, and of a `Recipe`.
    - `shown`: fields of `Hyperparameters` that tell how strong it is, each as it is written.
    - `classes`: whether it is for classes alone.
    """

    about: str
    levels: tuple[Level, ...] = (False, True)
    more: tuple[Level, ...] = ()
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    shape: Mapping[Level, Changes] = field(default_factory=dict)
    recipe: Mapping[Level, Changes] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    classes: bool = False


def _on(**changes: Any) -> dict[Level, Changes]:
    return {True: changes}


STRENGTH = "decay_strength"  # what is drawn for weight decay; λ follows from it
WINDOW = "averaging_window"  # what is drawn for averaging; β follows from it
NORMS: dict[Level, Changes] = {
    "batch norm before": {"batch_norm": "before"},
    "batch norm after": {"batch_norm": "after"},
    "layer norm": {"norm": "layer"},
    "RMS norm": {"norm": "rms"},
}
TECHNIQUES: dict[str, Technique] = {
    "batch_norm": Technique(
        "batch normalization before or after the activation (Ioffe & Szegedy 2015)",
        levels=(None, "before", "after"),
        shape={"before": {"batch_norm": "before"}, "after": {"batch_norm": "after"}},
    ),
    "norm": Technique(
        "batch, layer (Ba et al. 2016) or RMS normalization (Zhang & Sennrich 2019)",
        levels=(None, *NORMS),
        shape=NORMS,
    ),
    "dropout": Technique(
        "hidden units deleted at random (Srivastava et al. 2014)",
        knobs={"dropout_rate": uniform(*defaults.DROPOUT_RATE, when={"dropout": True})},
        shape={level: {"dropout": True} for level in (False, True)},  # 0 is off: one program serves both
        shown={"dropout_rate": kept("dropout {value:.2f}")},
    ),
    "weight_decay": Technique(
        "weights that shrink by themselves, decoupled (Loshchilov & Hutter 2019)",
        knobs={STRENGTH: log_uniform(*defaults.DECAY_STRENGTH, when={"weight_decay": True})},
        shown={"weight_decay": kept("weight decay {value:.2g}")},
    ),
    "input_dropout": Technique(
        "columns deleted at random (Srivastava et al. 2014)",
        knobs={"input_dropout_rate": uniform(0.02, 0.3, when={"input_dropout": True})},
        shape=_on(input_dropout=True),
        shown={"input_dropout_rate": kept("input dropout {value:.2f}")},
    ),
    "label_smoothing": Technique(
        "targets that leave a share to all classes (Szegedy et al. 2016)",
        knobs={"smoothing": log_uniform(0.01, 0.3, when={"label_smoothing": True})},
        recipe={level: {"label_smoothing": True} for level in (False, True)},  # 0 is off: one program serves both
        shown={"smoothing": kept("label smoothing {value:.2g}")},
        classes=True,
    ),
    "mixup": Technique(
        "rows and targets mixed by twos (Zhang et al. 2018)",
        knobs={"mixup_alpha": log_uniform(0.1, 2.0, when={"mixup": True})},
        shape=_on(mix="mixup"),
        shown={"mixup_alpha": kept("mixup α {value:.2g}")},
    ),
    "cutmix": Technique(
        "columns of another row, and so much of its target (Yun et al. 2019)",
        knobs={"cutmix_rate": uniform(0.1, 1.0, when={"cutmix": True})},
        shape=_on(mix="cutmix"),
        shown={"cutmix_rate": kept("CutMix {value:.2f}")},
    ),
    "cutout": Technique(
        "columns of half of the rows set to their mean (DeVries & Taylor 2017)",
        knobs={"cutout_rate": uniform(0.05, 0.5, when={"cutout": True})},
        shape=_on(cutout=True),
        shown={"cutout_rate": kept("cutout {value:.2f}")},
    ),
    "column_scales": Technique(
        "a learned scale for every prepared column, at 6 times the learning rate (Holzmüller et al. 2024); on in all "
        "combinations unless it is asked about",
        shape={False: {"column_scales": 0.0}, True: {"column_scales": COLUMNS_FASTER}},
    ),
    "residual": Technique("blocks added to what they read (He et al. 2016)", shape=_on(residual=True)),
    "ema": Technique(
        "averaged weights (Polyak & Juditsky 1992)",
        knobs={WINDOW: log_uniform(0.003, 0.1, when={"ema": True})},
        recipe=_on(averaging=True),
        shown={"averaging": kept("averaged weights, β {value:.4f}")},
    ),
    "sam": Technique(
        "sharpness-aware minimization (Foret et al. 2021)",
        knobs={"sam_radius": log_uniform(0.01, 0.5, when={"sam": True})},
        recipe=_on(sharpness=True),
        shown={"sam_radius": kept("SAM ρ {value:.2g}")},
    ),
    "activation": Technique(
        "the function of the hidden units; relu, or what --activation says, is the reference",
        levels=("relu", "gelu", "silu", "mish", "selu"),
        more=("sigmoid", "tanh"),
        shape={name: {"activation": name} for name in ("relu", "gelu", "silu", "mish", "selu", "sigmoid", "tanh")},
    ),
    "optimizer": Technique(
        "Adam (Kingma & Ba 2015), or stochastic gradient descent with momentum at ten times the rate",
        levels=("adam", "momentum"),
        recipe={name: {"optimizer": name} for name in ("adam", "momentum")},
    ),
}
FASTER = {"momentum": 10.0}  # times the learning rate of Adam
DEFAULT = ("batch_norm", "dropout", "weight_decay")
SHORT = {"decay": "weight_decay", "averaging": "ema"}
OF_NORM = {"layer_norm": "layer norm", "rms_norm": "RMS norm"}  # levels that may be asked about like factors
LEVELS: dict[str, Level] = {"false": False, "true": True, "rms": "RMS norm", "layer": "layer norm"}
LEVELS |= {"batch before": "batch norm before", "batch after": "batch norm after"}
# Combinations that make no sense: rows are mixed in one way or the other.
EXCLUDED = ({"mixup": True, "cutmix": True},)


def parsed(tokens: Sequence[str], classes: bool = True, activation: str = "relu") -> dict[str, tuple[Level, ...]]:
    """Factors, each with its levels: `["norm=none", "layer", "dropout"]` asks about layer norm and dropout.

    A factor without levels has its usual ones: of `norm` those of batch norm. `layer-norm` and `rms-norm` ask about
    these alone; `all` stands for every factor, with batch, layer and RMS norm.

    **Arguments:**

    - `classes`: whether the target is one; for a number, `all` leaves out what is for classes.
    - `activation`: the reference among activations, where none are chosen.

    **Raises:** `InputError` for what there is not.
    """
    levels_of: dict[str, list[Level]] = {}
    current, everything = "", False
    for token in [part.strip() for given in tokens for part in given.split(",")]:
        name, equals, level = token.replace("-", "_").partition("=")
        name = SHORT.get(name, name)
        chosen = levels_of.get(current)
        if chosen and not equals and _is_level(current, name):
            chosen.append(_level(current, name))
        elif name == "all" and not equals:
            everything = True
            left = [every for every in TECHNIQUES if every not in ("batch_norm", *levels_of)]
            levels_of |= {every: [] for every in left if classes or not TECHNIQUES[every].classes}
        elif name in OF_NORM and not equals:
            usual: list[Level] = [None, "batch norm before", "batch norm after"] if "norm" in levels_of else [None]
            levels_of["norm"], current = [*(levels_of.get("norm") or usual), OF_NORM[name]], "norm"
        elif name in TECHNIQUES:
            levels_of[name], current = [_level(name, level)] if equals else [], name
        elif chosen and not equals:
            chosen.append(_level(current, name))
        else:
            raise InputError(
                f"{option('factors')}: unknown factor {token!r}.{nearest(typed(name), map(typed, TECHNIQUES))} "
                f"There are {', '.join(map(typed, TECHNIQUES))} and all."
            )
    if not levels_of:
        raise InputError(f"{option('factors')}: no factors. Give one or more: mixup.")
    usual_levels = {name: technique.levels for name, technique in TECHNIQUES.items()}
    usual_levels["activation"] = (activation, *usual_levels["activation"])
    factors = {name: tuple(dict.fromkeys(levels or usual_levels[name])) for name, levels in levels_of.items()}
    if levels_of.get("norm") == [] and not everything:  # the usual question is that of batch norm
        factors = {"batch_norm" if name == "norm" else name: levels for name, levels in factors.items()}
        factors["batch_norm"] = TECHNIQUES["batch_norm"].levels
    if {"norm", "batch_norm"} <= factors.keys():
        raise InputError(f"{option('factors')}: norm asks about batch norm as well. Leave batch-norm out.")
    for name, levels in factors.items():
        if len(levels) < 2:
            raise InputError(
                f"{option('factors')}: {typed(name)} has one level. Give two or more, the reference first."
            )
    return factors


def typed(name: str) -> str:
    """A factor as it is called where users read of it."""
    return name.replace("_", "-")


def _spelled(name: str) -> dict[str, Level]:
    """The levels of a factor by what they are called."""
    switch = {False: "off", True: "on"}
    every = (*TECHNIQUES[name].levels, *TECHNIQUES[name].more)
    return {switch[one] if isinstance(one, bool) else str(one).lower(): one for one in every}


def _is_level(name: str, level: str) -> bool:
    return _known(name, level) in _spelled(name).values()


def _known(name: str, level: str) -> Level:
    words = level.lower().replace("_", " ")
    if name == "batch_norm":
        words = words.removeprefix("batch ").removeprefix("norm ")
    return _spelled(name).get(words, LEVELS.get(words, level))


def _level(name: str, level: str) -> Level:
    if not _is_level(name, level):
        there = listing(_spelled(name))
        raise InputError(f"{option('factors')}: {typed(name)} has no level {level!r}. It has {there}.")
    return _known(name, level)
