"""What a study inside `fit` has found."""

from dataclasses import dataclass
from typing import Any

from goru.report.shown import Shown
from goru.study.trial import Trial


@dataclass(frozen=True, eq=False)
class Findings(Shown):
    """What a study found; printed, it is the whole answer, and in a notebook it shows itself.

    - `answer`: everything, in plain JSON types.
    - `evidence`: what pictures are drawn from, in plain JSON types.
    - `effects`, `trials`: frames; what every technique changed, and every network that was trained.
    """

    answer: dict[str, Any]
    evidence: dict[str, Any]
    _trials: tuple[Trial, ...]

    def __repr__(self) -> str:
        return f"Findings({len(self._trials):,} networks: {self.answer['advice']})"

    def _recorded(self) -> list[Trial]:
        return list(self._trials)
