"""A table is fitted: the answer, the run folder, and what options change."""

import json
import os
import re
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcomes import VERDICT, files_of, sections, strict_json, table_of


class TestTheAnswer:
    def test_every_question_has_a_line_with_a_verdict(self, credit_run):
        lines = credit_run.fit.stdout.splitlines()
        start = next(index for index, line in enumerate(lines) if line.startswith("effect of each technique"))
        questions = (
            *("batch norm before", "batch norm after", "batch norm after instead of before"),
            *("dropout", "weight decay", "best combination (cross-validated choice)"),
        )
        for question, line in zip(questions, lines[start + 1 : start + 7], strict=True):
            assert line.startswith(question + "  ")
            assert VERDICT.search(line)

    @pytest.mark.parametrize(
        ("run", "constant", "linear", "figures"),
        [
            ("credit_run", "class prior", "logistic regression", "log loss  accuracy  balanced accuracy  AUC"),
            ("houses_run", "mean", "ridge regression", "R²"),
        ],
    )
    def test_it_sets_the_networks_beside_a_constant_and_other_models(self, request, run, constant, linear, figures):
        lines = request.getfixturevalue(run).fit.stdout.splitlines()
        start = next(index for index, line in enumerate(lines) if re.match(r"test +networks", line))
        assert figures in re.sub(" {2,}", "  ", lines[start])
        rows = [re.split(r" {2,}", line)[:2] for line in lines[start + 1 : start + 8]]
        models = [[constant, "-"], [linear, "-"], ["boosted trees", "-"]]
        assert rows == [*models, ["plain", "1"], ["recommended", "1"], ["plain", "8"], ["recommended", "8"]]
        assert [line.endswith("final model") for line in lines[start + 1 : start + 8]] == [False] * 6 + [True]

    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_ends_with_advice_and_with_where_the_run_is(self, request, run):
        paragraphs = request.getfixturevalue(run).fit.stdout.rstrip().split("\n\n")
        first = [paragraph.split()[0] for paragraph in paragraphs]
        # "in the best combination" is there where that has a technique to take out.
        assert [word for word in first if word != "in"] == [
            *("data", "effect", "interactions", "recommended", "test", "advice", "written"),
        ]

    def test_it_names_the_techniques_and_gives_verdicts(self, credit_run):
        answer = credit_run.fit.stdout.lower()
        assert "batch norm" in answer
        assert "dropout" in answer
        assert "decay" in answer
        assert len(VERDICT.findall(answer)) >= 3

    @pytest.mark.parametrize("run", ["credit_run", "houses_run"])
    def test_it_sets_the_recommended_network_beside_the_plain_one(self, request, run):
        answer = request.getfixturevalue(run).fit.stdout.lower()
        assert "recommended" in answer
        assert "plain" in answer

    def test_it_says_where_the_run_is(self, credit_run):
        assert str(Path("runs", "credit")) in credit_run.fit.output

    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_is_plain_text_when_nobody_watches(self, request, run):
        output = request.getfixturevalue(run).fit.output
        assert "\x1b" not in output
        assert "\r" not in output
        assert "\b" not in output


class TestOptions:
    """A run with everything asked for that is not done by default."""

    def test_a_single_network_is_the_final_model(self, optional_run):
        lines = optional_run.fit.stdout.splitlines()
        (marked,) = [line.split()[:2] for line in lines if line.endswith("final model")]
        assert marked == ["recommended", "1"]
        (recommended,) = [line for line in lines if line.startswith("recommended   ") and "epoch" in line]
        assert recommended.endswith(": 1 network")

    def test_a_single_network_is_what_predicts(self, goru, optional_run, credit_run, write):
        write(optional_run.features, "new.csv")
        outcome = goru("predict", optional_run.folder, "new.csv", "--proba")
        assert outcome.code == 0, outcome
        np.testing.assert_allclose(table_of(outcome.stdout).sum(axis=1), 1, atol=1e-5)
        one, many = (
            sum(path.stat().st_size for path in (run.folder / "model").rglob("plain.safetensors"))
            for run in (optional_run, credit_run)
        )
        assert one < many / 2

    def test_classes_counted_alike(self, optional_run, credit_run):
        said, asked = "(every class counts alike in all losses)", "balanced log loss"
        assert said in optional_run.fit.stdout
        assert asked in optional_run.fit.stdout
        assert said not in credit_run.fit.stdout
        assert asked not in credit_run.fit.stdout

    def test_batch_norm_was_searched_in_every_network_that_has_it(self, optional_run, credit_run):
        for run, searched in ((optional_run, True), (credit_run, False)):
            with sqlite3.connect(f"file:{run.folder / 'study.sqlite'}?mode=ro", uri=True) as study:
                rows = study.execute("SELECT json_extract(levels, '$[0][1]'), hyperparameters FROM trials").fetchall()
            assert {bool(place) for place, _ in rows} == {True, False}
            for place, hyper in rows:
                assert (json.loads(hyper)["batch_norm_scale"] != 1) == (searched and bool(place))

    def test_the_configuration_says_so(self, optional_run, credit_run):
        options = strict_json((optional_run.folder / "config.json").read_text())["options"]
        assert (options["single"], options["search_batch_norm"], options["class_weight"]) == (True, True, "balanced")
        options = strict_json((credit_run.folder / "config.json").read_text())["options"]
        assert (options["single"], options["search_batch_norm"], options["class_weight"]) == (False, False, None)

    def test_where_the_time_went_comes_after_the_answer(self, optional_run, credit_run):
        lines = optional_run.fit.stdout.rsplit("\n\n", 2)[1].splitlines()
        head, *rows = [re.split(r" {2,}", line) for line in lines]
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        share = f"share of {cores} core{'s' * (cores > 1)}"
        assert head == ["where the time went", "seconds", "processor seconds", share, "idle meanwhile"]
        names = [row[0] for row in rows]
        assert names[:2] == ["start", "reading"]
        assert names[-4:] == ["refits", "evidence", "writing", "all"]
        assert {"baselines", "race"} < set(names)
        *seconds, in_all = [float(row[1]) for row in rows]
        assert sum(seconds) == pytest.approx(in_all, abs=0.05 * len(rows))
        assert all(re.fullmatch(r"\d+%", cell) for row in rows for cell in row[3:])
        assert "where the time went" not in credit_run.fit.stdout

    def test_show_says_the_same(self, goru, optional_run):
        assert goru("show", optional_run.folder).stdout in optional_run.fit.stdout


class TestTheRunFolder:
    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_stands_in_runs_under_the_name_of_the_file(self, request, run):
        run = request.getfixturevalue(run)
        assert run.folder.is_dir()
        assert run.fit.after.keys() - run.fit.before.keys() >= {f"runs/{run.folder.name}/config.json"}

    def test_nothing_is_written_beside_it(self, credit_run):
        new = credit_run.fit.after.keys() - credit_run.fit.before.keys()
        assert all(name == "runs" or name.startswith("runs/credit") for name in new)

    def test_it_holds_the_study_the_model_and_the_configuration(self, credit_run):
        assert strict_json((credit_run.folder / "config.json").read_text())
        assert (credit_run.folder / "study.sqlite").is_file()
        assert list((credit_run.folder / "model").rglob("*.safetensors"))
        assert list((credit_run.folder / "model").rglob("*.json"))
        assert list((credit_run.folder / "model").rglob("*manifest*"))

    def test_the_configuration_says_what_was_asked(self, houses_run):
        text = (houses_run.folder / "config.json").read_text()
        assert all(word in text for word in ("price", "tanh", "noise_a", "district"))

    def test_nothing_in_it_is_a_pickle(self, credit_run):
        for name, content in files_of(credit_run.folder).items():
            assert not name.endswith((".pkl", ".pickle", ".joblib", ".npy")), name
            assert not re.match(rb"\x80[\x02-\x05]", content), name

    def test_the_lock_is_free_when_the_run_is_over(self, credit_run):
        import fcntl

        with (credit_run.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_the_study_has_a_row_for_every_network_of_the_race(self, credit_run):
        with sqlite3.connect(f"file:{credit_run.folder / 'study.sqlite'}?mode=ro", uri=True) as study:
            assert study.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (trials,) = study.execute("SELECT COUNT(*) FROM trials").fetchone()
        assert 12 <= trials <= 48  # 24 were asked for: about that many, and every one of the 12 arms


class TestSeeds:
    def test_the_same_seed_writes_the_same_model_byte_for_byte(self, credit_run, repeated_run):
        first, second = files_of(credit_run.folder / "model"), files_of(repeated_run.folder / "model")
        assert first.keys() == second.keys()
        assert [name for name in first if first[name] != second[name]] == []

    def test_the_same_seed_gives_the_same_effects(self, goru, credit_run, repeated_run):
        first, second = (strict_json(goru("show", run.folder, "--json").stdout) for run in (credit_run, repeated_run))
        assert sections(first, "effect") == sections(second, "effect")

    @pytest.mark.slow
    def test_another_seed_writes_another_model(self, goru, credit, credit_run, write):
        write(credit(), "credit.csv")
        options = ("--target", "target", "--networks", 24, "--hidden", 8, "--seed", 1)
        assert goru("fit", "credit.csv", *options).code == 0
        assert files_of(Path("runs/credit/model")) != files_of(credit_run.folder / "model")


class TestOverwrite:
    def test_it_replaces_a_finished_run(self, goru, repeated_run, write):
        assert all(path.stat().st_size for path in (repeated_run.folder / "model").rglob("*.safetensors"))
        outcome = goru("predict", repeated_run.folder, write(repeated_run.features, "new.csv"))
        assert outcome.code == 0, outcome

    def test_out_is_the_only_place_written_to(self, repeated_run):
        assert not (repeated_run.folder.parent / "runs").exists()


class TestHowRowsAreSplit:
    def test_a_test_file_is_what_the_answer_is_tested_on(self, goru, credit, write, said):
        write(credit(), "credit.tsv.gz")
        write(credit(37, seed=2), "held.csv")
        outcome = goru(
            *("fit", "credit.tsv.gz", "--target", "target", "--test", "held.csv"),
            *("--networks", 12, "--hidden", "8,8", "--batch-size", 16, "--seed", 0),
        )
        assert outcome.code == 0, outcome
        said(outcome, r"\btest\b", r"(?<![\d.])37(?![\d.%])")
        assert Path("runs/credit/model").is_dir()

    def test_test_rows_that_stand_in_the_table_are_told_beside_the_figures(self, goru, credit, write, said):
        write(credit(), "credit.csv")
        write(pd.concat([credit()[:15], credit(25, seed=1)]), "held.csv")
        options = ("--target", "target", "--test", "held.csv", "--group-duplicates", "--networks", 12, "--hidden", 8)
        outcome = goru("fit", "credit.csv", *options)
        assert outcome.code == 0, outcome
        said(outcome, "final model", "warning: 15 of 40 test rows are duplicates")
        assert strict_json(Path("runs/credit/answer.json").read_text())["data"]["repeated_test_rows"] == 15
        page = Path("runs/credit/report.html").read_text()
        assert "15 of 40 test rows are duplicates" in page
        assert "--group-duplicates" in page

    def test_the_column_of_groups_is_no_feature(self, goru, credit, write):
        table = credit().rename(columns={"target": "label"}).assign(patient=[f"P{row // 5}" for row in range(120)])
        write(table[["patient", "label", "income", "age", "debt", "region"]], "visits.csv.gz")
        outcome = goru("fit", "visits.csv.gz", "--groups", "patient", "--networks", 12, "--hidden", 8, "--seed", 0)
        assert outcome.code == 0, outcome
        write(credit(30, seed=1).drop(columns="target"), "new.csv")
        predictions = goru("predict", "runs/visits", "new.csv")
        assert predictions.code == 0, predictions
        assert set(table_of(predictions.stdout).iloc[:, 0]) <= {"good", "bad"}

    def test_time_puts_the_past_before_the_future(self, goru, houses, write):
        table = houses().assign(sold=pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d"))
        write(table.sample(frac=1, random_state=0), "sales.csv")
        options = ("--target", "price", "--time", "sold", "--networks", 12, "--hidden", 8, "--seed", 0)
        outcome = goru("fit", "sales.csv", *options)
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        assert "folds twice" not in outcome.stdout  # there is one way alone to cut them
        new = houses(30, seed=1).drop(columns="price").assign(sold="2024-06-01")
        predictions = goru("predict", "runs/sales", write(new, "new.csv"))
        assert len(table_of(predictions.stdout)) == 30


def test_until_decided_says_which_look_at_the_answers_it_is(goru):
    outcome = goru("fit", "iris", "--networks", 144, "--hidden", 8, "--until-decided", "--out", "run")
    assert outcome.code == 0, outcome
    judgement = strict_json(Path("run/answer.json").read_text())["judgement"]
    assert judgement["looks"] > 1
    assert judgement["confidence"] > 0.95
    assert f"(look {judgement['looks']} at the answers, judged at " in outcome.stdout
    assert f"look {judgement['looks']} at the answers" in Path("run/report.html").read_text()
    assert "after 144 networks: " in outcome.stderr
