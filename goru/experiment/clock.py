"""The time of a study: how much there is, where it goes, and how slow this machine is just now."""

import time
import zlib
from dataclasses import dataclass

import numpy as np

from goru.experiment.ending import Ending

# What is timed to see how slow a machine is, and what it takes on the quiet one that all estimates were measured on.
_SAMPLE = np.random.default_rng(0).integers(0, 16, 200_000, np.uint8).tobytes()
_SAMPLE_SECONDS = 0.0022
_SHARE_FOR_IT, _MOST_FOR_IT = 0.01, 0.12  # of the budget; seconds

FINISHING = 5.0  # seconds, for a study that is to finish with what there is


@dataclass
class Spent:
    """Seconds that a phase took, by the clock and of the processor."""

    seconds: float = 0.0
    processor: float = 0.0


class Clock:
    """What a study's time is measured by.

    **Arguments:**

    - `started`: when it began to run, of `time.monotonic`, with the process; by default now.
    - `budget`: seconds for everything; without end if there is none.
    - `afterwards`: seconds that whoever started it needs when the study is done, on a quiet machine.
    - `ending`: says whether the study is to finish before its budget is spent.

    **Attributes:**

    - `phases`: where time went, by the names of the phases.
    """

    def __init__(
        self,
        started: float | None = None,
        budget: float = float("inf"),
        afterwards: float = 0.0,
        ending: Ending | None = None,
    ) -> None:
        self.started = time.monotonic() if started is None else started
        self.budget, self.afterwards, self.ending = budget, afterwards, ending or Ending()
        self._finish_by = float("inf")
        self.phases: dict[str, Spent] = {}
        self._phase = "start"
        self._since = self.started, 0.0 if started is not None else time.process_time()

    @staticmethod
    def now() -> float:
        """Seconds, on the scale of `started`."""
        return time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds since it was started."""
        return self.now() - self.started

    @property
    def left(self) -> float:
        """Seconds until the budget is spent, or what is to finish should be finished; below zero when it is."""
        return min(self.budget - self.spent, self._finish_by - self.now())

    @property
    def hurried(self) -> bool:
        """Whether it has been told to hurry."""
        return self._finish_by < float("inf")

    def hurry(self) -> None:
        """From now on there are a few seconds left, and no more."""
        self._finish_by = min(self._finish_by, self.now() + FINISHING)

    def begin(self, phase: str) -> None:
        """What was done until now is done; this begins."""
        now = time.monotonic(), time.process_time()
        spent = self.phases.setdefault(self._phase, Spent())
        spent.seconds += now[0] - self._since[0]
        spent.processor += now[1] - self._since[1]
        self._phase, self._since = phase, now

    def slowness(self) -> float:
        """How many times as long as on the machine of the estimates things take just now: because this one is slower,
        or because others are at work on it."""
        began, times = time.monotonic(), 0
        until = began + min(_SHARE_FOR_IT * self.budget, _MOST_FOR_IT)
        while True:
            zlib.compress(_SAMPLE, 1)
            now, times = time.monotonic(), times + 1
            if now >= until or times >= 2 * _MOST_FOR_IT / _SAMPLE_SECONDS:
                return max((now - began) / times / _SAMPLE_SECONDS, 1.0)
