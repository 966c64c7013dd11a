"""What is known while a race goes on."""

from collections.abc import Mapping
from dataclasses import dataclass

from goru.experiment.effects.answers import Answers
from goru.experiment.findings.effect import EffectFound, Number
from goru.experiment.forms import as_read

LEADERS = 5


@dataclass(frozen=True)
class Interim:
    """What a look at the answers shows.

    - `trials`, `noun`: how many count, and what they are called.
    - `effects`: one a question, as in an answer.
    - `confidence`: of all their intervals together.
    - `plain_loss`: of the plain arm, cross-fitted.
    - `leaders`: the arms with the lowest losses, cross-fitted, by name, the best first.
    - `left`: seconds until the race ends; `None` where there is no deadline.
    """

    trials: int
    noun: str
    effects: tuple[EffectFound, ...]
    confidence: float
    plain_loss: Number
    leaders: Mapping[str, Number]
    left: Number = None

    @classmethod
    def of(cls, answers: Answers, trials: int, noun: str, left: float | None) -> "Interim":
        """Of the answers so far."""
        losses = sorted(answers.losses.items(), key=lambda one: one[1])[:LEADERS]
        effects = tuple(EffectFound.of(effect, 0) for effect in answers.contrasts)
        leaders = {arm.name: loss for arm, loss in losses}
        return as_read(cls(trials, noun, effects, answers.confidence, answers.plain_loss, leaders, left))
