"""The answer of a study, line by line."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.report.terminal import answer_lines, number, printable, signed, table


def effect(name, change, low, high, verdict, rows_to_decide=None, draws_to_decide=False):
    return {
        "name": name,
        "change": change,
        "low": low,
        "high": high,
        "margin": 0.01,
        "verdict": verdict,
        "rows": 0.01,
        "networks": 0.005,
        "search": 0.0,
        "rows_to_decide": rows_to_decide,
        "draws_to_decide": draws_to_decide,
    }


def scored(arm, networks, *figures):
    names = ("log loss", "accuracy", "balanced accuracy", "AUC") if len(figures) == 4 else ("R²", "error")
    return {"networks": networks, "arm": arm, **dict(zip(names, figures, strict=True))}


CLASSIFICATION = {
    "goru": "0.1.0",
    "data": {
        "name": "credit.csv",
        "rows": 1000,
        "development": 800,
        "test": 200,
        "columns": {"numeric": 7, "categorical": 13, "date": 1, "dropped": 2},
        "features": 61,
        "target": "class",
        "task": "classification",
        "classes": ["bad", "good"],
        "notes": ["Dropped 'id': it holds identifiers.", "The dates of 'opened' became year and month."],
    },
    "network": {
        "widths": [61, 128, 64, 2],
        "activation": "relu",
        "batch_size": 32,
        "loss": "softmax_cross_entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "decay": "decoupled",
    },
    "options": {"single": False, "class_weight": None},
    "plan": {
        "arms": 12,
        "partitions": 1,
        "folds": 3,
        "draws": 2,
        "epochs": 80,
        "shortfalls": ["the time was too short for a full study: 3 folds instead of 5."],
    },
    "plain": {
        "fit": 0.1,
        "held_out": 0.9,
        "best": 0.5,
        "epoch": 7,
        "gap": 0.8,
        "gap_low": 0.7,
        "gap_high": 0.9,
        "rise": 0.4,
        "rise_low": 0.25,
        "rise_high": 0.55,
        "overfits": "rises",
    },
    "effects": [
        effect("dropout", -0.05, -0.08, -0.02, "helps"),
        effect("weight decay", 0.02, 0.01, 0.03, "hurts"),
        effect("batch norm before the activation", 0.0, -0.004, 0.004, "no effect worth having"),
        effect("batch norm after the activation", None, None, None, "undecided"),
        effect("batch norm after instead of before", -0.005, -0.02, 0.01, "undecided", 12_345),
        effect("dropout and decay on top of batch norm", 0.0, -0.04, 0.04, "undecided", None, True),
        effect("the best of all combinations", -0.06, -0.13, 0.01, "undecided", 1_089),
    ],
    "judgement": {"plain_loss": 0.5, "margin_share": 0.02, "confidence": 0.95},
    "recommended": [
        {
            "networks": 5,
            "arm": "batch norm before + dropout + weight decay",
            "batch_norm": "before",
            "dropout_rate": 0.314,
            "weight_decay": 0.0123,
            "learning_rate": 0.00456,
            "epochs": 33,
            "schedule_epochs": 80,
            "held_out_loss": 0.44,
        },
        {
            "networks": 3,
            "arm": "batch norm before + dropout + weight decay",
            "batch_norm": "before",
            "dropout_rate": 0.05,
            "weight_decay": 1.5,
            "learning_rate": 0.01,
            "epochs": 80,
            "schedule_epochs": 80,
            "held_out_loss": 0.45,
        },
    ],
    "selection": "uniform",
    "temperature": 1.0,
    "test": [
        scored("guess", 0, 0.69, 0.55, 0.5, 0.5),
        scored("logistic regression", 0, 0.49, 0.74, 0.68, 0.77),
        scored("boosted trees", 0, 0.48, 0.75, 0.69, 0.78),
        scored("plain", 1, 0.51, 0.75, 0.69, 0.76),
        scored("recommended", 1, 0.46, 0.77, 0.71, 0.79),
        scored("plain", 8, 0.5, 0.76, 0.7, 0.77),
        scored("recommended", 8, 0.45, 0.78, 0.72, 0.8),
    ],
    "against_networks": [
        {"arm": "logistic regression", "change": 0.04, "low": 0.01, "high": 0.07},
        {"arm": "boosted trees", "change": 0.03, "low": 0.0, "high": 0.06},
    ],
    "advice": "Use batch norm before the activation, dropout and weight decay if it costs you nothing: it did best, "
    "but these rows do not show for sure that it is better than a plain network.",
    "trained": {"networks": 1088, "diverged": 3, "steps": 1234567},
    "seconds": 119.6,
}

REGRESSION = copy.deepcopy(CLASSIFICATION)
REGRESSION["data"] |= {
    "rows": 60,
    "development": 48,
    "test": 12,
    "columns": {"numeric": 1, "categorical": 0, "date": 0, "dropped": 0},
    "task": "regression",
    "classes": None,
    "notes": [],
}
REGRESSION["plan"] |= {"draws": 1, "partitions": 2, "folds": 5, "epochs": 100, "shortfalls": []}
REGRESSION["plain"] |= {"fit": 0.495, "held_out": 0.5, "best": 0.5, "epoch": 100, "overfits": None}
REGRESSION["plain"] |= {
    "gap": 0.005,
    "gap_low": -0.01,
    "gap_high": 0.02,
    "rise": 0.0,
    "rise_low": 0.0,
    "rise_high": 0.0,
}
REGRESSION["network"] |= {"widths": [1, 8, 1], "activation": "tanh", "loss": "squared_error"}
del REGRESSION["recommended"][1]
REGRESSION["recommended"][0] |= {"networks": 8, "batch_norm": None, "dropout_rate": None, "weight_decay": None}
REGRESSION["test"] = [
    scored("guess", 0, -0.004, 71000.0),
    scored("plain", 1, 0.295, 60123.4),
    scored("recommended", 1, -0.311, 0.000123),
    scored("plain", 8, None, 12.0),
    scored("recommended", 8, 0.345, 58.04),
]
REGRESSION["against_networks"] = []
REGRESSION["advice"] = "Use the plain network: what looked best in some folds was worse in the others."
REGRESSION["trained"] |= {"networks": 76, "diverged": 0, "steps": 900}


def changed(answer, **parts):
    """An answer with some entries of some of its parts replaced."""
    answer = copy.deepcopy(answer)
    for part, entries in parts.items():
        answer[part] |= entries
    return answer


def text(answer):
    return "\n".join(answer_lines(answer))


def paragraph(answer, label):
    """The lines from the one with a label up to the next label."""
    lines = list(answer_lines(answer))
    start = next(index for index, line in enumerate(lines) if line.startswith(label))
    following = lines[start + 1 :]
    stop = next((index for index, line in enumerate(following) if not line.startswith(" ")), len(following))
    return [lines[start][len(label) :].strip(), *(line.strip() for line in following[:stop])]


class TestAnswer:
    def test_of_a_classification(self):
        assert text(CLASSIFICATION).splitlines() == [
            "data          1,000 rows, 23 columns (13 categorical, 1 dates, 2 dropped), 2 classes; "
            "800 rows for development, 200 for the test",
            "              Dropped 'id': it holds identifiers.",
            "              The dates of 'opened' became year and month.",
            "network       61-128-64-2, relu, batches of 32, adam, cosine schedule",
            "plain         fit loss 0.100, held-out loss 0.900 after the last epoch",
            "              overfits from epoch 7 on: until the last, the held-out loss rises by 0.400 (0.250 to 0.550)",
            "trained       1,088 networks, 3 of them diverged, 1,234,567 steps, 120 s "
            "(12 arms, 2 draws each, 3 folds, 80 epochs)",
            "              the time was too short for a full study: 3 folds instead of 5.",
            "",
            "what helps                              change in held-out loss  95% interval      verdict",
            "dropout                                 -0.050 (-10.0%)          -0.080 to -0.020  helps",
            "weight decay                            +0.020 (+4.0%)           +0.010 to +0.030  hurts",
            "batch norm before the activation        0.000 (+0.0%)            -0.004 to +0.004  no effect worth having",
            "batch norm after the activation         a network diverged                         undecided",
            "batch norm after instead of before      -0.005 (-1.0%)           -0.020 to +0.010  "
            "undecided; about 12,000 rows would decide",
            "dropout and decay on top of batch norm  0.000 (+0.0%)            -0.040 to +0.040  "
            "undecided; more draws (a larger budget) might decide",
            "the best of all combinations            -0.060 (-12.0%)          -0.130 to +0.010  "
            "undecided; about 1,100 rows would decide",
            "against the plain network's 0.500; less than 2% of it is no effect worth having; "
            "all intervals hold together",
            "",
            "recommended   batch norm before the activation, dropout 0.31, weight decay 0.012, "
            "learning rate 4.6e-03, 33 of 80 epochs: 5 networks",
            "              batch norm before the activation, dropout 0.05, weight decay 1.5, "
            "learning rate 1.0e-02, 80 of 80 epochs: 3 networks",
            "",
            "test                 networks  log loss  accuracy  balanced accuracy  AUC",
            "guess                -         0.690     0.550     0.500              0.500",
            "logistic regression  -         0.490     0.740     0.680              0.770",
            "boosted trees        -         0.480     0.750     0.690              0.780",
            "plain                1         0.510     0.750     0.690              0.760",
            "recommended          1         0.460     0.770     0.710              0.790",
            "plain                8         0.500     0.760     0.700              0.770",
            "recommended          8         0.450     0.780     0.720              0.800  handed over",
            "",
            "advice        Use batch norm before the activation, dropout and weight decay if it costs you nothing: it "
            "did best,",
            "              but these rows do not show for sure that it is better than a plain network.",
        ]

    def test_of_a_regression(self):
        lines = text(REGRESSION).splitlines()
        assert lines[:6] == [
            "data          60 rows, 1 column, regression; 48 rows for development, 12 for the test",
            "network       1-8-1, tanh, batches of 32, adam, cosine schedule",
            "plain         fit loss 0.495, held-out loss 0.500 after the last epoch",
            "              does not overfit; wider layers (--hidden) might",
            "              (the loss is the squared error over the target's variance)",
            "trained       76 networks, 900 steps, 120 s (12 arms, 1 draw each, 5 folds, twice, 100 epochs)",
        ]
        assert lines[-11:] == [
            "recommended   none of the techniques, learning rate 4.6e-03, 33 of 80 epochs: 8 networks",
            "",
            "test          networks  R²      error",
            "guess         -         -0.004  71,000",
            "plain         1         0.295   60,123",
            "recommended   1         -0.311  1.23e-04",
            "plain         8         -       12.0",
            "recommended   8         0.345   58.0      handed over",
            "linear and boosted models were left out: they would take too much of the budget",
            "",
            "advice        Use the plain network: what looked best in some folds was worse in the others.",
        ]

    def test_without_test_rows_there_is_no_table_of_them(self):
        answer = changed(CLASSIFICATION, data={"rows": 800, "test": 0})
        answer["test"] = answer["against_networks"] = []
        lines = text(answer).splitlines()
        assert lines[0] == (
            "data          800 rows, 23 columns (13 categorical, 1 dates, 2 dropped), 2 classes; "
            "all of them for development, none for a test"
        )
        known = text(CLASSIFICATION).splitlines()
        at = next(index for index, line in enumerate(known) if line.startswith("test"))
        assert lines[1:] == known[1:at] + known[at + 9 :]  # its eight lines, and an empty one

    def test_what_was_chosen_by_its_score_is_shown_with_it(self):
        scores = {"plain": 0.5, "batch norm before + dropout + weight decay": 0.8125}
        by_loss, by_score = (CLASSIFICATION | {"chosen_by": by, "scores": scores} for by in ("loss", "score"))
        assert text(by_loss) == text(CLASSIFICATION)
        assert paragraph(by_score, "recommended")[-1] == "(chosen by its score on held-out rows, 0.812)"

    @pytest.mark.parametrize(
        ("partitions", "words"), [(1, "3 folds, 80"), (2, "3 folds, twice, 80"), (3, "3 folds, 3 times, 80")]
    )
    def test_how_often_rows_were_cut_into_folds_is_said(self, partitions, words):
        assert f"2 draws each, {words} epochs" in text(changed(CLASSIFICATION, plan={"partitions": partitions}))

    @pytest.mark.parametrize(
        ("overfits", "gap", "words"),
        [
            (
                "rises",
                0.8,
                "overfits from epoch 7 on: until the last, the held-out loss rises by 0.400 (0.250 to 0.550)",
            ),
            (
                "gap",
                0.8,
                "overfits: its loss on held-out rows is higher by 0.800 (0.700 to 0.900); that it rises again is not "
                "sure",
            ),
            (
                None,
                0.8,
                "seems to overfit, which is not sure: its loss on held-out rows is higher by 0.800 (0.700 to 0.900)",
            ),
            (None, 0.019, "seems to overfit, which is not sure: its loss on held-out rows is higher by 0.019"),
            # Of a held-out loss of 0.9, 2 % are no difference worth having.
            (None, 0.017, "does not overfit; wider layers (--hidden) might"),
            (None, -0.1, "does not overfit; wider layers (--hidden) might"),
        ],
    )
    def test_overfitting_is_a_rise_or_else_a_gap_each_with_its_interval(self, overfits, gap, words):
        first, second = paragraph(changed(CLASSIFICATION, plain={"overfits": overfits, "gap": gap}), "plain")
        assert first == "fit loss 0.100, held-out loss 0.900 after the last epoch"
        assert second.startswith(words)

    def test_that_classes_count_alike_is_said_where_it_was_asked_for(self):
        answer = changed(CLASSIFICATION, options={"class_weight": "balanced"})
        assert paragraph(answer, "plain")[2:] == ["(every class counts alike in all losses)"]
        assert "every class counts" not in text(CLASSIFICATION)

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            (None, "undecided"),
            (7, "undecided; about 7 rows would decide"),
            (89, "undecided; about 89 rows would decide"),
            (894, "undecided; about 890 rows would decide"),
            (12_345, "undecided; about 12,000 rows would decide"),
            (49_960, "undecided; about 50,000 rows would decide"),
            (50_000, "undecided; about 50,000 rows would decide"),
            (50_001, "undecided; over 50 times the rows would decide"),
            (10**30, "undecided; over 50 times the rows would decide"),
        ],
    )
    def test_how_many_rows_would_decide_is_said_in_two_digits(self, rows, words):
        """The table has 1,000; what would take fifty times as many is nothing that anybody will ever decide so."""
        answer = copy.deepcopy(CLASSIFICATION)
        answer["effects"] = [effect("dropout", -0.05, -0.15, 0.05, "undecided", rows)]
        (line,) = [line for line in answer_lines(answer) if line.startswith("dropout")]
        assert line.endswith("  " + words)

    def test_a_plain_network_that_never_errs_leaves_no_share_to_speak_of(self):
        answer = changed(CLASSIFICATION, judgement={"plain_loss": 0.0})
        line = "dropout                                 -0.050                   -0.080 to -0.020  helps"
        assert line in text(answer).splitlines()

    def test_a_plain_network_that_diverged_leaves_nothing_to_compare_with(self):
        answer = changed(
            CLASSIFICATION,
            judgement={"plain_loss": None},
            plain={"fit": None, "held_out": None, "best": 0.7, "epoch": 2, "overfits": None}
            | dict.fromkeys(("gap", "gap_low", "gap_high", "rise", "rise_low", "rise_high")),
        )
        for shown in answer["effects"]:
            shown |= {"change": None, "low": None, "high": None, "margin": None, "verdict": "undecided"}
        said = text(answer)
        assert paragraph(answer, "plain") == [
            "fit loss not finite, held-out loss not finite after the last epoch",
            "diverges in some fold",
        ]
        assert said.count("a network diverged") == 7
        assert "against the plain network's" not in said

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"batch_norm": "after"}, "batch norm after the activation, learning"),
            ({"dropout_rate": 0.05}, "dropout 0.05, learning"),
            ({"weight_decay": 0.0}, "weight decay 0, learning"),  # drawn, be it ever so little
            ({}, "none of the techniques, learning"),
        ],
    )
    def test_only_techniques_that_are_on_are_recommended(self, changes, words):
        answer = copy.deepcopy(REGRESSION)
        answer["recommended"][0] |= changes
        (said,) = paragraph(answer, "recommended")
        assert said.startswith(words)

    def test_numbers_of_batch_norm_are_shown_where_they_were_drawn(self):
        answer = copy.deepcopy(REGRESSION)
        answer["recommended"][0] |= {
            "batch_norm": "after",
            "batch_norm_scale": 2.345,
            "batch_norm_shift": -0.5,
            "batch_norm_epsilon": 0.000123,
            "batch_norm_momentum": 0.876,
        }
        assert paragraph(answer, "recommended") == [
            "batch norm after the activation, γ 2.3, β -0.5, ε 1.2e-04, momentum 0.88, learning rate 4.6e-03, "
            "33 of 80 epochs: 8 networks"
        ]

    def test_a_greedy_selection_is_said_where_there_was_something_to_select(self):
        said = "(selected by their predictions of held-out rows; that was better than an even share)"
        assert paragraph(CLASSIFICATION | {"selection": "greedy"}, "recommended")[2:] == [said]
        assert said not in text(CLASSIFICATION)
        assert said not in text(REGRESSION | {"selection": "greedy"})

    @pytest.mark.parametrize(("temperature", "shown"), [(0.456, "0.46"), (1.2, "1.20")])
    def test_calibration_is_said_where_there_was_any(self, temperature, shown):
        said = paragraph(CLASSIFICATION | {"temperature": temperature}, "recommended")[-1]
        assert said == f"probabilities calibrated on held-out rows, by the temperature {shown}"
        assert "calibrated" not in text(CLASSIFICATION)

    @pytest.mark.parametrize(("single", "networks"), [(False, "8"), (True, "1")])
    def test_what_is_handed_over_is_marked_and_nothing_else(self, single, networks):
        answer = changed(CLASSIFICATION, options={"single": single})
        (marked,) = [line.split() for line in answer_lines(answer) if line.endswith("handed over")]
        assert marked[:2] == ["recommended", networks]

    def test_a_figure_that_the_test_rows_do_not_define_is_a_dash(self):
        answer = copy.deepcopy(CLASSIFICATION)
        for entry in answer["test"]:
            entry["AUC"] = None
        lines = list(answer_lines(answer))
        start = next(index for index, line in enumerate(lines) if line.startswith("test  "))
        assert [line.split()[-1] for line in lines[start + 1 : start + 7]] == ["-"] * 6
        assert lines[start + 7].endswith("0.720              -    handed over")

    def test_figures_of_balanced_classes_have_a_column_of_their_own(self):
        answer = copy.deepcopy(CLASSIFICATION)
        answer["test"] = [
            {"networks": entry["networks"], "arm": entry["arm"], "log loss": 0.5, "balanced log loss": 0.7}
            for entry in answer["test"]
        ]
        assert "test                 networks  log loss  balanced log loss" in text(answer)
        assert "guess                -         0.500     0.700" in text(answer)

    def test_that_there_was_no_time_for_other_models_is_said_where_it_was_so(self):
        assert "left out" in text(REGRESSION)
        assert "left out" not in text(CLASSIFICATION)

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


class TestPrintable:
    @given(st.text())
    def test_whatever_a_terminal_would_obey_is_written_out(self, given):
        assert printable(given).isprintable()

    @given(st.text().filter(str.isprintable))
    def test_everything_else_stays_as_it_is(self, given):
        assert printable(given) == given

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("Größe 🙂 身長", "Größe 🙂 身長"),
            ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
            ("a\u2028b\u0085c", r"a\u2028b\x85c"),
            ("\u202etxt\u2066", r"\u202etxt\u2066"),
            ("\udcff", r"\udcff"),  # a byte of a file name that is no UTF-8
            (17, "17"),
        ],
    )
    def test_examples(self, given, shown):
        assert printable(given) == shown


class TestTable:
    def test_every_column_is_as_wide_as_its_widest_cell(self):
        assert list(table([("a", "bb", "c"), ("aaa", "b", "cc")])) == ["a    bb  c", "aaa  b   cc"]

    def test_the_first_column_may_be_wider(self):
        assert list(table([("a", "b")], first=6)) == ["a     b"]

    def test_rows_may_be_shorter_than_others(self):
        assert list(table([("a",), ("b", "c", "d"), ("bbb", "", "d")])) == ["a", "b    c  d", "bbb     d"]

    @given(st.lists(st.lists(st.sampled_from(["x", "yy", "zzz zzz"]), min_size=3, max_size=3), min_size=1, max_size=6))
    def test_columns_begin_where_they_begin_in_every_row(self, rows):
        widths = [max(len(row[column]) for row in rows) + 2 for column in range(3)]
        for row, line in zip(rows, table(rows), strict=True):
            starts = [0, widths[0], widths[0] + widths[1]]
            assert [line[start:].split("  ")[0] for start in starts] == row


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (None, "not finite"),
            (0, "0.000"),
            (0.001, "0.001"),
            (0.12345, "0.123"),
            (-0.12345, "-0.123"),
            (9.87, "9.870"),
            (12.345, "12.3"),
            (123.45, "123.5"),
            (1234.5, "1,234"),
            (9_999_999.0, "9,999,999"),
            (0.00099, "9.90e-04"),
            (-1e-9, "-1.00e-09"),
            (10_000_000.0, "1.00e+07"),
            (-3.5e30, "-3.50e+30"),
        ],
    )
    def test_a_few_digits(self, value, shown):
        assert number(value) == shown

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(0.5, "+0.500"), (-0.5, "-0.500"), (0.0, "0.000"), (1e-6, "+1.00e-06"), (None, "not finite")],
    )
    def test_with_a_sign(self, value, shown):
        assert signed(value) == shown
