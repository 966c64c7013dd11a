"""What a study inside `fit` has found."""

from dataclasses import dataclass

from goru.errors import spelled
from goru.estimators.parameters import ARGUMENTS
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence
from goru.experiment.trial import Trial
from goru.report.viewable import Viewable


@dataclass(frozen=True, eq=False)
class Findings(Viewable):
    """What a study found; printed, it is the whole answer, and in a notebook it shows itself.

    - `answer`: everything.
    - `evidence`: what pictures are drawn from.
    - `effects`, `trials`: frames; what every technique changed, and every network that was trained.
    """

    answer: Answer
    evidence: Evidence
    _trials: tuple[Trial, ...]

    # Estimators have names of their own for what these may advise to change.
    __str__ = spelled(ARGUMENTS)(Viewable.__str__)
    report_html = spelled(ARGUMENTS)(Viewable.report_html)
    write_report = spelled(ARGUMENTS)(Viewable.write_report)

    def __repr__(self) -> str:
        return f"Findings({len(self._trials):,} networks: {self.answer.advice})"

    def _recorded(self) -> list[Trial]:
        return list(self._trials)
