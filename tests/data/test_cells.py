import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.cells import TEXT, clean_text, dates_in, level_text, levels_of, parse_dates, parse_text


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


def test_numbers_of_one_value_are_one_level_however_they_are_written():
    assert {level_text(value) for value in (2, 2.0, np.float32(2), "2", "2.0", " 02 ", np.uint8(2))} == {"2"}
    assert {level_text(value) for value in (True, np.bool_(True), "true", "TRUE")} == {"true"}
    assert level_text("5more") == "5more"


def test_long_identifiers_are_not_confused_with_their_neighbours():
    assert level_text("12345678901234567891") != level_text("12345678901234567892")


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans()))
def test_the_canonical_text_of_a_level_is_its_own_canonical_text(value):
    assert level_text(level_text(value)) == level_text(value)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_and_its_text_are_one_level(number):
    assert level_text(number) == level_text(str(number))
    assert math.isclose(float(level_text(number)), float(number))


def test_missing_rows_have_no_level():
    numbers, texts = levels_of(text("b", "", "a", "b"))
    assert [texts[number] if number >= 0 else None for number in numbers] == ["b", None, "a", "b"]


@pytest.mark.parametrize(("cell", "level"), [("0" * 5000 + "5", "5"), ("-" + "0" * 5000, "0"), ("٠" * 5000 + "٣", "3")])
def test_more_zeros_than_python_reads_as_a_number_do_not_count_either(cell, level):
    assert level_text(cell) == level
