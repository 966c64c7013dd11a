"""The report of a run is written again, and runs are compared on one page."""

import errno
import json
import os
import re
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from markupsafe import escape
from outcomes import files_of, table_of, truncated

import goru as package
from goru.errors import InputError
from goru.studies.study import Study

RUNS = pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run", "optional_run", "repeated_run"])
BRIEF = ("--networks", 12, "--hidden", 8, "--seed", 0)


def older(run: Path, version: int) -> None:
    """What a run looks like that was written before there was evidence."""
    answer = json.loads((run / "answer.json").read_text("utf-8"))
    answer |= {
        "options": {"single": answer.pop("single"), "class_weight": answer.pop("class_weight")},
        "recommended": [
            {
                **{name: value for name, value in configuration.items() if name not in ("levels", "values", "words")},
                **dict.fromkeys(("dropout_rate", "weight_decay")),
                "batch_norm": configuration["levels"]["batch_norm"],
                **configuration["values"],
            }
            for configuration in answer["recommended"]
        ],
        "test": [{"networks": one["networks"], "arm": one["arm"], **one["figures"]} for one in answer["test"]],
    }
    (run / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    config = json.loads((run / "config.json").read_text("utf-8"))
    (run / "config.json").write_text(json.dumps(config | {"version": version}), encoding="utf-8")
    for name in ("evidence.json", "report.html", "manifest.json"):
        (run / name).unlink()


@pytest.fixture(scope="module")
def trained():
    """What a study has found that was trained once."""
    return {}


@pytest.fixture
def unwritable(monkeypatch, trained):
    """Let the writing of every report end with an error, when half of it is there."""
    train = Study.run

    def run(study, keep):
        if not trained:
            trained["result"] = train(study, keep)
        return trained["result"]

    def let(error: Exception) -> None:
        def fail(run):
            (run.folder / "report.html").write_text("half a p")
            raise error

        monkeypatch.setattr(Study, "run", run)
        monkeypatch.setattr("goru.report.study_page.write_study_page", fail)

    return let


class TestFit:
    @RUNS
    def test_lists_the_report_that_it_has_written(self, request, run):
        run = request.getfixturevalue(run)
        *_, written, report = run.fit.stdout.splitlines()
        folder = re.fullmatch(r"written {7}(\S+)", written)[1]
        assert re.fullmatch(r"report {8}(\S+)", report)[1] == str(Path(folder, "report.html"))
        assert (run.folder / "report.html").is_file()

    @RUNS
    def test_writes_one_file_that_needs_no_other(self, request, run):
        page = (request.getfixturevalue(run).folder / "report.html").read_text("utf-8")
        assert page.startswith("<!doctype html>")
        assert re.findall(r'(?:src|href)="(?!#|data:,)', page) == []
        assert len(page) < 6e6

    def test_writes_hostile_names_as_text(self, messy_run):
        page = (messy_run.folder / "report.html").read_text("utf-8")
        assert "<script>alert(1)" not in page
        names = [*messy_run.features.columns[10:14], *messy_run.new["class"].unique()]
        assert len(names) == 6
        assert all(escape(name) in page for name in names)

    @pytest.mark.parametrize(
        "error", [InputError("report.html: cannot be written."), OSError(errno.ENOSPC, "No space left on device")]
    )
    def test_whose_report_cannot_be_written_keeps_what_was_trained(self, goru, monkeypatch, error):
        with monkeypatch.context() as full:
            full.setattr("goru.report.study_page.write_study_page", mock.Mock(side_effect=error))
            outcome = goru("fit", "iris", *BRIEF)
        assert outcome.code == 2, outcome
        assert "--resume" in outcome.stderr.splitlines()[-1]
        assert outcome.stdout == ""
        outcome = goru("fit", "iris", *BRIEF, "--resume")
        assert outcome.code == 0, outcome
        assert Path("runs/iris/report.html").is_file()

    def test_whose_report_cannot_be_written_leaves_the_older_run_as_it_was(self, goru, unwritable, bring, credit_run):
        unwritable(InputError("report.html: cannot be written."))
        outcome = goru("fit", "iris", "--out", bring(credit_run), "--overwrite", *BRIEF)
        assert outcome.code == 2, outcome
        assert {name: hash for name, hash in outcome.after.items() if ".making" not in name} == outcome.before

    def test_over_an_older_run_replaces_its_report(self, repeated_run, credit_run):
        before, after = ((run.folder / "report.html").read_text("utf-8") for run in (credit_run, repeated_run))
        taken = [f" networks in {package.load(run.folder).answer.seconds:.0f} s:" for run in (credit_run, repeated_run)]
        assert taken[0] in before
        assert taken[1] in after


class TestAgain:
    @RUNS
    def test_the_report_has_the_same_bytes(self, goru, bring, request, run):
        run = request.getfixturevalue(run)
        copy = bring(run, "copy")
        written = (copy / "report.html").read_bytes()
        (copy / "report.html").unlink()
        outcome = goru("report", copy)
        assert outcome.code == 0, outcome
        assert (copy / "report.html").read_bytes() == written
        assert outcome.stdout == f"written       {copy / 'report.html'}\n"
        assert outcome.stderr == ""

    def test_it_takes_the_place_of_a_damaged_one_and_touches_nothing_else(self, goru, bring, credit_run):
        run = bring(credit_run)
        before = files_of(run)
        (run / "report.html").write_text("damaged")
        assert goru("report", run).code == 0
        assert files_of(run) == before

    def test_it_may_be_written_elsewhere(self, goru, bring, credit_run):
        run = bring(credit_run)
        before = files_of(run)
        outcome = goru("report", run, "-o", "page.html")
        assert outcome.code == 0, outcome
        assert Path("page.html").read_bytes() == before["report.html"]
        assert files_of(run) == before

    @pytest.mark.parametrize("name", ["model/plain.safetensors", "study.sqlite", "config.json"])
    def test_of_a_run_that_lacks_another_file_it_is_refused(self, goru, refused, bring, credit_run, name):
        run = bring(credit_run)
        (run / name).unlink()
        refused(goru("report", run), run.name)


class TestCompare:
    def test_writes_a_page_here(self, goru, bring, credit_run, houses_run):
        both = bring(credit_run), bring(houses_run)
        outcome = goru("report", "--compare", *both)
        assert outcome.code == 0, outcome
        assert outcome.stdout == "written       comparison.html\n"
        assert set(outcome.after) - set(outcome.before) == {"comparison.html"}
        page = Path("comparison.html").read_text("utf-8")
        assert "The 2 runs agree on" in page
        assert "<bdi>credit</bdi>" in page
        assert "<bdi>houses</bdi>" in page

    def test_writes_the_same_page_again_and_elsewhere(self, goru, credit_run, messy_run):
        for name in ("one.html", "two.html"):
            assert goru("report", credit_run.folder, messy_run.folder, "--compare", "--output", name).code == 0
        assert Path("one.html").read_bytes() == Path("two.html").read_bytes()

    def test_replaces_a_page_only_if_that_is_asked_for(self, goru, refused, credit_run, houses_run):
        Path("comparison.html").write_text("mine")
        asked = ("report", "--compare", credit_run.folder, houses_run.folder)
        refused(goru(*asked), "comparison.html", "there already", "--overwrite")
        assert goru(*asked, "--overwrite").code == 0
        assert "The 2 runs agree on" in Path("comparison.html").read_text("utf-8")

    def test_calls_runs_of_one_name_by_their_folders(self, goru, credit_run, tmp_path):
        for name in ("one", "two"):
            shutil.copytree(credit_run.folder, Path(name, "credit"))
        assert goru("report", "--compare", "one/credit", "two/credit").code == 0
        page = Path("comparison.html").read_text("utf-8")
        assert "<bdi>one/credit</bdi>" in page
        assert "All runs have the same options and versions." in page


class TestRefusedRuns:
    def test_what_is_no_run(self, goru, refused):
        Path("folder").mkdir()
        Path("file").write_text("x")
        for place in ("missing", "folder", "file"):
            refused(goru("report", place), place, "goru fit")

    def test_a_run_that_is_not_finished(self, goru, refused, bring, credit_run):
        run = bring(credit_run)
        (run / "answer.json").unlink()
        refused(goru("report", run), "answer.json", "missing", "--overwrite")

    def test_a_run_of_an_older_goru_which_is_good_for_everything_else(self, goru, refused, bring, credit_run, write):
        run = bring(credit_run)
        older(run, 2)
        refused(goru("report", run), run.name, "older goru", "--overwrite")
        refused(goru("report", "--compare", run, credit_run.folder), run.name, "older goru")
        outcome = goru("predict", run, write(credit_run.features, "new.csv"))
        assert outcome.code == 0, outcome
        assert len(table_of(outcome.stdout)) == len(credit_run.new)
        since = ("interactions", "test ")  # what they do together, and intervals of figures
        old, new = (
            [part for part in goru("show", folder).stdout.split("\n\n") if not part.startswith(since)]
            for folder in (run, credit_run.folder)
        )
        assert old == new

    def test_a_run_of_a_much_older_goru(self, goru, refused, bring, credit_run):
        run = bring(credit_run)
        older(run, 1)
        refused(goru("report", run), run.name, "older goru", "--overwrite")

    @pytest.mark.parametrize("name", ["evidence.json", "answer.json"])
    @pytest.mark.parametrize(
        "damage",
        [
            truncated,
            lambda file: file.write_text("{}"),
            lambda file: file.write_text("[1]"),
            lambda file: file.write_bytes(b"\xff\xfe"),
            lambda file: file.write_bytes(b""),
            lambda file: (file.unlink(), file.mkdir()),
        ],
        ids=["half of it", "an empty one", "a list", "no text", "nothing", "a folder"],
    )
    def test_damaged_files(self, goru, refused, bring, credit_run, name, damage):
        run = bring(credit_run)
        damage(run / name)
        refused(goru("report", run), run.name)
        refused(goru("report", "--compare", run, credit_run.folder), run.name)

    def test_evidence_that_is_missing(self, goru, refused, bring, credit_run):
        run = bring(credit_run)
        (run / "evidence.json").unlink()
        refused(goru("report", run), "evidence.json", "missing")


class TestRefusedNumbersOfRuns:
    def test_none(self, goru, refused):
        refused(goru("report"), "RUNS")
        refused(goru("report", "--compare"), "RUNS")

    def test_two_without_compare(self, goru, refused, credit_run, houses_run):
        refused(goru("report", credit_run.folder, houses_run.folder), "--compare")

    def test_one_with_compare(self, goru, refused, credit_run):
        refused(goru("report", "--compare", credit_run.folder), "--compare", "1 run given")

    def test_one_given_twice(self, goru, refused, credit_run):
        again = credit_run.folder / ".." / credit_run.folder.name
        refused(goru("report", "--compare", credit_run.folder, again), "given twice")

    def test_more_than_a_page_holds(self, goru, refused):
        refused(goru("report", "--compare", *(f"run-{number}" for number in range(13))), "13 runs given", "2 to 12")


class TestRefusedOutputs:
    @pytest.fixture(params=["report", "comparison"])
    def asked(self, request, credit_run, houses_run):
        runs = [credit_run.folder] if request.param == "report" else [credit_run.folder, houses_run.folder, "--compare"]
        return ("report", *runs)

    def test_a_folder(self, goru, refused, asked):
        Path("folder").mkdir()
        refused(goru(*asked, "-o", "folder"), "folder", "cannot be written")

    def test_a_place_in_no_folder(self, goru, refused, asked):
        refused(goru(*asked, "-o", "missing/page.html"), "page.html", "cannot be written")

    def test_a_file_that_is_there(self, goru, refused, asked):
        Path("page.html").write_text("mine")
        refused(goru(*asked, "-o", "page.html"), "page.html", "there already", "--overwrite")
        outcome = goru(*asked, "-o", "page.html", "--overwrite")
        assert outcome.code == 0, outcome
        assert Path("page.html").read_text("utf-8").startswith("<!doctype html>")

    def test_a_disk_that_is_full(self, goru, refused, asked, monkeypatch):
        def fail(descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        refused(goru(*asked, "-o", "page.html"), "page.html", "No space left")


class TestHelp:
    def test_names_the_options(self, goru):
        outcome = goru("report", "--help")
        assert outcome.code == 0
        for option in ("--compare", "--output", "--overwrite"):
            assert option in outcome.stdout

    def test_lists_the_command(self, goru):
        assert re.search(r"\breport\b", goru("--help").stdout)


class TestInPython:
    @RUNS
    def test_a_run_has_the_pictures_and_the_frames_of_its_report(self, request, run):
        folder = request.getfixturevalue(run).folder
        found = package.load(folder)
        for plot in (found.plot_effects, found.plot_curves, found.plot_activations, found.plot_hyperparameters):
            assert len(plot().data) > 0
        assert found.answer.advice.split("'")[0] in found._repr_html_()
        assert list(found.effects["name"]) == [effect.name for effect in found.answer.effects]
        losses = found.trials.groupby(["arm", "configuration"])["best_loss"].mean()
        assert len(losses) == len(found.evidence.configurations)
        assert np.isfinite(losses).all()
