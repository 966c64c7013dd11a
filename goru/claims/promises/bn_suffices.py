"""Are dropout and weight decay unnecessary once batch norm is there?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import MARGIN_PERCENT, ClaimEffect, mean_effect, row, tuned
from goru.claims.figures import BLUE, GREY, RED, forest, legend, panels
from goru.claims.sources import IOFFE, LI, VAN_LAARHOVEN
from goru.claims.training import Cell
from goru.language import kept

DROPOUT = (0.1, 0.3)
DECAY = (0.003, 0.03)
SIDES = ("none", "before")
# What is added, as the dropout rates and the λ it may have.
ADDED: dict[str, tuple[Sequence[float], Sequence[float]]] = {
    "nothing": ((0.0,), (0.0,)),
    "dropout": (DROPOUT, (0.0,)),
    "decay": ((0.0,), DECAY),
    "both": (DROPOUT, DECAY),
}


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.overfitting)} " + kept(
        "Every combination of batch norm (none, before the activation), "
        "dropout (none, rates {dropout}) and weight decay (none, λ {decay}). Each "
        "combination is judged at the rates and the λ that are best on the other seeds.",
        dropout=" and ".join(map(str, DROPOUT)),
        decay=" and ".join(map(str, DECAY)),
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All combinations at all rates."""
    return {
        (side, dropout, decay, rate): setup.cell(
            setup.overfitting,
            rate,
            batch_norm=side,
            dropout=True,  # at rate 0 nothing is deleted: so one program serves all
            dropout_rate=dropout,
            weight_decay=decay,
        )
        for side in SIDES
        for dropout in (0.0, *DROPOUT)
        for decay in (0.0, *DECAY)
        for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """What each adds alone, and on top of batch norm."""

    def own(side: str, *added: str) -> np.ndarray:
        """At the setting that is best on the other seeds, among all that these additions may have."""
        losses = [
            results[side, dropout, decay, rate].test_loss
            for name in added
            for dropout in ADDED[name][0]
            for decay in ADDED[name][1]
            for rate in setup.rates
        ]
        return tuned(losses)

    plain, alone = own("none", "nothing"), own("before", "nothing")

    def change(losses: np.ndarray, against: np.ndarray, comparisons: int = 1) -> ClaimEffect:
        return mean_effect("", 100 * (losses - against) / plain.mean(), MARGIN_PERCENT, "%", comparisons=comparisons)

    rest = own("before", "dropout", "decay", "both")
    decides = mean_effect(
        kept("Test loss with the best of dropout and decay on top of batch norm, against batch norm alone"),
        100 * (rest - alone) / alone.mean(),
        MARGIN_PERCENT,
        "%",
    )
    added: list[tuple[str, str, ClaimEffect]] = []
    for name in ("dropout", "decay", "both"):
        without, on_top = own("none", name) - plain, own("before", name) - alone
        for where, changes in (
            (kept("alone"), without),
            (kept("on top of batch norm"), on_top),
            (kept("interaction"), on_top - without),
        ):
            added.append((name, where, change(changes, np.zeros(setup.seeds), comparisons=9)))
    table = pd.DataFrame([{"added": name, "where": where, **row(found)} for name, where, found in added])
    best = own("none", "dropout", "decay", "both")
    summary = kept(
        "Batch norm alone changed the plain network's test loss by {numbers}, the best of "
        "dropout and decay without it by {best}, all of them together by {together}.",
        numbers=change(alone, plain).numbers,
        best=change(best, plain).numbers,
        together=change(rest, plain).numbers,
    )

    def draw(figure: Any) -> None:
        first, second = panels(figure, 1, 2, width_ratios=(1, 1.2))[0]
        names = list(ADDED)
        for offset, side, label, colour in ((-0.17, "none", "without batch norm", RED), (0.17, "before", "with", BLUE)):
            losses = [own(side, name) for name in names]
            for at, values in enumerate(losses):
                first.plot([at + offset] * setup.seeds, values, ".", color=colour, alpha=0.4, markersize=4)
                first.plot([at + offset - 0.14, at + offset + 0.14], [values.mean()] * 2, color=colour)
            first.plot([], [], color=colour, label=label)
        first.set(title="Test loss, each seed and mean", xticks=range(len(names)), ylabel="test loss")
        first.set_xticklabels([f"+ {name}" if name != "nothing" else "nothing" for name in names])
        legend(first)
        colours = {"alone": RED, "on top of batch norm": BLUE, "interaction": GREY}
        forest(second, [(f"{name}, {where}", found, colours[where]) for name, where, found in added])
        second.set(xlabel="change, % of the plain network's test loss", title="What each adds")

    return Reading((decides,), summary, draw, {"additions": table})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel without batch norm, one with it."""
    side, dropout, decay, _ = key
    added = next(name for name, (rates, decays) in ADDED.items() if dropout in rates and decay in decays)
    return [(kept("with batch norm") if side == "before" else kept("without batch norm"), added)]


CLAIM = Claim(
    name="bn-suffices",
    question=kept("Are dropout and weight decay unnecessary once batch norm is there?"),
    promise=kept("Batch normalization suppresses overfitting, so that dropout and weight decay become less necessary."),
    setting=setting,
    columns=("batch_norm", "dropout_rate", "weight_decay", "learning_rate"),
    expected=("negligible",),
    meaning={
        "holds": kept("So the claim holds: once batch norm is there, what the others add is negligible."),
        "holds in part": kept("So the claim holds in part."),
        "does not hold": kept(
            "So the claim does not hold here: the best of dropout and decay still changes the "
            "loss. Whether they are less necessary than without batch norm is what the "
            "interactions say: above zero, batch norm takes some of their work over. Dropout "
            "below batch norm changes the variance that its statistics were made for (Li et "
            "al.), and decay under batch norm acts on the size of the steps alone (van "
            "Laarhoven)."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(IOFFE, LI, VAN_LAARHOVEN),
    plan=plan,
    read=read,
    size=(11, 4),
    shows=kept(
        "Left, test loss with nothing, dropout, decay or both, without batch norm (red) and "
        "with it (blue), each seed a point and their mean a line; right, what each adds, in "
        "percent of the plain network's test loss."
    ),
    lines=lines,
    watched="loss",
)
