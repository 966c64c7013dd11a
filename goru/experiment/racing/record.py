"""What a study has done so far, so that it can go on where it stopped."""

import time
from collections.abc import Iterable
from typing import Any

from goru.experiment.trial import Trial


class Record:
    """Kept in memory: what is on disk is a [`Store`][goru.experiment.racing.store.Store].

    - `trials`: all that are done, in their order.
    - `spent`: seconds that went into them before this process began.
    """

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.spent = 0.0
        self._facts: dict[str, Any] = {}
        self._started = time.monotonic()

    def go_on(self, started: float) -> float:
        """From now on the clock runs.

        **Arguments:**

        - `started`: when this process began to spend time, of `time.monotonic`.

        **Returns:** when the whole study would have begun, had it never stopped.
        """
        self._started = started - self.spent
        return self._started

    def add(self, trials: Iterable[Trial]) -> list[Trial]:
        """Keep the trials of a block: all of them, or none.

        **Returns:** the same trials as they are to be held on to: what is large may have to be read again.
        """
        kept = list(trials)
        self.trials.extend(kept)
        return kept

    def recall(self, name: str) -> Any:
        """What was decided, in plain JSON types; `None` if it was not."""
        return self._facts.get(name)

    def remember(self, name: str, value: Any) -> None:
        """Keep what was decided: a study that goes on decides it no other way."""
        self._facts[name] = value

    def close(self) -> None:
        """Nothing more is added."""
