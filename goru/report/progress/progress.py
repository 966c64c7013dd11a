"""How far a study has got: a bar and tables on a terminal and in a notebook, plain lines elsewhere."""

import math
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TextIO

from goru.experiment.findings.interim import Interim
from goru.experiment.racing.watcher import Progress
from goru.language import _, kept, retold
from goru.report.progress.interim import effect_rows, footnotes, in_a_line, leader_rows
from goru.report.terminal import table

if TYPE_CHECKING:
    from goru.report.progress.bar import Bar

LINES_EVERY_SECONDS = 10.0
SHOWN_EVERY_SECONDS = 0.5
FINISHING = kept("finishing with what there is; Ctrl-C again stops")
FINISHING_SOON = kept("finishing as soon as there is something to finish with; Ctrl-C again stops")


def in_words(progress: Progress) -> str:
    """Where the race stands."""
    where = _(
        "{done:,.0f} of {planned:,} {noun}, round {round}",
        done=progress.done,
        planned=progress.planned,
        noun=retold(progress.noun),
        round=progress.round,
    )
    if progress.best == float("inf"):
        return where
    return _("{where}, best loss {loss:.4f}", where=where, loss=progress.best)


class Lines:
    """Plain lines, one from time to time."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last = time.monotonic()

    def phase(self, text: str) -> None:
        """Say what begins."""
        print(retold(text), file=self._stream, flush=True)

    def progress(self, progress: Progress) -> None:
        """Say where the race stands, if it has not been said lately."""
        if time.monotonic() - self._last >= LINES_EVERY_SECONDS:
            self._last = time.monotonic()
            print(in_words(progress), file=self._stream, flush=True)

    def interim(self, look: Callable[[], Interim]) -> None:
        """Say what is known by now."""
        print(in_a_line(look()), file=self._stream, flush=True)

    def finishing(self, at_once: bool) -> None:
        """Say so."""
        print(retold(FINISHING if at_once else FINISHING_SOON), file=self._stream, flush=True)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Cell:
    """What a notebook shows below a cell: where the race stands and what is known, always in the same place."""

    def __init__(self) -> None:
        from IPython.display import display

        self._handle = display({"text/plain": ""}, raw=True, display_id=True)
        self._first, self._tables = "", list[str]()
        self._last = -math.inf

    def phase(self, text: str) -> None:
        """Show what begins."""
        self._show(retold(text))

    def progress(self, progress: Progress) -> None:
        """Show where the race stands, if that has not been shown just now."""
        if time.monotonic() - self._last >= SHOWN_EVERY_SECONDS:
            self._last = time.monotonic()
            self._show(in_words(progress))

    def interim(self, look: Callable[[], Interim]) -> None:
        """Show the answers so far."""
        interim = look()
        self._tables = ["", *table(effect_rows(interim)), "", *table(leader_rows(interim)), "", *footnotes(interim)]
        self._show(self._first)

    def finishing(self, at_once: bool) -> None:
        """Say so."""
        self._show(retold(FINISHING if at_once else FINISHING_SOON))

    def _show(self, first: str) -> None:
        self._first = first
        self._handle.update({"text/plain": "\n".join([first, *self._tables])}, raw=True)

    def __enter__(self) -> "Cell":
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.update({"text/plain": ""}, raw=True)


class Claims:
    """How far claims have got: what is found is printed as it comes; the rest goes to standard error.

    **Arguments:**

    - `claims`: how many are to be tried.
    - `on_terminal`: whether standard error is one: then a line there says how many networks have been trained.
    """

    def __init__(self, claims: int, on_terminal: bool) -> None:
        from rich.console import Console
        from rich.status import Status

        self._claims, self._begun, self._networks, self._name = claims, 0, 0, _("compiling")
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
        place = _("{claim}, {number} of {claims}", claim=self._name, number=self._begun, claims=self._claims)
        counted = _("{place}; {networks:,} networks", place=place, networks=self._networks)
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


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook; nothing is imported to find out."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None


def watcher() -> "Lines | Cell | Bar":
    """The one that suits where it is seen."""
    if in_notebook():
        return Cell()
    if sys.stderr.isatty():
        from goru.report.progress.bar import Bar

        return Bar()
    return Lines()
