"""A run's folder in every state that it can be found in."""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from studies import make_trial

import goru
from goru.errors import InputError
from goru.model.files import save_model
from goru.study.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    LOCK,
    MODEL,
    OLDEST,
    REPORT,
    STORE,
    VERSION,
    check_free,
    load,
    new_run,
    write_json,
)
from goru.study.store import Store

HOLD_LOCK = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with its content."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() or path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


ANSWERED = {
    **dict.fromkeys(("data", "network", "plan", "plain", "judgement", "recommended", "test", "trained", "seconds")),
    "advice": "Use the plain network.",
    **dict.fromkeys(("options", "selection", "temperature", "against_networks")),
    "effects": [{"name": "dropout", "change": -0.1}],
}
GATHERED = dict.fromkeys(("curves", "arms", "interactions", "hyperparameters", "activations", "predictions"))
GATHERED = {**GATHERED, "draws": [{"arm": "plain"}]}


def make_run(folder: Path, finished: bool = True) -> Path:
    """A run as far as its folder goes."""
    with new_run(folder, {"table": {}}, overwrite=False) as making:
        (making / STORE).write_text("trials")
        (making / MODEL).mkdir()
        (making / MODEL / "model.json").write_text("{}")
        write_json(making / EVIDENCE, GATHERED)
        if finished:
            write_json(making / ANSWER, ANSWERED)
            (making / REPORT).write_text("<html>")
    return folder


def write_run_and_raise(error: BaseException, folder: Path) -> None:
    with new_run(folder, {}, overwrite=True) as making:
        (making / STORE).write_text("some trials")
        (making / f"{STORE}-wal").write_text("more")
        (making / MODEL).mkdir()
        raise error


@contextmanager
def locked_by_another_process(folder: Path):
    command = [sys.executable, "-c", HOLD_LOCK, str(folder / LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield
        process.stdin.close()


@contextmanager
def as_nobody():
    """Without the rights of root, to whom every folder is open."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def public():
    """A folder that nobody may look into, and not write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        yield Path(folder)
        Path(folder).chmod(0o755)


def foreign_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    return folder


def empty_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def another_programs_run(folder: Path) -> Path:
    folder.mkdir()
    (folder / CONFIG).write_text('{"format": "another program"}')
    return folder


def config_that_is_no_json(folder: Path) -> Path:
    folder.mkdir()
    (folder / CONFIG).write_text("{")
    return folder


def newer_run(folder: Path) -> Path:
    config = json.loads((make_run(folder) / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"version": 999}))
    return folder


def older_run(folder: Path, version: int = OLDEST - 1) -> Path:
    config = json.loads((make_run(folder) / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"version": version}))
    return folder


def run_without_evidence(folder: Path) -> Path:
    """As version 2 was: there was neither evidence nor a report."""
    older_run(folder, version=2)
    for name in (EVIDENCE, REPORT):
        (folder / name).unlink()
    return folder


def a_file(folder: Path) -> Path:
    folder.write_text("years of work")
    return folder


def below_a_file(folder: Path) -> Path:
    folder.write_text("years of work")
    return folder / "deep" / "run"


def dangling_link(folder: Path) -> Path:
    folder.symlink_to("nowhere")
    return folder


def below_a_dangling_link(folder: Path) -> Path:
    folder.symlink_to("nowhere")
    return folder / "run"


def nothing(folder: Path) -> Path:
    return folder


def nothing_deep_down(folder: Path) -> Path:
    return folder / "deep" / "down"


def stale_lock(folder: Path) -> Path:
    folder.mkdir()
    (folder / LOCK).touch()
    return folder


def unfinished_run(folder: Path) -> Path:
    return make_run(folder, finished=False)


FREE = (nothing, nothing_deep_down, empty_folder, stale_lock)
REPLACEABLE = (
    (make_run, "a finished run"),
    (unfinished_run, "a run that was not finished"),
    (older_run, "a finished run"),
    (run_without_evidence, "a finished run"),
)
TAKEN = (
    (foreign_folder, "not a run of goru's"),
    (another_programs_run, "not a run of goru's"),
    (config_that_is_no_json, "not a run of goru's"),
    (newer_run, "newer goru"),
    (a_file, "a file of that name"),
    (below_a_file, "no folder to write to"),
    (dangling_link, "a file of that name"),
    (below_a_dangling_link, "no folder to write to"),
)


class TestCheckFree:
    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("make", FREE)
    def test_a_place_where_nothing_is_is_free(self, tmp_path, make, overwrite):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        check_free(folder, overwrite)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize(("make", "words"), REPLACEABLE)
    def test_a_run_is_replaced_on_demand_alone(self, tmp_path, make, words):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        check_free(folder, overwrite=True)
        with pytest.raises(InputError, match=f"run: holds {words}. Give --overwrite"):
            check_free(folder, overwrite=False)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize(("make", "words"), TAKEN)
    def test_what_is_not_goru_s_is_refused_whatever_is_asked(self, tmp_path, make, words, overwrite):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        for refuse in (check_free, lambda *args: new_run(args[0], {}, args[1]).__enter__()):
            with pytest.raises(InputError, match=words):
                refuse(folder, overwrite)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_run_that_another_process_writes_is_in_use(self, tmp_path, overwrite):
        folder = make_run(tmp_path / "run", finished=False)
        with locked_by_another_process(folder), pytest.raises(InputError, match="run: in use by another process"):
            check_free(folder, overwrite)
        check_free(folder, overwrite=True)  # its process is gone, and the lock with it

    def test_a_parent_that_may_not_be_written_to_is_refused(self, public):
        with as_nobody(), pytest.raises(InputError, match=r"cannot be made, .* is no folder to write to"):
            check_free(public / "deep" / "run", overwrite=False)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_folder_that_may_not_be_written_to_is_refused(self, public, overwrite):
        with as_nobody(), pytest.raises(InputError, match="cannot be written to"):
            check_free(public, overwrite)


class TestNewRun:
    @pytest.mark.parametrize("make", FREE)
    def test_a_run_holds_what_was_written_and_no_lock(self, tmp_path, make):
        folder = make(tmp_path / "run")
        with new_run(folder, {"goru": "1.2.3"}, overwrite=False) as making:
            write_json(making / ANSWER, {"effects": []})
        assert set(tree(folder)) == {CONFIG, ANSWER}
        assert json.loads((folder / CONFIG).read_text()) == {"format": "goru run", "version": 3, "goru": "1.2.3"}

    def test_evidence_and_report_are_parts_of_it(self, tmp_path):
        make_run(tmp_path / "run")
        assert json.loads((tmp_path / "run" / EVIDENCE).read_text()) == GATHERED
        assert (tmp_path / "run" / REPORT).read_text() == "<html>"

    def test_the_answer_comes_last_so_that_a_run_without_it_is_unfinished(self, tmp_path, monkeypatch):
        moved, rename = [], Path.rename

        def watch(path, target):
            moved.append(Path(target).name)
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", watch)
        make_run(tmp_path / "run")
        assert set(moved) == {CONFIG, STORE, "model.json", EVIDENCE, REPORT, ANSWER}
        assert moved[-1] == ANSWER

    def test_while_it_is_written_it_is_locked(self, tmp_path):
        with new_run(tmp_path / "run", {}, overwrite=False):
            for overwrite in (False, True):
                with pytest.raises(InputError, match="in use"):
                    check_free(tmp_path / "run", overwrite)

    def test_a_folder_that_another_process_has_just_begun_is_in_use(self, tmp_path):
        before = tree(tmp_path)
        folder = empty_folder(tmp_path / "run")
        with locked_by_another_process(folder), pytest.raises(InputError, match="in use"):
            new_run(folder, {}, overwrite=True).__enter__()
        assert set(tree(tmp_path)) - set(before) == {"run", f"run/{LOCK}"}

    @pytest.mark.parametrize("make", FREE)
    def test_an_input_error_leaves_nothing_behind(self, tmp_path, make):
        folder = make(tmp_path / "run")
        before = set(tree(tmp_path)) - {f"run/{LOCK}"}
        with pytest.raises(InputError, match="no network"):
            write_run_and_raise(InputError("no network learned anything"), folder)
        assert set(tree(tmp_path)) == before

    def test_a_folder_that_cannot_be_made_is_refused_and_its_parents_are_not_left(self, tmp_path):
        with pytest.raises(InputError, match=r"cannot be made \(File name too long\)"):
            new_run(tmp_path / "deep" / ("x" * 300), {}, overwrite=False).__enter__()
        assert tree(tmp_path) == {}

    @pytest.mark.parametrize("error", [InputError("no"), KeyboardInterrupt(), OSError("disk full"), MemoryError()])
    def test_whatever_happens_the_old_run_stays_as_it_was(self, tmp_path, error):
        folder = make_run(tmp_path / "run")
        before = tree(tmp_path)
        with pytest.raises(type(error)):
            write_run_and_raise(error, folder)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize(("make", "_"), REPLACEABLE)
    def test_the_new_run_takes_the_place_of_the_old_one_when_it_is_whole(self, tmp_path, make, _):
        folder = make(tmp_path / "run")
        before = tree(folder)
        with new_run(folder, {"goru": "new"}, overwrite=True) as making:
            assert {name: content for name, content in tree(folder).items() if not name.startswith(".")} == before
            write_json(making / ANSWER, ANSWERED)
        assert json.loads((folder / CONFIG).read_text())["goru"] == "new"
        assert set(tree(folder)) == {CONFIG, ANSWER}

    def test_what_a_killed_process_left_is_no_hindrance(self, tmp_path):
        making = tmp_path / "run" / ".making"
        making.mkdir(parents=True)
        (making / STORE).write_text("some trials")
        (tmp_path / "run" / LOCK).touch()
        make_run(tmp_path / "run")
        written = {CONFIG, STORE, EVIDENCE, REPORT, ANSWER, "model", "model/model.json"}
        assert set(tree(tmp_path / "run")) == written

    @pytest.mark.parametrize(
        "foreign", ["notes.txt", "study.sqlite.backup", "study.sqlite-notes", "model/notes.txt", "report.pdf"]
    )
    @pytest.mark.parametrize("error", [False, True], ids=["finished", "refused"])
    def test_foreign_files_in_a_run_are_never_removed(self, tmp_path, foreign, error):
        folder = make_run(tmp_path / "run")
        (folder / foreign).write_text("years of work")
        try:
            with new_run(folder, {}, overwrite=True):
                if error:
                    raise InputError("no network learned anything")
        except InputError:
            pass
        assert (folder / foreign).read_text() == "years of work"
        mine = {ANSWER, REPORT, EVIDENCE, CONFIG, STORE, "model/model.json"} if error else {CONFIG}
        assert set(tree(folder)) - {"model", foreign} == mine

    def test_a_model_can_be_written_beside_a_foreign_file(self, tmp_path, classified):
        folder = make_run(tmp_path / "run")
        (folder / MODEL / "notes.txt").write_text("years of work")
        with new_run(folder, {}, overwrite=True) as making:
            save_model(classified.model, classified.trained, making / MODEL)
            write_json(making / ANSWER, ANSWERED)
        assert len(load(folder).model.networks) == 8
        assert (folder / MODEL / "notes.txt").read_text() == "years of work"


class TestWriteJson:
    def test_what_is_written_is_read(self, tmp_path):
        content = {"Größe": [1, 2.5, None, True], "🙂": {"deep": "\n\t\u202e"}}
        write_json(tmp_path / "file.json", content)
        assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == content
        assert set(tree(tmp_path)) == {"file.json"}

    def test_a_file_name_that_is_no_utf8_comes_back_as_it_was(self, tmp_path):
        name = os.fsdecode(b"caf\xe9.csv")
        write_json(tmp_path / "file.json", {"source": name})
        assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == {"source": name}

    @pytest.mark.parametrize("content", [{"loss": float("nan")}, {"loss": float("inf")}, {"array": object()}])
    def test_what_is_not_json_leaves_the_old_file_and_nothing_beside_it(self, tmp_path, content):
        write_json(tmp_path / "file.json", {"old": 1})
        before = tree(tmp_path)
        with pytest.raises((ValueError, TypeError)):
            write_json(tmp_path / "file.json", {"first": "written"} | content)
        assert tree(tmp_path) == before

    def test_the_old_file_is_there_until_the_new_one_is_whole(self, tmp_path, monkeypatch):
        write_json(tmp_path / "file.json", {"old": 1})

        def power_cut(descriptor):
            assert json.loads((tmp_path / "file.json").read_text()) == {"old": 1}
            raise OSError("power cut")

        monkeypatch.setattr(os, "fsync", power_cut)
        with pytest.raises(OSError, match="power cut"):
            write_json(tmp_path / "file.json", {"new": 2})
        assert json.loads((tmp_path / "file.json").read_text()) == {"old": 1}


class TestLoad:
    def test_a_finished_run_opens(self, tmp_path):
        run = load(str(make_run(tmp_path / "run")))
        assert run.config["format"] == "goru run"
        assert run.answer["effects"][0]["change"] == -0.1
        assert run.evidence == GATHERED
        assert goru.load(run.folder).effects.to_dict("records") == [{"name": "dropout", "change": -0.1}]

    def test_its_trials_are_read_from_their_file(self, tmp_path):
        folder = make_run(tmp_path / "run")
        (folder / STORE).unlink()
        store = Store(folder / STORE)
        store.add([make_trial(draw=draw) for draw in range(2)])
        store.close()
        assert [trial.draw for trial in load(folder).recorded] == [0, 1]
        assert list(goru.load(folder).trials["draw"]) == [0, 1]

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            *((make, "not a run of goru's") for make in (nothing, empty_folder, foreign_folder, a_file)),
            *((make, "not a run of goru's") for make in (another_programs_run, config_that_is_no_json)),
            (unfinished_run, "not finished"),
            (older_run, "older goru.* --overwrite"),
            (newer_run, "newer goru"),
        ],
    )
    def test_what_is_no_finished_run_is_refused(self, tmp_path, make, words):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        with pytest.raises(InputError, match=words):
            load(folder)
        assert tree(tmp_path) == before

    def test_one_that_is_older_than_pictures_opens_but_has_nothing_to_draw(self, tmp_path):
        run = load(run_without_evidence(tmp_path / "run"))
        assert run.answer["effects"][0]["change"] == -0.1
        with pytest.raises(InputError, match=r"run: written by an older goru, which kept nothing to draw.*--overwrite"):
            _ = run.evidence

    @pytest.mark.parametrize("version", range(OLDEST, VERSION + 1))
    def test_every_version_that_can_be_read_is(self, tmp_path, version):
        assert load(older_run(tmp_path / "run", version)).answer == ANSWERED

    @pytest.mark.parametrize("missing", GATHERED)
    def test_evidence_that_lacks_a_part_is_refused(self, tmp_path, missing):
        run = load(make_run(tmp_path / "run"))
        write_json(run.folder / EVIDENCE, {name: part for name, part in GATHERED.items() if name != missing})
        with pytest.raises(InputError, match=r"evidence\.json: damaged, it is no evidence"):
            _ = run.evidence

    def test_evidence_that_is_gone_is_missed_when_it_is_wanted_and_not_before(self, tmp_path):
        run = load(make_run(tmp_path / "run"))
        (run.folder / EVIDENCE).unlink()
        assert run.answer == ANSWERED
        with pytest.raises(InputError, match=r"evidence\.json: cannot be read \(No such file or directory\)"):
            _ = run.evidence

    @pytest.mark.parametrize("missing", ANSWERED)
    def test_an_answer_that_lacks_a_part_is_refused(self, tmp_path, missing):
        run = load(make_run(tmp_path / "run"))
        write_json(run.folder / ANSWER, {name: part for name, part in ANSWERED.items() if name != missing})
        with pytest.raises(InputError, match=r"answer\.json: damaged, it is no answer"):
            _ = run.answer

    @pytest.mark.parametrize("content", ["", "{", "{}", "[]", "3", '"text"', "\udcff"])
    def test_a_damaged_answer_is_refused_and_so_is_evidence(self, tmp_path, content):
        run = load(make_run(tmp_path / "run"))
        for name, part in ((ANSWER, "answer"), (EVIDENCE, "evidence")):
            (run.folder / name).write_text(content, errors="surrogateescape")
            with pytest.raises(InputError, match=rf"{part}\.json: damaged"):
                getattr(run, part)
