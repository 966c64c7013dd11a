"""Batch norm before the activation, or after it?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import Claim, Reading, Results, Setup, Sizes
from goru.claims.effects import MARGIN_PERCENT, ClaimEffect, loss_effect, mean_effect, row, tuned
from goru.claims.figures import BLUE, RED, forest, panels
from goru.claims.sources import CAFFENET, IOFFE
from goru.claims.table import ClaimTable
from goru.claims.training import Cell
from goru.language import kept

KINDS = ("relu", "tanh", "sigmoid")
DEPTHS = (2, 5)
PLACES = ("before", "after")
IMAGENET = {"before": 0.478, "after": 0.499}  # top-1 accuracy, one network each, without a learned scale and shift


def _cases(setup: Setup) -> list[tuple[ClaimTable, str, int]]:
    """All activations and, with ReLU, all depths on the first table; ReLU on the others."""
    shapes = [(kind, depth) for kind in KINDS for depth in DEPTHS if kind == KINDS[0] or depth == DEPTHS[-1]]
    first = [(setup.table, kind, depth) for kind, depth in shapes]
    return first + [(table, KINDS[0], DEPTHS[-1]) for table in setup.tables]


def _sizes(setup: Setup, table: ClaimTable, depth: int) -> Sizes:
    sizes = setup.overfitting
    rows = table.fitted(sizes.rows)
    return replace(sizes, depth=depth, rows=rows, batch=min(sizes.batch, max(rows // 6, 2)), epochs=sizes.epochs // 2)


def setting(setup: Setup) -> str:
    """What is trained."""
    sizes = setup.overfitting
    others = "".join(f", ReLU on {table.name}" for table in setup.tables)
    return kept(
        "{depths} hidden layers of {width} units (and {shallow}, with ReLU); ReLU, tanh and "
        "sigmoid on {name}{others}; up to {rows} rows to fit on, {epochs} epochs of plain "
        "gradient descent, {seeds} seeds. Each side is judged at the learning rate that is "
        "best on the other seeds. The verdict is on the mean over all cases.",
        depths=DEPTHS[-1],
        width=sizes.width,
        shallow=DEPTHS[0],
        name=setup.table.name,
        others=others,
        rows=sizes.rows,
        epochs=sizes.epochs // 2,
        seeds=setup.seeds,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both places in all cases at all rates."""
    return {
        (table.name, kind, depth, place, rate): setup.cell(
            _sizes(setup, table, depth), rate, table, activation=kind, batch_norm=place
        )
        for table, kind, depth in _cases(setup)
        for place in PLACES
        for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """The difference in every case, and its mean."""
    found: dict[str, tuple[tuple, ClaimEffect]] = {}
    changes = []
    for table, kind, depth in _cases(setup):

        def own(place: str, case: tuple = (table.name, kind, depth)) -> np.ndarray:
            losses = [results[(*case, place, rate)].test_loss for rate in setup.rates]
            return tuned(losses)

        before, after = own("before"), own("after")
        changes.append(100 * (after - before) / before.mean())
        name = kept("{name}, {kind}, {depth:d} layers", name=table.name, kind=kind, depth=depth)
        found[name] = (table.name, kind, depth), loss_effect(name, after, before, comparisons=len(_cases(setup)))
    overall = mean_effect(
        kept("Test loss after the activation against before it"), np.mean(changes, axis=0), MARGIN_PERCENT, "%"
    )
    words = [single.verdict for _, single in found.values()]
    text = kept(
        "After is better in {count} of {cases} cases, worse in {worse}, no different in "
        "{negligible}, inconclusive in {inconclusive}. On ImageNet the published top-1 accuracies of "
        "one network each were {imagenet:.3f} before and {imagenet_after:.3f} after.",
        count=words.count("helps"),
        cases=len(words),
        worse=words.count("hurts"),
        negligible=words.count("negligible"),
        inconclusive=words.count("inconclusive"),
        imagenet=IMAGENET["before"],
        imagenet_after=IMAGENET["after"],
    )
    cases = pd.DataFrame(
        [{"table": case[0], "activation": case[1], "depth": case[2], **row(single)} for case, single in found.values()]
    )

    def draw(figure: Any) -> None:
        (axes,) = panels(figure, 1, 1)[0]
        forest(axes, [*((name, single, BLUE) for name, (_, single) in found.items()), ("all cases", overall, RED)])
        axes.set(
            xlabel="test loss after against before, % (left: after is better; grey: negligible)",
            title="Batch norm after the activation against before it",
        )

    return Reading((overall,), text, draw, {"cases": cases})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each case."""
    table, kind, depth, place, _ = key
    return [
        (
            kept("{kind}, {depth:d} layers, {table}", kind=kind, depth=depth, table=table),
            kept("{name} the activation", name=place),
        )
    ]


CLAIM = Claim(
    name="bn-placement",
    question=kept("Batch norm before the activation, or after it?"),
    promise=kept("Batch normalization may stand before the activation or after it; which is better is debated."),
    setting=setting,
    columns=("table", "activation", "depth", "batch_norm", "learning_rate"),
    expected=("negligible",),
    meaning={
        "holds": kept("So on average the difference is negligible; the debate is about single cases."),
        "holds in part": kept("So it holds in part."),
        "does not hold": kept(
            "So on average it does make a difference here; the sign of the mean says which place "
            "is better, and single cases may differ from it."
        ),
        "inconclusive": kept("So nothing can be said on average: cases and seeds differ too much."),
    },
    sources=(IOFFE, CAFFENET),
    plan=plan,
    read=read,
    size=(9, 4),
    shows=kept(
        "Test loss with batch norm after the activation against before it, in percent: case "
        "by case, and over all of them (red). The grey band is negligible."
    ),
    lines=lines,
    watched="loss",
)
