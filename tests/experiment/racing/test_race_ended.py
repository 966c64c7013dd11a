"""A race that somebody wants to end: what is done counts, and what is under way does not."""

import pytest
from experiments import ARMS, EPOCHS, constant, grid, keys

from goru.experiment.plan import Cut, Plan
from goru.experiment.racing.record import Record


def ended_after(pretend_race, blocks, seconds=None, **given):
    """Asked for after so many blocks of four trials: twelve are a wave of two folds, and they are the first."""
    trained = []

    def curves(job):
        trained.append(job)
        if len(trained) == 4 * blocks:
            pretended.ending.ask()
        return constant(0.5)

    pretended = pretend_race(curves=curves, **given)
    return pretended.run(seconds)


@pytest.mark.parametrize("seconds", [None, 1000])
class TestTheEnd:
    def test_the_first_wave_is_trained_to_its_end(self, pretend_race, seconds):
        pretended = ended_after(pretend_race, 3, seconds)
        assert keys(pretended.race.trials) == keys(pretended.kept) == grid(range(2), range(2))

    def test_any_other_is_dropped_and_what_was_done_before_counts(self, pretend_race, seconds):
        pretended = ended_after(pretend_race, 14, seconds)
        assert keys(pretended.race.trials) == grid(range(2), range(2))
        assert (pretended.race.configurations_done, pretended.race.splits_done) == (2, 2)
        assert len(pretended.kept) > len(pretended.race.trials)  # for a study that goes on

    def test_it_comes_with_the_next_block(self, pretend_race, seconds):
        assert len(ended_after(pretend_race, 14, seconds).laboratory.blocks) == 15

    def test_who_watches_is_told_once_and_whether_there_is_something_to_finish_with(self, pretend_race, seconds):
        assert ended_after(pretend_race, 3, seconds).notebook.endings == [False]
        assert ended_after(pretend_race, 14, seconds).notebook.endings == [True]

    def test_it_says_how_many_count_of_those_that_were_planned(self, pretend_race, seconds):
        cut = ended_after(pretend_race, 14, seconds).race.cut
        assert (cut.trials, cut.decided) == (48, False)
        assert cut.planned >= 12 * 3 * 4


class TestSecondPartition:
    def test_one_that_is_not_whole_is_dropped(self, pretend_race):
        pretended = ended_after(pretend_race, 40)
        assert pretended.race.splits_done == 3
        assert pretended.race.cut == Cut(12 * 3 * 4, 12 * 3 * 7, decided=False)


class TestNobodyAsks:
    def test_nothing_is_cut_and_nobody_is_told(self, pretend_race):
        pretended = pretend_race().run()
        assert pretended.race.cut is None
        assert pretended.notebook.endings == []

    def test_from_the_first_moment_on_somebody_might(self, pretend_race):
        pretended = pretend_race()
        assert not pretended.ending.possible
        assert pretended.run().ending.possible

    def test_whoever_asks_when_all_is_done_has_cut_nothing(self, pretend_race):
        pretended = ended_after(pretend_race, 18, plan=Plan(2, 1, 3, EPOCHS))
        assert pretended.race.cut is None
        assert len(pretended.race.trials) == len(ARMS) * 2 * 3


def test_a_study_that_goes_on_trains_what_it_would_have(pretend_race):
    record = Record()
    ended_after(pretend_race, 14, record=record)
    goes_on = pretend_race(record=record).run()
    assert keys(goes_on.race.trials) == keys(pretend_race().run().race.trials)
