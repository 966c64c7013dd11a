"""What a study of a training function has found, and the model."""

from collections.abc import Sequence
from typing import Any

from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence
from goru.experiment.trial import Trial
from goru.report.viewable import Viewable


class StudyResult(Viewable):
    """What was found; printed, it is the whole answer, and in a notebook it shows itself.

    - `answer`, `evidence`: everything, and what pictures are drawn from.
    - `model`: what the training function returned for the recommended configuration, trained on all development rows;
      `None` if it returned nothing.
    - `effects`, `trials`: frames: what every level changed, and every trial (made from those `recorded`).
    """

    def __init__(self, answer: Answer, evidence: Evidence, model: Any, recorded: Sequence[Trial]) -> None:
        self.answer, self.evidence, self.model, self._trials = answer, evidence, model, recorded

    @property
    def configuration(self) -> dict[str, Any]:
        """The recommended one: a level for every factor, and the values of its knobs."""
        best = self.answer.recommended[0]
        return {**best.levels, **best.values}

    @property
    def snippet(self) -> str:
        """The recommended configuration, to be put into a program."""
        best = self.answer.recommended[0]
        items = ", ".join(f"{name!r}: {value!r}" for name, value in self.configuration.items())
        return f"config = {{{items}}}  # {best.epochs} of {best.schedule_epochs} epochs"

    def __repr__(self) -> str:
        return str(self)

    def _recorded(self) -> list[Trial]:
        return list(self._trials)
