"""Looks at the answers while a race goes on, and what they cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.effects.answers import Answers, answer
from goru.experiment.plan import Cut
from goru.experiment.questions import Contrast
from goru.experiment.racing.record import Record
from goru.experiment.trial import Losses, Trial

GROWTH = 1.5  # times as many trials before another look is taken

_LOOKS = "looks"  # the record's name for how many were taken, at how many trials, and what the last one said

#: Of trials in so many splits: the losses of every arm, and how many folds a partition has.
LossesOf = Callable[[Sequence[Trial], int], tuple[Mapping[Arm, Losses], int]]


def error(look: int) -> float:
    """What a look, from 1 on, may spend of the probability that any interval misses: α / k(k + 1). However many there
    are, that is no more than α in all."""
    return (1 - defaults.CONFIDENCE) / (look * (look + 1))


def left_over(looks: int) -> float:
    """What so many looks have left of it for the last one, if that comes when it was to come: α / (k + 1)."""
    return (1 - defaults.CONFIDENCE) / (looks + 1)


class Looks:
    """Looks at the answers between the waves of a race, each when there are half as many trials again.

    Whoever looks several times, and stops when the answer pleases, is misled by the luckiest look. So each is judged at
    a confidence of its own, and together they err no more often than one look at the end would: the error is spent
    bit by bit (Lan & DeMets 1983), here by a union bound, which holds whatever looks have in common. A race that ends
    when it was to end was stopped by nobody, and its answers are those of one look.

    **Arguments:**

    - `design`: has the questions.
    - `losses_of`: of trials.
    - `record`: keeps looks, so that a study that goes on counts them.
    - `until_decided`: whether to end the race as soon as all main effects are decided.

    - `taken`: how many looks there were.
    - `decided`: whether the last one has ended the race.
    """

    def __init__(self, design: Design, losses_of: LossesOf, record: Record, until_decided: bool = False) -> None:
        # What is shown and decides; other questions are answered when the race is over.
        self._design = replace(design, interactions=(), removals=())
        self._losses_of, self._record, self.until_decided = losses_of, record, until_decided
        known = (record.recall(_LOOKS) if until_decided else None) or {"taken": 0, "trials": 0}
        self.taken, self._last = int(known["taken"]), float(known["trials"])
        self.decided = False

    def due(self, trials: int) -> bool:
        """Whether there are enough more trials than at the last look; or as many, in a study that goes on: then the
        same look is taken once more, and shows the same."""
        return trials >= GROWTH * self._last or trials == self._last

    def take(self, trials: Sequence[Trial], splits: int, configurations: int) -> Answers:
        """Look. So few configurations that nothing is decided by them cost nothing.

        **Arguments:**

        - `splits`, `configurations`: that all arms have.
        """
        losses, folds = self._losses_of(trials, splits)
        look = self.taken + (len(trials) != self._last)
        self._last = len(trials)
        answers = answer(self._design, losses, folds, configurations, 1 - error(max(look, 1)))
        if self._design.knobs and configurations < defaults.FEWEST_CONFIGURATIONS:
            return answers
        self.taken = look
        if self.until_decided:
            self._record.remember(_LOOKS, {"taken": look, "trials": len(trials)})
        self.decided = self.until_decided and self._are_decided(answers)
        return answers

    def final(self, cut: Cut | None, trials: int) -> tuple[float, int]:
        """The confidence of the answers when the race is over, and which look they are.

        **Arguments:**

        - `cut`: of the race.
        - `trials`: that count. If they are those of the last look, that is taken once more.
        """
        if not self.taken or (cut is None and not self.until_decided):
            return defaults.CONFIDENCE, 1
        look = self.taken + (trials != self._last)
        ended_by_what_was_seen = self.decided or cut is not None
        return 1 - (error(look) if ended_by_what_was_seen else left_over(look - 1)), look

    def _are_decided(self, answers: Answers) -> bool:
        contrasts: Sequence[Contrast] = self._design.asked[0]
        main = [contrast.kind != "best" for contrast in contrasts]
        return all(
            effect.verdict != "inconclusive"
            for effect, is_main in zip(answers.contrasts, main, strict=True)
            if is_main or not any(main)
        )
