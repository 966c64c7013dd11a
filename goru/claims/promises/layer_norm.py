"""Is what batch norm promises its own, or any normalization's?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import ClaimEffect, mean_effect, row, tuned
from goru.claims.figures import BLUE, GREEN, ORANGE, RED, band, legend, marks, panels
from goru.claims.promises.bn_init import LEARNED
from goru.claims.promises.bn_init import MARGIN as MARGIN_SCALES
from goru.claims.promises.bn_speed import MARGIN as MARGIN_EPOCHS
from goru.claims.promises.bn_speed import RATES, REACHED, aim, epochs_until
from goru.claims.sources import BA, IOFFE, SANTURKAR, ZHANG_SENNRICH
from goru.claims.training import Cell
from goru.language import kept

SCALES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)  # times He's standard deviation
SIDES = {
    "none": (kept("no normalization"), RED),
    "batch": (kept("batch norm"), BLUE),
    "layer": (kept("layer norm"), GREEN),
    "rms": (kept("RMS norm"), ORANGE),
}
OTHERS = ("layer", "rms")  # what the verdict is on
PAIRS = (("batch", "none"), ("layer", "none"), ("rms", "none"), ("layer", "batch"), ("rms", "batch"))
RATES_DRAWN, SCALES_DRAWN = (0.03, 0.1, 0.3), (10.0, 0.1, 0.01)  # of which learning curves are


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.learning)} " + kept(
        "No normalization, batch norm, layer norm and RMS norm, each before the "
        "activation. Speed: {rates} learning rates, from He's initial weights; how many "
        "epochs a side needs is read off its {score} on the rows that it learns from, and "
        "each seed is judged at the rate that is best on the other seeds. Initial weights: "
        "{scales} scales, from {largest_scale:g} to {smallest_scale:g} times He's standard deviation, "
        "all at the learning rate {rate:g}; a network has learned if that {score} is at "
        "least half way from a constant baseline to the best that any network reaches.",
        rates=len(RATES),
        score=setup.score,
        scales=len(SCALES),
        largest_scale=SCALES[0],
        smallest_scale=SCALES[-1],
        rate=setup.learning.rate,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All sides at all rates, and from all scales."""
    shared = setup.learning.rate
    tried = dict.fromkeys([*((1.0, rate) for rate in RATES), *((scale, shared) for scale in SCALES)])
    return {
        (side, scale, rate): setup.cell(
            setup.learning,
            rate,
            batch_norm="before" if side == "batch" else None,
            norm=side if side in OTHERS else None,
            weight_std=scale,
        )
        for side in SIDES
        for scale, rate in tried
    }


def read(setup: Setup, results: Results) -> Reading:
    """Epochs until the aim is reached, and at how many scales networks learn."""
    baseline, shared = setup.table.baseline[1], setup.learning.rate
    fast = {(side, rate): results[side, 1.0, rate] for side in SIDES for rate in RATES}
    wanted = aim(fast, baseline, REACHED)
    needed = {key: epochs_until(found.training[..., 1], wanted, baseline) for key, found in fast.items()}
    # Of two rates that need the same, the one with the better score.
    order = {key: needed[key] - 1e-3 * fast[key].training[..., 1].mean(axis=1) for key in needed}
    own = {side: tuned([needed[side, rate] for rate in RATES], [order[side, rate] for rate in RATES]) for side in SIDES}
    best = {side: min(RATES, key=lambda rate: order[side, rate].mean()) for side in SIDES}

    started = {(side, scale): results[side, scale, shared] for side in SIDES for scale in SCALES}
    enough = aim(started, baseline, LEARNED)
    scores = {
        side: np.stack([started[side, scale].training_score for scale in SCALES], axis=1) for side in SIDES
    }  # (seeds, scales)
    count = {side: (found >= enough).sum(axis=1) for side, found in scores.items()}

    def faster(one: str, other: str, comparisons: int, what: str = "") -> ClaimEffect:
        changes = 100 * (own[one] - own[other]) / own[other].mean()
        return mean_effect(what, changes, MARGIN_EPOCHS, "%", comparisons=comparisons)

    def freer(one: str, other: str, comparisons: int, what: str = "") -> ClaimEffect:
        changes = count[one] - count[other]
        return mean_effect(what, changes, MARGIN_SCALES, "scales", higher_is_better=True, comparisons=comparisons)

    effects = []
    for side in OTHERS:
        pair = kept("{level} against {other}", level=SIDES[side][0], other=SIDES["none"][0])
        effects += [
            faster(side, "none", 4, kept("Epochs needed, {pair}, each at its own best rate", pair=pair)),
            freer(side, "none", 4, kept("Number of scales at which it learns, {pair}", pair=pair)),
        ]
    compared = [
        (what, one, other, measure(one, other, 2 * len(PAIRS)))
        for what, measure in (("epochs", faster), ("scales", freer))
        for one, other in PAIRS
    ]
    table = pd.DataFrame(
        [
            {"what": what, "of": SIDES[one][0], "against": SIDES[other][0], "unit": effect.unit, **row(effect)}
            for what, one, other, effect in compared
        ]
    )
    told = {(what, one, other): effect for what, one, other, effect in compared}
    took = ", ".join(
        kept("{level} {value:.1f} ({low:g})", level=name, value=own[side].mean(), low=best[side])
        for side, (name, _) in SIDES.items()
    )
    learned = ", ".join(
        kept("{level} {value:.1f}", level=name, value=count[side].mean()) for side, (name, _) in SIDES.items()
    )
    beside = "; ".join(
        kept(
            "with {side} the epochs differ by {numbers}, the number of scales by {scales}",
            side=SIDES[side][0],
            numbers=told["epochs", side, "batch"].numbers,
            scales=told["scales", side, "batch"].numbers,
        )
        for side in OTHERS
    )
    found = kept(
        "Epochs until the aim, a score ({score}) of {wanted:.2f} on training rows, with the "
        "best rate: {took}. Scales, of {scales}, at which it learns: {learned}. Against "
        "batch norm: {beside}.",
        score=setup.score,
        wanted=wanted,
        took=took,
        scales=len(SCALES),
        learned=learned,
        beside=beside,
    )

    def draw(figure: Any) -> None:
        first, second, third = panels(figure, 1, 3)[0]
        for side, (name, colour) in SIDES.items():
            trained = fast[side, best[side]]
            band(first, trained.epochs, trained.training[..., 1], colour, f"{name}, {best[side]:g}")
            marks(second, RATES, np.stack([needed[side, rate] for rate in RATES], axis=1), colour, name)
            marks(third, SCALES, scores[side], colour, name)
        for axes, line in ((first, wanted), (third, enough)):
            axes.axhline(line, color="0.5", linewidth=0.8, linestyle=":")
            axes.set_ylabel(f"{setup.score}, training rows")
        first.set(title="Each at its own best rate", xlabel="epoch")
        second.set(title="Epochs until the dotted line", xlabel="learning rate", ylabel="epochs", xscale="log")
        third.set(title=f"At the end, at the rate {shared:g}", xlabel="initial weights, times He's", xscale="log")
        for axes in (first, second):
            legend(axes)

    return Reading(tuple(effects), found, draw, {"differences": table})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for some of the learning rates, and for some of the scales."""
    side, scale, rate = key
    if scale == 1:
        return [(kept("learning rate {rate:g}", rate=rate), SIDES[side][0])] if rate in RATES_DRAWN else []
    return [(kept("{scale:g} times He's", scale=scale), SIDES[side][0])] if scale in SCALES_DRAWN else []


CLAIM = Claim(
    name="layer-norm",
    question=kept("Is what batch norm promises its own, or any normalization's?"),
    promise=kept(
        "What batch normalization promises, other normalizations do too: with layer norm or "
        "RMS norm a network learns faster, and from more scales of the initial weights."
    ),
    setting=setting,
    columns=("normalization", "weight_scale", "learning_rate"),
    expected=("helps",) * 4,
    meaning={
        "holds": kept(
            "So the claim holds, and is not batch norm's own: a row that is normalized by "
            "itself, with no mini-batch, makes networks faster and less dependent on their "
            "initial weights too. What all three have in common is that they take the scale of "
            "the weights out again, layer by layer."
        ),
        "holds in part": kept(
            "So the claim holds in part: of four comparisons, layer norm's and RMS norm's speed "
            "and their independence of the initial weights, not all are better than with no "
            "normalization."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither layer norm nor RMS norm is shown to learn "
            "faster, or from more scales of the initial weights, than no normalization."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(BA, ZHANG_SENNRICH, IOFFE, SANTURKAR),
    plan=plan,
    read=read,
    size=(12, 3.6),
    shows=kept(
        "Left, {score} on training rows by epoch, each side at its own best learning rate; "
        "in the middle, how many epochs it takes to reach the dotted line at each learning "
        "rate; right, {score} on training rows at the end by the scale of the initial "
        "weights: above the dotted line a network has learned."
    ),
    lines=lines,
)
