"""How far a study has got: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable
from typing import TextIO

from goru.experiment.watcher import Progress

LINES_EVERY_SECONDS = 10.0
FINISHING = "finishing with what there is; Ctrl-C again stops"
FINISHING_SOON = "finishing as soon as there is something to finish with; Ctrl-C again stops"


def _in_words(progress: Progress) -> str:
    best = f", best loss {progress.best:.4f}" if progress.best < float("inf") else ""
    return f"{progress.done:,.0f} of {progress.planned:,} {progress.noun}, round {progress.round}{best}"


class Lines:
    """Plain lines, one from time to time."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last = time.monotonic()

    def phase(self, text: str) -> None:
        """Say what begins."""
        print(text, file=self._stream, flush=True)

    def progress(self, progress: Progress) -> None:
        """Say where the race stands, if it has not been said lately."""
        if time.monotonic() - self._last >= LINES_EVERY_SECONDS:
            self._last = time.monotonic()
            print(_in_words(progress), file=self._stream, flush=True)

    def finishing(self, at_once: bool) -> None:
        """Say so."""
        print(FINISHING if at_once else FINISHING_SOON, file=self._stream, flush=True)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Bar:
    """A Rich bar: networks trained, round, best loss so far, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("reading", total=None)

    def phase(self, text: str) -> None:
        """Show what begins; how long it takes is not known."""
        # A task of its own: Rich takes a total of None for one that has not changed.
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(text, total=None)

    def progress(self, progress: Progress) -> None:
        """Show where the race stands."""
        self._bar.update(self._task, description=_in_words(progress), total=progress.planned, completed=progress.done)

    def finishing(self, at_once: bool) -> None:
        """Say so above the bar, where it stays."""
        self._bar.console.print(FINISHING if at_once else FINISHING_SOON)

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


class Claims:
    """How far claims have got: what is found is printed as it comes; the rest goes to standard error.

    **Arguments:**

    - `claims`: how many are to be tried.
    - `on_terminal`: whether standard error is one: then a line there says how many networks have been trained.
    """

    def __init__(self, claims: int, on_terminal: bool) -> None:
        from rich.console import Console
        from rich.status import Status

        self._claims, self._begun, self._networks, self._name = claims, 0, 0, "compiling"
        self._status = Status(self._name, console=Console(stderr=True)) if on_terminal else None
        self._last = time.monotonic()

    def claim(self, name: str) -> None:
        """Show which claim is tried now."""
        self._begun, self._name = self._begun + 1, name
        self._show(begins=True)

    def trained(self, networks: int) -> None:
        """Count networks."""
        self._networks += networks
        self._show()

    def say(self, lines: Iterable[str]) -> None:
        """Print what was found."""
        if self._status is not None:
            self._status.stop()
        for line in lines:
            print(line, flush=True)
        if self._status is not None:
            self._status.start()

    def _show(self, begins: bool = False) -> None:
        """Where the claims stand: on a terminal at once, elsewhere in a line from time to time."""
        place = f"{self._name}, {self._begun} of {self._claims}"
        counted = f"{place}; {self._networks:,} networks"
        if self._status is not None:
            self._status.update(counted)
        elif begins or time.monotonic() - self._last >= LINES_EVERY_SECONDS:
            self._last = time.monotonic()
            print(place if begins else counted, file=sys.stderr, flush=True)

    def __enter__(self) -> "Claims":
        if self._status is None:
            print(self._name, file=sys.stderr, flush=True)
        else:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()


def claims_watcher(claims: int) -> Claims:
    """The one that suits standard error."""
    return Claims(claims, sys.stderr.isatty())


def watcher() -> Lines | Bar:
    """The one that suits standard error."""
    return Bar() if sys.stderr.isatty() else Lines()
