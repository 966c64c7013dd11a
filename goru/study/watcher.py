"""How a study tells others what it is doing."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """Where the race stands.

    - `done`, `planned`: networks trained, and networks to train.
    - `round`: from 1.
    - `best`: the lowest held-out loss of a network so far; infinite before the first.
    """

    done: float
    planned: int
    round: int
    best: float


class Watcher(Protocol):
    """Told what happens. This one keeps silent."""

    def phase(self, text: str) -> None:
        """Something begins."""

    def progress(self, progress: Progress) -> None:
        """The race has got so far."""


class Silent:
    """A watcher that says nothing."""

    def phase(self, text: str) -> None:
        """Say nothing."""

    def progress(self, progress: Progress) -> None:
        """Say nothing."""
