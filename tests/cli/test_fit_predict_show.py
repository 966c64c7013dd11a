"""The round trip: a table is fitted, new rows are predicted, the answer is shown again."""

import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from goru.study import defaults

VERDICT = re.compile(r"\b(helps|hurts|undecided|no effect worth having)\b", re.IGNORECASE)
CONTAINERS = ["new.csv", "new.tsv", "new.csv.gz", "new.tsv.gz", "new.parquet"]


def table_of(csv: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(csv))


def class_columns(table: pd.DataFrame, classes: list[str]) -> list[str]:
    """The column of each class; a heading is the class, or ends with it."""
    found = [[heading for heading in table.columns if heading.endswith(name)] for name in classes]
    assert all(len(headings) == 1 for headings in found), f"{classes} in {list(table.columns)}"
    return [headings[0] for headings in found]


def strict_json(text: str) -> dict:
    """JSON as other programs read it: no NaN and no Infinity."""

    def refuse(constant: str):
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def sections(content: object, word: str) -> list[object]:
    """Every value, at any depth, whose key has the word in it."""
    found = []
    pairs = content.items() if isinstance(content, dict) else []
    for key, value in pairs:
        if word in key.lower():
            found.append(value)
    for value in content if isinstance(content, list) else [value for _, value in pairs]:
        found += sections(value, word)
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestHelp:
    def test_help_names_the_commands(self, goru):
        outcome = goru("--help")
        assert outcome.code == 0
        assert all(re.search(rf"\b{command}\b", outcome.stdout) for command in ("fit", "predict", "show"))

    @pytest.mark.parametrize(
        ("command", "options"),
        [
            (
                "fit",
                "--target --task --drop --categorical --groups --time --test --merge-rare --budget --networks "
                "--hidden --activation --batch-size --single --search-batch-norm --class-weight --seed --out "
                "--overwrite --explain",
            ),
            ("predict", "--proba -o"),
            ("show", "--json"),
        ],
    )
    def test_help_of_a_command_names_its_options(self, goru, command, options):
        outcome = goru(command, "--help")
        assert outcome.code == 0
        for option in options.split():
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", outcome.stdout), option

    def test_version(self, goru):
        import goru as package

        outcome = goru("--version")
        assert outcome.code == 0
        assert package.__version__ in outcome.stdout
        assert len(outcome.stdout.splitlines()) == 1


class TestExplain:
    def test_it_needs_no_table_and_writes_nothing(self, goru):
        outcome = goru("fit", "--explain")
        assert outcome.code == 0, outcome
        assert outcome.stderr == ""
        assert outcome.after == outcome.before
        assert goru("fit", "missing.csv", "--networks", 3, "--explain").stdout == outcome.stdout

    @pytest.mark.parametrize(
        ("what", "numbers"),
        [
            ("splits", (defaults.FOLDS, defaults.PARTITIONS, defaults.FEWEST_FOLDS)),
            ("draws of each arm", (defaults.FEWEST_DRAWS, defaults.MOST_DRAWS)),
            ("second partition", (f"{defaults.KEPT:.0%}", defaults.FEWEST_DRAWS)),
            ("hidden layers", ("128, 128", "256, 256", "--hidden")),
            ("activation", ("relu", "He normal", "--activation")),
            ("optimiser", ("Adam", "cosine")),
            ("learning rate", defaults.LEARNING_RATE),
            ("epochs", (defaults.EPOCHS,)),
            ("batch (", (32, 128, 256, 512, "--batch-size")),
            ("dropout rate", defaults.DROPOUT_RATE),
            ("weight decay", defaults.DECAY_STRENGTH),
            ("batch norm, where on", ("γ 1", "β 0", "ε 1e-5", "momentum 0.9")),
            ("no effect worth having", (f"{defaults.MARGIN:.0%}",)),
            ("intervals", (f"{defaults.CONFIDENCE:.0%}",)),
            ("handed over", (defaults.BAG, defaults.BAG_DRAWS, f"{defaults.BAG_TOLERANCE:.0%}", "--single")),
            ("  or, where it is better", (defaults.RIVALS,)),
            ("linear, boosted models", (f"{defaults.BASELINES:.0%}",)),
            ("budget", (f"{defaults.BUDGET_SECONDS:g} s", "--budget")),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_it_prints_what_a_study_does_and_from_what_it_draws(self, goru, what, numbers):
        (line,) = [line for line in goru("fit", "--explain").stdout.splitlines() if line.startswith(what)]
        for number in numbers:
            shown = f"{number:g}" if isinstance(number, float) else str(number)
            assert re.search(rf"(?<![\w.]){re.escape(shown)}(?![\w]|\.\d)", line), f"{shown} is not in: {line}"

    def test_it_prints_what_is_drawn_of_batch_norm_where_that_is_asked_for(self, goru):
        lines = goru("fit", "--explain").stdout.splitlines()
        start = next(index for index, line in enumerate(lines) if "--search-batch-norm" in line)
        ranges = (
            *(defaults.BATCH_NORM_SCALE, defaults.BATCH_NORM_SHIFT),
            *(defaults.BATCH_NORM_EPSILON, defaults.BATCH_NORM_MOMENTUM),
        )
        for line, (low, high) in zip(lines[start : start + 4], ranges, strict=True):
            assert f"{low:g} .. {high:g}" in line

    def test_its_columns_stand_below_one_another(self, goru):
        first, *lines = goru("fit", "--explain").stdout.splitlines()
        assert first.split() == ["what", "default", "drawn", "from"]
        start = first.index("default")
        assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)


class TestTheAnswer:
    def test_every_question_has_a_line_with_a_verdict(self, credit_run):
        lines = credit_run.fit.stdout.splitlines()
        start = next(index for index, line in enumerate(lines) if line.startswith("what helps"))
        questions = (
            *("dropout", "weight decay", "batch norm before the activation", "batch norm after the activation"),
            *("batch norm after instead of before", "dropout and decay on top of batch norm"),
            "the best of all combinations",
        )
        for question, line in zip(questions, lines[start + 1 : start + 8], strict=True):
            assert line.startswith(question + "  ")
            assert VERDICT.search(line)

    @pytest.mark.parametrize(
        ("run", "linear", "figures"),
        [
            ("credit_run", "logistic regression", "log loss  accuracy  balanced accuracy  AUC"),
            ("houses_run", "ridge regression", "R²"),
        ],
    )
    def test_it_sets_the_networks_beside_a_guess_and_other_models(self, request, run, linear, figures):
        lines = request.getfixturevalue(run).fit.stdout.splitlines()
        start = next(index for index, line in enumerate(lines) if re.match(r"test +networks", line))
        assert figures in lines[start]
        rows = [re.split(r" {2,}", line)[:2] for line in lines[start + 1 : start + 8]]
        models = [["guess", "-"], [linear, "-"], ["boosted trees", "-"]]
        assert rows == [*models, ["plain", "1"], ["recommended", "1"], ["plain", "8"], ["recommended", "8"]]
        assert [line.endswith("handed over") for line in lines[start + 1 : start + 8]] == [False] * 6 + [True]

    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_ends_with_advice_and_with_where_the_run_is(self, request, run):
        paragraphs = request.getfixturevalue(run).fit.stdout.rstrip().split("\n\n")
        assert [paragraph.split()[0] for paragraph in paragraphs] == [
            *("data", "what", "recommended", "test", "advice", "written"),
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

    def test_a_single_network_is_handed_over(self, optional_run):
        lines = optional_run.fit.stdout.splitlines()
        (marked,) = [line.split()[:2] for line in lines if line.endswith("handed over")]
        assert marked == ["recommended", "1"]
        (recommended,) = [line for line in lines if line.startswith("recommended   ") and "epochs" in line]
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
                rows = study.execute("SELECT batch_norm, hyperparameters FROM trials").fetchall()
            assert {bool(place) for place, _ in rows} == {True, False}
            for place, hyper in rows:
                assert (json.loads(hyper)["batch_norm_scale"] != 1) == (searched and bool(place))

    def test_the_configuration_says_so(self, optional_run, credit_run):
        options = strict_json((optional_run.folder / "config.json").read_text())["options"]
        assert (options["single"], options["search_batch_norm"], options["class_weight"]) == (True, True, "balanced")
        options = strict_json((credit_run.folder / "config.json").read_text())["options"]
        assert (options["single"], options["search_batch_norm"], options["class_weight"]) == (False, False, None)

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


class TestPredictClasses:
    def test_classes_are_written_one_a_row(self, goru, credit_run, write):
        write(credit_run.features, "new.csv")
        outcome = goru("predict", credit_run.folder, "new.csv", "-o", "predictions.csv")
        assert outcome.code == 0, outcome
        predictions = pd.read_csv("predictions.csv")
        assert predictions.shape == (len(credit_run.new), 1)
        assert set(predictions.iloc[:, 0]) <= {"good", "bad"}

    def test_they_are_right_more_often_than_chance(self, goru, credit_run, write):
        outcome = goru("predict", credit_run.folder, write(credit_run.features, "new.csv"))
        predicted = table_of(outcome.stdout).iloc[:, 0].to_numpy()
        assert (predicted == credit_run.new["target"].to_numpy()).mean() > 0.75

    def test_without_o_the_same_csv_goes_to_stdout(self, goru, credit_run, write):
        write(credit_run.features, "new.csv")
        goru("predict", credit_run.folder, "new.csv", "-o", "predictions.csv")
        outcome = goru("predict", credit_run.folder, "new.csv")
        assert outcome.stdout == Path("predictions.csv").read_text()
        assert outcome.after == outcome.before

    def test_with_o_stdout_stays_empty_of_predictions(self, goru, credit_run, write):
        outcome = goru("predict", credit_run.folder, write(credit_run.features, "new.csv"), "-o", "out.csv")
        assert len(outcome.stdout.splitlines()) <= 1

    def test_probabilities_sum_to_one_with_a_column_for_each_class(self, goru, credit_run, write):
        write(credit_run.features, "new.csv")
        outcome = goru("predict", credit_run.folder, "new.csv", "--proba", "-o", "proba.csv")
        assert outcome.code == 0, outcome
        probabilities = pd.read_csv("proba.csv")
        assert probabilities.shape == (len(credit_run.new), 2)
        class_columns(probabilities, ["good", "bad"])
        assert ((probabilities >= 0) & (probabilities <= 1)).all(axis=None)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)

    def test_the_class_is_the_most_probable_one(self, goru, credit_run, write):
        write(credit_run.features, "new.csv")
        classes = table_of(goru("predict", credit_run.folder, "new.csv").stdout).iloc[:, 0]
        probabilities = table_of(goru("predict", credit_run.folder, "new.csv", "--proba").stdout)
        names = np.array(["good", "bad"])
        best = probabilities[class_columns(probabilities, list(names))].to_numpy().argmax(axis=1)
        assert list(classes) == list(names[best])

    def test_a_row_s_prediction_does_not_depend_on_its_neighbours(self, goru, credit_run, write):
        write(credit_run.features, "all.csv")
        write(credit_run.features.iloc[[7]], "one.csv")
        everything, alone = (
            table_of(goru("predict", credit_run.folder, name, "--proba").stdout) for name in ("all.csv", "one.csv")
        )
        assert alone.shape == (1, 2)
        np.testing.assert_allclose(alone.iloc[0], everything.iloc[7], atol=1e-5)

    def test_the_target_may_stand_among_the_new_rows(self, goru, credit_run, write):
        with_target = goru("predict", credit_run.folder, write(credit_run.new, "with.csv"))
        without = goru("predict", credit_run.folder, write(credit_run.features, "without.csv"))
        assert with_target.code == 0, with_target
        assert with_target.stdout == without.stdout

    def test_the_run_can_be_moved(self, goru, bring, credit_run, write):
        moved = bring(credit_run, "moved")
        write(credit_run.features, "new.csv")
        here, there = (goru("predict", run, "new.csv", "--proba") for run in (moved, credit_run.folder))
        assert here.code == 0, here
        assert here.stdout == there.stdout

    def test_predicting_leaves_the_run_as_it_is(self, goru, bring, credit_run, write):
        run = bring(credit_run)
        before = files_of(run)
        goru("predict", run, write(credit_run.features, "new.csv"))
        after = files_of(run)
        assert {name for name in after if name != ".lock"} == {name for name in before if name != ".lock"}
        assert all(after[name] == before[name] for name in before)

    def test_classes_with_commas_quotes_and_emoji_come_back_as_they_were(self, goru, messy_run, write):
        outcome = goru("predict", messy_run.folder, write(messy_run.features, "new.csv"))
        assert set(table_of(outcome.stdout).iloc[:, 0]) <= set(messy_run.new["class"])
        outcome = goru("predict", messy_run.folder, "new.csv", "--proba")
        class_columns(table_of(outcome.stdout), sorted(set(messy_run.new["class"])))


class TestPredictNumbers:
    def test_values_are_written_one_a_row_and_explain_the_target(self, goru, houses_run, write):
        write(houses_run.features, "new.csv")
        outcome = goru("predict", houses_run.folder, "new.csv", "-o", "predictions.csv")
        assert outcome.code == 0, outcome
        predictions = pd.read_csv("predictions.csv")
        assert predictions.shape == (len(houses_run.new), 1)
        error = predictions.iloc[:, 0].to_numpy(float) - houses_run.new["price"].to_numpy()
        assert 1 - np.mean(error**2) / houses_run.new["price"].var() > 0.5

    def test_columns_dropped_by_the_user_are_not_needed(self, goru, houses_run, write):
        write(houses_run.features, "with.csv")
        write(houses_run.features.drop(columns=["noise_a", "noise_b", "noise_c"]), "without.csv")
        with_them, without_them = (goru("predict", houses_run.folder, name) for name in ("with.csv", "without.csv"))
        assert without_them.code == 0, without_them
        assert without_them.stdout == with_them.stdout
        assert without_them.stderr == ""


class TestShow:
    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_prints_the_answer_that_fit_printed(self, goru, request, run):
        run = request.getfixturevalue(run)
        outcome = goru("show", run.folder)
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        printed = [line.rstrip() for line in run.fit.stdout.splitlines()]
        assert [line for line in outcome.stdout.splitlines() if line.rstrip() not in printed] == []
        verdicts = [line for line in printed if VERDICT.search(line)]
        assert [line for line in verdicts if line not in outcome.stdout] == []

    def test_it_is_plain_text_and_changes_nothing(self, goru, bring, credit_run):
        outcome = goru("show", bring(credit_run))
        assert "\x1b" not in outcome.output
        assert outcome.after == outcome.before

    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_json_holds_effects_recommendation_and_test_scores(self, goru, request, run):
        outcome = goru("show", request.getfixturevalue(run).folder, "--json")
        assert outcome.code == 0, outcome
        answer = strict_json(outcome.stdout)
        for word in ("effect", "recommended", "test"):
            assert any(sections(answer, word)), f"nothing about {word} in {list(answer)}"
        effects = json.dumps(sections(answer, "effect")).lower()
        assert "dropout" in effects
        assert "decay" in effects
        assert len(VERDICT.findall(effects.replace("_", " "))) >= 7
        assert re.search(r"\d\.\d", json.dumps(sections(answer, "test")))

    def test_json_goes_to_stdout_alone(self, goru, credit_run):
        assert goru("show", credit_run.folder, "--json").stderr == ""


class TestContainers:
    """Predicting needs the same reader as fitting and costs no training."""

    @pytest.mark.parametrize("name", CONTAINERS)
    def test_every_text_or_parquet_file_gives_the_same_predictions(self, goru, credit_run, write, name):
        reference = goru("predict", credit_run.folder, write(credit_run.features, "reference.csv"), "--proba")
        outcome = goru("predict", credit_run.folder, write(credit_run.features, name), "--proba")
        assert outcome.code == 0, outcome
        assert outcome.stdout == reference.stdout

    def test_parquet_categories_dates_and_booleans_keep_their_meaning(self, goru, messy_run, write):
        table = messy_run.features
        typed = table.astype({"region": "category", "is_member": "boolean", "opened": "datetime64[ns]"})
        texts, types = (
            goru("predict", messy_run.folder, name, "--proba")
            for name in (write(table, "texts.csv"), write(typed, "types.parquet"))
        )
        assert types.code == 0, types
        assert types.stdout == texts.stdout

    def test_a_built_in_data_set_is_fitted_by_its_name_within_a_time(self, goru):
        outcome = goru("fit", "iris", "--budget", "3s", "--hidden", "8")
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        assert Path("runs/iris/model").is_dir()

    def test_npz(self, goru, credit, write):
        table = credit()
        features = table[["income", "age", "debt"]].to_numpy()
        np.savez("credit.npz", X=features, y=(table["target"] == "good").astype(int))
        outcome = goru("fit", "credit.npz", "--networks", 12, "--hidden", "8", "--seed", 0)
        assert outcome.code == 0, outcome
        np.savez("new.npz", X=features[:40])
        predictions = table_of(goru("predict", "runs/credit", "new.npz").stdout)
        assert predictions.shape == (40, 1)
        assert set(predictions.iloc[:, 0]) <= {0, 1}

    def test_idx_pair(self, goru, write_idx):
        labels = np.arange(120) % 3
        images = np.random.default_rng(0).integers(0, 60, (120, 4, 4))
        images[np.arange(120), labels] += 150
        write_idx(Path("images"), images, labels)
        outcome = goru("fit", "images", "--networks", 12, "--hidden", 8, "--seed", 0)
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        assert Path("runs/images/model").is_dir()


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


class TestHostileTables:
    def test_hostile_column_names_are_features_like_any_other(self, goru, refused, messy_run, write):
        from_markup = messy_run.features.columns[10]
        assert from_markup.startswith("<script>")
        write(messy_run.features.drop(columns=from_markup), "new.csv")
        refused(goru("predict", messy_run.folder, "new.csv"), from_markup)

    @pytest.mark.parametrize("position", [11, 12, 13], ids=["quotes", "emoji", "300 letters"])
    def test_a_hostile_name_that_is_missing_is_named_on_one_line(self, goru, refused, messy_run, write, position):
        name = messy_run.features.columns[position]
        write(messy_run.features.drop(columns=name), "new.csv")
        refused(goru("predict", messy_run.folder, "new.csv"), name[:40])

    @pytest.mark.slow
    def test_enormous_numbers_spoil_nothing(self, goru, credit, write):
        table = credit().assign(huge=np.geomspace(1e-300, 1e300, 120), wide=np.linspace(-1e38, 1e38, 120))
        write(table, "credit.csv")
        options = ("--target", "target", "--networks", 12, "--hidden", 8, "--seed", 0)
        assert goru("fit", "credit.csv", *options).code == 0
        outcome = goru("predict", "runs/credit", write(table.drop(columns="target"), "new.csv"), "--proba")
        assert np.isfinite(table_of(outcome.stdout).to_numpy(float)).all()

    def test_a_reader_that_stops_early_gets_no_traceback(self, credit_run, tmp_path, write):
        write(pd.concat([credit_run.features] * 200), tmp_path / "new.csv")
        python = shutil.which(sys.executable)
        import goru as package

        home = Path(package.__file__).parents[1]
        command = f"import sys; sys.path.insert(0, {str(home)!r}); from goru.cli import main; sys.exit(main())"
        arguments = [python, "-c", command, "predict", str(credit_run.folder), "new.csv", "--proba"]
        with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            assert b"Traceback" not in process.stderr.read()
            process.wait(timeout=120)


class TestInterruption:
    """Ctrl-C ends a study in one line, and leaves what was there as it was."""

    def test_an_old_run_survives(self, goru, credit_run, bring, monkeypatch):
        from goru.study import study

        def interrupt(*_):
            raise KeyboardInterrupt

        run = bring(credit_run)
        monkeypatch.setattr(study.Race, "run", interrupt)
        outcome = goru("fit", "iris", "--networks", 36, "--hidden", 8, "--out", run, "--overwrite")
        assert outcome.code == 130
        assert outcome.stderr.splitlines()[-1].startswith("interrupted")
        assert outcome.before == outcome.after
