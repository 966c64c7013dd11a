"""New rows are predicted, by a run that was fitted before."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcomes import files_of, table_of


def class_columns(table: pd.DataFrame, classes: list[str]) -> list[str]:
    """The column of each class; a heading is the class, or ends with it."""
    found = [[heading for heading in table.columns if heading.endswith(name)] for name in classes]
    assert all(len(headings) == 1 for headings in found), f"{classes} in {list(table.columns)}"
    return [headings[0] for headings in found]


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

    def test_a_file_is_what_its_name_says(self, goru, credit_run, write):
        expected = table_of(goru("predict", credit_run.folder, write(credit_run.features, "new.csv")).stdout)
        for name, separator in (("out.csv.gz", ","), ("out.tsv", "\t")):
            assert goru("predict", credit_run.folder, "new.csv", "-o", name).code == 0
            pd.testing.assert_frame_equal(pd.read_csv(name, sep=separator), expected)

    def test_columns_that_the_model_does_not_read_may_hold_anything(self, goru, credit_run, write):
        expected = goru("predict", credit_run.folder, write(credit_run.features, "new.csv")).stdout
        credit_run.features.assign(tags=[[1]] * 60, at=pd.Timestamp("2024")).to_parquet("odd.parquet")
        outcome = goru("predict", credit_run.folder, "odd.parquet")
        assert outcome.stdout == expected
        assert "'tags', 'at'" in outcome.stderr
        write(credit_run.features.assign(one=1, other=2).rename(columns={"other": "one"}), "twice.csv")
        assert goru("predict", credit_run.folder, "twice.csv").stdout == expected

    def test_probabilities_sum_to_one_with_a_column_for_each_class(self, goru, credit_run, write):
        write(credit_run.features, "new.csv")
        outcome = goru("predict", credit_run.folder, "new.csv", "--proba", "-o", "proba.csv")
        assert outcome.code == 0, outcome
        probabilities = pd.read_csv("proba.csv")
        assert probabilities.shape == (len(credit_run.new), 2)
        class_columns(probabilities, ["good", "bad"])
        assert ((probabilities >= 0) & (probabilities <= 1)).all(axis=None)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)

    @pytest.mark.parametrize("classes", [("01", "02"), ("9007199254740992", "9007199254740993")], ids=str)
    def test_classes_are_those_that_stand_in_the_table(self, goru, credit, write, classes):
        table = credit()
        table["target"] = np.where(table["target"] == "good", *classes)
        write(table, "codes.csv")
        options = ("--networks", 36, "--epochs", 40, "--hidden", 8, "--numbers", "scaled")
        outcome = goru("fit", "codes.csv", "--target", "target", *options)
        assert outcome.code == 0, outcome
        predicted = goru("predict", "runs/codes", "codes.csv").stdout.splitlines()[1:]
        assert set(predicted) == set(classes)
        assert (np.array(predicted) == table["target"].to_numpy()).mean() > 0.75
        heading = goru("predict", "runs/codes", "codes.csv", "--proba").stdout.splitlines()[0]
        assert heading == ",".join(classes)

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
