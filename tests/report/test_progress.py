"""How far a study has got: plain lines, and a bar on a terminal."""

import io
import re
from contextlib import redirect_stderr
from types import SimpleNamespace

import pytest

from goru.experiment.watcher import Progress
from goru.report import progress as module
from goru.report.progress import LINES_EVERY_SECONDS, Bar, Lines, watcher


def progress(done: float, best: float = 0.25, planned: int = 1200, number: int = 1) -> Progress:
    return Progress(done=done, planned=planned, round=number, best=best)


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


class TestWatcher:
    def test_a_terminal_gets_a_bar(self, terminal):
        with redirect_stderr(terminal):
            assert isinstance(watcher(), Bar)

    def test_anything_else_gets_lines(self):
        with redirect_stderr(io.StringIO()):
            assert isinstance(watcher(), Lines)
