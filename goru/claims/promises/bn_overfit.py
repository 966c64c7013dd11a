"""Does batch norm suppress overfitting?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import loss_effect, points_effect, tuned
from goru.claims.figures import BLUE, RED, band, gap, legend, panels
from goru.claims.sources import IOFFE, LI
from goru.claims.training import Cell
from goru.language import kept

SIDES = {"none": (kept("without"), RED), "before": (kept("with batch norm"), BLUE)}


def setting(setup: Setup) -> str:
    """What is trained."""
    rates = ", ".join(f"{rate:g}" for rate in setup.rates)
    tuning = kept(
        "Learning rates {rates}: each seed is judged at the rate with the lowest test loss on the other seeds.",
        rates=rates,
    )
    whole = kept("All are trained to the last epoch; nothing is stopped early.")
    return " ".join([setup.describe(setup.overfitting), whole, *[tuning] * (len(setup.rates) > 1)])


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both sides at all rates."""
    return {
        (side, rate): setup.cell(setup.overfitting, rate, batch_norm=side) for side in SIDES for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """The gap, and the loss on test rows."""
    losses = {side: [results[side, rate].test_loss for rate in setup.rates] for side in SIDES}
    best = {side: setup.rates[int(np.argmin(np.mean(losses[side], axis=1)))] for side in SIDES}

    def own(side: str, name: str) -> np.ndarray:
        return tuned([getattr(results[side, rate], name) for rate in setup.rates], losses[side])

    gaps = {side: own(side, "gap") for side in SIDES}
    effects = (
        points_effect(
            kept("Gap in {score} between training rows and test rows", score=setup.score),
            gaps["before"],
            gaps["none"],
            higher_is_better=False,
            comparisons=2,
        ),
        loss_effect(kept("Test loss"), own("before", "test_loss"), own("none", "test_loss"), comparisons=2),
    )
    fit = {side: own(side, "training_score").mean() for side in SIDES}
    found = kept(
        "With batch norm the {score} was {fit:.1%} on training rows and {own:.1%} on test "
        "rows; without, {fit_without:.1%} and {own_without:.1%}.",
        score=setup.score,
        fit=fit["before"],
        own=own("before", "test_score").mean(),
        fit_without=fit["none"],
        own_without=own("none", "test_score").mean(),
    )

    def draw(figure: Any) -> None:
        first, second = panels(figure, 1, 2)[0]
        for side, (name, colour) in SIDES.items():
            trained = results[side, best[side]]
            gap(first, trained, colour, name)
            band(second, trained.epochs, trained.test[..., 0], colour, f"{name}, rate {best[side]:g}")
        first.set(title="The gap: dashed above solid", xlabel="epoch", ylabel=setup.score)
        second.set(title="Loss on test rows", xlabel="epoch", ylabel="loss")
        legend(first)
        legend(second)

    return Reading(effects, found, draw)


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Both sides."""
    return [("", SIDES[key[0]][0])]


CLAIM = Claim(
    name="bn-overfit",
    question=kept("Does batch norm suppress overfitting?"),
    promise=kept("Batch normalization suppresses overfitting."),
    setting=setting,
    columns=("batch_norm", "learning_rate"),
    expected=("helps", "helps"),
    meaning={
        "holds": kept(
            "So the claim holds: the gap is smaller and the loss on test rows lower. A row is "
            "normalised by the others of its mini-batch, and these change from step to step: "
            "that noise regularises, as dropout's does."
        ),
        "holds in part": kept(
            "So the claim holds in part: of the two, the gap and the loss on test rows, not both "
            "are shown to be better. A regulariser is judged by the loss; a gap can also be "
            "small because a network has not learned."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither a smaller gap nor a lower loss on test rows is borne out."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(IOFFE, LI),
    plan=plan,
    read=read,
    shows=kept(
        "Left, the gap: {score} on training rows (dashed) above that on test rows (solid); "
        "right, the loss on test rows. Each side is shown at the learning rate that is best "
        "on average."
    ),
    lines=lines,
)
