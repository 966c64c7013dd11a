"""The effects as a forest plot without a script: in a notebook, and on a page until its pictures are drawn."""

from collections.abc import Sequence
from typing import Any

from goru.experiment.findings.effect import EffectFound
from goru.language import retold
from goru.report.parts import words
from goru.report.pictures.effects import LOOKS, ends
from goru.report.pictures.style import short_name

WIDTH, ROW, LABEL = 640, 30, 290  # units of the drawing
MOST_LETTERS = 44  # of a name that there is room for


def forest(effects: Sequence[EffectFound]) -> dict[str, Any]:
    """Where the lines and marks of the forest plot stand."""
    known = [effect for effect in effects if effect.change is not None]
    reach = max([1e-12, *(abs(end) for effect in known for end in (*ends(effect), effect.margin or 0.0))])

    def across(change: float) -> float:
        return round(LABEL + (WIDTH - LABEL) * (0.5 + 0.48 * change / reach), 1)

    margin = next((effect.margin or 0.0 for effect in known), 0.0)
    rows = [
        {
            "name": short_name(retold(effect.name), MOST_LETTERS),
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
