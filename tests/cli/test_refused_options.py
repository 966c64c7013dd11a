"""Options and commands that goru refuses: exit status 2, one line that names them, nothing half-written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


class TestOptions:
    SENSELESS = (
        "--hidden=0",
        "--hidden=-8",
        "--hidden=8,0",
        "--hidden=8,-8",
        "--hidden=",
        "--hidden=eight",
        "--hidden=8.5",
        "--budget=0",
        "--budget=0s",
        "--budget=-5s",
        "--budget=soon",
        "--budget=60x",
        "--budget=",
        "--budget=nan",
        "--budget=inf",
        "--networks=0",
        "--networks=-3",
        "--networks=many",
        "--batch-size=0",
        "--batch-size=-1",
        "--seed=lucky",
        "--activation=swoosh",
        "--task=clustering",
        "--class-weight=heavy",
        "--class-weight=",
        "--judge=luck",
    )

    @pytest.mark.parametrize("option", SENSELESS)
    def test_an_invalid_value_is_refused_and_its_option_named(self, goru, refused, credit, write, option):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", option), option.split("=")[0])

    def test_names_that_no_list_of_names_has_are_shown_with_how_to_give_them(self, goru, refused):
        refused(goru("fit", "missing.csv", "--drop", "a\rb"), "'a b': invalid column names", "A,B", "quotes")

    @pytest.mark.parametrize(
        "option",
        [
            *("--budget=60s", "--budget=2m", "--budget=90", "--hidden=128,128", "--hidden=8", "--networks=24"),
            *(f"--activation={name}" for name in ("relu", "sigmoid", "tanh", "gelu", "silu", "identity")),
            *("--task=classification", "--task=regression", "--batch-size=16", "--seed=0"),
            *("--class-weight=balanced", "--single", "--search-batch-norm"),
            *(f"--judge={measure}" for measure in ("log-loss", "brier", "accuracy", "rmse", "mae")),
        ],
    )
    def test_a_sensible_value_is_not_what_is_refused(self, goru, refused, option):
        outcome = goru("fit", "missing.csv", option)
        refused(outcome, "missing.csv")
        assert option.split("=")[0] not in outcome.stderr

    def test_numbers_have_no_classes_that_could_count_alike(self, goru, refused, houses, write):
        write(houses(), "houses.csv")
        refused(goru("fit", "houses.csv", "--target", "price", "--class-weight", "balanced"), "--class-weight", "price")

    def test_numbers_have_no_classes_to_be_judged_by_and_classes_no_errors(self, goru, refused, houses, credit, write):
        write(houses(), "houses.csv"), write(credit(), "credit.csv")
        refused(goru("fit", "houses.csv", "--target", "price", "--judge", "brier"), "--judge brier", "price", "mae")
        refused(goru("fit", "credit.csv", "--target", "target", "--judge", "rmse"), "--judge rmse", "target", "brier")

    @pytest.mark.parametrize("activation", ["swoosh", "rely"])
    def test_an_unknown_activation_is_refused_with_those_there_are(self, goru, refused, credit, write, activation):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--activation", activation), activation, "relu")

    @pytest.mark.parametrize(
        ("command", "named"),
        [
            pytest.param(("fit", "credit.csv", "--bugdet", "60s"), "--bugdet", id="unknown-option"),
            pytest.param(("fit", "credit.csv", "--budget"), "--budget", id="option-without-value"),
            pytest.param(("fit", "credit.csv", "surplus.csv"), "surplus.csv", id="surplus-argument"),
            pytest.param(("fit",), "SOURCE", id="fit-without-source"),
            pytest.param(("predict",), "RUN", id="predict-without-run"),
            pytest.param(("show",), "RUN", id="show-without-run"),
            pytest.param(("fti", "credit.csv"), "fti", id="unknown-command"),
            pytest.param(("--no-such-thing",), "--no-such-thing", id="unknown-option-of-goru"),
        ],
    )
    def test_a_mistyped_command_gets_one_line_too(self, goru, refused, credit, write, command, named):
        write(credit(), "credit.csv")
        refused(goru(*command), named)

    def test_predict_without_new_rows_is_refused(self, goru, refused, credit_run):
        refused(goru("predict", credit_run.folder))

    def test_probabilities_of_a_regression_are_refused(self, goru, refused, houses_run, write):
        write(houses_run.features, "new.csv")
        refused(goru("predict", houses_run.folder, "new.csv", "--proba", "-o", "out.csv"), "--proba")

    def test_predictions_cannot_be_written_over_a_folder(self, goru, refused, credit_run, write):
        write(credit_run.features, "new.csv")
        Path("results").mkdir()
        refused(goru("predict", credit_run.folder, "new.csv", "-o", "results"), "results")

    @pytest.mark.parametrize("name", ["p.parquet", "p.npz", "p.xlsx"])
    def test_predictions_are_not_written_as_what_they_are_not(self, goru, refused, credit_run, write, name):
        write(credit_run.features, "new.csv")
        refused(goru("predict", credit_run.folder, "new.csv", "-o", name), name, ".csv")
        refused(goru("predict", "no-run", "new.csv", "-o", name), name, ".csv")

    def test_a_process_of_its_own_exits_with_2_and_prints_one_line(self, goru):
        import goru as package

        environment = os.environ | {"PYTHONPATH": str(Path(package.__file__).parents[1])}
        command = "import sys; from goru.cli import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", command, "fit", "missing.csv"],
            capture_output=True,
            check=False,
            env=environment,
            text=True,
            timeout=120,
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "missing.csv" in done.stderr
        assert list(Path.cwd().iterdir()) == []
