"""The answer of a study, line by line."""

import copy

import pytest
from answers import CLASSIFICATION, REGRESSION, changed, effect, paragraph, recommended, text
from drawn import answer_lines
from hypothesis import given
from hypothesis import strategies as st

from goru.cli.arguments import typed
from goru.errors import spelled


class TestAnswer:
    def test_of_a_classification(self):
        assert text(CLASSIFICATION).splitlines() == [
            "data          1,000 rows, 23 columns (13 categorical, 1 dates, 2 dropped), 2 classes; "
            "800 for training and validation, 200 for the test",
            "              Dropped 'id': it holds identifiers.",
            "              The dates of 'opened' became year and month.",
            "network       61-128-64-2, relu, batches of 32, adam, cosine schedule",
            "plain         training loss 0.100, validation loss 0.900 after the last epoch",
            "              overfits after epoch 7; validation loss then rises by 0.400 (0.250 to 0.550)",
            "trained       1,088 networks, 3 of them diverged, 1,234,567 steps, 120 s "
            "(12 combinations, 2 configurations each, 3-fold CV, 80 epochs)",
            "              the time was too short for a full study: 3 folds instead of 5.",
            "",
            "effect of each technique                   change in validation loss  95% interval      verdict",
            "dropout                                    -0.050 (-10.0%)            -0.080 to -0.020  helps",
            "weight decay                               +0.020 (+4.0%)             +0.010 to +0.030  hurts",
            "batch norm before the activation           0.000 (+0.0%)              -0.004 to +0.004  negligible (< 2%)",
            "batch norm after the activation            a network diverged                           inconclusive",
            "batch norm after instead of before         -0.005 (-1.0%)             -0.020 to +0.010  "
            "inconclusive; needs about 12,000 rows",
            "dropout and decay on top of batch norm     0.000 (+0.0%)              -0.040 to +0.040  "
            "inconclusive; try a larger budget",
            "best combination (cross-validated choice)  -0.060 (-12.0%)            -0.130 to +0.010  "
            "inconclusive; needs about 1,100 rows",
            "relative to the plain network's 0.500; intervals are simultaneous",
            "",
            "recommended   batch norm before the activation, dropout 0.31, weight decay 0.012, "
            "learning rate 4.6e-03, stopped at epoch 33 of 80: 5 networks",
            "              batch norm before the activation, dropout 0.05, weight decay 1.5, "
            "learning rate 1.0e-02, stopped at epoch 80 of 80: 3 networks",
            "",
            "test                 networks  log loss  accuracy  balanced accuracy  AUC",
            "class prior          -         0.690     0.550     0.500              0.500",
            "logistic regression  -         0.490     0.740     0.680              0.770",
            "boosted trees        -         0.480     0.750     0.690              0.780",
            "plain                1         0.510     0.750     0.690              0.760",
            "recommended          1         0.460     0.770     0.710              0.790",
            "plain                8         0.500     0.760     0.700              0.770",
            "recommended          8         0.450     0.780     0.720              0.800  final model",
            "",
            "advice        Use batch norm before the activation, dropout and weight decay if it costs you nothing: it "
            "did best,",
            "              but these rows do not show for sure that it is better than a plain network.",
        ]

    def test_networks_with_other_inputs_in_the_search_are_named(self):
        answer = changed(CLASSIFICATION, network={"search_inputs": 32, "numbers": "pieces"})
        assert paragraph(answer, "network") == [
            "61-128-64-2, relu, batches of 32, adam, cosine schedule",
            "(in the search on a sample of the rows: 32 inputs)",
            "piecewise-linear encoding added",
        ]

    @pytest.mark.parametrize(
        ("numbers", "words"),
        [
            ("pieces", "piecewise-linear encoding added: validation loss 0.400 instead of 0.500 in a pilot run"),
            ("squares", "squares of numbers added: validation loss 0.450 instead of 0.500 in a pilot run"),
        ],
    )
    def test_what_a_pilot_run_chose_is_said_with_what_it_found(self, numbers, words):
        look = {"scaled": 0.5, "pieces": 0.4, "squares": 0.45}
        answer = changed(CLASSIFICATION, network={"numbers": numbers, "first_look": look})
        assert paragraph(answer, "network")[-1] == words

    def test_in_a_shell_advice_names_options(self):
        with spelled(typed):
            assert "; wider layers (--hidden) might overfit" in text(REGRESSION)

    def test_of_a_regression(self):
        lines = text(REGRESSION).splitlines()
        assert lines[:6] == [
            "data          60 rows, 1 column, regression; 48 for training and validation, 12 for the test",
            "network       1-8-1, tanh, batches of 32, adam, cosine schedule",
            "plain         training loss 0.495, validation loss 0.500 after the last epoch",
            "              no overfitting found: generalization gap 0.005 (-0.010 to 0.020); wider layers (hidden) "
            "might overfit",
            "              (the loss is the squared error over the target's variance)",
            "trained       76 networks, 900 steps, 120 s "
            "(12 combinations, 1 configuration each, 2 x 5-fold CV, 100 epochs)",
        ]
        assert lines[-11:] == [
            "recommended   none of the techniques, learning rate 4.6e-03, stopped at epoch 33 of 80: 8 networks",
            "",
            "test          networks  R²      error",
            "mean          -         -0.004  71,000",
            "plain         1         0.295   60,123",
            "recommended   1         -0.311  1.23e-04",
            "plain         8         -       12.0",
            "recommended   8         0.345   58.0      final model",
            "non-neural baselines were skipped: too slow for this budget",
            "",
            "advice        Use the plain network: what looked best in some folds was worse in the others.",
        ]

    def test_without_test_rows_there_is_no_table_of_them(self):
        answer = changed(CLASSIFICATION, data={"rows": 800, "test": 0})
        answer["test"] = answer["against_networks"] = []
        lines = text(answer).splitlines()
        assert lines[0] == (
            "data          800 rows, 23 columns (13 categorical, 1 dates, 2 dropped), 2 classes; "
            "all of them for training and validation, none for a test"
        )
        known = text(CLASSIFICATION).splitlines()
        at = next(index for index, line in enumerate(known) if line.startswith("test"))
        assert lines[1:] == known[1:at] + known[at + 9 :]  # its eight lines, and an empty one

    def test_what_was_chosen_by_its_score_is_shown_with_it(self):
        scores = {"plain": 0.5, "batch norm before + dropout + weight decay": 0.8125}
        by_loss, by_score = (CLASSIFICATION | {"chosen_by": by, "scores": scores} for by in ("loss", "score"))
        assert text(by_loss) == text(CLASSIFICATION)
        assert paragraph(by_score, "recommended")[-1] == "(chosen by its score on validation rows, 0.812)"

    @pytest.mark.parametrize(
        ("partitions", "words"), [(1, "3-fold CV, 80"), (2, "2 x 3-fold CV, 80"), (3, "3 x 3-fold CV, 80")]
    )
    def test_how_often_rows_were_cut_into_folds_is_said(self, partitions, words):
        assert f"2 configurations each, {words} epochs" in text(
            changed(CLASSIFICATION, plan={"partitions": partitions})
        )

    @pytest.mark.parametrize(
        ("overfits", "gap", "words"),
        [
            (
                "rises",
                0.8,
                "overfits after epoch 7; validation loss then rises by 0.400 (0.250 to 0.550)",
            ),
            (
                "gap",
                0.8,
                "overfits: validation loss exceeds training loss by 0.800 (0.700 to 0.900); no clear rise in "
                "validation loss",
            ),
            (
                None,
                0.8,
                "may overfit (CI includes 0): validation loss exceeds training loss by 0.800 (0.700 to 0.900)",
            ),
            (None, 0.019, "may overfit (CI includes 0): validation loss exceeds training loss by 0.019"),
            # Of a validation loss of 0.9, 2 % are negligible.
            (None, 0.017, "no overfitting found: generalization gap 0.017 (0.700 to 0.900); wider"),
            (None, -0.1, "no overfitting found: generalization gap -0.100 (0.700 to 0.900); wider"),
        ],
    )
    def test_overfitting_is_a_rise_or_else_a_gap_each_with_its_interval(self, overfits, gap, words):
        first, second = paragraph(changed(CLASSIFICATION, plain={"overfits": overfits, "gap": gap}), "plain")
        assert first == "training loss 0.100, validation loss 0.900 after the last epoch"
        assert second.startswith(words)

    def test_that_classes_count_alike_is_said_where_it_was_asked_for(self):
        answer = changed(CLASSIFICATION, class_weight="balanced")
        assert paragraph(answer, "plain")[2:] == ["(every class counts alike in all losses)"]
        assert "every class counts" not in text(CLASSIFICATION)

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (None, "inconclusive"),
            (7, "inconclusive; needs about 7 rows"),
            (89, "inconclusive; needs about 89 rows"),
            (894, "inconclusive; needs about 890 rows"),
            (12_345, "inconclusive; needs about 12,000 rows"),
            (49_960, "inconclusive; needs about 50,000 rows"),
            (50_000, "inconclusive; needs about 50,000 rows"),
            (50_001, "inconclusive; needs over 50x the rows"),
            (10**30, "inconclusive; needs over 50x the rows"),
        ],
    )
    def test_how_many_rows_would_decide_is_said_in_two_digits(self, rows, words):
        """The table has 1,000; what would take fifty times as many is nothing that anybody will ever decide so."""
        answer = copy.deepcopy(CLASSIFICATION)
        answer["effects"] = [effect("dropout", -0.05, -0.15, 0.05, "inconclusive", rows)]
        (line,) = [line for line in answer_lines(answer) if line.startswith("dropout")]
        assert line.endswith("  " + words)

    def test_what_changes_is_what_judges(self):
        lines = list(answer_lines(changed(CLASSIFICATION, judgement={"measure": "Brier score"})))
        assert sum("change in Brier score" in line for line in lines) == 1
        assert not any("change in validation loss" in line for line in lines)

    def test_a_plain_network_that_never_errs_leaves_no_share_to_speak_of(self):
        answer = changed(CLASSIFICATION, judgement={"plain_loss": 0.0})
        line = "dropout                                    -0.050                     -0.080 to -0.020  helps"
        assert line in text(answer).splitlines()

    def test_an_interval_has_one_number_of_decimals_with_its_change_and_no_end_that_looks_like_zero(self):
        answer = copy.deepcopy(CLASSIFICATION)
        answer["effects"] = [effect("dropout", -0.022, -0.043, -2.39e-4, "helps")]
        (line,) = [line for line in answer_lines(answer) if line.startswith("dropout")]
        assert line.split()[1:] == ["-0.0220", "(-4.4%)", "-0.0430", "to", "-0.0002", "helps"]

    def test_an_interval_that_nobody_knows_is_said_to_be_unknown_and_why(self):
        answer = copy.deepcopy(CLASSIFICATION)
        answer["effects"] = [effect("dropout", -0.05, None, None, "inconclusive", None, True)]
        lines = list(answer_lines(answer))
        at = next(index for index, line in enumerate(lines) if line.startswith("dropout"))
        assert lines[at].split(maxsplit=4)[3:] == [
            "unknown",
            "inconclusive; try a larger budget",
        ]
        assert lines[at + 1].startswith("unknown: too few configurations")
        assert lines[at + 2].endswith("the plain network's 0.500")  # and of no interval is said that it holds
        assert "too few configurations" not in text(CLASSIFICATION)

    def test_a_plain_network_that_diverged_leaves_nothing_to_compare_with(self):
        answer = changed(
            CLASSIFICATION,
            judgement={"plain_loss": None},
            plain={"training": None, "validation": None, "best": 0.7, "epoch": 2, "overfits": None}
            | dict.fromkeys(("gap", "gap_low", "gap_high", "rise", "rise_low", "rise_high")),
        )
        for shown in answer["effects"]:
            shown |= {"change": None, "low": None, "high": None, "margin": None, "verdict": "inconclusive"}
        said = text(answer)
        assert paragraph(answer, "plain") == [
            "training loss not finite, validation loss not finite after the last epoch",
            "diverges in some fold",
        ]
        assert said.count("a network diverged") == 7
        assert "relative to the plain network's" not in said

    @pytest.mark.parametrize(
        ("place", "values", "words"),
        [
            ("after", {}, "batch norm after the activation, learning"),
            (None, {"dropout_rate": 0.05}, "dropout 0.05, learning"),
            (None, {"weight_decay": 0.0}, "weight decay 0, learning"),  # drawn, be it ever so little
            (None, {}, "none of the techniques, learning"),
        ],
    )
    def test_only_techniques_that_are_on_are_recommended(self, place, values, words):
        answer = changed(REGRESSION, recommended=[recommended(place, 8, 33, 0.44, learning_rate=0.00456, **values)])
        (said,) = paragraph(answer, "recommended")
        assert said.startswith(words)

    def test_numbers_of_batch_norm_are_shown_where_they_were_drawn(self):
        numbers = {"scale": 2.345, "shift": -0.5, "epsilon": 0.000123, "momentum": 0.876}
        values = {"learning_rate": 0.00456, **{f"batch_norm_{name}": value for name, value in numbers.items()}}
        answer = changed(REGRESSION, recommended=[recommended("after", 8, 33, 0.44, **values)])
        assert paragraph(answer, "recommended") == [
            "batch norm after the activation, γ 2.3, β -0.5, ε 1.2e-04, momentum 0.88, learning rate 4.6e-03, "
            "stopped at epoch 33 of 80: 8 networks"
        ]

    def test_a_greedy_selection_is_said_where_there_was_something_to_select(self):
        said = "(selected by their validation predictions: better than an even share by over one standard error)"
        assert paragraph(CLASSIFICATION | {"selection": "greedy"}, "recommended")[2:] == [said]
        assert said not in text(CLASSIFICATION)
        assert said not in text(REGRESSION | {"selection": "greedy"})

    @pytest.mark.parametrize(("temperature", "shown"), [(0.456, "0.46"), (1.2, "1.20")])
    def test_calibration_is_said_where_there_was_any(self, temperature, shown):
        said = paragraph(CLASSIFICATION | {"temperature": temperature}, "recommended")[-1]
        assert said == f"temperature scaling on validation rows, T = {shown}"
        assert "calibrated" not in text(CLASSIFICATION)

    @pytest.mark.parametrize(("single", "networks"), [(False, "8"), (True, "1")])
    def test_the_final_model_is_marked_and_nothing_else(self, single, networks):
        recommended = [{**CLASSIFICATION["recommended"][0], "networks": 1}] if single else CLASSIFICATION["recommended"]
        answer = changed(CLASSIFICATION, single=single, recommended=recommended)
        (marked,) = [line.split() for line in answer_lines(answer) if line.endswith("final model")]
        assert marked[:2] == ["recommended", networks]

    def test_a_figure_that_the_test_rows_do_not_define_is_a_dash(self):
        answer = copy.deepcopy(CLASSIFICATION)
        for entry in answer["test"]:
            entry["figures"]["AUC"] = None
        lines = list(answer_lines(answer))
        start = next(index for index, line in enumerate(lines) if line.startswith("test  "))
        assert [line.split()[-1] for line in lines[start + 1 : start + 7]] == ["-"] * 6
        assert lines[start + 7].endswith("0.720              -    final model")

    def test_figures_of_balanced_classes_have_a_column_of_their_own(self):
        answer = copy.deepcopy(CLASSIFICATION)
        answer["test"] = [entry | {"figures": {"log loss": 0.5, "balanced log loss": 0.7}} for entry in answer["test"]]
        assert "test                 networks  log loss  balanced log loss" in text(answer)
        assert "class prior          -         0.500     0.700" in text(answer)

    def test_that_there_was_no_time_for_other_models_is_said_where_it_was_so(self):
        assert "were skipped" in text(REGRESSION)
        assert "were skipped" not in text(CLASSIFICATION)

    @given(st.text("abc ", min_size=1, max_size=400).filter(str.strip))
    def test_advice_is_wrapped_and_nothing_of_it_is_lost(self, advice):
        lines = list(answer_lines(CLASSIFICATION | {"advice": advice}))
        start = next(index for index, line in enumerate(lines) if line.startswith("advice "))
        assert "".join(line[14:] for line in lines[start:]).replace(" ", "") == advice.replace(" ", "")
        assert max(len(line) for line in lines[start:]) <= 114
        assert all(line.startswith(" " * 14) for line in lines[start + 1 :])

    def test_what_a_table_calls_its_columns_cannot_command_the_terminal(self):
        names = ["\x1b[2J\x07", "a\nplain  b\r", "\u202egnp.exe\u200f"]
        answer = changed(CLASSIFICATION, data={"notes": [f"Dropped '{name}': constant." for name in names]})
        assert paragraph(answer, "data")[1:] == [
            r"Dropped '\x1b[2J\x07': constant.",
            r"Dropped 'a\nplain  b\r': constant.",
            r"Dropped '\u202egnp.exe\u200f': constant.",
        ]

    @given(st.lists(st.text(max_size=20), max_size=3))
    def test_every_note_is_one_line_whatever_stands_in_it(self, notes):
        lines = list(answer_lines(changed(CLASSIFICATION, data={"notes": notes})))
        without = list(answer_lines(changed(CLASSIFICATION, data={"notes": []})))
        assert len(lines) == len(without) + len(notes)
        assert all(line.isprintable() for line in lines)
