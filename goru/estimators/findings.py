"""What a study inside `fit` has found."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from goru.report.terminal import answer_lines
from goru.study.frames import effects_frame, trials_frame
from goru.study.trial import Trial


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found; printed, it is the whole answer.

    - `answer`: everything, in plain JSON types.
    - `effects`: what every technique changed, a frame.
    - `trials`: every network that was trained, a frame.
    """

    answer: dict[str, Any]
    _trials: tuple[Trial, ...]

    @property
    def effects(self) -> pd.DataFrame:
        """One row a question: the change of the held-out loss, its interval and the verdict."""
        return effects_frame(self.answer)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a network of the comparison."""
        return trials_frame(self._trials)

    def __str__(self) -> str:
        return "\n".join(answer_lines(self.answer))
