"""`goru fit --resume`: a study that was stopped goes on, and whoever meets it on the way says what to do."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from outcomes import EPOCHS, files_of, strict_json, truncated, wait_for_trials

from goru.experiment.racing.store import Store
from goru.studies.runs.manifest import check_files

FIT = ("fit", "iris", "--networks", 36, "--hidden", 8, "--out", "run")
GO_ON = "what was trained is kept: repeat the command with --resume to continue"


@pytest.fixture
def stopped(goru, monkeypatch):
    """Ctrl-C after some blocks; gives what the command did."""

    def stop(*options, blocks=3, error=KeyboardInterrupt, words=FIT):
        add, done = Store.add, []

        def watched(store, trials):
            if len(done) == blocks:
                raise error
            done.append(1)
            return add(store, trials)

        with monkeypatch.context() as patch:
            patch.setattr(Store, "add", watched)
            return goru(*words, *options)

    return stop


@pytest.fixture(scope="session")
def whole(tmp_path_factory, fit_once):
    """The run of the same command, never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    before = Path.cwd()
    os.chdir(folder)
    try:
        fit_once(*FIT)
    finally:
        os.chdir(before)
    return folder / "run"


def same(one: Path, other: Path) -> bool:
    """Whether two runs are the same, clocks aside."""

    def contents(run):
        answer = strict_json((run / "answer.json").read_text())
        with closing(sqlite3.connect(f"file:{run / 'study.sqlite'}?mode=ro", uri=True)) as study:
            rows = study.execute("select * from trials order by arm, configuration, split").fetchall()
        evidence = strict_json((run / "evidence.json").read_text())
        for entry in evidence["leaderboard"]:
            entry |= {"fit_seconds": None, "predict_seconds": None}
        return {**answer, "seconds": 0, "timings": None}, rows, evidence, files_of(run / "model"), sorted(files_of(run))

    return contents(one) == contents(other)


class TestCtrlC:
    def test_it_ends_in_one_line_that_says_how_to_go_on(self, stopped):
        outcome = stopped()
        assert outcome.code == 130
        assert outcome.stdout == ""
        assert outcome.stderr.splitlines()[-1] == f"interrupted: {GO_ON}"
        assert Path("run/.making/study.sqlite").is_file()

    def test_the_same_command_with_resume_finishes_the_same_run(self, goru, stopped, whole):
        stopped()
        outcome = goru(*FIT, "--resume")
        assert outcome.code == 0, outcome
        assert same(Path("run"), whole)
        assert outcome.stdout.startswith(goru("show", "run").stdout)

    def test_before_anything_was_trained_nothing_is_left(self, stopped):
        outcome = stopped(blocks=0)
        assert (outcome.code, outcome.stderr.splitlines()[-1]) == (130, "interrupted: nothing was written")
        assert outcome.after == outcome.before

    def test_an_old_run_survives(self, stopped, bring, credit_run):
        run = bring(credit_run)
        outcome = stopped("--out", run, "--overwrite")
        assert outcome.code == 130
        assert outcome.stderr.splitlines()[-1].endswith("with --resume instead of --overwrite to continue")
        assert outcome.before.items() <= outcome.after.items()
        assert all(name.startswith(f"{run}/.making") for name in outcome.after.keys() - outcome.before.keys())

    def test_a_process_that_gets_sigint_twice_does_all_this(self, goru, tmp_path):
        """A real one, with a bar's worth of networks to train."""
        words = ("fit", "iris", "--networks", 360, "--hidden", 8, "--out", "run")
        process = start(tmp_path, *words)
        wait_for_trials(tmp_path / "run")
        process.send_signal(signal.SIGINT)
        said = said_until(process, "Ctrl-C again stops")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        stderr = said + stderr
        assert (process.returncode, stdout) == (130, "")
        assert stderr.splitlines()[-1] == f"interrupted: {GO_ON}"
        assert "Traceback" not in stderr
        assert goru(*words[:-1], "whole").code == goru(*words, "--resume").code == 0
        assert same(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
class TestCtrlCOnce:
    """A study finishes with what there is."""

    def test_a_run_is_written_that_says_so(self, goru, refused, tmp_path):
        words = ("fit", "iris", "--networks", 720, "--hidden", 8, "--out", "run")
        process = start(tmp_path, *words)
        wait_for_trials(tmp_path / "run")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        assert "Ctrl-C again stops" in stderr
        assert "ended early, as asked: " in stdout
        assert "of 720 planned networks count." in stdout
        check_files(tmp_path / "run")
        shown = goru("show", "run")
        assert shown.code == 0
        assert shown.stdout in stdout
        plan = strict_json((tmp_path / "run" / "answer.json").read_text())["plan"]
        assert plan["configurations"] < 720 / 12 / 5
        refused(goru(*words, "--resume"), "run", "this run is finished")

    def test_a_study_that_was_stopped_all_the_same_is_gone_on_with_as_if_nobody_had_asked(self, goru, tmp_path):
        """It is stopped while the final networks are trained."""
        words = ("fit", "iris", "--networks", 360, "--hidden", 8, "--out", "run")
        process = start(tmp_path, *words)
        wait_for_trials(tmp_path / "run")
        process.send_signal(signal.SIGINT)
        said_until(process, "training the final model")
        process.kill()
        process.communicate(timeout=60)
        assert goru(*words[:-1], "whole").code == goru(*words, "--resume").code == 0
        assert same(tmp_path / "run", tmp_path / "whole")


def said_until(process: subprocess.Popen, words: str) -> str:
    """What a process has said on standard error, once it has said this."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def start(folder: Path, *words: object) -> subprocess.Popen:
    """The command in a process of its own, and as `goru` runs it here otherwise."""
    main = f"import sys; from goru.studies import defaults; defaults.EPOCHS = {EPOCHS}; from goru.cli import main"
    return subprocess.Popen(
        [sys.executable, "-c", f"{main}; sys.exit(main())", *map(str, words)],
        cwd=folder,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


class TestAnUnfinishedRun:
    @pytest.fixture(autouse=True)
    def _left(self, stopped):
        stopped()

    def test_is_not_begun_again_by_the_same_command(self, goru, refused):
        refused(goru(*FIT), "run", "not finished", "--resume to continue it", "--overwrite to start over")

    def test_is_begun_anew_on_demand(self, goru, whole):
        assert goru(*FIT, "--overwrite").code == 0
        assert same(Path("run"), whole)

    def test_cannot_be_gone_on_with_and_begun_anew(self, goru, refused):
        refused(goru(*FIT, "--resume", "--overwrite"), "--resume and --overwrite cannot be combined")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--seed", 1), "seed 0, not 1"),
            (("--hidden", "8,8"), "hidden 8, not 8,8"),
            (("--networks", 48), "networks 36, not 48"),
            (("--single",), "single False, not True"),
        ],
    )
    def test_is_gone_on_with_by_what_it_was_begun_with_alone(self, goru, refused, options, words):
        refused(goru(*FIT, "--resume", *options), "run", f"was begun with {words}")

    def test_is_not_that_of_another_table(self, goru, refused):
        refused(goru("fit", "wine", *FIT[2:], "--resume"), "was begun with source iris, not wine")

    @pytest.mark.parametrize("command", ["show", "report", "predict"])
    def test_is_not_read(self, goru, refused, command, credit, write):
        words = (write(credit(), "new.csv"),) if command == "predict" else ()
        refused(goru(command, "run", *words), "run", "not finished", "--resume")

    @pytest.mark.parametrize("name", ["study.sqlite", "config.json"])
    def test_that_is_damaged_is_named(self, goru, refused, name):
        truncated(Path("run/.making") / name)
        refused(goru(*FIT, "--resume"), f"run/.making/{name}", "damaged", "--overwrite")

    @pytest.mark.parametrize("options", [(), ("--overwrite",), ("--resume",)], ids=str)
    def test_that_another_process_writes_is_in_use(self, goru, refused, options):
        import fcntl

        with open("run/.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            refused(goru(*FIT, *options), "run: in use by another process")


class TestTwoProcesses:
    def test_the_second_says_so_and_stops_and_the_first_does_not_notice(self, goru, refused, tmp_path_factory, whole):
        folder = tmp_path_factory.mktemp("first")
        first = start(folder, *FIT)
        while first.poll() is None and not (folder / "run" / ".lock").exists():
            time.sleep(0.005)
        for how in ((), ("--resume",), ("--overwrite",)):
            refused(goru(*FIT[:-1], folder / "run", *how), "in use by another process")
        assert first.wait(timeout=60) == 0
        assert same(folder / "run", whole)


class TestAFinishedRun:
    def test_has_nothing_to_resume(self, goru, refused, whole, tmp_path):
        import shutil

        shutil.copytree(whole, "run")
        refused(goru(*FIT, "--resume"), "run", "this run is finished, there is nothing to resume", "--overwrite")

    def test_is_what_resuming_makes_where_there_was_nothing(self, goru, whole):
        assert goru(*FIT, "--resume").code == 0
        assert same(Path("run"), whole)


class TestAFullDisk:
    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (OSError(28, "No space left on device"), "No space left on device"),
            (sqlite3.OperationalError("database or disk is full"), "database or disk is full"),
            (MemoryError(), "not enough memory"),
        ],
    )
    def test_it_ends_in_one_line_that_says_how_to_go_on(self, stopped, goru, whole, error, words):
        outcome = stopped(error=error)
        assert outcome.code == 2
        assert outcome.stderr.splitlines()[-1] == f"goru: {words}; {GO_ON}."
        assert goru(*FIT, "--resume").code == 0
        assert same(Path("run"), whole)

    def test_a_report_that_cannot_be_written_costs_nothing_that_was_trained(self, goru, monkeypatch, whole):
        from goru.report import study_page

        def full(page, path, overwrite):
            from goru.errors import InputError

            raise InputError(f"{path}: cannot be written (No space left on device).")

        with monkeypatch.context() as patch:
            patch.setattr(study_page, "write_page", full)
            outcome = goru(*FIT)
        said = f"run/.making/report.html: cannot be written (No space left on device); {GO_ON}."
        assert (outcome.code, outcome.stderr.splitlines()[-1]) == (2, f"goru: {said}")
        assert goru(*FIT, "--resume").code == 0
        assert same(Path("run"), whole)


class TestTheReport:
    """It is part of a run, and can be written again at any time."""

    @pytest.fixture(autouse=True)
    def _run(self, whole, goru):
        import shutil

        shutil.copytree(whole, "run")

    @pytest.mark.parametrize("damage", [truncated, Path.unlink, lambda path: path.write_text("?")])
    def test_a_damaged_one_is_named_and_mended(self, goru, refused, whole, damage):
        damage(Path("run/report.html"))
        refused(goru("show", "run"), "run/report.html", "Write it again with `goru report`")
        assert goru("report", "run").code == 0
        assert goru("show", "run").code == 0
        check_files(Path("run"))

    @pytest.mark.parametrize("spelled", ["run/report.html", "run/../run/report.html", "./run/report.html"])
    def test_however_it_is_named(self, goru, spelled):
        assert goru("report", "run", "-o", spelled, "--overwrite").code == 0
        assert goru("show", "run").code == 0

    def test_another_damage_is_named_all_the_same(self, goru, refused):
        truncated(Path("run/evidence.json"))
        refused(goru("report", "run"), "run/evidence.json: damaged")

    def test_one_elsewhere_changes_nothing_in_the_run(self, goru, whole):
        assert goru("report", "run", "-o", "page.html").code == 0
        assert files_of(Path("run")) == files_of(whole)

    def test_a_manifest_that_is_kept_with_the_answer_says_what_is_there(self):
        listed = json.loads(Path("run/manifest.json").read_text())["files"]
        assert set(listed) | {"manifest.json"} == set(files_of(Path("run")))
