"""A study in a notebook: its answer, a forest plot and a table, without a script."""

from collections.abc import Sequence
from typing import Any

from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import EffectFound
from goru.report import words
from goru.report.page import environment
from goru.report.pictures.effects import LOOKS, effects_table, ends
from goru.report.pictures.style import short_name
from goru.report.study_page import cards, summary

WIDTH, ROW, LABEL = 640, 30, 290  # units of the drawing
MOST_LETTERS = 44  # of a name that there is room for


def fragment(answer: Answer) -> str:
    """HTML for a cell of a notebook."""
    return environment().get_template("fragment.html").render(
        answer=answer,
        summary=summary(answer),
        cards=cards(answer),
        drawing=_drawing(answer.effects),
        table=effects_table(answer, answer.effects),
    )  # fmt: skip


def _drawing(effects: Sequence[EffectFound]) -> dict[str, Any]:
    """Where the lines and marks of the forest plot stand."""
    known = [effect for effect in effects if effect.change is not None]
    reach = max([1e-12, *(abs(end) for effect in known for end in (*ends(effect), effect.margin or 0.0))])

    def across(change: float) -> float:
        return round(LABEL + (WIDTH - LABEL) * (0.5 + 0.48 * change / reach), 1)

    margin = next((effect.margin or 0.0 for effect in known), 0.0)
    rows = [
        {
            "name": short_name(effect.name, MOST_LETTERS),
            "verdict": words.verdict_in_words(effect),
            "y": ROW * place + ROW / 2,
            "colour": LOOKS[effect.verdict][0],
            "open": effect.verdict == "inconclusive",
            **(
                dict(zip(("change", "low", "high"), map(across, ends(effect)), strict=True))
                if effect in known
                else {"change": None}
            ),
        }
        for place, effect in enumerate(effects)
    ]
    band = (across(-margin), across(margin))
    return {"rows": rows, "width": WIDTH, "height": ROW * len(effects), "zero": across(0), "band": band}
