"""How much time is left, where it went, and how slow the machine is."""

import pytest
from experiments import Clock as FakeClock

from goru.experiment import clock as module
from goru.experiment.clock import Clock, Spent


@pytest.fixture
def time(monkeypatch):
    fake = FakeClock(1000.0)
    monkeypatch.setattr(module, "time", fake)
    return fake


def test_what_is_left_is_the_budget_less_what_is_spent(time):
    clock = Clock(990.0, budget=60.0)
    assert (clock.spent, clock.left) == (10.0, 50.0)
    time.now += 55
    assert (clock.spent, clock.left) == (65.0, -5.0)
    assert Clock(budget=60.0).left == 60.0
    assert Clock().left == float("inf")


def test_every_phase_has_its_time_and_one_that_comes_twice_both(time):
    clock = Clock(1000.0)
    for phase, seconds in (("look", 2), ("race", 10), ("look", 1), ("end", 4)):
        time.now += seconds
        clock.begin(phase)
    # The fake processor is busy for half of the time, and has been since long before.
    assert clock.phases == {"start": Spent(2, 501), "look": Spent(10 + 4, 7), "race": Spent(1, 0.5)}


class TestSlowness:
    @pytest.fixture
    def work(self, time, monkeypatch):
        """The work that is timed takes so many seconds."""

        def work(*seconds):
            pending = list(seconds)

            def compress(*_):
                time.now += pending.pop(0) if len(pending) > 1 else pending[0]

            monkeypatch.setattr(module.zlib, "compress", compress)

        return work

    @pytest.mark.parametrize("times", [1.0, 2.0, 7.5])
    def test_it_is_how_many_times_as_long_the_same_work_takes(self, work, times):
        work(times * module._SAMPLE_SECONDS)
        assert Clock(budget=60.0).slowness() == pytest.approx(times)

    def test_it_is_a_mean(self, work):
        work(*[module._SAMPLE_SECONDS, 9 * module._SAMPLE_SECONDS] * 100)
        assert Clock(budget=60.0).slowness() == pytest.approx(5, rel=0.2)

    def test_no_machine_is_faster(self, work):
        work(1e-9)
        assert Clock().slowness() == 1.0

    @pytest.mark.parametrize(("budget", "most"), [(60.0, 0.13), (2.0, 0.03), (1e-3, 0.02), (float("inf"), 0.13)])
    def test_looking_takes_a_moment(self, work, time, budget, most):
        work(module._SAMPLE_SECONDS)
        Clock(budget=budget).slowness()
        assert 0 < time.now - 1000.0 < most

    def test_a_clock_that_stands_still_is_no_reason_to_wait(self, work):
        work(0.0)
        assert Clock().slowness() == 1.0
