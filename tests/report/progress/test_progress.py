"""How far a study has got: plain lines, and a bar on a terminal."""

import io
import re
import sys
from contextlib import redirect_stderr
from dataclasses import replace
from types import SimpleNamespace

import pytest

from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.interim import Interim
from goru.experiment.racing.watcher import Progress
from goru.report.progress import progress as module
from goru.report.progress.bar import Bar
from goru.report.progress.interim import in_a_line
from goru.report.progress.progress import LINES_EVERY_SECONDS, Cell, Lines, watcher


def progress(done: float, best: float = 0.25, planned: int = 1200, number: int = 1) -> Progress:
    return Progress(done=done, planned=planned, round=number, best=best)


def effect(name, change, half, verdict, helps=0.5) -> EffectFound:
    return EffectFound(
        name, change, change - half, change + half, 0.01, verdict, 0.1, 0.0, 0.0, None, False, helps, 0.0
    )


INTERIM = Interim(
    108,
    "networks",
    (
        effect("dropout", -0.05, 0.02, "helps"),
        effect("weight decay", -0.01, 0.03, "inconclusive", 0.87),
        effect("batch norm after", 0.002, 0.005, "negligible"),
        effect("batch norm before", 0.01, 0.3, "inconclusive"),
    ),
    0.975,
    0.505,
    {"dropout": 0.44, "plain": 0.505},
    45.0,
)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is moved."""
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


class TestLines:
    def test_what_begins_is_said_at_once(self):
        stream = io.StringIO()
        with Lines(stream) as lines:
            lines.phase("compiling 6 programs")
            lines.phase("training")
        assert stream.getvalue() == "compiling 6 programs\ntraining\n"

    def test_where_the_race_stands_is_said_from_time_to_time(self, clock):
        stream = io.StringIO()
        lines = Lines(stream)
        for tick in range(351):  # 35 seconds
            clock.now = 50 + tick / 10
            lines.progress(progress(done=tick))
        said = stream.getvalue().splitlines()
        assert said == [f"{done} of 1,200 networks, round 1, best loss 0.2500" for done in (100, 200, 300)]
        assert LINES_EVERY_SECONDS == 10

    def test_a_short_race_says_nothing(self, clock):
        stream = io.StringIO()
        lines = Lines(stream)
        clock.now += 9.9
        lines.progress(progress(done=1200))
        assert stream.getvalue() == ""

    def test_before_the_first_network_is_done_there_is_no_best(self, clock):
        stream = io.StringIO()
        lines = Lines(stream)
        clock.now += 10
        lines.progress(progress(done=0.4, best=float("inf"), number=2))
        assert stream.getvalue() == "0 of 1,200 networks, round 2\n"

    @pytest.mark.parametrize(
        ("at_once", "words"), [(True, "with what there is"), (False, "as soon as there is something")]
    )
    def test_that_a_study_finishes_is_said_at_once(self, at_once, words):
        stream = io.StringIO()
        Lines(stream).finishing(at_once)
        assert words in stream.getvalue()
        assert stream.getvalue().endswith("; Ctrl-C again stops\n")

    def test_they_go_to_standard_error(self, capsys):
        Lines().phase("training")
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "training\n")


class TestBar:
    def test_it_shows_phases_and_how_far_the_race_has_got_and_leaves_nothing_behind(self, terminal, capsys):
        with redirect_stderr(terminal), Bar() as bar:
            bar.phase("compiling 6 programs")
            bar._bar.refresh()
            bar.progress(progress(done=300))
            bar._bar.refresh()
        shown = terminal.getvalue()
        assert "compiling 6 programs" in shown
        assert "300 of 1,200 networks, round 1, best loss 0.2500" in shown
        assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor is there again
        assert shown.endswith("\x1b[2K")  # and the bar's line is wiped
        assert capsys.readouterr().out == ""

    def test_that_a_study_finishes_stays_above_it(self, terminal):
        with redirect_stderr(terminal), Bar() as bar:
            bar.progress(progress(done=300))
            bar.finishing(at_once=True)
            bar.progress(progress(done=301))
        assert "finishing with what there is; Ctrl-C again stops\n" in terminal.getvalue()

    def test_it_is_as_full_as_the_race(self, terminal):
        lengths = []
        with redirect_stderr(terminal), Bar() as bar:
            for done in (300, 600, 1200):
                bar.progress(progress(done=done))
                bar._bar.refresh()
                last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue().splitlines()[-1]).split("\r")[-1]
                lengths.append(len(re.search("best loss 0.2500 (━*)", last)[1]))
        assert lengths == sorted(lengths)

    def test_a_phase_of_unknown_length_forgets_how_far_the_last_one_was(self, terminal):
        with redirect_stderr(terminal), Bar() as bar:
            bar.progress(progress(done=1200))
            bar.phase("training the recommended networks")
            (task,) = bar._bar.tasks
            assert (task.total, task.description) == (None, "training the recommended networks")
            assert not task.finished


class TestABarWithTables:
    """From the first look at the answers on."""

    def shown(self, terminal, interim) -> str:
        with redirect_stderr(terminal), Bar() as bar:
            bar.progress(progress(done=300))
            bar.interim(lambda: interim)
            bar._bar.refresh()
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())

    def test_what_is_known_stands_below_it(self, terminal):
        lines = self.shown(terminal, INTERIM)
        for words in (
            "300 of 1,200 networks",
            "-0.050 (-9.9%)",
            "likely helps (87%)",
            "best combinations so far",
            "after 108 networks; training ends in 45 s at the latest",
        ):
            assert words in lines

    def test_nothing_of_it_stays(self, terminal):
        self.shown(terminal, INTERIM)
        assert terminal.getvalue().endswith("\x1b[2K")

    @pytest.mark.parametrize("columns", [20, 40, 80])
    def test_on_a_narrow_terminal_no_line_is_longer_than_that(self, terminal, monkeypatch, columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = self.shown(terminal, replace(INTERIM, leaders={"x" * 300: 0.5})).splitlines()
        assert max(len(line.split("\r")[-1].rstrip()) for line in lines) <= columns

    def test_names_are_text_whatever_is_in_them(self, terminal):
        assert "[bold]no[/] \\x1b[31m" in self.shown(terminal, replace(INTERIM, leaders={"[bold]no[/] \x1b[31m": 0.5}))


class TestLinesAboutAnswers:
    def test_each_look_is_a_line(self):
        stream = io.StringIO()
        Lines(stream).interim(lambda: INTERIM)
        assert stream.getvalue() == (
            "after 108 networks: dropout helps (-9.9%); batch norm after is negligible (+0.4%); "
            "weight decay likely helps (87%); 1 inconclusive\n"
        )

    def test_where_nothing_is_known_it_says_so(self):
        inconclusive = tuple(effect for effect in INTERIM.effects if effect.name == "batch norm before")
        assert in_a_line(replace(INTERIM, effects=inconclusive)) == "after 108 networks: all inconclusive"


class TestCell:
    """A notebook, as far as it can be had without one."""

    @pytest.fixture
    def shown(self, monkeypatch):
        shown = []

        class Handle:
            def update(self, content, raw):
                assert raw
                shown.append(content["text/plain"])

        display = SimpleNamespace(display=lambda content, raw, display_id: Handle())
        shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()), display=display)
        monkeypatch.setitem(sys.modules, "IPython", shell)
        monkeypatch.setitem(sys.modules, "IPython.display", display)
        return shown

    def test_it_is_always_in_one_place_and_empty_in_the_end(self, shown, clock):
        with watcher() as cell:
            assert isinstance(cell, Cell)
            cell.phase("compiling")
            cell.progress(progress(done=300))
            cell.interim(lambda: INTERIM)
            cell.finishing(at_once=True)
        assert shown[0] == "compiling"
        assert shown[1].startswith("300 of 1,200 networks")
        assert shown[2].startswith(shown[1])
        assert "likely helps (87%)" in shown[2]
        assert "Ctrl-C" not in shown[2]
        assert shown[-1] == ""

    def test_progress_is_not_shown_more_often_than_anybody_can_read(self, shown, clock):
        with watcher() as cell:
            for _ in range(100):
                clock.now += 0.1
                cell.progress(progress(done=300))
        assert len(shown) <= 22

    def test_another_shell_is_no_notebook(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: object()))
        with redirect_stderr(io.StringIO()):
            assert isinstance(watcher(), Lines)


class TestWatcher:
    def test_a_terminal_gets_a_bar(self, terminal):
        with redirect_stderr(terminal):
            assert isinstance(watcher(), Bar)

    def test_anything_else_gets_lines(self):
        with redirect_stderr(io.StringIO()):
            assert isinstance(watcher(), Lines)
