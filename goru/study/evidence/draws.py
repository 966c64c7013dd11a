"""How the loss depends on each hyperparameter: the draws of all arms, and the ranges that they are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.study import defaults
from goru.study.candidates import Candidate
from goru.study.design import Arm
from goru.study.trial import Losses

EDGE = 0.05  # of a range, on its scale: what lies nearer to an end is at its edge
MOST_DRAWS = defaults.MOST_DRAWS  # of an arm; the first ones, which are spread as evenly as all, and the recommended
STRENGTH = "decay_strength"  # what is drawn for weight decay; λ follows from it
# Of every hyperparameter: its range, and whether its scale is a logarithm.
RANGES: dict[str, tuple[tuple[float, float], bool]] = {
    "learning_rate": (defaults.LEARNING_RATE, True),
    "dropout_rate": (defaults.DROPOUT_RATE, False),
    STRENGTH: (defaults.DECAY_STRENGTH, True),
    "batch_norm_scale": (defaults.BATCH_NORM_SCALE, True),
    "batch_norm_shift": (defaults.BATCH_NORM_SHIFT, False),
    "batch_norm_epsilon": (defaults.BATCH_NORM_EPSILON, True),
    "batch_norm_momentum": (defaults.BATCH_NORM_MOMENTUM, False),
}


def describe_draws(
    losses: Mapping[Arm, Losses],
    drawn: Mapping[Arm, list[Hyperparameters]],
    folds: int,
    steps: int,
    searched: bool,
    recommended: Candidate,
) -> dict[str, Any]:
    """The draws, and every hyperparameter that was drawn.

    **Arguments:**

    - `folds`: the first partition's, in which all draws were trained: their losses can be compared there.
    - `steps`: of the learning rate's schedule.
    - `searched`: whether batch norm's hyperparameters were drawn.
    - `recommended`: what was chosen.

    **Returns:** `draws`, each with its arm, its numbers, the best epoch and the mean loss there; `hyperparameters`,
    each with its range and, where the recommended draw has it, its value there and whether that is at an edge.
    """
    found = []
    for arm, own in losses.items():
        mean = own.score[:, :folds].mean(axis=1)
        for draw, by_epoch in enumerate(mean):
            shown = draw < MOST_DRAWS or (arm, draw) == (recommended.arm, recommended.draw)
            if np.isnan(by_epoch[-1]) or not shown:
                continue
            epoch = int(by_epoch.argmin())
            numbers = of_draw(arm, drawn[arm][draw], steps, searched)
            found.append(
                {"arm": arm.name, "draw": draw, **numbers, "epochs": epoch + 1, "loss": float(by_epoch[epoch])}
            )
    schedule = next(iter(losses.values())).score.shape[2]
    chosen = of_draw(recommended.arm, recommended.hyper, steps, searched) | {"epochs": recommended.epochs}
    ranges = {name: RANGES[name] for name in RANGES if any(name in draw for draw in found)}
    described: list[dict[str, Any]] = [
        {"name": name, "low": low, "high": high, "log": log, "recommended": chosen.get(name)}
        for name, ((low, high), log) in (ranges | {"epochs": ((1, schedule), False)}).items()
    ]
    return {"draws": found, "hyperparameters": [each | {"edge": edge(**each)} for each in described]}


def of_draw(arm: Arm, hyper: Hyperparameters, steps: int, searched: bool) -> dict[str, float]:
    """The numbers that were drawn, of the techniques that the arm has."""
    numbers: dict[str, Any] = {"learning_rate": hyper.learning_rate}
    if arm.dropout:
        numbers["dropout_rate"] = hyper.dropout_rate
    if arm.weight_decay:
        numbers["weight_decay"] = hyper.weight_decay
        numbers[STRENGTH] = defaults.strength(float(hyper.weight_decay), float(hyper.learning_rate), steps)
    if arm.batch_norm and searched:
        numbers |= {name: value for name, value in hyper._asdict().items() if name in RANGES and "batch_norm" in name}
    return numbers


def edge(name: str, low: float, high: float, log: bool, recommended: float | None) -> str | None:
    """`"low"` or `"high"` where a value lies at that end of its range; the first epochs are none."""
    if recommended is None or not high > low:
        return None
    ends = np.array([low, recommended, high], float)
    below, value, above = np.log(ends) if log else ends
    place = (value - below) / (above - below)
    if place > 1 - EDGE:
        return "high"
    return "low" if place < EDGE and name != "epochs" else None
