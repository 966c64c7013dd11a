"""The answer of a study, line by line."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.report.terminal import answer_lines, number, printable, signed, table


def effect(name, change, low, high, verdict):
    return {"name": name, "change": change, "low": low, "high": high, "margin": 0.01, "verdict": verdict}


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
    "plan": {
        "arms": 12,
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
        "gap": True,
        "rises": True,
        "learning_rate": 0.003,
    },
    "effects": [
        effect("dropout", -0.05, -0.08, -0.02, "helps"),
        effect("weight decay", 0.02, 0.01, 0.03, "hurts"),
        effect("batch norm before the activation", 0.0, -0.004, 0.004, "no effect worth having"),
        effect("batch norm after the activation", None, None, None, "undecided"),
        effect("the best of all combinations", -0.06, -0.13, 0.01, "undecided"),
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
    "test": [
        {"networks": 0, "arm": "guess", "log loss": 0.69, "accuracy": 0.55},
        {"networks": 1, "arm": "plain", "log loss": 0.51, "accuracy": 0.75},
        {"networks": 8, "arm": "plain", "log loss": 0.5, "accuracy": 0.76},
        {"networks": 1, "arm": "recommended", "log loss": 0.46, "accuracy": 0.77},
        {"networks": 8, "arm": "recommended", "log loss": 0.45, "accuracy": 0.78},
    ],
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
REGRESSION["plan"] |= {"draws": 1, "folds": 5, "epochs": 100, "shortfalls": []}
REGRESSION["plain"] |= {"fit": 0.1, "held_out": 0.5, "best": 0.5, "epoch": 100, "gap": False, "rises": False}
REGRESSION["network"] |= {"widths": [1, 8, 1], "activation": "tanh", "loss": "squared_error"}
del REGRESSION["recommended"][1]
REGRESSION["recommended"][0] |= {"networks": 8, "batch_norm": None, "dropout_rate": None, "weight_decay": None}
REGRESSION["test"] = [
    {"networks": 0, "arm": "guess", "R²": -0.004, "error": 71000.0},
    {"networks": 1, "arm": "plain", "R²": 0.295, "error": 60123.4},
    {"networks": 8, "arm": "plain", "R²": None, "error": None},
    {"networks": 1, "arm": "recommended", "R²": -0.311, "error": 0.000123},
    {"networks": 8, "arm": "recommended", "R²": 0.345, "error": 58.04},
]
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
            "plain         fit loss 0.100, held-out loss 0.900: "
            "overfits, from epoch 7 on, where the held-out loss was 0.500",
            "trained       1,088 networks, 3 of them diverged, 1,234,567 steps, 120 s "
            "(12 arms, 2 draws each, 3 folds, 80 epochs)",
            "              the time was too short for a full study: 3 folds instead of 5.",
            "",
            "what helps                        change in held-out loss  95% interval      verdict",
            "dropout                           -0.050 (-10.0%)          -0.080 to -0.020  helps",
            "weight decay                      +0.020 (+4.0%)           +0.010 to +0.030  hurts",
            "batch norm before the activation  0.000 (+0.0%)            -0.004 to +0.004  no effect worth having",
            "batch norm after the activation   a network diverged                         undecided",
            "the best of all combinations      -0.060 (-12.0%)          -0.130 to +0.010  undecided",
            "against the plain network's 0.500; less than 2% of it is no effect worth having; "
            "all intervals hold together",
            "",
            "recommended   batch norm before the activation, dropout 0.31, weight decay 0.012, "
            "learning rate 4.6e-03, 33 of 80 epochs: 5 networks",
            "              batch norm before the activation, dropout 0.05, weight decay 1.5, "
            "learning rate 1.0e-02, 80 of 80 epochs: 3 networks",
            "test          networks  log loss  accuracy",
            "guess         -         0.690     0.550",
            "plain         1         0.510     0.750",
            "plain         8         0.500     0.760",
            "recommended   1         0.460     0.770",
            "recommended   8         0.450     0.780     handed over",
        ]

    def test_of_a_regression(self):
        lines = text(REGRESSION).splitlines()
        assert lines[:5] == [
            "data          60 rows, 1 column, regression; 48 rows for development, 12 for the test",
            "network       1-8-1, tanh, batches of 32, adam, cosine schedule",
            "plain         fit loss 0.100, held-out loss 0.500: "
            "does not overfit; wider layers or more epochs (a larger budget) would show more",
            "              (the loss is the squared error over the target's variance)",
            "trained       76 networks, 900 steps, 120 s (12 arms, 1 draw each, 5 folds, 100 epochs)",
        ]
        assert lines[-7:] == [
            "recommended   none of the techniques, learning rate 4.6e-03, 33 of 80 epochs: 8 networks",
            "test          networks  R²          error",
            "guess         -         -0.004      71,000",
            "plain         1         0.295       60,123",
            "plain         8         not finite  not finite",
            "recommended   1         -0.311      1.23e-04",
            "recommended   8         0.345       58.0        handed over",
        ]

    @pytest.mark.parametrize(
        ("gap", "rises", "words"),
        [
            (True, True, "overfits, from epoch 7 on, where the held-out loss was 0.500"),
            (False, True, "overfits, from epoch 7 on, where the held-out loss was 0.500"),
            (True, False, "overfits, though its held-out loss does not rise"),
            (False, False, "does not overfit; wider layers or more epochs (a larger budget) would show more"),
        ],
    )
    def test_overfitting_is_a_rise_or_else_a_gap(self, gap, rises, words):
        (said,) = paragraph(changed(CLASSIFICATION, plain={"gap": gap, "rises": rises}), "plain")
        assert said == f"fit loss 0.100, held-out loss 0.900: {words}"

    def test_a_plain_network_that_never_errs_leaves_no_share_to_speak_of(self):
        answer = changed(CLASSIFICATION, judgement={"plain_loss": 0.0})
        assert "dropout                           -0.050                   -0.080 to -0.020  helps" in text(answer)

    def test_a_plain_network_that_diverged_leaves_nothing_to_compare_with(self):
        answer = changed(
            CLASSIFICATION,
            judgement={"plain_loss": None},
            plain={"fit": None, "held_out": None, "best": 0.7, "epoch": 2},
        )
        for shown in answer["effects"]:
            shown |= {"change": None, "low": None, "high": None, "margin": None, "verdict": "undecided"}
        said = text(answer)
        assert "fit loss not finite, held-out loss not finite: overfits, from epoch 2 on" in said
        assert said.count("a network diverged") == 5
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
