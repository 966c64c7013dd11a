"""Panels of learning curves: what is drawn beside what, and how it is spelt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goru.claims.claim import ClaimOutcome, Setup
from goru.claims.pictures.lines import ClaimLine, Figure, column_in_words, value
from goru.data.numbers import number
from goru.language import _, retold


@dataclass(frozen=True)
class Panel:
    """A heading, the lines below it, and of what they are."""

    heading: str
    lines: list[ClaimLine]
    figure: Figure


def panels_of(outcome: ClaimOutcome, lines: Sequence[ClaimLine]) -> list[Panel]:
    """By what the lines say; where they are all in one, a panel for scores and one for losses."""
    headings = list(dict.fromkeys(line.panel for line in lines))
    if len(headings) == 1:
        score = outcome.setup.score
        return [Panel(score, [*lines], "score"), Panel("loss", [*lines], "loss")]
    watched = outcome.claim.watched
    return [Panel(heading, [line for line in lines if line.panel == heading], watched) for heading in headings]


def measure(figure: Figure, setup: Setup) -> str:
    """What a figure is called."""
    return retold(setup.score) if figure == "score" else _("loss")


def spelt(of: float, figure: Figure) -> str:
    """A figure in a few digits."""
    if not np.isfinite(of):
        return retold("not finite")
    return f"{of:.1%}" if figure == "score" else number(of)


def setting_in_words(line: ClaimLine) -> str:
    """What the networks of a line are, in words."""
    return ", ".join(f"{column_in_words(column)} {value(of)}" for column, of in line.setting.items())
