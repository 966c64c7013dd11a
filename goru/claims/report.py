"""The report of claims: one page, which opens offline."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from goru.claims.claim import Outcome, Said
from goru.claims.effects import CONFIDENCE
from goru.claims.pictures.curves import curves_picture
from goru.claims.pictures.effects import effects_picture
from goru.claims.pictures.lines import value, words
from goru.report.numbers import number
from goru.report.page import render
from goru.report.pictures.picture import Picture, Table
from goru.report.terminal import printable

TEMPLATE = "claims.html"
MOST_ROWS = 40  # of a further table that is shown; all of them are in the folder
# What one promise does, and what several do.
DOES: dict[Said, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "holds in part": ("holds in part", "hold in part"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("stays undecided", "stay undecided"),
}


@dataclass(frozen=True)
class Section:
    """A claim, as the page has it.

    - `found`, `done`: what its outcome says.
    - `curves`: None if no network's are drawn.
    - `drawing`: its own figure, an address that holds the whole of it, and `shows`: what there is to see in it.
    - `ends`: how every setting ended.
    - `tables`: further ones, by the names of their files.
    """

    outcome: Outcome
    found: str
    done: str
    effects: Picture
    curves: Picture | None
    drawing: str
    shows: str
    ends: Table
    tables: dict[str, Table]


def html(outcomes: Sequence[Outcome], drawings: Mapping[str, str]) -> str:
    """The report.

    **Arguments:**

    - `drawings`: by claim, its figure as SVG.
    """
    sections = [_section(outcome, drawings[outcome.name]) for outcome in outcomes]
    pictures = [picture for section in sections for picture in (section.effects, section.curves) if picture]
    return render(
        TEMPLATE,
        _contents(sections),
        pictures,
        title=outcomes[0].claim.question if len(outcomes) == 1 else "A textbook's promises, tried",
        answer=answer(outcomes),
        tried=printable(tried(outcomes)),
        sections=sections,
    )


def _section(outcome: Outcome, drawing: str) -> Section:
    curves = curves_picture(outcome)
    tables = {f"{outcome.name}-{name}.csv": frame for name, frame in outcome.tables.items()}
    return Section(
        outcome,
        printable(outcome.found),
        printable(outcome.done),
        _in_plain_words(effects_picture(outcome)),
        curves and _in_plain_words(curves),
        _image(drawing),
        outcome.claim.shows.replace("{score}", outcome.setup.score),
        _ends(outcome),
        {name: _table(frame) for name, frame in tables.items() if 0 < len(frame) <= MOST_ROWS},
    )


def _in_plain_words(picture: Picture) -> Picture:
    """A name in a sentence may hold marks that turn around all that follows it."""
    return replace(picture, says=printable(picture.says))


def _image(svg: str) -> str:
    """The address of a drawing that is fetched from nowhere.

    As an image: its thousands of paths are no part of the page, which would be slower, and nothing in it can act.
    """
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _contents(sections: Sequence[Section]) -> list[tuple[str, str]]:
    if len(sections) > 1:
        return [("all", "All promises"), *((one.outcome.name, one.outcome.claim.question) for one in sections)]
    (one,) = sections
    name = one.outcome.name
    parts = [(name, "The promise"), (f"{name}-changes", "What it rests on")]
    parts += [(f"{name}-learning", "Learning curves")] * (one.curves is not None)
    return [*parts, (f"{name}-drawing", "Drawing"), (f"{name}-trained", "What was trained")]


def answer(outcomes: Sequence[Outcome]) -> str:
    """How many of the promises hold, in a sentence."""
    found = [outcome.said for outcome in outcomes]
    if len(found) == 1:
        begun = "Whether this holds is undecided" if found[0] == "undecided" else f"The promise {found[0]}"
        return f"{begun}: “{outcomes[0].claim.promise}”"
    counts = [(word, found.count(word)) for word in DOES if word in found]
    if len(counts) == 1:
        return _all(counts[0][0], len(found))
    told = [f"{count} {DOES[word][count > 1]}" for word, count in counts]
    return f"Of {len(found)} promises {', '.join(told[:-1])} and {told[-1]}."


def _all(word: Said, count: int) -> str:
    if word == "does not hold":
        return "Neither of the two promises holds." if count == 2 else f"None of the {count} promises holds."
    return f"{'Both' if count == 2 else f'All {count}'} promises {DOES[word][1]}."


def tried(outcomes: Sequence[Outcome]) -> str:
    """On what, how often, and what the brackets are."""
    setup, one = outcomes[0].setup, len(outcomes) == 1
    known = {name for outcome in outcomes if "table" in outcome.frame for name in outcome.frame["table"].unique()}
    others = [table.name for table in setup.tables if table.name in known]
    further = f" (and, where a promise is about several tables, on {' and '.join(others)})" * bool(others)
    return (
        f"What a textbook promises of batch normalization, weight decay and dropout, run as "
        f"{'an experiment' if one else 'experiments'} on {setup.table.name}{further}. Every network is trained with "
        f"{setup.seeds} seeds, each time from other initial weights, on other rows, in another order. Numbers in "
        f"brackets are {CONFIDENCE:.0%} intervals over the seeds; those of one promise hold together."
    )


def _ends(outcome: Outcome) -> Table:
    """A row a setting: the means over its seeds at the end."""
    columns, score = [*outcome.claim.columns], outcome.setup.score
    measures = {
        "fit_loss": "loss, fit rows",
        "test_loss": "loss, test rows",
        "fit_score": f"{score}, fit rows",
        "test_score": f"{score}, test rows",
    }
    means = outcome.frame.groupby(columns, sort=False)[[*measures]].mean()
    rows = [
        (*map(value, key if isinstance(key, tuple) else (key,)), *(number(float(of)) for of in own))
        for key, own in zip(means.index, means.to_numpy(), strict=True)
    ]
    return Table((*map(words, columns), *measures.values()), rows)


def _table(frame: pd.DataFrame) -> Table:
    """A frame as it is."""

    def told(of: Any) -> str:
        return number(of if math.isfinite(of) else None) if isinstance(of, float) else value(of)

    rows = [tuple(told(of) for of in own) for own in frame.itertuples(index=False)]
    return Table([words(str(column)) for column in frame.columns], rows)
