"""What training will take, roughly: in which direction it changes with what, and when it is worth a compiler."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.studies.budget.forecast import Work

WORK = Work(parameters=20_000, batch=128, networks=36, steps=100, programs=6)
works = st.builds(
    Work,
    parameters=st.integers(10, 10**7),
    batch=st.integers(2, 512),
    networks=st.integers(1, 500),
    steps=st.integers(1, 10**5),
    programs=st.integers(1, 6),
)


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch):
    monkeypatch.setattr("goru.studies.budget.forecast.devices.n_cores", lambda: 2)


@given(works, st.sampled_from(["parameters", "batch", "networks", "steps"]), st.integers(2, 100))
def test_more_of_anything_takes_longer(work, name, times):
    more = replace(work, **{name: times * getattr(work, name)})
    assert more.compiled > work.compiled
    assert more.interpreted > work.interpreted
    assert more.compiling == work.compiling


@given(works)
def test_compiled_it_is_faster_when_the_programs_are_there(work):
    assert work.compiled <= work.interpreted
    assert work.soonest == min(work.compiling + work.compiled, work.interpreted)


@given(works, st.floats(0, 1e4), st.floats(0, 1e4))
def test_where_all_is_done_by_then_more_time_is_never_a_reason_against_compiling(work, seconds, more):
    seconds += work.compiling + work.compiled
    assert work.worth_compiling(seconds + more) >= work.worth_compiling(seconds)


def test_two_programs_are_compiled_at_a_time_but_on_one_core(monkeypatch):
    both = WORK.compiling
    monkeypatch.setattr("goru.studies.budget.forecast.devices.n_cores", lambda: 1)
    assert WORK.compiling == 2 * both
    monkeypatch.setattr("goru.studies.budget.forecast.devices.n_cores", lambda: 64)
    assert WORK.compiling == both


class TestWorthCompiling:
    def test_where_there_is_time_enough_it_is(self):
        assert WORK.worth_compiling(60.0)
        assert not WORK.worth_compiling(0.9 * WORK.compiling)

    def test_what_programs_gain_must_be_more_than_what_they_cost(self):
        """Where they are three times as fast, two thirds of the time are enough to pay for them."""
        assert WORK.interpreted / WORK.compiled == pytest.approx(3.3, abs=0.3)
        assert WORK.worth_compiling(1.5 * WORK.compiling)
        assert not WORK.worth_compiling(1.3 * WORK.compiling)

    def test_where_nothing_is_done_in_time_it_is_what_is_done_sooner(self):
        few, many = WORK, replace(WORK, networks=10_000)
        assert not few.worth_compiling(0.0)
        assert many.worth_compiling(0.0)

    def test_weights_that_fill_no_cache_are_a_reason_to(self):
        """Twenty thousand columns: NumPy goes through all of them a dozen times a step."""
        assert Work(2_577_410, 32, 36, 8, 6).worth_compiling(2.0)
