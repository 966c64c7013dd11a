"""What does overfitting look like, and when does it appear?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import loss_effect, points_effect
from goru.claims.figures import BLUE, RED, band, legend, marks, panels
from goru.claims.sources import KROGH, SRIVASTAVA
from goru.claims.training import Cell
from goru.language import kept

LEAST, MOST = 1 / 4, 3  # of the rows
WIDTHS = (1 / 5, 1, 4)  # of the width


def _rows(setup: Setup) -> tuple[int, ...]:
    rows = setup.overfitting.rows
    return tuple(sorted({max(int(LEAST * rows), 10), rows, setup.table.fitted(MOST * rows)}))


def _widths(setup: Setup) -> tuple[int, ...]:
    return tuple(int(setup.overfitting.width * factor) for factor in WIDTHS)


def setting(setup: Setup) -> str:
    """What is trained."""
    rows, widths = ", ".join(map(str, _rows(setup))), ", ".join(map(str, _widths(setup)))
    return f"{setup.describe(setup.overfitting)} " + kept(
        "No technique is on. Further networks have {rows} rows, or {widths} "
        "units in a layer. With other numbers of rows there are as many steps, to within a "
        "fortieth.",
        rows=rows,
        widths=widths,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Over numbers of rows, and over widths."""
    sizes = setup.overfitting
    cells = {}
    for rows in _rows(setup):
        shape = sizes if rows == sizes.rows else sizes.with_as_many_steps(rows, min(sizes.batch, rows))
        cells[rows, sizes.width] = setup.cell(shape)
    for width in _widths(setup):
        cells[sizes.rows, width] = setup.cell(replace(sizes, width=width))
    return cells


def read(setup: Setup, results: Results) -> Reading:
    """The gap at the end, and what the last epochs cost on test rows."""
    sizes = setup.overfitting
    main = results[sizes.rows, sizes.width]
    stopped = main.test[:, int(np.argmin(main.test[..., 0].mean(axis=0))), 0]
    by_rows = np.stack([results[rows, sizes.width].gap for rows in _rows(setup)], axis=1)
    by_width = np.stack([results[sizes.rows, width].gap for width in _widths(setup)], axis=1)
    effects = (
        points_effect(
            kept("Gap in {score} between training rows and test rows", score=setup.score),
            main.training_score,
            main.test_score,
            higher_is_better=False,
            comparisons=3,
        ),
        points_effect(
            kept("Gap with {rows} rows against {most_rows}", rows=_rows(setup)[0], most_rows=_rows(setup)[-1]),
            by_rows[:, 0],
            by_rows[:, -1],
            higher_is_better=False,
            comparisons=3,
        ),
        points_effect(
            kept(
                "Gap with layers of {widths} units against {narrowest}",
                widths=_widths(setup)[-1],
                narrowest=_widths(setup)[0],
            ),
            by_width[:, -1],
            by_width[:, 0],
            higher_is_better=False,
            comparisons=3,
        ),
    )
    later = loss_effect("", main.test[:, -1, 0], stopped)
    parameters = [results[sizes.rows, width].cell.architecture.n_parameters for width in _widths(setup)]
    lowest = main.epochs[main.test[..., 0].mean(axis=0).argmin()]
    found = kept(
        "The {score} at the end was {training_score:.1%} on training rows and "
        "{test_score:.1%} on test rows; their loss was lowest after {lowest} epochs and "
        "changed by {change:+.1f} % until the last. The gap was {by_rows} with {rows} rows, "
        "and {by_width} with {parameters} learned numbers.",
        score=setup.score,
        training_score=main.training_score.mean(),
        test_score=main.test_score.mean(),
        lowest=lowest,
        change=later.change,
        by_rows=_list(by_rows),
        rows=", ".join(map(str, _rows(setup))),
        by_width=_list(by_width),
        parameters=", ".join(f"{number:,}" for number in parameters),
    )

    def draw(figure: Any) -> None:
        first, second, third, fourth = panels(figure, 1, 4)[0]
        band(first, main.epochs, main.training[..., 1], RED, "training rows", "--")
        band(first, main.epochs, main.test[..., 1], BLUE, "test rows")
        band(second, main.epochs, main.training[..., 0], RED, "training rows", "--")
        band(second, main.epochs, main.test[..., 0], BLUE, "test rows")
        marks(third, _rows(setup), 100 * by_rows, BLUE, "gap")
        marks(fourth, parameters, 100 * by_width, BLUE, "gap")
        first.set(title="A network that overfits", xlabel="epoch", ylabel=setup.score)
        second.set(title="Its loss", xlabel="epoch", ylabel="loss")
        third.set(title="More rows", xlabel="rows to fit on", ylabel="gap, points", xscale="log", ylim=(0, None))
        fourth.set(
            title="More learned numbers", xlabel="learned numbers", ylabel="gap, points", xscale="log", ylim=(0, None)
        )
        legend(first)
        legend(second)

    return Reading(effects, found, draw)


def _list(gaps: np.ndarray) -> str:
    return ", ".join(f"{100 * gap:.1f}" for gap in gaps.mean(axis=0)) + " points"


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each network."""
    rows, width = key
    return [(kept("{rows} rows, {width} units", rows=rows, width=width), kept("no technique"))]


CLAIM = Claim(
    name="overfitting",
    question=kept("What does overfitting look like, and when does it appear?"),
    promise=kept(
        "A network with many learned numbers and few rows overfits: it memorises its rows and does far worse on others."
    ),
    setting=setting,
    columns=("rows", "width"),
    expected=("hurts", "hurts", "hurts"),
    meaning={
        "holds": kept(
            "So it is as the book says: there is a gap, fewer rows make it larger, and so do more learned numbers."
        ),
        "holds in part": kept(
            "So the claim holds in part. That fewer rows make the gap larger is what one finds "
            "nearly everywhere; that more learned numbers do is not: wide networks trained by "
            "gradient descent often generalise no worse than narrow ones."
        ),
        "does not hold": kept(
            "So the claim does not hold here: of its three parts, a gap, a larger one with fewer "
            "rows, a larger one with more learned numbers, none is borne out."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(KROGH, SRIVASTAVA),
    plan=plan,
    read=read,
    size=(13, 3.3),
    shows=kept(
        "From left to right: {score} and loss of a network that overfits, by epoch; its gap "
        "with more rows to fit on; its gap with more learned numbers."
    ),
    lines=lines,
)
