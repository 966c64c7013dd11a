import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.schema.numerals import LevelCodes, are_names, level_text, number_text


class TestLevels:
    def test_numbers_that_programs_write_are_one_level_however_they_write_them(self):
        assert {level_text(value) for value in (2, 2.0, np.float32(2), "2", "2.0", " 2 ", np.uint8(2))} == {"2"}
        assert {level_text(value) for value in (100000, "1e+05", "1.0E5", 1e5, "100000.0")} == {"100000"}
        assert {level_text(value) for value in (0.5, "0.50", ".5", "5e-01")} == {"0.5"}

    def test_true_and_false_are_one_level_in_any_case(self):
        assert {level_text(value) for value in (True, np.bool_(True), "true", "TRUE")} == {"true"}

    @pytest.mark.parametrize("name", ["007", "01", "1E5", "1e3", "+1", "inf", "5more", "1_000", "٣", "\u22121"])
    def test_what_no_program_writes_for_a_number_is_a_name(self, name):
        assert level_text(name) == name

    @pytest.mark.parametrize("suffix", ["", ".0"])
    def test_long_identifiers_are_not_confused_with_their_neighbours(self, suffix):
        assert level_text(f"9007199254740993{suffix}") == "9007199254740993"
        assert level_text("12345678901234567891") != level_text("12345678901234567892")

    @given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans()))
    def test_the_text_of_a_level_is_its_own_text(self, value):
        assert level_text(level_text(value)) == level_text(value)

    @given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
    def test_a_number_and_its_text_are_one_level(self, number):
        assert level_text(number) == level_text(str(number))
        assert math.isclose(float(level_text(number)), float(number))


class TestNumbers:
    def test_a_number_has_one_text_in_every_dress(self):
        assert {number_text(text) for text in ("2", "02", "2.0", "+2", "2e0")} == {"2"}
        assert number_text("\u221205") == "-5"
        assert number_text("five") == "five"

    @pytest.mark.parametrize(
        ("cell", "number"), [("0" * 5000 + "5", "5"), ("-" + "0" * 5000, "0"), ("٠" * 5000 + "٣", "3")]
    )
    def test_more_zeros_than_python_reads_do_not_count(self, cell, number):
        assert number_text(cell) == number


class TestCodes:
    def test_a_level_is_found_as_it_is_written(self):
        codes = LevelCodes.in_order(["007", "7", "1E5"])
        assert [codes.get(text) for text in ("007", "7", "1E5", "8")] == [0, 1, 2, -1]

    def test_or_else_as_the_number_that_it_is(self):
        """Somebody has opened the file in a spreadsheet, which took the zeros off."""
        codes = LevelCodes.in_order(["01", "02"])
        assert [codes.get(text) for text in ("1", "2", "3")] == [0, 1, -1]

    def test_but_not_where_two_levels_are_that_number(self):
        codes = LevelCodes.in_order(["007", "7"])
        assert [codes.get(text) for text in ("07", "7.00001", level_text(7.0))] == [-1, -1, 1]

    @given(st.lists(st.integers() | st.floats(allow_nan=False), min_size=1, unique_by=level_text))
    def test_levels_that_are_numbers_are_found_in_every_dress(self, numbers):
        codes = LevelCodes.in_order(numbers)
        for code, number in enumerate(numbers):
            assert {codes.get(level_text(text)) for text in (number, str(number), f" {number}")} == {code}


def names(*texts):
    cells = pa.array(texts)
    return are_names(cells, pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False))


class TestNames:
    @pytest.mark.parametrize(
        "texts", [("1", "2"), ("-3", "0"), ("0.5", "1.25"), ("0.5", "1.0"), ("1", None, "2"), ("123456789012345",)]
    )
    def test_numbers_as_a_program_writes_them_again_are_no_names(self, texts):
        assert not names(*texts)

    @pytest.mark.parametrize(
        "texts",
        [("01", "2"), ("1.0", "2.0"), ("1.50", "2.25"), ("1E5", "7"), ("inf", "-inf"), ("9007199254740993", "5")],
    )
    def test_those_that_would_be_written_otherwise_are(self, texts):
        assert names(*texts)

    @pytest.mark.parametrize("one", ["00123", "9007199254740993", "1E5"])
    def test_one_name_among_many_numbers_makes_names_of_all(self, one):
        many = [str(number) for number in range(5000)]
        assert not names(*many)
        assert names(*many[:4000], one, *many[4000:])

    def test_many_broken_numbers_are_a_quantity_however_they_are_written(self):
        assert not names(*(f"{number / 8:.3f}" for number in range(5000)), "00.5")
