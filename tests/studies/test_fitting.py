"""A study by way of files: the same bits, what a run is made of, its report."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from studies import TINY

import goru
from goru.errors import InputError
from goru.experiment.forms import to_json
from goru.experiment.racing.store import read_trials
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.run import is_unfinished
from goru.studies.study import Study

CLASSES = ["log loss", "accuracy", "balanced accuracy", "AUC"]


class TestTheSameStudyAgain:
    """`run` is the study of `classified` once more, by way of files."""

    def test_gives_the_same_answer_but_for_its_time(self, classified, run):
        assert replace(run.answer, seconds=0.0) == replace(classified.answer, seconds=0.0)

    def test_gives_the_same_evidence(self, classified, run):
        assert run.evidence == classified.evidence

    def test_gives_the_same_trials_bit_for_bit(self, kept, run):
        again = read_trials(run.folder / "study.sqlite")
        assert [trial.curves.tobytes() for trial in again] == [trial.curves.tobytes() for trial in kept]
        assert [(trial.arm, trial.values, trial.id, trial.seed) for trial in again] == [
            (trial.arm, trial.values, trial.id, trial.seed) for trial in kept
        ]

    def test_gives_the_same_networks_bit_for_bit(self, classified, run):
        ours, theirs = run.model.networks.arrays, classified.model.networks.arrays
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name])

    def test_predicts_the_same(self, flowers, classified, run):
        np.testing.assert_array_equal(
            run.model.probabilities(flowers.encoded_test), classified.model.probabilities(flowers.encoded_test)
        )


class TestTheRun:
    def test_the_configuration_says_what_was_asked_and_found(self, run, flowers_csv):
        assert run.config["table"]["source"] == str(flowers_csv)
        assert (run.config["table"]["target"], run.config["table"]["task"]) == ("kind", "classification")
        assert run.config["options"]["networks"] == 36
        assert run.config["options"]["hidden"] == [8]

    def test_it_says_which_bytes_were_read(self, run, flowers_csv):
        assert run.config["sha256"] == {"source": hashlib.sha256(flowers_csv.read_bytes()).hexdigest()}

    def test_its_frames_have_a_row_for_every_question_and_every_trial(self, run):
        opened = goru.load(run.folder)
        assert len(opened.effects) == 6
        assert len(opened.trials) == len(run.recorded) == 36
        assert set(opened.trials["ended"]) == {"finished"}

    def test_files_are_all_there(self, run):
        files = {"config.json", "study.sqlite", "evidence.json", "answer.json", "model", "manifest.json"}
        assert {path.name for path in run.folder.iterdir()} == files


class TestAReport:
    """Whoever writes it is given the run; what is studied here does not matter."""

    @pytest.fixture
    @staticmethod
    def quick(classified, kept, monkeypatch):
        def run(study, record):
            record.add(kept[len(record.trials) :])
            return classified

        monkeypatch.setattr(Study, "run", run)

    def test_it_is_written_when_all_else_is_there_and_becomes_part_of_the_run(self, quick, flowers_csv, tmp_path):
        seen = {}

        def report(run):
            seen.update({path.name: path.is_dir() or path.read_bytes() for path in run.folder.iterdir()})
            assert to_json(run.answer) == json.loads(seen["answer.json"])
            (run.folder / "report.html").write_text("<html>")

        run = fit_table(TableOptions(str(flowers_csv), "kind"), TINY, tmp_path / "run", report=report)
        assert set(seen) == {"config.json", "study.sqlite", "evidence.json", "answer.json", "model"}
        for name in ("evidence", "answer"):
            assert json.loads(seen[f"{name}.json"]) == to_json(getattr(run, name))
        assert {path.name for path in run.folder.iterdir()} == {*seen, "report.html", "manifest.json"}
        assert (run.folder / "report.html").read_text() == "<html>"

    def test_one_of_a_run_before_is_not_left_where_none_is_written(self, quick, flowers_csv, tmp_path):
        table = TableOptions(str(flowers_csv), "kind")
        fit_table(table, TINY, tmp_path / "run", report=lambda run: (run.folder / "report.html").write_text("old"))
        fit_table(table, TINY, tmp_path / "run", overwrite=True)
        assert not (tmp_path / "run" / "report.html").exists()

    @pytest.mark.parametrize("error", [OSError("disk full"), InputError("disk full.")])
    def test_what_goes_wrong_with_it_is_the_disk_s_fault_and_leaves_what_was_trained(
        self, quick, flowers_csv, tmp_path, error
    ):
        """A page that cannot be written says so as an InputError, and yet nothing is wrong with the table."""

        def report(run):
            raise error

        table, folder = TableOptions(str(flowers_csv), "kind"), tmp_path / "runs" / "run"
        with pytest.raises(OSError, match=r"disk full$"):
            fit_table(table, TINY, folder, report=report)
        assert is_unfinished(folder)
        assert len(fit_table(table, TINY, folder, resume=True).recorded) == 36

    def test_test_rows_in_a_file_of_their_own_are_named_by_their_bytes_too(self, quick, flowers_csv, tmp_path):
        (tmp_path / "test.csv").write_bytes(flowers_csv.read_bytes())
        table = TableOptions(str(flowers_csv), "kind", test=str(tmp_path / "test.csv"))
        found = fit_table(table, TINY, tmp_path / "run").config["sha256"]
        assert found["test"] == found["source"] == hashlib.sha256(flowers_csv.read_bytes()).hexdigest()
