"""Arms of which trials failed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from goru.experiment.trial import Trial


@dataclass(frozen=True)
class Failure:
    """An arm of which trials failed: how many of how many, and the last traceback, or why there is none."""

    arm: str
    failed: int
    of: int
    reason: str

    @classmethod
    def among(cls, trials: Sequence[Trial]) -> "tuple[Failure, ...]":
        """Of every arm of which a trial failed."""
        made = Counter(trial.arm.name for trial in trials)
        failed = [trial for trial in trials if trial.ended == "failed"]
        counts, outputs = (
            Counter(trial.arm.name for trial in failed),
            {trial.arm.name: trial.output for trial in failed},
        )
        return tuple(cls(arm, counts[arm], made[arm], outputs[arm]) for arm in made if arm in counts)

    @property
    def last_line(self) -> str:
        """Of the reason: what was raised."""
        lines = [line.strip() for line in self.reason.splitlines() if line.strip()]
        return lines[-1] if lines else "nothing is known"
