"""Where the time went, as it is kept and shown."""

from dataclasses import replace

import pytest
from experiments import Clock as FakeClock

from goru.experiment import clock as module
from goru.experiment.clock import Clock
from goru.experiment.findings.timings import PhaseTime, Timings
from goru.experiment.forms import as_read

TIMES = Timings(2, (PhaseTime("start", 2.0, 1.0), PhaseTime("race", 8.0, 15.0)))


def test_phases_that_have_ended_are_in_the_order_in_which_they_began(monkeypatch):
    fake = FakeClock(1000.0)
    monkeypatch.setattr(module, "time", fake)
    clock = Clock()
    for phase in ("race", "refits", "never ended"):
        fake.now += 4
        clock.begin(phase)
    found = Timings.of(clock, 2)  # the fake processor is busy for half of the time
    assert found.phases == (PhaseTime("start", 4, 2), PhaseTime("race", 4, 2), PhaseTime("refits", 4, 2))
    assert as_read(found) == found


def test_they_add_up():
    assert TIMES.total == PhaseTime("all", 10.0, 16.0)


def test_shares_are_of_all_core_seconds_and_idle_is_of_the_phase():
    start, race = TIMES.phases
    assert [TIMES.share(start), TIMES.share(race)] == pytest.approx([1 / 20, 15 / 20])
    assert [TIMES.idle(start), TIMES.idle(race), TIMES.idle(TIMES.total)] == pytest.approx([3 / 4, 1 / 16, 4 / 20])


def test_clocks_that_count_in_steps_make_nothing_less_than_idle():
    rounded = replace(TIMES, phases=(PhaseTime("writing", 0.01, 0.03), PhaseTime("end", 0.0, 0.0)))
    assert [rounded.idle(own) for own in rounded.phases] == [0.0, 1.0]
    assert Timings(2, ()).share(PhaseTime("race", 1.0, 1.0)) > 0
