"""How far a study has got, on a terminal: a bar, and tables of what is known."""

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, RenderableType
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from goru.experiment.findings.interim import Interim
from goru.experiment.racing.watcher import Progress
from goru.language import _, retold
from goru.report.progress.interim import effect_rows, footnotes, leader_rows
from goru.report.progress.progress import FINISHING, FINISHING_SOON, in_words


class _BarAndTables(RichProgress):
    """A bar, and below it whatever `tables` holds."""

    tables: Sequence[RenderableType] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield from self.tables


class Bar:
    """A Rich bar: networks trained, round, best loss so far, time left. Below it, from the first look at the answers
    on, what is known. Nothing of it stays."""

    def __init__(self) -> None:
        self._bar = _BarAndTables(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn(_("left")),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(_("reading"), total=None)

    def phase(self, text: str) -> None:
        """Show what begins; how long it takes is not known."""
        # A task of its own: Rich takes a total of None for one that has not changed.
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(retold(text), total=None)

    def progress(self, progress: Progress) -> None:
        """Show where the race stands."""
        self._bar.update(self._task, description=in_words(progress), total=progress.planned, completed=progress.done)

    def interim(self, look: Callable[[], Interim]) -> None:
        """Show the answers so far."""
        interim = look()
        notes = Text("\n".join(footnotes(interim)), style="dim")
        self._bar.tables = ["", _table(effect_rows(interim)), "", _table(leader_rows(interim)), notes]

    def finishing(self, at_once: bool) -> None:
        """Say so above the bar, where it stays."""
        self._bar.console.print(retold(FINISHING if at_once else FINISHING_SOON))

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _table(rows: Sequence[Sequence[str]]) -> Table:
    """As narrow as the terminal: what is too long for it is cut off. Names are text, whatever is in them."""
    head, *others = rows
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for title in head:
        table.add_column(Text(title), no_wrap=True, overflow="ellipsis")
    for row in others:
        table.add_row(*map(Text, row))
    return table
