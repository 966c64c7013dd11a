"""The folder of a run while it is written: what may be written where, and what is there after it was stopped."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from runs import (
    ANSWERED,
    ASKED,
    GATHERED,
    a_file,
    another_programs_manifest,
    another_programs_run,
    as_nobody,
    below_a_dangling_link,
    below_a_file,
    config_that_is_no_json,
    dangling_link,
    empty_folder,
    foreign_folder,
    killed,
    killed_before_its_first_write,
    killed_on_its_way,
    locked_by_another_process,
    make_run,
    newer_run,
    nothing,
    nothing_deep_down,
    of_version,
    older_run,
    record,
    run_without_evidence,
    stale_lock,
    stopped,
    tree,
    write_all,
)

from goru.errors import InputError
from goru.experiment.forms import to_json
from goru.experiment.racing.store import read_trials
from goru.model.files import save_model
from goru.studies.runs.folder import LOCK, check_free, finish_publishing, new_run
from goru.studies.runs.manifest import MANIFEST, check_files
from goru.studies.runs.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    MAKING,
    MODEL,
    READY,
    REPORT,
    STORE,
    VERSION,
    is_unfinished,
    open_run,
)

WHOLE = {CONFIG, STORE, EVIDENCE, REPORT, ANSWER, MANIFEST, MODEL, f"{MODEL}/model.json"}

FREE = (nothing, nothing_deep_down, empty_folder, stale_lock, killed_before_its_first_write)
UNFINISHED = (stopped, killed, killed_on_its_way)
REPLACEABLE = (make_run, older_run, run_without_evidence)
TAKEN = (
    (foreign_folder, "not a run of goru's"),
    (another_programs_run, "not a run of goru's"),
    (another_programs_manifest, "not a run of goru's"),
    (config_that_is_no_json, "not a run of goru's"),
    (newer_run, "newer goru"),
    (a_file, "a file of that name"),
    (below_a_file, "no folder to write to"),
    (dangling_link, "a file of that name"),
    (below_a_dangling_link, "no folder to write to"),
)


@pytest.fixture
def public():
    """A folder that nobody may look into, and not write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        yield Path(folder)
        Path(folder).chmod(0o755)


def begin(folder: Path, config=ASKED, overwrite: bool = False, resume: bool = False) -> None:
    new_run(folder, config, overwrite, resume).__enter__()


class TestCheckFree:
    @pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}], ids=str)
    @pytest.mark.parametrize("make", FREE)
    def test_a_place_where_nothing_is_worth_keeping_is_free_whatever_is_asked(self, tmp_path, make, how):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        check_free(folder, **{"overwrite": False} | how)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("make", REPLACEABLE)
    def test_a_finished_run_is_replaced_on_demand_alone(self, tmp_path, make):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        check_free(folder, overwrite=True)
        with pytest.raises(InputError, match=r"run: holds a finished run\. Give overwrite=True"):
            check_free(folder, overwrite=False)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("make", REPLACEABLE)
    def test_a_finished_run_has_nothing_to_resume(self, tmp_path, make):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        for refuse in (check_free, begin):
            with pytest.raises(InputError, match="run: this run is finished, there is nothing to resume"):
                refuse(folder, overwrite=False, resume=True)
        assert tree(tmp_path) == before

    def test_nor_has_one_that_was_to_be_replaced_by_a_run_killed_before_its_first_write(self, tmp_path):
        folder = make_run(tmp_path / "run")
        (folder / MAKING).mkdir()
        with pytest.raises(InputError, match="this run is finished"):
            check_free(folder, overwrite=False, resume=True)

    @pytest.mark.parametrize("make", UNFINISHED)
    def test_an_unfinished_run_is_gone_on_with_or_replaced_on_demand_alone(self, tmp_path, make):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        check_free(folder, overwrite=True)
        check_free(folder, overwrite=False, resume=True)
        with pytest.raises(
            InputError, match=r"not finished\. Give resume=True to go on, or overwrite=True to begin anew"
        ):
            check_free(folder, overwrite=False)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("make", UNFINISHED)
    def test_so_is_one_that_was_to_replace_a_finished_one(self, tmp_path, make):
        folder = make_run(tmp_path / "run")
        shutil.copytree(make(tmp_path / "other"), folder, dirs_exist_ok=True)
        check_free(folder, overwrite=True)
        check_free(folder, overwrite=False, resume=True)
        with pytest.raises(InputError, match=r"not finished\. Give resume=True"):
            check_free(folder, overwrite=False)

    def test_a_run_without_an_answer_that_nothing_can_go_on_from_can_be_replaced(self, tmp_path):
        """As older versions left them, or a process that was stopped twice."""
        folder = make_run(tmp_path / "run")
        (folder / ANSWER).unlink()
        check_free(folder, overwrite=True)
        for resume in (False, True):
            with pytest.raises(InputError, match=r"holds a run that was not finished\. Give overwrite=True"):
                check_free(folder, overwrite=False, resume=resume)

    def test_a_run_whose_configuration_is_damaged_can_be_replaced(self, tmp_path):
        folder = make_run(tmp_path / "run")
        (folder / CONFIG).write_text("{")
        check_free(folder, overwrite=True)

    @pytest.mark.parametrize("make", [*FREE, *UNFINISHED, *REPLACEABLE])
    def test_to_go_on_and_to_begin_anew_exclude_each_other(self, tmp_path, make):
        with pytest.raises(InputError, match="resume=True and overwrite=True exclude each other"):
            check_free(make(tmp_path / "run"), overwrite=True, resume=True)

    @pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}], ids=str)
    @pytest.mark.parametrize(("make", "words"), TAKEN)
    def test_what_is_not_goru_s_is_refused_whatever_is_asked(self, tmp_path, make, words, how):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        for refuse in (check_free, begin):
            with pytest.raises(InputError, match=words):
                refuse(folder, **{"overwrite": False} | how)
        assert tree(tmp_path) == before

    @pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}], ids=str)
    @pytest.mark.parametrize("make", [stopped, killed_on_its_way, make_run])
    def test_a_run_that_another_process_writes_is_in_use(self, tmp_path, make, how):
        folder = make(tmp_path / "run")
        with locked_by_another_process(folder), pytest.raises(InputError, match="run: in use by another process"):
            check_free(folder, **{"overwrite": False} | how)
        check_free(folder, overwrite=True)  # its process is gone, and the lock with it

    def test_a_parent_that_may_not_be_written_to_is_refused(self, public):
        with as_nobody(), pytest.raises(InputError, match=r"cannot be made, .* is no folder to write to"):
            check_free(public / "deep" / "run", overwrite=False)

    @pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}], ids=str)
    def test_a_folder_that_may_not_be_written_to_is_refused(self, public, how):
        with as_nobody(), pytest.raises(InputError, match="cannot be written to"):
            check_free(public, **{"overwrite": False} | how)


class TestNewRun:
    @pytest.mark.parametrize("resume", [False, True])
    @pytest.mark.parametrize("make", FREE)
    def test_a_run_holds_what_was_written_and_its_manifest_and_no_lock(self, tmp_path, make, resume):
        folder = make_run(make(tmp_path / "run"), resume=resume)
        assert set(tree(folder)) == WHOLE
        assert json.loads((folder / CONFIG).read_text()) == {"format": "goru run", "version": VERSION, **ASKED}
        check_files(folder)

    def test_evidence_and_report_are_parts_of_it(self, tmp_path):
        make_run(tmp_path / "run")
        assert json.loads((tmp_path / "run" / EVIDENCE).read_text()) == to_json(GATHERED)
        assert (tmp_path / "run" / REPORT).read_text() == "<html>"

    def test_while_it_is_written_it_is_locked(self, tmp_path):
        with new_run(tmp_path / "run", ASKED, overwrite=False) as making:
            record(making)
            write_all(making)
            for how in ({}, {"overwrite": True}, {"resume": True}):
                with pytest.raises(InputError, match="in use"):
                    check_free(tmp_path / "run", **{"overwrite": False} | how)

    def test_a_folder_that_another_process_has_just_begun_is_in_use(self, tmp_path):
        before = tree(tmp_path)
        folder = empty_folder(tmp_path / "run")
        with locked_by_another_process(folder), pytest.raises(InputError, match="in use"):
            begin(folder, overwrite=True)
        assert set(tree(tmp_path)) - set(before) == {"run", f"run/{LOCK}"}

    def test_a_lock_that_its_holder_removes_at_this_very_moment_locks_nothing(self, tmp_path, monkeypatch):
        """Another process may have made a lock of its own by then."""
        import fcntl

        folder, flock = stale_lock(tmp_path / "run"), fcntl.flock

        def late(file, operation):
            (folder / LOCK).unlink()
            flock(file, operation)

        monkeypatch.setattr(fcntl, "flock", late)
        with pytest.raises(InputError, match="in use"):
            begin(folder)

    @pytest.mark.parametrize("make", FREE)
    def test_an_input_at_fault_leaves_nothing_behind(self, tmp_path, make):
        folder = make(tmp_path / "run")
        stopped(folder, InputError("no network learned anything"))
        left = set(tree(tmp_path))
        assert left == ({"run"} if make in (empty_folder, stale_lock, killed_before_its_first_write) else set())

    def test_whatever_else_stops_it_leaves_what_was_recorded(self, tmp_path):
        for number, error in enumerate([KeyboardInterrupt(), OSError("disk full"), MemoryError(), RuntimeError("bug")]):
            folder = stopped(tmp_path / str(number), error)
            assert is_unfinished(folder)
            assert set(tree(folder)) == {MAKING, f"{MAKING}/{CONFIG}", f"{MAKING}/{STORE}"}
            assert len(read_trials(folder / MAKING / STORE)) == 2

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("disk full"), MemoryError()], ids=repr)
    @pytest.mark.parametrize("resume", [False, True])
    def test_where_nothing_is_recorded_nothing_is_left(self, tmp_path, error, resume):
        stopped(tmp_path / "deep" / "run", error, configurations=(), resume=resume)
        assert tree(tmp_path) == {}

    def test_a_folder_that_cannot_be_made_is_refused_and_its_parents_are_not_left(self, tmp_path):
        with pytest.raises(InputError, match=r"cannot be made \(File name too long\)"):
            begin(tmp_path / "deep" / ("x" * 300))
        assert tree(tmp_path) == {}

    @pytest.mark.parametrize("error", [InputError("no"), KeyboardInterrupt(), OSError("disk full"), MemoryError()])
    def test_whatever_happens_the_old_run_stays_as_it_was(self, tmp_path, error):
        folder = make_run(tmp_path / "run")
        before = tree(folder)
        stopped(folder, error, overwrite=True)
        left = {name: content for name, content in tree(folder).items() if not name.startswith(".")}
        assert left == before
        assert open_run(folder).answer == ANSWERED
        assert is_unfinished(folder) == (not isinstance(error, InputError))

    @pytest.mark.parametrize("make", [*REPLACEABLE, *UNFINISHED])
    def test_the_new_run_takes_the_place_of_the_old_one_when_it_is_whole(self, tmp_path, make):
        folder = make(tmp_path / "run")
        before = {name: content for name, content in tree(folder).items() if not name.startswith(".")}
        with new_run(folder, {**ASKED, "goru": "new"}, overwrite=True) as making:
            record(making)
            write_all(making, report=False)
            assert {name: content for name, content in tree(folder).items() if not name.startswith(".")} == before
        assert json.loads((folder / CONFIG).read_text())["goru"] == "new"
        assert set(tree(folder)) == WHOLE - {REPORT}
        check_files(folder)

    @pytest.mark.parametrize(
        "foreign", ["notes.txt", "study.sqlite.backup", "study.sqlite-notes", "model/notes.txt", "report.pdf"]
    )
    @pytest.mark.parametrize("error", [False, True], ids=["finished", "refused"])
    def test_foreign_files_in_a_run_are_never_removed(self, tmp_path, foreign, error):
        folder = make_run(tmp_path / "run")
        (folder / foreign).write_text("years of work")
        if error:
            stopped(folder, InputError("no network learned anything"), overwrite=True)
        else:
            make_run(folder, overwrite=True)
        assert (folder / foreign).read_text() == "years of work"
        assert set(tree(folder)) - {foreign} == WHOLE

    def test_a_model_can_be_written_beside_a_foreign_file(self, tmp_path, classified):
        folder = make_run(tmp_path / "run")
        (folder / MODEL / "notes.txt").write_text("years of work")
        with new_run(folder, ASKED, overwrite=True) as making:
            record(making)
            save_model(classified.model, classified.trained, making / MODEL)
            (making / ANSWER).write_text(json.dumps(to_json(ANSWERED)))
        assert len(open_run(folder).model.networks) == 8
        assert (folder / MODEL / "notes.txt").read_text() == "years of work"


class TestGoingOn:
    @pytest.mark.parametrize("make", [stopped, killed])
    def test_what_was_recorded_is_there_and_nothing_else_that_may_not_be_whole(self, tmp_path, make):
        folder = make(tmp_path / "run")
        with new_run(folder, ASKED, overwrite=False, resume=True) as making:
            assert set(tree(making)) == {CONFIG, STORE}
            assert len(read_trials(making / STORE)) == 2
            write_all(making)
        assert set(tree(folder)) == WHOLE
        check_files(folder)

    def test_stopped_again_it_keeps_what_it_had(self, tmp_path):
        folder = stopped(tmp_path / "run")
        for error in (KeyboardInterrupt(), OSError("disk full"), InputError("no network learned anything")):
            with pytest.raises(type(error)), new_run(folder, ASKED, overwrite=False, resume=True):
                raise error
            assert len(read_trials(folder / MAKING / STORE)) == 2

    def test_stopped_when_the_manifest_was_written_it_is_written_anew(self, tmp_path, monkeypatch):
        folder = tmp_path / "run"
        with monkeypatch.context() as patch:

            def power_cut(path, target):
                raise OSError("power cut")

            patch.setattr(Path, "rename", power_cut)
            with pytest.raises(OSError, match="power cut"):
                make_run(folder)
        assert (folder / MAKING / MANIFEST).exists()
        with new_run(folder, ASKED, overwrite=False, resume=True) as making:
            write_all(making)
        check_files(folder)

    def test_beginning_anew_leaves_nothing_of_it(self, tmp_path):
        folder = killed(tmp_path / "run")
        with new_run(folder, ASKED, overwrite=True) as making:
            assert set(tree(making)) == {CONFIG}
            record(making)
            write_all(making)


class TestTheSame:
    """A study goes on with what it was begun with; whatever else is given is named."""

    @pytest.mark.parametrize(
        ("group", "name", "value", "words"),
        [
            ("options", "networks", 48, "begun with networks 36, not 48"),
            ("options", "batch_size", 16, "begun with batch-size none, not 16"),
            ("options", "hidden", [8, 8], "begun with hidden 8, not 8,8"),
            ("options", "seed", 1, "begun with seed 0, not 1"),
            ("table", "source", "prices.csv", "begun with source flowers.csv, not prices.csv"),
            ("table", "drop", ["width"], "begun with drop none, not width"),
            ("versions", "jax", "0.11.0", "begun with jax 0.10.2, not 0.11.0"),
            ("versions", "goru", "0.2.0", "begun with goru 0.1.0, not 0.2.0"),
            ("sha256", "source", "6b", "the table has changed"),
            ("columns", "kind", "number", "the table has changed"),
        ],
    )
    @pytest.mark.parametrize("make", [stopped, killed_on_its_way])
    def test_another_is_refused_and_named(self, tmp_path, make, group, name, value, words):
        folder = make(tmp_path / "run")
        before = tree(folder)
        other = {**ASKED, group: {**ASKED[group], name: value}}
        with pytest.raises(InputError, match=f"run: .*{words}.*overwrite=True"):
            finish_publishing(folder, other) or begin(folder, other, resume=True)
        assert tree(folder) == before

    def test_rows_that_are_others_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="the table has changed"):
            begin(stopped(tmp_path / "run"), {**ASKED, "fingerprint": "f2"}, resume=True)

    def test_a_run_that_lies_in_a_folder_of_another_name_by_now_goes_on(self, tmp_path):
        stopped(tmp_path / "run").rename(tmp_path / "other")
        begin(tmp_path / "other", resume=True)

    def test_a_file_name_that_is_no_utf8_is_the_same_again(self, tmp_path):
        asked = {**ASKED, "table": {"source": os.fsdecode(b"caf\xe9.csv")}}
        begin(stopped(tmp_path / "run", config=asked), asked, resume=True)

    def test_a_changed_byte_in_the_configuration_is_found_wherever_it_is(self, tmp_path):
        folder = stopped(tmp_path / "run")
        content = (folder / MAKING / CONFIG).read_bytes()
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            (folder / MAKING / CONFIG).write_bytes(changed)
            with pytest.raises(InputError, match=r"config\.json: damaged|was begun with|the table has changed"):
                begin(folder, resume=True)

    @pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b'{"options": 3}', b"\xff", b"[" * 100_000])
    def test_a_configuration_that_is_none_is_named(self, tmp_path, content):
        folder = stopped(tmp_path / "run")
        (folder / MAKING / CONFIG).unlink()
        if content is not None:
            (folder / MAKING / CONFIG).write_bytes(content)
        with pytest.raises(InputError, match=r"\.making/config\.json: damaged\. Begin anew with overwrite=True"):
            begin(folder, resume=True)
        assert len(read_trials(folder / MAKING / STORE)) == 2


class PowerCut(BaseException):
    """Nothing more happens."""


class Cut:
    """Cuts the power before the n-th thing that is done to names in folders, and counts them."""

    def __init__(self, monkeypatch, after: int) -> None:
        self.done, self._after = [], after
        for owner, name in ((os, "rename"), (os, "replace"), (os, "unlink"), (os, "rmdir")):
            monkeypatch.setattr(owner, name, self._watched(name, getattr(owner, name)))

    def _watched(self, name, do):
        def watched(path, *args, **kwargs):
            if len(self.done) == self._after:
                raise PowerCut
            self.done.append((name, Path(path).name))
            return do(path, *args, **kwargs)

        return watched


class TestPublishing:
    """A run that is whole goes to its place file by file; stopped after any of them, it can be moved the rest."""

    @pytest.mark.parametrize("old", [nothing, make_run, run_without_evidence])
    def test_stopped_after_every_single_step_and_done_again(self, tmp_path, monkeypatch, old):
        for step in range(100):
            folder = old(tmp_path / str(step))
            before = tree(folder) if folder.exists() else {}
            with monkeypatch.context() as patch:
                cut = Cut(patch, step)
                with contextlib.suppress(PowerCut):
                    make_run(folder, overwrite=True)
                    break
            self.check_in_between(folder, before)
            if finish_publishing(folder, ASKED):
                assert set(tree(folder)) == WHOLE
                check_files(folder)
                assert open_run(folder).answer == ANSWERED
        assert ("replace", MANIFEST) in cut.done
        assert step > 15

    def check_in_between(self, folder, before):
        """A whole run, old or new, or one that says that it is not finished: never a half."""
        left = {name: content for name, content in tree(folder).items() if not name.startswith(".")}
        if (folder / MANIFEST).exists() and left != before:
            check_files(folder)
            assert set(left) == WHOLE
        elif (folder / READY).is_dir() and left != before:
            with pytest.raises(InputError, match=r"not finished\. Go on with `goru fit ... --resume`"):
                open_run(folder)
        else:
            assert left == before

    def test_stopped_once_more_each_time(self, tmp_path, monkeypatch):
        folder = killed_on_its_way(tmp_path / "run")
        times = 0
        while (folder / READY).exists():
            times += 1
            with monkeypatch.context() as patch, contextlib.suppress(PowerCut):
                Cut(patch, 7)  # of which five come to nothing the second time
                finish_publishing(folder, ASKED)
        assert times > 3
        assert set(tree(folder)) - {LOCK} == WHOLE
        check_files(folder)

    def test_the_manifest_comes_last_and_goes_first(self, tmp_path, monkeypatch):
        folder = make_run(tmp_path / "run")
        with monkeypatch.context() as patch:
            done = Cut(patch, 1000).done
            make_run(folder, overwrite=True)
        moved = [name for what, name in done if what == "replace" and not name.endswith(".part")]
        assert moved == [CONFIG, STORE, "model.json", EVIDENCE, REPORT, ANSWER, MANIFEST]
        removed = [name for what, name in done[done.index(("rename", MAKING)) :] if what == "unlink"]
        assert removed[:2] == [MANIFEST, ANSWER]

    def test_where_nothing_is_on_its_way_nothing_is_done(self, tmp_path):
        for make in (nothing, make_run, stopped):
            folder = make(tmp_path / make.__name__)
            before = tree(tmp_path)
            assert not finish_publishing(folder, ASKED)
            assert tree(tmp_path) == before

    def test_another_process_may_be_at_it(self, tmp_path):
        folder = killed_on_its_way(tmp_path / "run")
        with locked_by_another_process(folder), pytest.raises(InputError, match="in use by another process"):
            finish_publishing(folder, ASKED)

    def test_a_manifest_that_is_damaged_on_the_way_is_named(self, tmp_path):
        folder = killed_on_its_way(tmp_path / "run")
        (folder / READY / MANIFEST).write_text("{}")
        with pytest.raises(InputError, match=r"\.ready/manifest\.json: damaged"):
            finish_publishing(folder, ASKED)

    def test_beginning_anew_leaves_nothing_of_it(self, tmp_path):
        folder = make_run(killed_on_its_way(tmp_path / "run"), overwrite=True)
        assert set(tree(folder)) == WHOLE

    def test_an_old_version_s_run_is_replaced_as_any(self, tmp_path):
        for version in (2, 3):
            folder = make_run(of_version(tmp_path / str(version), version), overwrite=True)
            check_files(folder)
