"""What columns and the target hold, and what is done to them, in words."""

import pytest

from goru.experiment.findings.answer import Data
from goru.experiment.findings.overview import ColumnOverview, TableOverview, TargetOverview
from goru.report.parts.columns import MOST, columns_table, target_says

NUMBER = {"kind": "numeric", "name": "x", "missing": False, "boolean": False}
CATEGORY = {"kind": "categorical", "name": "x", "levels": ["a", "b"], "other": False, "missing": False}
DATE = {"kind": "date", "name": "x", "parts": ["year", "month"], "missing": False}
SCALED = "scaled by median and quartiles, outliers soft-clipped"
MEDIAN = "missing values imputed by the median, with an indicator"


@pytest.mark.parametrize(
    ("column", "encoding", "words"),
    [
        (NUMBER, "scaled", SCALED),
        (NUMBER | {"missing": True}, "scaled", f"{SCALED}; {MEDIAN}"),
        (NUMBER, "pieces", f"{SCALED}; piecewise-linear encoding added, where it has enough values"),
        (NUMBER, "squares", f"{SCALED}; its square added, where it has enough values"),
        (NUMBER | {"boolean": True}, "pieces", "booleans to 1 and 0"),
        (NUMBER | {"boolean": True, "missing": True}, "scaled", f"booleans to 1 and 0; {MEDIAN}"),
        (CATEGORY, "scaled", "one-hot, 2 levels"),
        (CATEGORY | {"levels": ["a"]}, "scaled", "one-hot, 1 level"),
        (CATEGORY | {"other": True}, "scaled", "one-hot, 2 levels, other levels"),
        (CATEGORY | {"missing": True}, "pieces", "one-hot, 2 levels, missing"),
        (
            CATEGORY | {"other": True, "missing": True},
            "scaled",
            "one-hot, 2 levels, other levels, missing",
        ),
        (DATE, "pieces", "its year, month, scaled"),
        (DATE | {"missing": True}, "scaled", f"its year, month, scaled; {MEDIAN}"),
        ({"kind": "dropped", "name": "x", "reason": "it holds identifiers"}, "scaled", "dropped: it holds identifiers"),
    ],
)
def test_says_what_was_done(column, encoding, words):
    assert list(columns_table([column], encoding).rows) == [("x", column["kind"], words)]


def test_has_a_row_a_column_in_the_order_of_the_table():
    columns = [NUMBER | {"name": name} for name in ("b", "<script>", "a")]
    table = columns_table(columns, "scaled")
    assert [row[0] for row in table.rows] == ["b", "<script>", "a"]
    assert list(table.columns) == ["column", "type", "preprocessing"]


def test_of_very_many_columns_counts_the_rest():
    rows = columns_table([NUMBER] * (MOST + 1234), False).rows
    assert len(rows) == MOST + 1
    assert rows[-1] == ("1,234 more", "", "")


def overview(*columns, target=None):
    return TableOverview(1000, columns, target or TargetOverview({"a": 500, "b": 500}))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (ColumnOverview("x", "numeric", 0.0, -1.25, 0.5, 1e6), "-1.25 to 1000000, median 0.5"),
        (ColumnOverview("x", "date", 0.0, 2019.0, 2021.0, 2024.0), "2019 to 2024, median 2021"),
        (ColumnOverview("x", "date", 0.0), ""),
        (
            ColumnOverview("x", "numeric", 0.0, levels=2, commonest="true", share=0.9),
            "2 levels, most often true (90%)",
        ),
        (
            ColumnOverview("x", "categorical", 0.0, levels=49, other=True, commonest="a", share=0.0004),
            "over 49 levels, most often a (< 0.1%)",
        ),
    ],
)
def test_says_what_a_column_holds(one, words):
    assert dict(zip(*_first_row([NUMBER], overview(one)), strict=True))["values"] == words


def _first_row(columns, of):
    table = columns_table(columns, False, of)
    return table.columns, table.rows[0]


def test_what_is_missing_or_notable_has_a_column_where_there_is_any():
    whole, gaps = ColumnOverview("x", "numeric", 0.0), ColumnOverview("x", "numeric", 0.0512, remarks=("odd", "even"))
    assert _first_row([NUMBER], overview(whole))[0] == ["column", "type", "values", "preprocessing"]
    assert _first_row([NUMBER], overview(gaps)) == (
        ["column", "type", "missing", "values", "notable", "preprocessing"],
        ("x", "numeric", "5.1%", "", "odd; even", SCALED),
    )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (TargetOverview({"a": 995, "b": 5}), "The target, y, in 1,000 training and validation rows: a 99.5%, b 0.5%."),
        (
            TargetOverview({str(label): 100 for label in range(10)}),
            "The target, y, in 1,000 training and validation rows: "
            "0 10%, 1 10%, 2 10%, 3 10%, 4 10%, 5 10% and 4 more.",
        ),
        (
            TargetOverview(quartiles=(0.15, 1.2, 1.8, 2.6471, 5.0)),
            "The target, y, in 1,000 training and validation rows: 0.15 to 5, median 1.8, half of them 1.2 to 2.647.",
        ),
    ],
)
def test_says_what_the_target_holds(target, words):
    assert target_says(Data("t", 1000, 1000, 0, "y", "regression"), overview(target=target)) == words
