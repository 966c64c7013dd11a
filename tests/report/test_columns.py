"""Preprocessing, in words."""

import pytest

from goru.report.columns import MOST, columns_table

NUMBER = {"kind": "numeric", "name": "x", "missing": False, "boolean": False}
CATEGORY = {"kind": "categorical", "name": "x", "levels": ["a", "b"], "other": False, "missing": False}
DATE = {"kind": "date", "name": "x", "parts": ["year", "month"], "missing": False}
SCALED = "scaled by median and quartiles, outliers soft-clipped"
MEDIAN = "missing values imputed by the median, with an indicator"


@pytest.mark.parametrize(
    ("column", "in_pieces", "words"),
    [
        (NUMBER, False, SCALED),
        (NUMBER | {"missing": True}, False, f"{SCALED}; {MEDIAN}"),
        (NUMBER, True, f"{SCALED}; piecewise-linear encoding added, where it has enough values"),
        (NUMBER | {"boolean": True}, True, "booleans to 1 and 0"),
        (NUMBER | {"boolean": True, "missing": True}, False, f"booleans to 1 and 0; {MEDIAN}"),
        (CATEGORY, False, "one-hot, 2 levels"),
        (CATEGORY | {"levels": ["a"]}, False, "one-hot, 1 level"),
        (CATEGORY | {"other": True}, False, "one-hot, 2 levels, other levels"),
        (CATEGORY | {"missing": True}, True, "one-hot, 2 levels, missing"),
        (
            CATEGORY | {"other": True, "missing": True},
            False,
            "one-hot, 2 levels, other levels, missing",
        ),
        (DATE, True, "its year, month, scaled"),
        (DATE | {"missing": True}, False, f"its year, month, scaled; {MEDIAN}"),
        ({"kind": "dropped", "name": "x", "reason": "it holds identifiers"}, False, "dropped: it holds identifiers"),
    ],
)
def test_says_what_was_done(column, in_pieces, words):
    assert list(columns_table([column], in_pieces).rows) == [("x", column["kind"], words)]


def test_has_a_row_a_column_in_the_order_of_the_table():
    columns = [NUMBER | {"name": name} for name in ("b", "<script>", "a")]
    table = columns_table(columns, False)
    assert [row[0] for row in table.rows] == ["b", "<script>", "a"]
    assert list(table.columns) == ["column", "type", "preprocessing"]


def test_of_very_many_columns_counts_the_rest():
    rows = columns_table([NUMBER] * (MOST + 1234), False).rows
    assert len(rows) == MOST + 1
    assert rows[-1] == ("1,234 more", "", "")
