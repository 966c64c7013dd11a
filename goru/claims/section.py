"""A claim as the page has it, and as a file that a later page is made from."""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import pandas as pd
import plotly.graph_objects as go
import plotly.io

from goru.claims.claim import Claim, ClaimOutcome, Said
from goru.claims.pictures.curves import claim_curves_picture
from goru.claims.pictures.effects import claim_effects_picture
from goru.claims.pictures.lines import column_in_words, value
from goru.data.numbers import number
from goru.language import _, retold
from goru.report.pictures.picture import Picture, Table
from goru.report.terminal import printable

_RENAMED = {"undecided": "inconclusive"}  # in files that an older goru has written
MOST_ROWS = 40  # of a further table that is shown; all of them are in the folder


@dataclass(frozen=True)
class ClaimSection:
    """A claim, as the page has it.

    - `said`: whether the claim holds.
    - `found`, `done`, `meaning`: what its outcome says.
    - `curves`: None if no network's are drawn.
    - `drawing`: its own figure, an address that holds the whole of it, and `shows`: what there is to see in it.
    - `ends`: how every setting ended.
    - `tables`: further ones, by the names of their files.
    - `table`, `others`, `seeds`: on what, and how often.
    """

    claim: Claim
    said: Said
    found: str
    done: str
    meaning: str
    effects: Picture
    curves: Picture | None
    drawing: str
    shows: str
    ends: Table
    tables: dict[str, Table]
    table: str
    others: tuple[str, ...]
    seeds: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, without the claim, which is known by its name, and the drawing, which is a file."""
        content = {
            name: getattr(self, name) for name in ("said", "found", "done", "meaning", "shows", "table", "seeds")
        }
        return content | {
            "effects": _picture_to_json(self.effects),
            "curves": self.curves and _picture_to_json(self.curves),
            "ends": _table_to_json(self.ends),
            "tables": {name: _table_to_json(table) for name, table in self.tables.items()},
            "others": list(self.others),
        }

    @classmethod
    def from_json(cls, claim: Claim, content: Mapping[str, Any], svg: str) -> "ClaimSection":
        """The section that `to_json` wrote.

        **Raises:** whatever Python or Plotly raises where something is missing, or of another type than it should be.
        """
        curves = content["curves"]
        content = {**content, "said": _RENAMED.get(content["said"], content["said"])}
        if content["said"] not in get_args(Said):
            raise ValueError(f"nothing is said by {content['said']!r}")
        return cls(
            claim=claim,
            **{name: str(content[name]) for name in ("said", "found", "done", "meaning", "shows", "table")},  # type: ignore[arg-type]
            effects=_picture_from_json(content["effects"]),
            curves=None if curves is None else _picture_from_json(curves),
            drawing=_image(svg),
            ends=_table_from_json(content["ends"]),
            tables={str(name): _table_from_json(table) for name, table in content["tables"].items()},
            others=tuple(map(str, content["others"])),
            seeds=int(content["seeds"]),
        )


def section(outcome: ClaimOutcome, svg: str) -> ClaimSection:
    """What the page has of an outcome.

    **Arguments:**

    - `svg`: its figure.
    """
    curves, setup = claim_curves_picture(outcome), outcome.setup
    tables = {f"{outcome.name}-{name}.csv": frame for name, frame in outcome.tables.items()}
    known = set(outcome.frame["table"]) if "table" in outcome.frame else set()
    return ClaimSection(
        outcome.claim,
        outcome.said,
        printable(retold(outcome.found)),
        printable(retold(outcome.done)),
        retold(outcome.meaning),
        _in_plain_words(claim_effects_picture(outcome)),
        curves and _in_plain_words(curves),
        _image(svg),
        retold(outcome.claim.shows).replace("{score}", retold(setup.score)),
        _ends(outcome),
        {name: _table(frame) for name, frame in tables.items() if 0 < len(frame) <= MOST_ROWS},
        printable(setup.table.name),
        tuple(table.name for table in setup.tables if table.name in known),
        setup.seeds,
    )


def _in_plain_words(picture: Picture) -> Picture:
    """A name in a sentence may hold marks that turn around all that follows it."""
    return replace(picture, says=printable(picture.says))


def _image(svg: str) -> str:
    """The address of a drawing that is fetched from nowhere.

    As an image: its thousands of paths are no part of the page, which would be slower, and nothing in it can act.
    """
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _ends(outcome: ClaimOutcome) -> Table:
    """A row a setting: the means over its seeds at the end."""
    columns, score = [*outcome.claim.columns], retold(outcome.setup.score)
    measures = {
        "training_loss": _("loss, training rows"),
        "test_loss": _("loss, test rows"),
        "training_score": _("{score}, training rows", score=score),
        "test_score": _("{score}, test rows", score=score),
    }
    means = outcome.frame.groupby(columns, sort=False)[[*measures]].mean()
    rows = [
        (*map(value, key if isinstance(key, tuple) else (key,)), *(number(float(of)) for of in own))
        for key, own in zip(means.index, means.to_numpy(), strict=True)
    ]
    return Table((*map(column_in_words, columns), *measures.values()), rows)


def _table(frame: pd.DataFrame) -> Table:
    """A frame as it is."""

    def told(of: Any) -> str:
        return number(of if math.isfinite(of) else None) if isinstance(of, float) else value(of)

    rows = [tuple(told(of) for of in own) for own in frame.itertuples(index=False)]
    return Table([column_in_words(str(column)) for column in frame.columns], rows)


def _table_to_json(table: Table) -> dict[str, Any]:
    return {"columns": list(table.columns), "rows": [list(row) for row in table.rows]}


def _table_from_json(content: Mapping[str, Any]) -> Table:
    return Table(list(map(str, content["columns"])), [tuple(map(str, row)) for row in content["rows"]])


def _picture_to_json(picture: Picture) -> dict[str, Any]:
    figure = picture.figure.to_json()  # text, in which Plotly has made plain types of all that it knows
    return {"name": picture.name, "says": picture.says, "figure": figure, "table": _table_to_json(picture.table)}


def _picture_from_json(content: Mapping[str, Any]) -> Picture:
    figure = plotly.io.from_json(content["figure"], go.Figure)
    return Picture(str(content["name"]), str(content["says"]), figure, _table_from_json(content["table"]))
