"""What is trained when the race is over, however late it is."""

from types import SimpleNamespace

import pytest
from budgets import Machine, spend

from goru.experiment.plan import Plan
from goru.experiment.racing.record import Record
from goru.studies import defaults
from goru.studies.budget.extent import EXTENTS
from goru.studies.budget.spending import Spending


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch, 0.01, known=False)


class TestWhatIsLeftAfterTheRace:
    """A minute, of which the race has left some; in five folds, a block takes 0.01 s an epoch."""

    DONE = SimpleNamespace(block_seconds=None, splits_done=5)

    def left(self, machine, seconds: float, record: Record | None = None) -> tuple[Spending, Plan]:
        spending = spend(machine, 60, record)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        machine.time.now += spending.left - seconds
        return spending, plan

    def test_an_ensemble_is_trained_however_late_it_is_if_it_takes_a_moment(self, machine):
        spending, plan = self.left(machine, -5)
        assert spending.extent(plan, self.DONE, 10, EXTENTS[0], True).networks == defaults.ENSEMBLE

    def test_whoever_asked_to_finish_does_not_wait_for_it(self, machine):
        spending = spend(machine, 3600)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        spending._clock.hurry()
        machine.time.now += spending.left
        assert spending.extent(plan, self.DONE, 100, EXTENTS[0], True) == EXTENTS[-1]

    def test_one_that_takes_longer_is_smaller(self, machine):
        spending, plan = self.left(machine, -1)
        assert spending.extent(plan, self.DONE, 100, EXTENTS[0], True).networks < defaults.ENSEMBLE

    @pytest.mark.parametrize(("seconds", "possible"), [(5, True), (1, False), (-1, False)])
    def test_networks_on_fewer_rows_are_trained_if_there_is_time_left(self, machine, seconds, possible):
        spending, plan = self.left(machine, seconds)
        spending._by_rows = 0.0  # nothing was set aside
        assert 1 < spending._pace.by_rows(plan, 20) < 5
        assert spending.by_rows(plan, self.DONE, 20) is possible

    def test_a_study_that_goes_on_decides_no_other_way(self, machine):
        record = Record()
        spending, plan = self.left(machine, 5, record)
        assert spending.by_rows(plan, self.DONE, 20)
        machine.time.now += 5
        assert spending.by_rows(plan, self.DONE, 20)
