"""What is said when a study is stopped before its end."""

import sqlite3

import pytest
from runs import killed, killed_before_its_first_write, killed_on_its_way, make_run, nothing, stopped

from goru.errors import InputError, Stopped
from goru.studies.runs.stopping import stopping

GO_ON = "what was trained is kept: repeat the command with resume=True to continue"
UNFINISHED = (stopped, killed, killed_on_its_way)
FULL = OSError(28, "No space left on device")
FAULTS = {
    "No space left on device": FULL,
    "model.json: No space left on device": OSError(28, "No space left on device", "model.json"),
    "report.html: cannot be written": OSError("report.html: cannot be written"),
    "database or disk is full": sqlite3.OperationalError("database or disk is full"),
    "not enough memory": MemoryError(),
}


def stop(folder, error, **how):
    with stopping(folder, **how):
        raise error


class TestWhereSomethingIsKept:
    @pytest.mark.parametrize("make", UNFINISHED)
    def test_after_ctrl_c_it_is_said_how_to_go_on(self, tmp_path, make):
        with pytest.raises(Stopped, match=f"^interrupted: {GO_ON}$"):
            stop(make(tmp_path / "run"), KeyboardInterrupt())

    @pytest.mark.parametrize("make", UNFINISHED)
    @pytest.mark.parametrize(("words", "error"), FAULTS.items(), ids=FAULTS)
    def test_so_it_is_when_the_disk_is_full_or_memory(self, tmp_path, make, words, error):
        with pytest.raises(InputError, match=f"^{words}; {GO_ON}\\.$"):
            stop(make(tmp_path / "run"), error)

    def test_a_command_that_was_to_overwrite_goes_on_without_that(self, tmp_path):
        folder = stopped(make_run(tmp_path / "run"), overwrite=True)
        with pytest.raises(Stopped, match=r"resume=True instead of overwrite=True to continue$"):
            stop(folder, KeyboardInterrupt(), overwrite=True)

    @pytest.mark.parametrize("error", [InputError("in use by another process"), RuntimeError("a bug")])
    def test_what_is_no_stop_is_passed_on_as_it_is(self, tmp_path, error):
        with pytest.raises(type(error), match=f"^{error}$"):
            stop(stopped(tmp_path / "run"), error)

    def test_what_ends_well_is_left_alone(self, tmp_path):
        with stopping(stopped(tmp_path / "run")):
            pass


@pytest.mark.parametrize("make", [nothing, make_run, killed_before_its_first_write])
class TestWhereNothingIs:
    @pytest.mark.parametrize("error", [KeyboardInterrupt(), *FAULTS.values()], ids=repr)
    def test_what_stopped_it_is_passed_on(self, tmp_path, make, error):
        with pytest.raises(type(error)):
            stop(make(tmp_path / "run"), error)
