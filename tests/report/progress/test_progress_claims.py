"""How far claims have got: what is found goes to standard output, the rest to standard error."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout

import pytest

from goru.report.progress.progress import Claims, claims_watcher


def plain(text: str) -> str:
    """What a terminal was told, without what moves and colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


class TestOffATerminal:
    def test_every_claim_is_named_as_it_begins(self, capsys):
        with Claims(2, on_terminal=False) as watching:
            watching.claim("bn-speed")
            watching.trained(8)
            watching.trained(8)
            watching.say(["bn-speed: Is it?", "", "It is."])
            watching.claim("dropout")
            watching.trained(1000)
        captured = capsys.readouterr()
        assert captured.err == "compiling\nbn-speed, 1 of 2\ndropout, 2 of 2\n"
        assert captured.out == "bn-speed: Is it?\n\nIt is.\n"

    def test_what_is_said_is_not_kept_back(self):
        class Pipe(io.StringIO):
            flushed = 0

            def flush(self):
                self.flushed += 1

        pipe, errors = Pipe(), Pipe()
        with redirect_stdout(pipe), redirect_stderr(errors), Claims(1, on_terminal=False) as watching:
            watching.claim("bn-speed")
            watching.say(line for line in ("one", "two"))
            assert (pipe.flushed, errors.flushed) == (2, 2)

    def test_a_line_from_time_to_time_tells_how_many_networks_are_trained(self, capsys, monkeypatch):
        now = [0.0]
        monkeypatch.setattr("goru.report.progress.progress.time.monotonic", lambda: now[0])
        with Claims(2, on_terminal=False) as watching:
            watching.claim("bn-speed")
            for seconds in (4, 4, 4, 4, 4, 4):
                now[0] += seconds
                watching.trained(500)
        told = capsys.readouterr().err.splitlines()
        assert told[2:] == ["bn-speed, 1 of 2; 1,500 networks", "bn-speed, 1 of 2; 3,000 networks"]


class TestOnATerminal:
    def test_a_line_tells_claim_and_networks_and_goes_again(self, terminal, capsys):
        with redirect_stderr(terminal), Claims(13, on_terminal=True) as watching:
            watching._status._live.refresh()
            assert "compiling" in plain(terminal.getvalue())
            watching.claim("bn-speed")
            watching.trained(1000)
            watching.trained(234)
            assert watching._status.status == "bn-speed, 1 of 13; 1,234 networks"
            watching.claim("dropout")
            assert watching._status.status == "dropout, 2 of 13; 1,234 networks"
            watching._status._live.refresh()
        shown = plain(terminal.getvalue())
        assert "dropout, 2 of 13; 1,234 networks" in shown
        assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h")  # the cursor is back
        assert terminal.getvalue().endswith("\x1b[2K")  # and the line is wiped
        assert capsys.readouterr().out == ""

    def test_what_is_found_is_printed_while_the_line_is_away(self, terminal):
        shown = []

        class Output(io.StringIO):
            def write(self, text):
                shown.append((text, watching._status._live.is_started))
                return len(text)

        with redirect_stderr(terminal), redirect_stdout(Output()), Claims(1, on_terminal=True) as watching:
            watching.claim("bn-speed")
            watching.say(["found"])
            assert watching._status._live.is_started
        assert ("found", False) in shown
        assert not any(started for _, started in shown)
        assert not watching._status._live.is_started

    def test_the_line_is_gone_after_an_error(self, terminal):
        watching = Claims(1, on_terminal=True)
        with redirect_stderr(terminal), pytest.raises(ZeroDivisionError), watching:
            watching.trained(1 // 0)
        assert not watching._status._live.is_started


class TestTheWatcher:
    def test_suits_standard_error(self, terminal):
        with redirect_stderr(terminal):
            assert claims_watcher(3)._status is not None
        with redirect_stderr(io.StringIO()):
            assert claims_watcher(3)._status is None
