"""What a question was answered, as it is kept, shown and drawn."""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Self

from goru.experiment import defaults
from goru.experiment.design import Design
from goru.experiment.effects.answers import Answers
from goru.experiment.effects.effects import Effect, Verdict

Number = float | None  # what is infinite, or no number, is none: JSON has neither


@dataclass(frozen=True)
class EffectFound:
    """A question's answer: the change of what judges, with an interval; below zero is better.

    - `rows`, `networks`, `search`: standard errors by source; see [`Error`][goru.experiment.effects.effects.Error].
    - `rows_to_decide`: of an inconclusive one, how many rows would decide it, if that is known.
    - `configurations_to_decide`: whether more configurations might.
    - `helps`, `negligible`: how likely it is that the change is below zero, and that it is negligible.
    """

    name: str
    change: Number
    low: Number
    high: Number
    margin: Number
    verdict: Verdict
    rows: Number
    networks: Number
    search: Number
    rows_to_decide: int | None = None
    configurations_to_decide: bool = False
    helps: Number = None
    negligible: Number = None

    @property
    def is_of_itself(self) -> bool:
        """Whether an arm is compared with itself, as where a technique is taken out of one that lacks it."""
        return self.change == 0 and not self.rows

    @property
    def likely(self) -> tuple[Verdict, float] | None:
        """Of an inconclusive effect what it most likely does, and how likely that is; none, where nothing is likely."""
        if self.verdict != "inconclusive" or self.helps is None or self.negligible is None:
            return None
        chances: dict[Verdict, float] = {
            "negligible": self.negligible,
            "helps": self.helps,
            "hurts": 1 - self.helps,
        }
        return next(((word, chance) for word, chance in chances.items() if chance >= defaults.LIKELY), None)

    @classmethod
    def of(cls, effect: Effect, rows: int, there: int = 0) -> Self:
        """An effect.

        **Arguments:**

        - `rows`: of the table, as far as it was searched.
        - `there`: that there are, if more: where these would decide, a larger budget is what it takes.
        """
        numbers = asdict(effect)
        factor = numbers.pop("factor")
        known = factor is not None and isfinite(factor)
        to_decide = round(factor * rows) if known else None
        if to_decide is not None and to_decide <= there:
            to_decide, known = None, False
        return cls(**numbers, rows_to_decide=to_decide, configurations_to_decide=factor is not None and not known)


@dataclass(frozen=True)
class InteractionFound(EffectFound):
    """What two techniques change together, less what each changes alone: below zero they do more together.

    - `first`, `second`: techniques.
    - `without`, `beside`: what the first changes without the second, and with it.
    """

    first: str = ""
    second: str = ""
    without: Number = None
    beside: Number = None

    @classmethod
    def among(cls, answers: Answers, design: Design, rows: int, there: int = 0) -> "tuple[InteractionFound, ...]":
        """Of the answers to all questions of a design.

        **Arguments:**

        - `rows`, `there`: see [`EffectFound.of`][goru.experiment.findings.effect.EffectFound.of].
        """
        asked = design.asked[1]
        return tuple(
            replace(
                cls.of(effect, rows, there),
                first=pair.names[0],
                second=pair.names[1],
                without=changes[0],
                beside=changes[1],
            )
            for pair, effect, changes in zip(asked, answers.interactions, answers.conditional, strict=True)
        )
