"""What the command says of itself: its help, its version, and what a study does."""

import re
from typing import get_args

import pytest
from outcomes import EPOCHS

from goru.nn.architecture import ActivationName
from goru.studies import defaults


class TestHelp:
    def test_help_names_the_commands(self, goru):
        outcome = goru("--help")
        assert outcome.code == 0
        assert all(re.search(rf"\b{command}\b", outcome.stdout) for command in ("fit", "predict", "show", "export"))

    @pytest.mark.parametrize(
        ("command", "options"),
        [
            (
                "fit",
                "--target --task --drop --categorical --groups --time --test --merge-rare --budget --networks "
                "--group-duplicates --hidden --activation --batch-size --epochs --single "
                "--search-batch-norm --class-weight --judge --seed --out --overwrite --explain",
            ),
            ("predict", "--proba -o"),
            ("show", "--json"),
            ("export", "--to --single -o --overwrite"),
        ],
    )
    def test_help_of_a_command_names_its_options(self, goru, command, options):
        outcome = goru(command, "--help")
        assert outcome.code == 0
        for option in options.split():
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", outcome.stdout), option

    def test_help_names_every_activation(self, goru):
        words = set(re.findall(r"\w+", goru("fit", "--help").stdout))
        assert {*get_args(ActivationName)} <= words

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
            ("cross-validation", (defaults.FOLDS, defaults.PARTITIONS, defaults.FEWEST_FOLDS)),
            ("configurations each", (defaults.FEWEST_CONFIGURATIONS, defaults.MOST_CONFIGURATIONS)),
            ("second cross-validation", (f"{defaults.KEPT:.0%}", defaults.FEWEST_CONFIGURATIONS)),
            ("hidden layers", ("128, 128", "256, 256", "--hidden")),
            ("activation", ("relu", "He normal", "--activation")),
            ("optimiser", ("Adam", "cosine")),
            ("learning rate", defaults.LEARNING_RATE),
            ("epochs", (EPOCHS,)),
            ("batch (", (32, 128, 256, 512, "--batch-size")),
            ("dropout rate", defaults.DROPOUT_RATE),
            ("weight decay", defaults.DECAY_STRENGTH),
            ("batch norm, where on", ("γ 1", "β 0", f"ε {defaults.EPSILON:g}", "momentum 0.9")),
            ("negligible", (f"{defaults.MARGIN:.0%}",)),
            ("intervals", (f"{defaults.CONFIDENCE:.0%}",)),
            (
                "final model",
                (defaults.ENSEMBLE, defaults.ENSEMBLE_CONFIGURATIONS, f"{defaults.ENSEMBLE_TOLERANCE:.0%}", "--single"),
            ),
            ("  or, where it is better", (defaults.RIVALS,)),
            ("non-neural baselines", (f"{defaults.BASELINES:.0%}",)),
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
        assert first.split() == ["what", "default", "search", "range"]
        start = first.index("default")
        assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)
