"""The constructor's arguments, checked before anything is done."""

from collections.abc import Callable, Mapping
from functools import partial
from numbers import Integral, Real
from types import ModuleType
from typing import Any, get_args

import numpy as np

from goru.errors import argument
from goru.nn.architecture import ActivationName, WeightInit

#: goru's name of an activation by that of scikit-learn, or by its own.
ACTIVATIONS: dict[str, ActivationName] = {name: name for name in get_args(ActivationName)} | {"logistic": "sigmoid"}
#: How messages name what a study may be given, where an estimator gives it.
ARGUMENTS = partial(argument, names={"hidden": "hidden_layer_sizes", "networks": "n_networks", "seed": "random_state"})


#: Techniques that change the rows themselves, which must not be sparse then.
AUGMENTATIONS = ("input_dropout", "cutout", "cutmix")


def _integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def _number(value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        return False
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:  # a whole number beyond every float
        return False


def _text(value: Any) -> bool:
    return isinstance(value, str)


def equals_text(value: Any, text: str) -> bool:
    """Whether the value is that text; an array is not."""
    return isinstance(value, str) and value == text


def _one_of(*choices: Any) -> tuple[str, Callable[[Any], bool]]:
    return "one of " + ", ".join(map(repr, choices)), lambda value: any(
        value is choice or (isinstance(value, str) and value == choice) for choice in choices
    )


def _at_least(low: float) -> tuple[str, Callable[[Any], bool]]:
    return f"a number of at least {low:g}", lambda value: _number(value) and value >= low


def _above(low: float) -> tuple[str, Callable[[Any], bool]]:
    return f"a number above {low:g}", lambda value: _number(value) and value > low


def _share(one: bool = False) -> tuple[str, Callable[[Any], bool]]:
    return (
        f"a number from 0 to 1{'' if one else ', and below 1'}",
        lambda value: _number(value) and (0 <= value <= 1 if one else 0 <= value < 1),
    )


def _count(low: int = 1) -> tuple[str, Callable[[Any], bool]]:
    return f"a whole number of at least {low}", lambda value: _integer(value) and value >= low


_BOOLEAN = "True or False", lambda value: isinstance(value, bool | np.bool_)

_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "activation": _one_of(*ACTIVATIONS),
    "solver": _one_of("adam", "sgd", "lbfgs"),
    "loss": _one_of("squared_error", "poisson"),
    "alpha": _at_least(0),
    "batch_size": ("'auto' or a whole number of at least 1", lambda v: equals_text(v, "auto") or _count()[1](v)),
    "learning_rate": _one_of("constant", "invscaling", "adaptive", "cosine"),
    "learning_rate_init": _above(0),
    "power_t": _at_least(0),
    "max_iter": _count(),
    "epochs": _count(),
    "max_fun": _count(),
    "shuffle": _BOOLEAN,
    "tol": _at_least(0),
    "warm_start": _BOOLEAN,
    "momentum": _share(one=True),
    "nesterovs_momentum": _BOOLEAN,
    "early_stopping": _BOOLEAN,
    "validation_fraction": _share(),
    "beta_1": _share(),
    "beta_2": _share(),
    "epsilon": _above(0),
    "n_iter_no_change": ("a whole number of at least 1, or inf", lambda v: v == np.inf or _count()[1](v)),
    "batch_norm": _one_of(None, "before", "after"),
    "batch_norm_epsilon": _above(0),
    "batch_norm_momentum": _share(),
    "batch_norm_scale": ("a finite number", _number),
    "batch_norm_shift": ("a finite number", _number),
    "dropout": _share(),
    "norm": _one_of(None, "layer", "rms"),
    "residual": _BOOLEAN,
    "input_dropout": _share(),
    "cutout": _share(),
    "cutmix": _share(one=True),
    "mixup": _at_least(0),
    "label_smoothing": _share(),
    "ema": _share(),
    "weight_decay": _at_least(0),
    "weight_init": (
        f"a standard deviation, or {_one_of(*get_args(WeightInit)[1:])[0]}",
        lambda v: v in get_args(WeightInit)[1:] if isinstance(v, str) else _number(v) and v > 0,
    ),
    "n_members": _count(),
    "random_state": (
        "None, a whole number from 0 to 4294967295, or a RandomState",
        lambda v: v is None or isinstance(v, np.random.RandomState | ModuleType) or (_integer(v) and 0 <= v < 2**32),
    ),
    "verbose": ("True, False, or a whole number of at least 0", lambda v: _BOOLEAN[1](v) or _count(0)[1](v)),
    "budget": (
        "a number of seconds above 0, a duration such as '60s' or '2m', or None",
        lambda v: v is None or _text(v) or _above(0)[1](v),
    ),
    "n_networks": ("a whole number of at least 1, or None", lambda v: v is None or _count()[1](v)),
    "cv": (
        "None, a whole number of at least 2, a splitter, or pairs of indices",
        lambda v: v is None or ((v >= 2 if _integer(v) else np.iterable(v) or hasattr(v, "split")) and not _text(v)),
    ),
    "scoring": ("None, the name of one scorer, or a scorer", lambda v: v is None or _text(v) or callable(v)),
    "numbers": _one_of("auto", "scaled", "squares", "pieces"),
    "single": _BOOLEAN,
    "search_batch_norm": _BOOLEAN,
    "group_duplicates": _BOOLEAN,
    "scaling": _one_of("robust", None),
}


def check_parameters(estimator: Any) -> None:
    """Raise `ValueError` for an invalid argument, alone or beside the others."""
    given = estimator.get_params(deep=False)
    for name, value in given.items():
        if name in _RULES and not _RULES[name][1](value):
            of = type(estimator).__name__
            raise ValueError(f"The {name!r} parameter of {of} must be {_RULES[name][0]}. Got {value!r} instead.")
    if given.get("solver") == "lbfgs":
        for name in ("dropout", "weight_decay", "early_stopping", *AUGMENTATIONS, "mixup", "ema"):
            if given[name]:
                raise ValueError(f"solver='lbfgs' has no {name}: it takes no mini-batches. Use 'adam' or 'sgd'.")
    if given.get("batch_norm") and given.get("norm"):
        raise ValueError("norm and batch_norm cannot be combined. Give one of them.")
    if given.get("mixup") and given.get("cutmix"):
        raise ValueError("mixup and cutmix cannot be combined. Give one of them.")


def factor_names(factors: Any) -> tuple[str, ...] | None:
    """Factors as a study's option has them: of one name, several, or a mapping from names to levels."""
    if factors is None or isinstance(factors, str):
        return None if factors is None else (factors,)
    if isinstance(factors, Mapping):
        return tuple(
            name if levels is None else f"{name}={','.join(map(_level_name, levels))}"
            for name, levels in factors.items()
        )
    return tuple(map(str, factors))


def _level_name(level: Any) -> str:
    return {None: "none", False: "off", True: "on"}.get(level, str(level))


def hidden_widths(hidden_layer_sizes: Any) -> tuple[int, ...]:
    """The widths as a tuple, of a sequence or a single number."""
    sizes = hidden_layer_sizes if np.iterable(hidden_layer_sizes) else [hidden_layer_sizes]
    widths = tuple(sizes)
    if not all(_integer(width) and width >= 1 for width in widths):
        raise ValueError(
            "hidden_layer_sizes must be whole numbers of at least 1, such as (100, 50). "
            f"Got {hidden_layer_sizes!r} instead."
        )
    return tuple(int(width) for width in widths)
