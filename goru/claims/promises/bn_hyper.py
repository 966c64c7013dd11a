"""Do batch norm's own hyperparameters need attention?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import MARGIN_PERCENT, best_on_others, mean_effect, minus, tuned
from goru.claims.figures import BLUE, GREY, RED, panels
from goru.claims.sources import IOFFE
from goru.claims.training import Cell
from goru.language import kept

USUAL = {"ε": 1e-5, "momentum": 0.9, "γ": 1.0, "β": 0.0}
NEAR = {"ε": (1e-7, 1e-3), "momentum": (0.8, 0.95), "γ": (0.5, 2.0), "β": (-0.5, 0.5)}
FAR = {"ε": (0.1, 10.0), "momentum": (0.0, 0.999), "γ": (0.05, 20.0), "β": (-5.0, 5.0)}
FIELDS = {
    "ε": "batch_norm_epsilon",
    "momentum": "batch_norm_momentum",
    "γ": "batch_norm_scale",
    "β": "batch_norm_shift",
}


def _batches(setup: Setup) -> dict[str, tuple[int, int]]:
    """Half and twice the batch; and a fifth of it, and all rows at once."""
    sizes = setup.overfitting
    return {
        "near": (max(sizes.batch // 2, 2), min(sizes.batch * 2, sizes.rows)),
        "far": (max(sizes.batch // 5, 2), sizes.rows),
    }


def _settings(setup: Setup) -> dict[tuple[str, float], str]:
    """Every setting, and whether it is the usual one, near it or far from it."""
    found = {("usual", 0.0): "usual"}
    for where, values in (("near", NEAR), ("far", FAR)):
        found |= {(name, value): where for name in values for value in values[name]}
        found |= {("batch", float(batch)): where for batch in _batches(setup)[where]}
    return found


def setting(setup: Setup) -> str:
    """What is trained."""
    near, far = _batches(setup)["near"], _batches(setup)["far"]
    return f"{setup.describe(setup.overfitting)} " + kept(
        "Batch norm before the activation, one number changed at a time. "
        "Usual: ε 1e-5, momentum 0.9, γ 1, β 0, batches of {batch}. Near: ε 1e-7 and 1e-3, "
        "momentum 0.8 and 0.95, γ 0.5 and 2, β −0.5 and 0.5, batches of {near} and {near_larger}. "
        "Far: ε 0.1 and 10, momentum 0 and 0.999, γ 0.05 and 20, β −5 and 5, batches of "
        "{far} and {far_larger}; all for as many steps. Each setting is judged at the learning "
        "rate that is best on the other seeds. The range is the test loss of the worst "
        "setting without that of the best, both named by the other seeds.",
        batch=setup.overfitting.batch,
        near=near[0],
        near_larger=near[1],
        far=far[0],
        far_larger=far[1],
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All settings at all rates."""
    cells, sizes = {}, setup.overfitting
    for name, value in _settings(setup):
        shape = sizes.with_as_many_steps(sizes.rows, int(value)) if name == "batch" else sizes
        given: dict[str, Any] = {FIELDS[name]: value} if name in FIELDS else {}
        for rate in setup.rates[-2:]:
            cells[name, value, rate] = setup.cell(shape, rate, batch_norm="before", **given)
    return cells


def read(setup: Setup, results: Results) -> Reading:
    """The range of the test loss near the usual values, and far from them."""
    rates = setup.rates[-2:]
    settings = _settings(setup)
    losses = {}
    for name, value in settings:
        own = [results[name, value, rate].test_loss for rate in rates]
        losses[name, value] = tuned(own)
    usual = losses["usual", 0.0].mean()

    def spread(places: tuple[str, ...], names: Sequence[str]) -> np.ndarray:
        among = np.array([losses[key] for key, where in settings.items() if where in places and key[0] in names])
        at = np.arange(setup.seeds)
        return 100 * (among[best_on_others(-among), at] - among[best_on_others(among), at]) / usual

    effects = tuple(
        mean_effect(what, spread(places, ("usual", *names)), MARGIN_PERCENT, "%", comparisons=3, neutral=True)
        for what, places, names in (
            (kept("Range of test loss over ε, momentum, γ and β near the usual values"), ("usual", "near"), FIELDS),
            (kept("Range over batches near the usual one"), ("usual", "near"), ("batch",)),
            (kept("Range over all, far from the usual values"), ("usual", "near", "far"), (*FIELDS, "batch")),
        )
    )
    means = pd.DataFrame(
        [
            {"what": name, "value": value, "where": where, "change": 100 * (losses[name, value].mean() / usual - 1)}
            for (name, value), where in settings.items()
        ]
    )
    found = kept(
        "Test loss against the usual values: {near} near them, {far} far from them.",
        near=_extremes(means, "near"),
        far=_extremes(means, "far"),
    )

    def draw(figure: Any) -> None:
        names = [*NEAR, "batch"]
        for axes, name in zip(panels(figure, 1, len(names), sharey=True)[0], names, strict=True):
            chosen = [("usual", 0.0), *(key for key in settings if key[0] == name)]
            middle = USUAL.get(name, float(setup.overfitting.batch))
            chosen.sort(key=lambda key: middle if key[0] == "usual" else key[1])
            for place, key in enumerate(chosen):
                colour = {"usual": GREY, "near": BLUE, "far": RED}[settings[key]]
                axes.plot([place] * setup.seeds, losses[key], ".", color=colour, alpha=0.4, markersize=4)
                axes.plot([place - 0.3, place + 0.3], [losses[key].mean()] * 2, color=colour)
            labels = [f"{middle if key[0] == 'usual' else key[1]:g}" for key in chosen]
            axes.set(title=name, xticks=range(len(chosen)), yscale="log")
            axes.set_xticklabels(labels, fontsize=7, rotation=45)
        figure.axes[0].set_ylabel("test loss, each seed and mean")
        for name, colour in (("usual", GREY), ("near", BLUE), ("far", RED)):
            figure.axes[0].plot([], [], color=colour, label=name)
        figure.axes[0].legend(fontsize=7, frameon=False)

    return Reading(effects, found, draw, {"settings": means})


def _extremes(means: pd.DataFrame, where: str) -> str:
    chosen = means[means["where"] == where].sort_values("change")
    best, worst = chosen.iloc[0], chosen.iloc[-1]
    return minus(
        kept(
            "from {best:+.1f} % ({best_what} {best_value:g}) to {worst:+.1f} % ({worst_what} {worst_value:g})",
            best=best["change"],
            best_what=best["what"],
            best_value=best["value"],
            worst=worst["change"],
            worst_what=worst["what"],
            worst_value=worst["value"],
        )
    )


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each number: the usual value, and the lowest and the highest that were tried."""
    name, value, _ = key
    if name == "usual":
        return [(one, kept("usual value")) for one in (*FIELDS, "batch")]
    far = _batches(setup)["far"] if name == "batch" else FAR[name]
    return [(name, kept("lowest value") if value == min(far) else kept("highest value"))] if value in far else []


CLAIM = Claim(
    name="bn-hyper",
    question=kept("Do batch norm's own hyperparameters need attention?"),
    promise=kept("The usual values of batch normalization's own hyperparameters need no tuning."),
    setting=setting,
    columns=("what", "value", "learning_rate"),
    expected=("negligible", "negligible", "hurts"),
    meaning={
        "holds": kept(
            "So the claim holds: near the usual values nothing is to be gained; far from them something is to be lost."
        ),
        "holds in part": kept(
            "So the claim holds in part: how far one may go from the usual values differs from "
            "number to number. The size of the mini-batch is one of them: it decides how noisy "
            "the statistics are."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither that nothing is to be gained near the "
            "usual values, nor that something is to be lost far from them, is borne out."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(IOFFE,),
    plan=plan,
    read=read,
    size=(12, 3.6),
    shows=kept(
        "Test loss of every setting, each seed a point and their mean a line: grey the usual "
        "value, blue near it, red far from it."
    ),
    lines=lines,
    watched="loss",
)
