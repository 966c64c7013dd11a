"""What there is time for, when the bags that follow the race are counted too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.study import defaults
from goru.study.pace import LAST_SECONDS, Pace, measure

paces = st.builds(
    Pace,
    draws=st.integers(1, 4),
    block_seconds=st.tuples(*[st.floats(1e-4, 1)] * 6),
    fit_rows=st.integers(60, 80),
    all_rows=st.integers(80, 100),
)
seconds = st.floats(1, 2000)


class TestCost:
    """On 80 of 100 rows a block of two draws takes 0.1 s an epoch in one program and 0.3 s in the other."""

    PACE = Pace(draws=2, block_seconds=(0.1, 0.3), fit_rows=80, all_rows=100)

    def test_a_race_trains_every_block_of_draws_of_every_program_in_every_fold(self):
        assert self.PACE.race(draws=2, folds=5, epochs=10) == pytest.approx(5 * 10 * 0.4)
        assert self.PACE.race(draws=4, folds=5, epochs=10) == pytest.approx(2 * 5 * 10 * 0.4)

    def test_a_block_that_is_not_full_takes_as_long(self):
        assert self.PACE.race(draws=3, folds=5, epochs=10) == self.PACE.race(draws=4, folds=5, epochs=10)

    def test_one_of_three_folds_fits_on_fewer_rows(self):
        assert self.PACE.race(draws=2, folds=3, epochs=10) == pytest.approx(3 * 10 * 0.4 * (100 * 2 / 3) / 80)

    def test_after_it_come_bags_of_the_slowest_program_on_all_rows_and_a_moment_for_the_rest(self):
        # Four networks in a block: two bags of eight are four blocks.
        assert self.PACE.after_the_race(40) == pytest.approx(LAST_SECONDS + 4 * 40 * 0.3 * 100 / 80)
        narrow = replace(self.PACE, draws=1)
        assert narrow.after_the_race(40) == pytest.approx(LAST_SECONDS + 8 * 40 * 0.3 * 100 / 80)


class TestPlan:
    @given(paces, seconds)
    def test_race_and_bags_fit_into_the_time_unless_the_plan_stands_on_the_floor(self, pace, seconds):
        plan, race = pace.plan(seconds)
        assert race + pace.after_the_race(plan.epochs) == pytest.approx(seconds)
        on_the_floor = (plan.folds, plan.epochs) == (defaults.FEWEST_FOLDS, defaults.FEWEST_EPOCHS)
        assert on_the_floor or pace.race(plan.draws, plan.folds, plan.epochs) <= race + 1e-6

    @given(paces, seconds)
    def test_blocks_are_full_and_no_more_than_draws_to_choose_from_need(self, pace, seconds):
        plan, _ = pace.plan(seconds)
        assert plan.draws % pace.draws == 0
        assert plan.draws - pace.draws < defaults.FEWEST_DRAWS <= plan.draws


def test_measuring_tells_how_long_every_program_takes_and_on_how_many_rows(laboratory, splits):
    rows = laboratory.rows(splits[0])
    pace = measure(laboratory, rows)
    assert pace.draws == laboratory.draws_in_a_block
    assert len(pace.block_seconds) == len(laboratory.trainers)
    assert min(pace.block_seconds) > 0
    assert (pace.fit_rows, pace.all_rows) == (len(splits[0].fit_rows), len(rows.x))
