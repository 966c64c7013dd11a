"""What the lines of a terminal are made of: text that commands nothing, columns, and numbers of a few digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.report.terminal import number, printable, signed, table


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
