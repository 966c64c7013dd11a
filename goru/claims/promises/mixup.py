"""Does mixup make dropout unnecessary?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import MARGIN_PERCENT, MARGIN_POINTS, ClaimEffect, mean_effect, row, tuned
from goru.claims.figures import BLUE, GREY, RED, forest, legend, panels
from goru.claims.sources import SRIVASTAVA, ZHANG
from goru.claims.training import Cell
from goru.language import kept

ALPHA = (0.2, 1.0)
DROPOUT = (0.1, 0.3)
# What there is, as the α of mixup and the dropout rates it may have; an α of 0 is no mixup.
TRIED: dict[str, tuple[Sequence[float], Sequence[float]]] = {
    "plain": ((0.0,), (0.0,)),
    "dropout": ((0.0,), DROPOUT),
    "mixup": (ALPHA, (0.0,)),
    "both": (ALPHA, DROPOUT),
}
# Of which differences the table is: what, with how much mixup, of which and against which.
ADDED = (
    ("dropout", "alone", "dropout", "plain"),
    ("dropout", kept("on top of mixup"), "both", "mixup"),
    ("mixup", "alone", "mixup", "plain"),
    ("mixup", kept("on top of dropout"), "both", "dropout"),
)


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.overfitting)} " + kept(
        "Every combination of mixup (none, α {alpha}) and dropout (none, rates "
        "{dropout}). Each combination is judged at the α and the rates that are best on the "
        "other seeds.",
        alpha=" and ".join(map(str, ALPHA)),
        dropout=" and ".join(map(str, DROPOUT)),
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All combinations at all rates."""
    return {
        (alpha, dropout, rate): setup.cell(
            setup.overfitting,
            rate,
            dropout=True,  # at rate 0 nothing is deleted: so one program serves with dropout and without
            dropout_rate=dropout,
            mix="mixup" if alpha else None,
            mixup_alpha=alpha or 1.0,
        )
        for alpha in (0.0, *ALPHA)
        for dropout in (0.0, *DROPOUT)
        for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """What each adds alone, and to the other."""

    def own(*names: str) -> tuple[np.ndarray, np.ndarray]:
        """Loss and score, at the setting whose loss is best on the other seeds, among all that these may have."""
        found = [
            results[alpha, dropout, rate]
            for name in names
            for alpha in TRIED[name][0]
            for dropout in TRIED[name][1]
            for rate in setup.rates
        ]
        losses = [one.test_loss for one in found]
        return tuned(losses), tuned([one.test_score for one in found], losses)

    ends = {name: own(name) for name in TRIED}
    plain = ends["plain"][0].mean()
    loss, score = own("dropout", "both")
    without_loss, without_score = ends["mixup"]
    decides = (
        mean_effect(
            kept("Test loss with dropout, on top of mixup or alone, against mixup alone"),
            100 * (loss - without_loss) / without_loss.mean(),
            MARGIN_PERCENT,
            "%",
            comparisons=2,
        ),
        mean_effect(
            kept("The same, {score} on test rows", score=setup.score),
            100 * (score - without_score),
            MARGIN_POINTS,
            "points",
            higher_is_better=True,
            comparisons=2,
        ),
    )

    def of_loss(changes: np.ndarray, comparisons: int = 5) -> ClaimEffect:
        return mean_effect("", 100 * changes / plain, MARGIN_PERCENT, "%", comparisons=comparisons)

    def of_score(changes: np.ndarray) -> ClaimEffect:
        return mean_effect("", 100 * changes, MARGIN_POINTS, "points", higher_is_better=True, comparisons=5)

    added: list[tuple[str, str, ClaimEffect, ClaimEffect]] = []
    for what, where, one, other in ADDED:
        (loss, score), (other_loss, other_score) = ends[one], ends[other]
        added.append((what, where, of_loss(loss - other_loss), of_score(score - other_score)))
    together = [
        (ends["both"][index] - ends["mixup"][index]) - (ends["dropout"][index] - ends["plain"][index])
        for index in (0, 1)
    ]
    added.append(("both", "interaction", of_loss(together[0]), of_score(together[1])))
    table = pd.DataFrame(
        [
            {"added": what, "where": where, "measure": measure, "unit": found.unit, **row(found)}
            for what, where, *both in added
            for measure, found in zip(("test loss", f"test {setup.score}"), both, strict=True)
        ]
    )
    changed = {name: of_loss(ends[name][0] - ends["plain"][0], 3).numbers for name in ("dropout", "mixup", "both")}
    scored = ", ".join(
        kept("{level} {value:.1%}", level=name, value=values.mean()) for name, (_, values) in ends.items()
    )
    summary = kept(
        "Dropout alone changed the plain network's test loss by {changed}, mixup alone by "
        "{changed_mixup}, both together by {changed_both}. The {score} on test rows was: {scored}.",
        changed=changed["dropout"],
        changed_mixup=changed["mixup"],
        changed_both=changed["both"],
        score=setup.score,
        scored=scored,
    )

    def draw(figure: Any) -> None:
        first, second, third = panels(figure, 1, 3, width_ratios=(1, 1, 1.2))[0]
        for axes, index, what in ((first, 0, "test loss"), (second, 1, f"{setup.score} on test rows")):
            for at, (name, both) in enumerate(ends.items()):
                colour = BLUE if name in ("mixup", "both") else RED
                axes.plot([at] * setup.seeds, both[index], ".", color=colour, alpha=0.4, markersize=4)
                axes.plot([at - 0.25, at + 0.25], [both[index].mean()] * 2, color=colour)
            axes.set(title=f"{what.capitalize()}, by seed", xticks=range(len(ends)))
            axes.set_xticklabels([*ends])
        for label, colour in (("without mixup", RED), ("with", BLUE)):
            first.plot([], [], color=colour, label=label)
        legend(first)
        colours = {"alone": RED, "interaction": GREY}
        forest(third, [(f"{what}, {where}", found, colours.get(where, BLUE)) for what, where, found, _ in added])
        third.set(xlabel="change, % of the plain network's test loss", title="What each adds")

    return Reading(decides, summary, draw, {"additions": table})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """One panel: with neither, with one of the two, with both."""
    alpha, dropout, _ = key
    return [("", next(name for name, (alphas, rates) in TRIED.items() if alpha in alphas and dropout in rates))]


CLAIM = Claim(
    name="mixup",
    question=kept("Does mixup make dropout unnecessary?"),
    promise=kept("Mixup suppresses overfitting, so that dropout becomes unnecessary."),
    setting=setting,
    columns=("mixup_alpha", "dropout_rate", "learning_rate"),
    expected=(("negligible", "hurts"),) * 2,  # what does harm is unnecessary too
    meaning={
        "holds": kept("So the claim holds: where mixup is, dropout is negligible, added to it or in its place."),
        "holds in part": kept(
            "So the claim holds in part: with mixup alone one of test loss and score is as good, "
            "and of the other that is not shown."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither in test loss nor in score is mixup alone "
            "shown to be as good as what dropout makes possible. Mixup changes the rows that a "
            "network reads, and dropout the network that reads them: one need not do the other's "
            "work."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(ZHANG, SRIVASTAVA),
    plan=plan,
    read=read,
    size=(12, 3.6),
    shows=kept(
        "Left, test loss of the plain network, with dropout, mixup or both, each seed a "
        "point and their mean a line; in the middle, {score} on test rows; right, what each "
        "adds alone (red) and to the other (blue), in percent of the plain network's test "
        "loss. Grey is the interaction: above zero, the two do some of the same work."
    ),
    lines=lines,
)
