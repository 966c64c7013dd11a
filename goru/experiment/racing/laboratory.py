"""What an experiment asks of whoever trains."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.trial import Ended, Trial, judged

#: Told what share of a trial, or of how many, has been done since it was last told; where it returns False, what is
#: under way is stopped, and not returned.
Watch = Callable[[float], bool]


@dataclass(frozen=True)
class Job:
    """A trial to be made.

    - `arm`, `configuration`, `split`, `values`, `id`: as of [`Trial`][goru.experiment.trial.Trial].
    """

    arm: Arm
    configuration: int
    split: int
    values: Mapping[str, float]
    id: int

    def trial(
        self,
        seed: tuple[int, ...],
        curves: np.ndarray,
        parts: np.ndarray,
        ended: Ended,
        *,
        seconds: float = 0.0,
        output: str = "",
    ) -> Trial:
        """The trial made of it; the arguments as of [`Trial`][goru.experiment.trial.Trial]."""
        return Trial(
            self.arm,
            self.configuration,
            self.split,
            self.values,
            self.id,
            seed,
            curves,
            parts,
            ended,
            seconds,
            output,
            judged(parts),
        )


class Laboratory(Protocol):
    """Trains. A trial is a function of its job alone, not of those beside it, nor of their order."""

    @property
    def configurations_at_once(self) -> int:
        """Configurations of every arm that are trained together in a split; fewer take as long."""

    @property
    def splits_at_once(self) -> int:
        """Splits in which so many are trained at a time."""

    def train(self, jobs: Sequence[Job], watch: Watch) -> Iterator[list[Trial]]:
        """Trials as soon as they are done: those of some jobs, and all of them in the end."""
