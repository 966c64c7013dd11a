"""Somebody wants a study to finish with what there is."""

from experiments import Notebook

from goru.experiment.clock import FINISHING, Clock
from goru.experiment.ending import Ending


class TestEnding:
    def test_nobody_wants_it_at_first(self):
        notebook = Notebook()
        assert not Ending().noticed(notebook.finishing)
        assert notebook.endings == []

    def test_who_watches_is_told_when_it_is_noticed_and_once(self):
        ending, notebook = Ending(), Notebook()
        ending.ask()
        assert notebook.endings == []
        assert ending.noticed(notebook.finishing, at_once=False)
        assert ending.noticed(notebook.finishing, at_once=True)
        assert notebook.endings == [False]


class TestAClockInAHurry:
    def test_a_few_seconds_are_left_whatever_the_budget(self):
        for budget in (3600.0, float("inf")):
            clock = Clock(budget=budget)
            assert not clock.hurried
            clock.hurry()
            assert clock.hurried
            assert FINISHING - 1 < clock.left <= FINISHING

    def test_a_budget_that_is_nearly_spent_is_not_longer_for_it(self):
        clock = Clock(budget=1.0)
        clock.hurry()
        assert clock.left <= 1.0

    def test_who_hurries_twice_has_no_more_time(self, monkeypatch):
        clock, now = Clock(), Clock.now()
        monkeypatch.setattr(Clock, "now", staticmethod(lambda: now))
        clock.hurry()
        monkeypatch.setattr(Clock, "now", staticmethod(lambda: now + 4))
        clock.hurry()
        assert clock.left == FINISHING - 4
