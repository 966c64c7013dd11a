"""The folder of a run while it is written: what may be written where, and what is there after it was stopped."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from runs import (
    ANSWERED,
    ASKED,
    GATHERED,
    WHOLE,
    a_file,
    another_programs_manifest,
    another_programs_run,
    as_nobody,
    begin,
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
from goru.studies.runs.folder import LOCK, check_free, new_run
from goru.studies.runs.manifest import check_files
from goru.studies.runs.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    MAKING,
    MODEL,
    REPORT,
    STORE,
    VERSION,
    is_unfinished,
    open_run,
)

FREE = (nothing, nothing_deep_down, empty_folder, stale_lock, killed_before_its_first_write)
UNFINISHED = (stopped, killed, killed_on_its_way)
REPLACEABLE = (make_run, older_run, run_without_evidence)
TAKEN = (
    (foreign_folder, "not a goru run folder"),
    (another_programs_run, "not a goru run folder"),
    (another_programs_manifest, "not a goru run folder"),
    (config_that_is_no_json, "not a goru run folder"),
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
            InputError, match=r"not finished\. Give resume=True to continue it, or overwrite=True to start over"
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
        with pytest.raises(InputError, match="resume=True and overwrite=True cannot be combined"):
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
