"""Figures in a few digits, and figures that stand beside one another: of an interval, all have the same decimals."""

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.numbers import UNKNOWN, estimate, number, numbers, percent, percents

with_signs = partial(numbers, sign=True)
some = st.floats(-1e9, 1e9, allow_subnormal=False)


def all_decimals(figures: list[str]) -> set[tuple[int, str]]:
    """How many there are, and the power of ten and the unit behind them; a zero beside powers of ten has neither."""
    parts = [re.fullmatch(r"[-+]?[\d,]+(?:\.(\d+))?(.*)", figure).group(1, 2) for figure in figures]
    beside_powers = any("e" in unit for _, unit in parts)
    return {
        (len(places or ""), unit)
        for figure, (places, unit) in zip(figures, parts, strict=True)
        if not (beside_powers and figure.strip("%") == "0")
    }


class TestOne:
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
        assert numbers([value], sign=True) == [shown]

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (0.5, "+50%"),
            (-0.0123, "-1.2%"),
            (0.0, "0.0%"),
            (3.836, "+384%"),
            (120.0, "+12,000%"),
            (1e9, "+1.00e+11%"),
            (None, "not finite"),
            (float("inf"), "not finite"),
        ],
    )
    def test_a_share(self, value, shown):
        assert percent(value) == shown

    def test_what_rounds_up_to_the_next_power_has_no_two_digits_before_its_point(self):
        assert number(9.996e-4) == "1.00e-03"


class TestSeveral:
    @pytest.mark.parametrize(
        ("values", "shown"),
        [
            ([0.5, 12.345], ["0.5", "12.3"]),
            ([3.0, 1234.5], ["3", "1,234"]),
            ([2.5e-4, 0.092], ["0.000", "0.092"]),
            ([2.5e-4, 5e-6], ["2.50e-04", "0.05e-04"]),
            ([0.0, 3e-5, -3e-9], ["0", "3.00e-05", "0"]),
            ([None, 0.1], ["not finite", "0.100"]),
            ([], []),
        ],
    )
    def test_have_the_decimals_that_the_largest_needs(self, values, shown):
        assert numbers(values) == shown

    @given(st.lists(some, min_size=2, max_size=4))
    def test_have_as_many_decimals_and_one_unit(self, values):
        for spell in (numbers, with_signs, percents):
            assert len(all_decimals(spell(values))) == 1


class TestAnEstimate:
    @pytest.mark.parametrize(
        ("ends", "shown", "shares"),
        [
            ((-0.025, -0.045, -0.005), ("-0.025", "-0.045 to -0.005"), ("-2.5%", "-4.5% to -0.5%")),
            ((-0.12, -0.26, 0.02), ("-0.120", "-0.260 to +0.020"), ("-12%", "-26% to +2%")),
            # An end that leaves out zero by a hair is not written as zero.
            ((-0.022, -0.043, -2.39e-4), ("-0.0220", "-0.0430 to -0.0002"), ("-2.20%", "-4.30% to -0.02%")),
            ((0.2, 0.004, 0.4), ("+0.200", "+0.004 to +0.400"), ("+20.0%", "+0.4% to +40.0%")),
            ((12.0, 0.01, 24.0), ("+12.00", "+0.01 to +24.00"), ("+1,200%", "+1% to +2,400%")),
            ((0.0, -0.004, 0.004), ("0.000", "-0.004 to +0.004"), ("0.0%", "-0.4% to +0.4%")),
            ((-0.1, None, None), ("-0.100", UNKNOWN), ("-10%", UNKNOWN)),
            ((-0.1, -0.2, None), ("-0.100", UNKNOWN), ("-10%", UNKNOWN)),
            ((None, None, None), ("not finite", UNKNOWN), ("not finite", UNKNOWN)),
        ],
    )
    def test_is_spelt_with_its_interval(self, ends, shown, shares):
        assert estimate(ends, with_signs) == shown
        assert estimate(ends, percents) == shares

    @given(st.tuples(some, some, some).map(sorted), st.sampled_from([with_signs, percents]))
    def test_has_as_many_decimals_as_both_ends_of_its_interval(self, ends, spell):
        low, change, high = ends
        said, interval = estimate((change, low, high), spell)
        assert len(all_decimals([said, *interval.split(" to ")])) == 1

    @given(st.floats(1e-4, 1e6), st.floats(1.0, 1e3), st.sampled_from([with_signs, percents]))
    def test_that_is_sure_has_no_end_that_looks_like_zero(self, low, factor, spell):
        _, interval = estimate((low, low, low * factor), spell)
        assert re.search("[1-9]", interval.split(" to ")[0])
