"""What the lines of a terminal are made of: text that commands nothing, and columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.report.terminal import printable, table


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
