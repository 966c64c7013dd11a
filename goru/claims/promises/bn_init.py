"""Is a network with batch norm independent of its initial weights?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import mean_effect
from goru.claims.figures import BLUE, RED, band, legend, marks, panels
from goru.claims.promises.bn_speed import aim
from goru.claims.sources import GLOROT, HE, IOFFE
from goru.claims.training import Cell
from goru.language import kept

SCALES = tuple(float(scale) for scale in np.logspace(0, -4, 16))
LEARNED = 0.5  # of the way from a constant baseline to the best score on training rows that any network reaches
MARGIN = 1.0  # scales
SIDES = {"none": (kept("without"), RED), "before": (kept("with batch norm"), BLUE)}


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.learning)} " + kept(
        "Initial weights are normal, of {scales} standard deviations from 1 to "
        "0.0001, with batch norm and without, all at the learning rate {rate:g}. A network "
        "has learned if its {score} on training rows is at least half way from a constant "
        "baseline to the best that any network reaches.",
        scales=len(SCALES),
        rate=setup.learning.rate,
        score=setup.score,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both sides at all scales."""
    return {
        (side, scale): setup.cell(setup.learning, batch_norm=side, weight_init="normal", weight_std=scale)
        for side in SIDES
        for scale in SCALES
    }


def read(setup: Setup, results: Results) -> Reading:
    """At how many scales networks learn."""
    baseline = setup.table.baseline[1]
    wanted = aim(results, baseline, LEARNED)
    learned = {
        side: np.stack([results[side, scale].training_score >= wanted for scale in SCALES], axis=1) for side in SIDES
    }  # (seeds, scales)
    count = {side: found.sum(axis=1) for side, found in learned.items()}
    change = mean_effect(
        kept("Number of scales at which it learns"),
        count["before"] - count["none"],
        MARGIN,
        "scales",
        higher_is_better=True,
    )
    final = {
        side: np.stack([results[side, scale].test_score for scale in SCALES], axis=1).mean(axis=0) for side in SIDES
    }
    well = final["before"] >= baseline + 0.9 * (final["before"].max() - baseline)
    found = kept(
        "With batch norm it learns at {count:.1f} of the {scales} scales, without at "
        "{without:.1f} ({learned} against {learned_without}). That is not the same at all of them: "
        "with batch norm, {score} on test rows goes from {final:.2f} to {highest:.2f}, and "
        "is near its best at {well} scales.",
        count=count["before"].mean(),
        scales=len(SCALES),
        without=count["none"].mean(),
        learned=_range(learned["before"]),
        learned_without=_range(learned["none"]),
        score=setup.score,
        final=final["before"].min(),
        highest=final["before"].max(),
        well=int(well.sum()),
    )

    def draw(figure: Any) -> None:
        left, right = figure.subfigures(1, 2, width_ratios=(1.5, 1))
        grid = panels(left, 4, 4, sharex=True, sharey=True)
        for axes, scale in zip(grid.flat, SCALES, strict=True):
            for side, (name, colour) in SIDES.items():
                trained = results[side, scale]
                band(axes, trained.epochs, trained.training[..., 1], colour, name)
            axes.set_title(f"{scale:.2g}", fontsize=8)
        left.supxlabel("epoch", fontsize=9)
        left.supylabel(f"{setup.score}, training rows", fontsize=9)
        (axes,) = panels(right, 1, 1)[0]
        for side, (name, colour) in SIDES.items():
            marks(axes, SCALES, np.stack([results[side, s].test_score for s in SCALES], axis=1), colour, name)
        axes.set(
            title="At the end, on test rows",
            xscale="log",
            xlabel="standard deviation of the initial weights",
            ylabel=setup.score,
        )
        legend(axes)

    return Reading((change,), found, draw)


def _range(learned: np.ndarray) -> str:
    """The scales at which most networks learn."""
    scales = np.asarray(SCALES)[learned.mean(axis=0) > 0.5]
    if len(scales) == 0:
        return "none"
    return (
        kept("{low} to {high}", low=f"{scales.min():.2g}", high=f"{scales.max():.2g}")
        if len(scales) > 1
        else f"{scales[0]:.2g}"
    )


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for every third scale."""
    side, scale = key
    return [(kept("standard deviation {scale:.2g}", scale=scale), SIDES[side][0])] if scale in SCALES[::3] else []


CLAIM = Claim(
    name="bn-init",
    question=kept("Is batch norm independent of the initial weights?"),
    promise=kept("With batch normalization a network hardly depends on its initial weights."),
    setting=setting,
    columns=("batch_norm", "weight_std"),
    expected=("helps",),
    meaning={
        "holds": kept(
            "So the claim holds: batch norm takes the scale of the initial weights out again, "
            "layer by layer, and a network learns from scales at which it would otherwise stand "
            "still or diverge. Hardly dependent is not independent: from scales far from "
            "Glorot's or He's it learns more slowly, for the size of a weight still decides how "
            "far one step turns it."
        ),
        "holds in part": kept("So the claim holds in part."),
        "does not hold": kept(
            "So the claim does not hold here: with batch norm networks learn from no more scales "
            "of the initial weights than without."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(IOFFE, GLOROT, HE),
    plan=plan,
    read=read,
    size=(13, 5.4),
    shows=kept(
        "Left, {score} on training rows by epoch, a panel for each standard deviation of the "
        "initial weights; right, {score} on test rows at the end. Red is without batch norm, "
        "blue with it."
    ),
    lines=lines,
)
