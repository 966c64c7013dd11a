import numpy as np
import pandas as pd
import pytest

from goru.data.schema.cells import TEXT, clean_text
from goru.data.schema.spelling import other_spelling, spoiling_cells

NUMBERS = np.exp(np.random.default_rng(0).normal(7, 1.5, 60))
DAYS = pd.date_range("2019-11-03 07:05", periods=60, freq="37h")


def text(cells):
    return clean_text(pd.Series(list(cells), dtype=TEXT))


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "what"),
        [
            ("{:,.2f}", "a comma in them"),
            ("{:.3f}|.|,", "a comma in them"),
            ("{:.2f} €", "a currency"),
            ("${:,.2f}", "a currency"),
            ("EUR {:.2f}", "a currency"),
            ("{:,.0f}원", "a currency"),
            ("{:.1f}%", "a percent sign"),
            ("{:.1f}°C", "a unit"),
            ("{:.0f}kg", "a unit"),
            ("{:,.0f} m²", "a unit"),
            ("{:.1f}k", "a unit"),
            ("({:.1f})", "brackets for a minus"),
            ("{:,.0f}|,|'", "separators in them"),
            ("{:,.0f}|,| ", "separators in them"),
        ],
    )
    def test_what_is_not_read_in_them_is_named_with_an_example(self, written, what):
        form, old, new = (*written.split("|"), "", "")[:3]
        cells = [form.format(number).replace(old, new) if old else form.format(number) for number in NUMBERS]
        found = other_spelling(text(cells))
        assert what in found
        assert any(cell in found for cell in cells)

    def test_some_of_them_may_be_plain(self):
        cells = [f"({number:.1f})" if number > 1000 else f"{number:.1f}" for number in NUMBERS]
        assert "brackets" in other_spelling(text(cells))
        assert "a comma" in other_spelling(text(f"{number:,.0f}" for number in NUMBERS))

    def test_a_few_cells_may_be_missing_or_words(self):
        cells = [f"{number:.1f}%" for number in NUMBERS]
        assert "percent" in other_spelling(text([*cells, "", "?", "n/a", "unknown"]))

    @pytest.mark.parametrize(
        "cells",
        [
            [f"{row}{seat}" for row in range(20) for seat in "ACDF"],
            [f"C{number:05d}" for number in range(60)],
            [f"{number}-{number + 9}" for number in range(0, 600, 10)],
            [f"10.0.{number}.7" for number in range(60)],
            [f"{number:x}" for number in range(4000, 9000, 77)],
            ["red", "blue", "5more"],
            ["1", "2.5", "-3"],
            ["", "?"],
            [],
        ],
        ids=str,
    )
    def test_what_names_something_is_no_number(self, cells):
        assert other_spelling(text(cells)) is None


class TestDates:
    @pytest.mark.parametrize(
        "form",
        [
            *("%d.%m.%Y", "%m/%d/%Y %H:%M", "%d/%m/%y", "%Y/%m/%d", "%d-%b-%Y", "%B %d, %Y", "%a, %d %b %Y %H:%M:%S"),
            *("%Y년 %m월 %d일", "%Y. %m. %d.", "%b %Y", "%m/%d/%Y %I:%M %p"),
        ],
    )
    def test_other_ways_to_write_them_are_named(self, form):
        found = other_spelling(text(DAYS.strftime(form)))
        assert found.startswith("dates written as")
        assert "2020-12-31" in found

    def test_dates_in_two_ways_are_dates(self):
        cells = [*DAYS[:20].strftime("%Y-%m-%d"), *DAYS[20:].strftime("%d.%m.%Y")]
        assert f"'{cells[20]}'" in other_spelling(text(cells))

    def test_times_of_day_are_named(self):
        assert other_spelling(text(DAYS.strftime("%H:%M"))).startswith("times of day")

    def test_dates_that_are_read_need_no_word(self):
        assert other_spelling(text(DAYS.strftime("%Y-%m-%d"))) is None


class TestSpoilingCells:
    def test_words_among_numbers_are_counted_and_named(self):
        found = spoiling_cells(text([*map(str, NUMBERS), "ask", "?", "about 5", "ask"]))
        assert "numbers, but not 'ask', 'about 5' (3 rows)" in found

    def test_words_among_dates_are(self):
        found = spoiling_cells(text([*DAYS.strftime("%Y-%m-%d"), "someday"]))
        assert "dates, but not 'someday' (1 row)" in found

    def test_words_for_missing_alone_spoil_nothing(self):
        assert spoiling_cells(text([*map(str, NUMBERS), "?", "-"])) is None

    def test_one_cell_among_very_many_is_found(self):
        cells = [str(number % 97) for number in range(20_000)]
        assert "'ask' (1 row)" in spoiling_cells(text([*cells[:7777], "ask", *cells[7777:]]))

    @pytest.mark.parametrize("cells", [["1", "2", "five"], ["red", "blue", "7"], [], ["", "?"]], ids=str)
    def test_more_than_a_few_are_words_of_their_own(self, cells):
        assert spoiling_cells(text(cells)) is None
