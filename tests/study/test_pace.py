"""What there is time for, when what follows the race is counted too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.study.pace import LAST_SECONDS, USUAL_SHARE, Pace, measure
from goru.study.plan import Asked, Plan

paces = st.builds(
    Pace,
    draws=st.integers(1, 4),
    block_seconds=st.tuples(*[st.floats(1e-4, 1)] * 6),
    fit_rows=st.integers(60, 80),
    all_rows=st.integers(80, 100),
)
seconds = st.floats(1, 2000)
partitions = st.integers(1, 2)


class TestRace:
    """On 80 of 100 rows a block of two draws takes 0.1 s an epoch in one program and 0.3 s in the other."""

    PACE = Pace(draws=2, block_seconds=(0.1, 0.3), fit_rows=80, all_rows=100)

    @pytest.mark.parametrize(
        ("draws", "partitions", "blocks"),
        [
            (2, 1, 1),
            (4, 1, 2),
            (3, 1, 2),  # a block that is not full takes as long
            (3, 2, 2 + 2),  # three go on
            (8, 2, 4 + 2),  # four go on
            (8, 3, 4 + 2 + 2),
        ],
    )
    def test_it_is_blocks_of_every_program_in_every_fold(self, draws, partitions, blocks):
        plan = Plan(draws, partitions, folds=5, epochs=10)
        assert self.PACE.race(plan) == pytest.approx(blocks * 5 * 10 * (0.1 + 0.3))

    def test_one_of_three_folds_fits_on_fewer_rows(self):
        # Two thirds of a hundred rows, and 80 take 0.4 s.
        plan = Plan(2, 1, folds=3, epochs=10)
        assert self.PACE.race(plan) == pytest.approx(3 * 10 * 0.4 * (100 * 2 / 3) / 80)


class TestAfterTheRace:
    """Bags are trained by the slowest program: 0.3 s an epoch on 80 of 100 rows, 0.375 s on all.

    Blocks hold four networks: a bag of eight is two blocks, and there are two bags.
    """

    PACE = TestRace.PACE
    FULL = Plan(3, 2, folds=5, epochs=100)

    def test_bags_are_trained_on_all_rows_and_in_every_split_and_there_the_candidates_of_a_selection_too(self):
        # Two draws of the best arm and those of four others, a block for each.
        expected = 4 * 100 * 0.375 + 5 * (4 + 6) * 100 * 0.3
        assert self.PACE.training_again(self.FULL) == pytest.approx(expected)

    def test_nothing_is_selected_where_the_schedule_is_short(self):
        expected = 4 * 40 * 0.375 + 5 * 4 * 40 * 0.3
        assert self.PACE.training_again(Plan(3, 1, folds=5, epochs=40)) == pytest.approx(expected)

    def test_nor_with_three_folds_whose_splits_are_fewer_and_smaller(self):
        expected = 4 * 100 * 0.375 + 3 * 4 * 100 * 0.375 * 2 / 3
        assert self.PACE.training_again(Plan(3, 1, folds=3, epochs=100)) == pytest.approx(expected)

    def test_narrow_blocks_are_more(self):
        # One draw: blocks hold two networks, and a bag is four blocks.
        expected = 8 * 100 * 0.375 + 5 * (8 + 6) * 100 * 0.3
        assert replace(self.PACE, draws=1).training_again(self.FULL) == pytest.approx(expected)

    def test_the_usual_share_of_it_is_expected_and_a_last_moment(self):
        expected = LAST_SECONDS + USUAL_SHARE * self.PACE.training_again(self.FULL)
        assert self.PACE.after_the_race(self.FULL) == pytest.approx(expected)

    def test_a_bag_is_of_two_draws_and_each_is_a_block_however_wide_it_is(self):
        # Blocks hold eight networks.
        assert replace(self.PACE, draws=4).after_the_race(self.FULL) == self.PACE.after_the_race(self.FULL)

    def test_draws_of_the_race_do_not_matter(self):
        assert self.PACE.after_the_race(Plan(3, 2)) == self.PACE.after_the_race(Plan(32, 2))

    def test_nothing_is_selected_where_there_is_time_for_one_partition_only(self):
        assert self.PACE.training_again(Plan(3, 1)) == pytest.approx(4 * 100 * 0.375 + 5 * 4 * 100 * 0.3)

    def test_arms_that_are_scored_take_the_place_of_a_selection(self):
        # A network of each of twelve arms in every split, a block for each.
        expected = 4 * 100 * 0.375 + 5 * (4 + 12) * 100 * 0.3
        assert replace(self.PACE, scored=12).training_again(self.FULL) == pytest.approx(expected)
        short = 4 * 100 * 0.375 + 5 * (4 + 12) * 100 * 0.3
        assert replace(self.PACE, scored=12).training_again(Plan(3, 1)) == pytest.approx(short)


class TestPlan:
    @given(paces, seconds, partitions)
    def test_race_and_what_follows_fit_into_the_time_unless_the_plan_stands_on_the_floor(self, pace, seconds, some):
        plan, race, _ = pace.plan(seconds, some)
        assert race + pace.after_the_race(plan) == pytest.approx(seconds)
        on_the_floor = plan.partitions, plan.folds, plan.epochs, plan.draws
        assert on_the_floor == (1, 3, 8, 3) or pace.race(plan) <= race + 1e-6

    @given(paces, seconds, partitions)
    def test_it_tells_how_long_training_again_takes_at_full_length(self, pace, seconds, some):
        plan, _, reserve = pace.plan(seconds, some)
        assert reserve == pace.training_again(plan)
        assert reserve > 0

    @given(paces, seconds)
    def test_there_are_no_more_partitions_than_the_rows_are_cut_into(self, pace, seconds):
        assert pace.plan(seconds, 1)[0].partitions == 1

    def test_a_worked_example(self):
        """0.4 s an epoch, a hundred epochs: 40 s for a block in a fold, 200 s for it in five.

        What follows takes 5 s and 60 % of 150 + 1,500 s. Of 2,195 s that leaves 1,200 s, six blocks: the first
        partition may have four, which are eight draws, and the second two for the better four of them.
        """
        plan, race, reserve = TestRace.PACE.plan(2_195.1, 2)
        assert (plan.partitions, plan.folds, plan.epochs, plan.draws) == (2, 5, 100, 8)
        assert (race, reserve) == pytest.approx((1_200.1, 1_650))

    @given(paces, seconds, partitions)
    def test_folds_and_epochs_may_be_asked_for(self, pace, seconds, some):
        asked = Asked((4,), 20)
        plan, _, _ = pace.plan(seconds, some, asked=asked)
        assert (plan.folds, plan.asked) == (4, asked)
        assert plan.epochs <= 20

    def test_what_is_spent_already_is_part_of_what_a_full_study_would_take(self):
        # Three draws, two blocks, twice: 800 s, and then 995.
        (words,) = TestRace.PACE.plan(100, 2, spent=46)[0].shortfalls
        assert "would take about 1,841 s here" in words


def test_measuring_tells_how_long_every_program_takes_and_on_how_many_rows(laboratory, splits):
    rows = laboratory.rows(splits[0])
    pace = measure(laboratory, rows)
    assert pace.draws == laboratory.draws_in_a_block
    assert len(pace.block_seconds) == len(laboratory.trainers)
    assert min(pace.block_seconds) > 0
    assert (pace.fit_rows, pace.all_rows) == (len(splits[0].fit_rows), len(rows.x))
