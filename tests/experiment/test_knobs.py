"""Ranges of hyperparameters, and which numbers they hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.errors import InputError
from goru.experiment.knobs import Knob, integers, log_uniform, uniform

shares = st.floats(0, 1)


class TestPlaces:
    @pytest.mark.parametrize(("share", "value"), [(0, 2.0), (0.25, 3.0), (1, 6.0)])
    def test_an_even_range_is_even(self, share, value):
        assert uniform(2, 6).at(share) == pytest.approx(value)

    @pytest.mark.parametrize(("share", "value"), [(0, 1e-4), (0.5, 1e-2), (1, 1.0)])
    def test_a_logarithmic_one_is_even_in_its_decades(self, share, value):
        assert log_uniform(1e-4, 1).at(share) == pytest.approx(value)

    @pytest.mark.parametrize(("share", "value"), [(0, 1), (0.24, 1), (0.26, 2), (0.74, 3), (0.76, 4), (1, 4)])
    def test_whole_numbers_have_a_part_each_both_ends_included(self, share, value):
        found = integers(1, 4).at(share)
        assert found == value
        assert type(found) is int

    @pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 10), (1, 100)])
    def test_whole_numbers_may_be_spread_over_decades(self, share, value):
        found = integers(1, 100, log=True).at(share)
        assert (found, type(found)) == (value, int)

    @given(st.floats(1e-12, 1e12), st.floats(1.001, 1e6), shares, st.booleans())
    def test_no_number_lies_beyond_its_range(self, low, times, share, log):
        value = Knob(low, low * times, log).at(share)
        assert low <= value <= low * times
        assert type(value) is float

    @given(st.integers(1, 10**6), st.integers(1, 10**6), shares, st.booleans())
    def test_nor_does_a_whole_one(self, low, more, share, log):
        value = integers(low, low + more, log).at(share)
        assert low <= value <= low + more

    @given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), shares, shares)
    def test_a_larger_share_is_no_smaller_number(self, low, more, one, other):
        knob = uniform(low, low + more)
        assert knob.at(min(one, other)) <= knob.at(max(one, other))


@pytest.mark.parametrize(
    "call",
    [
        "uniform(0.05, 0.6, when={'dropout': True})",
        "log_uniform(0.0001, 0.1)",
        "integers(1, 4)",
        "integers(1, 64, log=True, when={'norm': ['batch', 'layer']})",
    ],
)
def test_a_knob_is_shown_as_the_call_that_makes_it(call):
    assert repr(eval(call)) == call


class TestRefused:
    @pytest.mark.parametrize(
        "knob",
        [
            lambda: uniform(1, 1),
            lambda: uniform(2, 1),
            lambda: uniform(math.nan, 1),
            lambda: uniform(0, math.inf),
            lambda: uniform("0", "1"),
            lambda: uniform(None, 1),
            lambda: log_uniform(0, 1),
            lambda: log_uniform(-1, 1),
            lambda: integers(0, 5, log=True),
            lambda: integers(0.5, 5),
            lambda: integers(1, 5.5),
            lambda: uniform(0, 1, when="dropout"),
            lambda: uniform(0, 1, when=["dropout"]),
        ],
    )
    def test_in_one_line(self, knob):
        with pytest.raises(InputError) as error:
            knob()
        assert "\n" not in str(error.value)
        assert "a knob from" in str(error.value)
