"""What there is time for, when what follows the race is counted too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.experiment.plan import USUAL_SHARE, Asked, Plan
from goru.studies.budget.extent import EXTENTS, LENGTHENED, calibrating, extent_of
from goru.studies.budget.pace import FINAL_SHARE, LAST_SECONDS, LONGER, WORTH_TRYING, Pace

paces = st.builds(
    Pace,
    networks=st.just(8),
    configurations=st.integers(1, 4),
    block_seconds=st.tuples(*[st.floats(1e-4, 1)] * 6),
    training_rows=st.integers(60, 80),
    all_rows=st.integers(80, 100),
)
seconds = st.floats(1, 2000)
partitions = st.integers(1, 2)


class TestRace:
    """On 80 of 100 rows a block of two configurations takes 0.1 s an epoch in one program and 0.3 s in the other."""

    PACE = Pace(networks=4, configurations=2, block_seconds=(0.1, 0.3), training_rows=80, all_rows=100)

    @pytest.mark.parametrize(
        ("configurations", "partitions", "blocks"),
        [
            (2, 1, 1),
            (4, 1, 2),
            (3, 1, 2),  # a block that is not full takes as long
            (3, 2, 2 + 2),  # three go on
            (8, 2, 4 + 2),  # four go on
            (8, 3, 4 + 2 + 2),
        ],
    )
    def test_it_is_blocks_of_every_program_in_every_fold(self, configurations, partitions, blocks):
        plan = Plan(configurations, partitions, folds=5, epochs=10)
        assert self.PACE.race(plan) == pytest.approx(blocks * 5 * 10 * (0.1 + 0.3))

    def test_one_of_three_folds_fits_on_fewer_rows(self):
        # Two thirds of a hundred rows, and 80 take 0.4 s.
        plan = Plan(2, 1, folds=3, epochs=10)
        assert self.PACE.race(plan) == pytest.approx(3 * 10 * 0.4 * (100 * 2 / 3) / 80)

    def test_an_odd_block_leaves_a_device_idle(self):
        plan = Plan(2, 1, folds=5, epochs=10)
        assert replace(self.PACE, at_once=2).race(plan) == pytest.approx(6 * 10 * 0.4)

    def test_arms_that_are_too_many_for_a_block_are_several_which_devices_share(self):
        plan = Plan(2, 1, folds=5, epochs=10)
        pace = replace(self.PACE, configurations=1, blocks=2, at_once=2)
        assert pace.race(plan) == pytest.approx(2 * 5 * 2 * 10 * 0.4)


class TestFewerRows:
    """Two networks on a quarter and on half of the rows of every fold, each with as many steps as on all of them."""

    PACE = Pace(networks=4, configurations=2, block_seconds=(0.1, 0.3), training_rows=80, all_rows=100)
    PLAN = Plan(2, 1, folds=5, epochs=10)

    def test_each_is_a_block_of_the_slowest_program_in_every_fold(self):
        assert self.PACE.by_rows(self.PLAN, epochs=12) == pytest.approx(2 * 5 * 12 * 0.3)
        assert self.PACE.by_rows(self.PLAN) == pytest.approx(2 * 5 * (2 * USUAL_SHARE * 10) * 0.3)

    def test_seconds_of_a_block_are_those_where_all_devices_are_at_work(self):
        assert replace(self.PACE, at_once=2).by_rows(self.PLAN, 12) == self.PACE.by_rows(self.PLAN, 12)


class TestWhatElseTakesTime:
    def test_a_block_takes_some_however_short_it_is(self):
        pace = replace(TestRace.PACE, a_block=0.5)
        plan = Plan(4, 1, folds=5, epochs=10)
        assert pace.race(plan) == pytest.approx(TestRace.PACE.race(plan) + 5 * 2 * 2 * 0.5)  # two blocks, two programs

    def test_so_do_the_rows_of_a_split(self):
        pace = replace(TestRace.PACE, a_split=0.5)
        for partitions in (1, 2):
            plan = Plan(4, partitions, folds=5, epochs=10)
            assert pace.race(plan) == pytest.approx(TestRace.PACE.race(plan) + 5 * partitions * 0.5)


class TestAfterTheRace:
    """Ensembles are trained by the slowest program: 0.3 s an epoch on 80 of 100 rows, 0.375 s on all.

    Blocks hold four networks: an ensemble of eight is two blocks, and there are two ensembles.
    """

    PACE = TestRace.PACE
    MOST, WHOLE, TWO_FOLDS, ENSEMBLES, FOUR, TWO, ONE = EXTENTS

    def test_ensembles_are_trained_on_all_rows_and_in_every_split_and_there_the_candidates_of_a_selection_too(self):
        # Two configurations of the best arm and those of four others, a block for each.
        expected = 4 * 100 * 0.375 + 5 * (4 + 5) * 100 * 0.3
        assert self.PACE.training_again(self.MOST, 5, 100) == pytest.approx(expected)

    def test_nothing_is_selected_where_that_is_not_tried(self):
        expected = 4 * 40 * 0.375 + 5 * 4 * 40 * 0.3
        assert self.PACE.training_again(self.WHOLE, 5, 40) == pytest.approx(expected)

    def test_of_three_folds_splits_are_fewer_and_smaller(self):
        expected = 4 * 100 * 0.375 + 3 * 4 * 100 * 0.375 * 2 / 3
        assert self.PACE.training_again(self.WHOLE, 3, 100) == pytest.approx(expected)

    @pytest.mark.parametrize("folds", [2, 3, 5])
    def test_there_may_be_two_of_them_or_none(self, folds):
        validation = 2 * 4 * 100 * 0.375 * (1 - 1 / folds)
        assert self.PACE.training_again(self.TWO_FOLDS, folds, 100) == pytest.approx(4 * 100 * 0.375 + validation)
        assert self.PACE.training_again(self.ENSEMBLES, folds, 100) == pytest.approx(4 * 100 * 0.375)

    def test_of_many_rows_as_many_folds_as_calibrate(self):
        many = replace(self.PACE, training_rows=4_000, all_rows=5_000)
        assert many.training_again(self.WHOLE, 5, 100) == pytest.approx(4 * 100 * 0.375 + 2 * 4 * 100 * 0.3)
        assert many.training_again(self.TWO_FOLDS, 5, 100) == many.training_again(self.WHOLE, 5, 100)
        shown = replace(many, shown=True)
        assert shown.training_again(self.WHOLE, 5, 100) == pytest.approx(4 * 100 * 0.375 + 5 * 4 * 100 * 0.3)

    def test_small_ensembles_are_a_block_or_two(self):
        found = [self.PACE.training_again(extent, 5, 100) for extent in (self.FOUR, self.TWO, self.ONE)]
        assert found == pytest.approx([4 * 37.5, 4 * 37.5, 2 * 37.5])  # two of the best configurations are a block each

    def test_narrow_blocks_are_more(self):
        # One configuration: blocks hold two networks, and an ensemble is four blocks.
        expected = 8 * 100 * 0.375 + 5 * (8 + 5) * 100 * 0.3
        assert replace(self.PACE, networks=2, configurations=1).training_again(self.MOST, 5, 100) == pytest.approx(
            expected
        )

    def test_fewer_blocks_than_are_trained_at_a_time_take_as_long(self):
        pace = replace(self.PACE, at_once=4)
        assert [pace.training_again(extent, 5, 100) for extent in EXTENTS[3:]] == pytest.approx([8 * 37.5] * 4)

    def test_no_plain_networks_are_half_of_it(self):
        both, one = (replace(self.PACE, plain=plain).training_again(self.WHOLE, 5, 100) for plain in (True, False))
        assert both == pytest.approx(2 * one)

    def test_where_validation_rows_are_not_needed_only_a_selection_predicts_them(self):
        pace = replace(self.PACE, validation=False)
        assert pace.training_again(self.WHOLE, 5, 100) == self.PACE.training_again(self.ENSEMBLES, 5, 100)
        assert pace.training_again(self.MOST, 5, 100) == pytest.approx(4 * 37.5 + 5 * 5 * 30)

    def test_blocks_and_rows_take_some_however_short_they_are(self):
        pace = replace(self.PACE, a_block=0.5, a_split=2.0)
        # Two ensembles of two blocks, in two splits once more; two ensembles of all rows, and of two splits each.
        assert pace.training_again(self.TWO_FOLDS, 5, 0) == pytest.approx((4 + 2 * 4) * 0.5 + (2 + 2 * 2) * 2.0)

    @pytest.mark.parametrize("plan", [Plan(3, 2), Plan(3, 1), Plan(3, 1, 3, 40), Plan(1, 1, 3, 8)])
    def test_the_usual_share_of_it_is_expected_and_a_last_moment(self, plan):
        again = self.PACE.training_again(extent_of(plan), plan.folds, USUAL_SHARE * plan.epochs)
        assert self.PACE.after_the_race(plan) == pytest.approx(LAST_SECONDS + again)

    def test_in_wide_blocks_two_configurations_are_a_block_each_and_in_splits_one_together(self):
        # Blocks hold eight networks, and more.
        wide, wider = (replace(self.PACE, networks=networks, configurations=networks // 2) for networks in (8, 16))
        expected = 4 * 100 * 0.375 + 5 * (2 + 5) * 100 * 0.3
        assert [pace.training_again(self.MOST, 5, 100) for pace in (wide, wider)] == pytest.approx([expected] * 2)

    def test_configurations_of_the_race_do_not_matter(self):
        assert self.PACE.after_the_race(Plan(3, 2)) == self.PACE.after_the_race(Plan(32, 2))

    def test_arms_that_are_scored_take_the_place_of_a_selection(self):
        # A network of each of twelve arms in every split, a block for each.
        expected = 4 * 100 * 0.375 + 5 * (4 + 12) * 100 * 0.3
        pace = replace(self.PACE, scored=12)
        assert pace.training_again(self.MOST, 5, 100) == pytest.approx(expected)
        assert pace.training_again(self.WHOLE, 5, 100) == pytest.approx(expected)
        assert pace.scoring(5, Plan(3, 1)) == pytest.approx(5 * 12 * 100 * 0.3)


@pytest.mark.parametrize(
    ("folds", "rows", "most", "calibrate"),
    [
        *[(5, 800, None, 5), (5, 2_499, None, 5), (5, 2_500, None, 4), (5, 5_000, None, 2), (5, 1_000_000, None, 2)],
        *[(3, 3_680, None, 2), (3, 2_100, None, 3), (5, 800, 2, 2), (5, 800, 0, 0), (5, 1_000_000, 0, 0), (2, 9, 5, 2)],
        (5, 0, None, 5),
    ],
)
def test_so_many_folds_calibrate_that_there_are_enough_rows_in_them(folds, rows, most, calibrate):
    assert calibrating(folds, rows, most) == calibrate


class TestWhatThereIsTimeForInTheEnd:
    PACE = TestRace.PACE

    @given(paces, st.floats(0, 100), st.integers(2, 5), st.integers(1, 100))
    def test_it_fits_unless_it_is_the_least(self, pace, seconds, folds, epochs):
        extent = pace.extent(seconds, EXTENTS[0], folds, epochs)
        assert extent == EXTENTS[-1] or pace.training_again(extent, folds, epochs) <= seconds

    @given(paces, st.floats(0, 100), st.floats(0, 100), st.integers(2, 5), st.integers(1, 100))
    def test_more_time_never_means_less(self, pace, seconds, more, folds, epochs):
        less, more = (pace.extent(time, EXTENTS[0], folds, epochs) for time in (seconds, seconds + more))
        assert EXTENTS.index(less) >= EXTENTS.index(more)

    def test_there_is_no_more_than_there_is_to_be(self):
        assert self.PACE.extent(1e9, EXTENTS[1], 5, 100) == EXTENTS[1]

    def test_where_the_machine_is_slower_there_is_less(self):
        seconds = self.PACE.training_again(EXTENTS[1], 5, 100)
        assert self.PACE.extent(seconds, EXTENTS[1], 5, 100) == EXTENTS[1]
        assert self.PACE.slower(1.01).extent(seconds, EXTENTS[1], 5, 100) == EXTENTS[2]
        assert self.PACE.slower(0.5).training_again(EXTENTS[1], 5, 100) == pytest.approx(seconds / 2)


class TestPlan:
    @given(paces, seconds, partitions)
    def test_race_and_what_follows_fit_into_the_time_unless_the_plan_stands_on_the_floor(self, pace, seconds, some):
        plan, race, _ = pace.plan(seconds, some)
        assert race + pace.after_the_race(plan) <= seconds + 1e-6
        on_the_floor = plan.partitions, plan.folds, plan.epochs, plan.configurations
        assert on_the_floor == (1, 3, 8, 1) or pace.race(plan) <= race + 1e-6

    @pytest.mark.parametrize(
        ("seconds", "after"),
        [
            (24, 7.2),  # two networks of each kind, two blocks each
            (28, 16.8),  # eight, and once more in two folds
            (32, 21.6),  # in all three
        ],
    )
    def test_what_a_short_plan_leaves_is_for_more_networks_in_the_end(self, seconds, after):
        # A block of eight epochs in three folds takes 8 s.
        plan, race, _ = TestRace.PACE.plan(seconds, 1)
        assert (plan.configurations, plan.folds, plan.epochs) == (2, 3, 8)
        assert race == pytest.approx(seconds - LAST_SECONDS - after)

    @given(paces, seconds, st.floats(0, 2000), partitions, st.integers(1, 5_000))
    def test_a_larger_budget_is_never_planned_to_take_less_and_none_more_than_it_is_but_the_least(
        self, pace, seconds, more, some, steps
    ):
        least, less, most = (
            pace.cost(pace.plan(time, some, steps=steps)[0]) for time in (-1e9, seconds, seconds + more)
        )
        assert less <= most
        assert less <= max(seconds, least)

    @given(paces, seconds, partitions)
    def test_it_tells_how_long_training_again_takes_at_full_length(self, pace, seconds, some):
        plan, _, reserve = pace.plan(seconds, some)
        assert reserve in [pytest.approx(pace.training_again(extent, plan.folds, plan.epochs)) for extent in EXTENTS]
        assert reserve >= pace.training_again(extent_of(plan), plan.folds, plan.epochs) - 1e-6

    @given(paces, seconds)
    def test_there_are_no_more_partitions_than_the_rows_are_cut_into(self, pace, seconds):
        assert pace.plan(seconds, 1)[0].partitions == 1

    def test_with_the_fewest_folds_a_little_more_is_set_aside_as_none_may_be_lost(self):
        fewest = Asked((3,), 10)
        needed = TestRace.PACE.race(Plan(3, 1, 3, 10)) + TestRace.PACE.after_the_race(Plan(3, 1, 3, 10))
        assert TestRace.PACE.plan(needed + 0.1, 1, asked=fewest)[0].epochs < 10
        assert TestRace.PACE.plan(1.2 * needed, 1, asked=fewest)[0].epochs == 10

    def test_a_worked_example(self):
        """0.4 s an epoch, a hundred epochs: 40 s for a block in a fold, 200 s for it in five.

        What follows takes 5 s and 60 % of 150 + 1,350 s. Of 2,105 s that leaves 1,200 s, six blocks: the first
        partition may have four, which are eight configurations, and the second two for the better four of them.
        """
        plan, race, reserve = replace(TestRace.PACE, last=5.0).plan(2_105.1, 2)
        assert (plan.partitions, plan.folds, plan.epochs, plan.configurations) == (2, 5, 100, 8)
        assert (race, reserve) == pytest.approx((1_200.1, 1_500))

    @given(paces, seconds, partitions)
    def test_folds_and_epochs_may_be_asked_for(self, pace, seconds, some):
        asked = Asked((4,), 20)
        plan, _, _ = pace.plan(seconds, some, asked=asked)
        assert (plan.folds, plan.asked) == (4, asked)
        assert plan.epochs <= 20

    def test_what_is_spent_already_is_part_of_what_a_full_study_would_take(self):
        # Three configurations, two blocks, twice: 800 s, and then 905.
        (words,) = replace(TestRace.PACE, last=5.0).plan(100, 2, spent=46)[0].shortfalls
        assert "would take about 1,751 s here" in words


class TestLonger:
    """A block takes 0.375 s an epoch on all rows, two thirds of it on those of one of three folds."""

    PACE = Pace(networks=4, configurations=2, block_seconds=(0.1, 0.3), training_rows=80, all_rows=100)
    SHORT = Plan(3, 1, folds=3, epochs=10)

    def takes(self, pace: Pace, extent, epochs: int) -> float:
        trying = (1 + pace.plain) * (epochs + self.SHORT.epochs) * 0.375 * 2 / 3
        return pace.training_again(extent, 3, epochs) + trying

    @pytest.mark.parametrize("plain", [True, False])
    def test_the_schedule_is_as_long_as_there_is_time_for(self, plain):
        pace = replace(self.PACE, plain=plain)
        left = self.takes(pace, LENGTHENED[0], 40) + 0.01
        assert pace.longest(left, self.SHORT, 3) == (LENGTHENED[0], 40)

    def test_with_less_time_nothing_is_calibrated(self):
        left = self.takes(self.PACE, LENGTHENED[0], 10)
        extent, schedule = self.PACE.longest(left, self.SHORT, 3)
        assert extent == LENGTHENED[1]
        assert schedule >= LONGER * 10

    def test_it_is_no_longer_than_a_study_should_have(self):
        assert self.PACE.longest(1e6, self.SHORT, 3) == (LENGTHENED[0], self.SHORT.asked.epochs)

    def test_one_that_is_hardly_longer_is_not_worth_it(self):
        assert self.PACE.longest(self.takes(self.PACE, LENGTHENED[1], 12), self.SHORT, 3) is None
        assert self.PACE.longest(-1.0, self.SHORT, 3) is None

    @given(paces, seconds, partitions)
    def test_a_short_race_leaves_a_share_of_the_time_to_the_final_model(self, pace, seconds, partitions):
        plan, race, _ = pace.plan(seconds, partitions)
        if 2 * plan.epochs < plan.asked.epochs:
            assert seconds - race >= FINAL_SHARE * seconds - 1e-9


class TestOnAllRows:
    """A thousand rows: a block takes 3.75 s an epoch."""

    PACE = Pace(
        networks=4,
        configurations=2,
        block_seconds=(1.0, 3.0),
        training_rows=800,
        all_rows=1_000,
        plain=False,
        validation=False,
    )

    def test_with_time_an_ensemble_has_a_long_schedule(self):
        assert self.PACE.on_all_rows(1e6, 100) == (EXTENTS[3], 100, True)

    def test_with_less_it_is_smaller_rather_than_trained_for_a_moment(self):
        """Eight networks are four blocks of two, four are two, and one is one."""
        pace = replace(self.PACE, networks=2)
        found = [pace.on_all_rows(seconds, 100)[:2] for seconds in (400, 200, 140, 60, 5, 0)]
        assert [(extent.networks, epochs) for extent, epochs in found] == [
            *((8, 26), (4, 26)),
            *((4, 18), (4, 8)),
            *((1, 1), (1, 1)),
        ]

    def test_a_schedule_is_tried_if_it_is_long_all_the_same(self):
        a_pass, trying = 2 * 3.75, 0.8 * 3.75
        enough = (WORTH_TRYING + 1) * (a_pass + trying)
        assert self.PACE.on_all_rows(enough + 1e-6, 100) == (EXTENTS[3], WORTH_TRYING + 1, True)
        assert self.PACE.on_all_rows(enough - 0.1, 100) == (EXTENTS[3], WORTH_TRYING, False)


class TestInOnePass:
    """After a race on 100 rows: a block takes 0.375 s an epoch on them, and a hundred times as long on ten thousand."""

    PACE = replace(TestOnAllRows.PACE, block_seconds=(0.1, 0.3), training_rows=80, all_rows=100)

    def test_it_is_the_share_of_all_rows_that_there_is_time_for(self):
        pace = self.PACE.of_more(10_000, 1.0)
        assert [pace.in_one_pass(37.5 * share) for share in (2, 1, 0.5, 0)] == pytest.approx([2, 1, 0.5, 0])
        assert pace.in_one_pass(-5) == 0

    def test_larger_networks_take_longer_and_preparing_more_rows_does(self):
        slow, fast = (self.PACE.of_more(10_000, larger).in_one_pass(30) for larger in (2.0, 1.0))
        assert slow == pytest.approx(fast / 2)
        prepared = replace(self.PACE, a_split=0.01).of_more(10_000, 1.0)
        assert prepared.in_one_pass(37.5 + 1.0) == pytest.approx(1)
