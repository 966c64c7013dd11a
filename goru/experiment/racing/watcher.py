"""How a study tells others what it is doing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from goru.experiment.findings.interim import Interim


@dataclass(frozen=True)
class Progress:
    """Where the race stands.

    - `done`, `planned`: trials made, and trials to make.
    - `round`: from 1.
    - `best`: the lowest validation loss of a trial so far; infinite before the first.
    - `noun`: what trials are called.
    """

    done: float
    planned: int
    round: int
    best: float
    noun: str = "networks"


class Watcher(Protocol):
    """Told what happens. This one keeps silent."""

    def phase(self, text: str) -> None:
        """Something begins."""

    def progress(self, progress: Progress) -> None:
        """The race has got so far."""

    def interim(self, look: Callable[[], Interim]) -> None:
        """The answers so far can be looked at; who does has looked, and that is counted."""

    def finishing(self, at_once: bool) -> None:
        """The study finishes with what there is: at once, or as soon as there is something."""


class Silent:
    """A watcher that says nothing."""

    def phase(self, text: str) -> None:
        """Say nothing."""

    def progress(self, progress: Progress) -> None:
        """Say nothing."""

    def interim(self, look: Callable[[], Interim]) -> None:
        """Do not look."""

    def finishing(self, at_once: bool) -> None:
        """Say nothing."""
