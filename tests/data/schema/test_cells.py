import numpy as np
import pandas as pd
import pytest

from goru.data.schema.cells import (
    GAP_WORDS,
    MISSING_WORDS,
    TEXT,
    clean_text,
    dates_in,
    levels_of,
    numbers_in,
    parse_dates,
    parse_text,
    without_gaps,
)


def text(*cells):
    return clean_text(pd.Series(list(cells), dtype=TEXT))


def test_words_for_missing_are_missing_but_none_and_question_mark_are_not():
    cells = text("", "  ", "NA", "NaN", "nan", "N/A", "null", "NULL", "None", "none", "?", "na")
    assert cells.isna().tolist() == [True] * 8 + [False] * 4


def test_spaces_around_a_cell_do_not_count():
    assert text(" a", "a ", "a").tolist() == ["a", "a", "a"]


def test_text_of_numbers_becomes_numbers():
    numbers = parse_text(text(" 1", "2.5 ", "-3e2", "+4", ""))
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, [1, 2.5, -300, 4, np.nan])


def test_one_word_among_numbers_makes_the_column_text():
    assert parse_text(text("1", "2", "five")).dtype == TEXT
    assert parse_text(text("five", "2", "1")).dtype == TEXT


@pytest.mark.parametrize("cell", ["0x1F", "1_000", "1,5", "1j"])
def test_what_only_a_programming_language_calls_a_number_is_text(cell):
    assert parse_text(text("1", cell)).dtype == TEXT


def test_text_of_true_and_false_becomes_booleans_but_yes_and_no_stay():
    assert parse_text(text("true", "FALSE", "True", "")).tolist()[:3] == [True, False, True]
    assert parse_text(text("yes", "no")).dtype == TEXT
    assert parse_text(text("true", "maybe")).dtype == TEXT


def test_iso_dates_and_times_are_dates():
    dates = parse_dates(text("2024-02-29", "2024-03-01T18:30", "2024-03-01 18:30:05", ""))
    assert dates.dt.day.tolist()[:3] == [29, 1, 1]
    assert dates.isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("cell", ["2024-02-30", "29.02.2024", "02/29/2024", "2024", "yesterday"])
def test_other_spellings_are_no_dates(cell):
    assert parse_dates(text("2024-02-29", cell)) is None


def test_time_zones_are_put_on_one_clock():
    dates = dates_in(text("2024-01-01T12:00+02:00", "2024-01-01T10:00Z"))
    assert dates.dt.tz is None
    assert dates.tolist() == [pd.Timestamp("2024-01-01T10:00")] * 2


def test_missing_rows_have_no_level():
    numbers, texts = levels_of(text("b", "", "a", "b"))
    assert [texts[number] if number >= 0 else None for number in numbers] == ["b", None, "a", "b"]


def test_a_minus_of_typesetters_is_a_minus():
    assert parse_text(text("\u22125", "3", "\u22121.5e3")).tolist() == [-5, 3, -1500]


@pytest.mark.parametrize("word", ["?", "-", "--", ".", "None", "none", "n/a", "<NA>", "#N/A", "\u2014", "NaT"])
def test_words_that_others_take_for_missing_are_so_on_demand(word):
    assert parse_text(text("1", word)).dtype == TEXT
    assert without_gaps(text("1", word)).tolist() == ["1", pd.NA]


def test_no_number_no_truth_and_no_date_is_a_word_for_missing():
    words = text(*(word for word in GAP_WORDS if word not in MISSING_WORDS))
    assert np.isnan(numbers_in(words)).all()
    assert dates_in(words).isna().all()


def test_a_column_without_such_words_is_returned_as_it_is():
    for cells in (text("1", "2"), pd.Series([1.0, 2.0])):
        assert without_gaps(cells) is cells
