"""A race in time: what must be trained whatever it takes, what is trained while there is time, what is thrown away."""

import itertools

import pytest
from experiments import ARMS, EPOCHS, ONCE, TWICE, constant, grid, keys

from goru.experiment.plan import Asked, Plan
from goru.experiment.racing.scheduler import GRACE, SAFETY


class TestDeadline:
    """Two configurations of all arms take 6 s in a fold here, a second for each program, and 18 s in a partition of
    three."""

    def test_one_in_the_past_leaves_a_block_of_configurations_in_two_folds_and_nothing_else(self, pretend_race):
        pretended = pretend_race().run(-5)
        assert keys(pretended.kept) == grid(range(2), range(2))
        assert len(pretended.race.trials) == len(pretended.kept)
        assert (pretended.race.configurations_done, pretended.race.splits_done) == (2, 2)

    @pytest.mark.parametrize(
        ("configurations", "networks", "trained"), [(1, 4, 1), (2, 4, 2), (8, 4, 2), (8, 2, 1), (8, 8, 4)]
    )
    def test_these_are_as_many_as_a_block_holds(self, pretend_race, configurations, networks, trained):
        pretended = pretend_race(Plan(configurations, 2, 3, EPOCHS))
        pretended.laboratory.size, pretended.laboratory.configurations_at_once = networks, networks // 2
        assert pretended.run(-5).race.configurations_done == trained

    @pytest.mark.parametrize(
        ("seconds", "configurations", "splits"),
        [
            (23, 2, 2),  # 12 s, and as many for the other configurations
            (25, 4, 2),
            (35, 4, 2),  # as many for the third fold
            (37, 4, 3),
        ],
    )
    def test_then_come_the_first_configurations_and_then_the_other_folds_if_there_is_time(
        self, pretend_race, seconds, configurations, splits
    ):
        pretended = pretend_race().run(seconds)
        assert (pretended.race.configurations_done, pretended.race.splits_done) == (configurations, splits)
        assert keys(pretended.kept) == grid(range(configurations), range(splits))
        assert pretended.clock.now <= 1000 + seconds

    @pytest.mark.parametrize(
        ("configurations", "networks", "trained"), [(2, 4, 2), (3, 4, 3), (8, 4, 4), (8, 2, 3), (8, 8, 4)]
    )
    def test_under_one_the_first_few_configurations_show_how_many_there_may_be(
        self, pretend_race, configurations, networks, trained
    ):
        pretended = pretend_race(Plan(configurations, 2, 3, EPOCHS))
        pretended.laboratory.size, pretended.laboratory.configurations_at_once = networks, networks // 2
        blocks = -(-trained // (networks // 2))
        assert pretended.run(18 * blocks + 1).race.configurations_done == trained  # three, or what fills a block

    @pytest.mark.parametrize(
        ("busy", "configurations", "splits"), [(2, 2, 2), (3, 4, 2), (4, 4, 2), (5, 4, 3), (99, 4, 5)]
    )
    def test_the_more_blocks_are_trained_at_a_time_the_more_must_be(self, pretend_race, busy, configurations, splits):
        pretended = pretend_race(Plan(4, 2, 5, EPOCHS), folds=5)
        pretended.laboratory.splits_at_once = busy
        race = pretended.run(-5).race
        assert (race.configurations_done, race.splits_done) == (configurations, splits)

    @pytest.mark.parametrize(
        ("seconds", "splits"),
        [(-5, 2), (17, 2), (19, 3), (25, 4), (31, 5)],  # 6 s a fold
    )
    def test_of_five_folds_two_must_be_trained_then_a_third_and_then_what_fits(self, pretend_race, seconds, splits):
        race = pretend_race(Plan(2, 2, 5, EPOCHS), folds=5).run(seconds).race
        assert (race.configurations_done, race.splits_done) == (2, splits)
        assert keys(race.trials) == grid(range(2), range(splits))
        assert len(race.made) == len(race.trials)

    def test_folds_that_the_deadline_cuts_off_are_not_counted(self, pretend_race):
        trained = itertools.count(1)

        def curves(job):
            if next(trained) == 12 * 2 * 3:  # two more folds were to take 12 s
                pretended.laboratory.seconds = 2.0
            return constant(0.5)

        pretended = pretend_race(Plan(2, 2, 5, EPOCHS), folds=5, curves=curves)
        race = pretended.run(31).race
        assert race.splits_done == 3
        assert {trial.split for trial in race.trials} == {0, 1, 2}
        assert len(race.made) > len(race.trials)

    def test_where_fewer_folds_will_not_do_all_must_be(self, pretend_race):
        race = pretend_race(Plan(2, 2, 5, EPOCHS, asked=Asked((5,), EPOCHS)), folds=5).run(-5).race
        assert (race.configurations_done, race.splits_done) == (2, 5)

    def test_without_one_only_the_plan_is_trained(self, pretend_race):
        for plan in (ONCE, TWICE):
            assert len(pretend_race(plan).run(None).race.made) == plan.trials(12)


class TestSecondPartition:
    """Four configurations take 36 s in a partition, and so do three: blocks hold two."""

    @pytest.mark.parametrize(
        ("left", "configurations", "first"),
        [
            (0, 0, 4),
            (
                19,
                0,
                6,
            ),  # there is time for two configurations of each arm, and three are needed: two more in the first, then
            (35, 0, 6),
            (37, 4, 4),  # a block that holds three holds four
            (53, 4, 4),
        ],
    )
    def test_as_many_configurations_go_on_as_there_is_time_for(self, pretend_race, left, configurations, first):
        pretended = pretend_race().run(36 + left)
        assert pretended.race.splits_done == (6 if configurations else 3)
        assert {len(pretended.second(arm)) for arm in ARMS} == {configurations}
        assert pretended.race.configurations_done == first

    @pytest.mark.parametrize(
        ("left", "done", "configurations"),
        [
            (35, 3, 0),
            (37, 6, 4),  # 36 s a partition
            (71, 6, 4),
            (73, 9, 4),
        ],
    )
    def test_of_several_more_there_are_as_many_as_there_is_time_for(self, pretend_race, left, done, configurations):
        pretended = pretend_race(Plan(4, 3, 3, EPOCHS), partitions=3).run(36 + left)
        assert pretended.race.splits_done == done
        assert {len(pretended.second(arm)) for arm in ARMS} == {configurations}

    def test_the_plan_need_not_have_asked_for_it(self, pretend_race):
        assert pretend_race(ONCE).run(36 + 37).race.splits_done == 6

    def test_it_takes_what_time_the_configurations_will_not_need_that_are_trained_again(self, pretend_race):
        """Best after one epoch of four, where 60 % are expected: 35 % of what training at full length takes."""

        def curve(best):
            losses = constant(0.5)
            losses[best - 1] = 0.4
            return losses

        # 36 s and 19 s more: 18 s are missing. 35 % of 52 s are just that; after two epochs of four it is 10 %.
        assert pretend_race(curves=lambda _: curve(1)).run(36 + 19, reserve=52).race.splits_done == 6
        assert pretend_race(curves=lambda _: curve(1)).run(36 + 19, reserve=48).race.splits_done == 3
        assert pretend_race(curves=lambda _: curve(2)).run(36 + 19, reserve=52).race.splits_done == 3
        assert pretend_race(curves=lambda _: curve(2)).run(36 + 19, reserve=190).race.splits_done == 6
        assert pretend_race(curves=lambda _: curve(4)).run(36 + 19, reserve=1e9).race.splits_done == 3

    @pytest.mark.parametrize(("longer", "best", "epochs"), [(7, 0, 1), (7, 7, 2), (0, 7, 2), (7, None, 2), (0, 0, 3)])
    def test_the_best_arm_and_the_first_say_how_much_that_is(self, pretend_race, longer, best, epochs):
        """Others stop when they will; of equally good ones that which trains longest counts."""

        def curves(job):
            curves = constant(0.5)
            place = ARMS.index(job.arm)
            curves[2 if place == longer else 0] = 0.3 if place == best else 0.4
            return curves

        def splits(reserve):
            return pretend_race(curves=curves).run(36 + 19, reserve=reserve).race.splits_done

        # 17 s are missing, and 60 % are set aside.
        share = 0.6 - epochs / 4
        assert [splits(17 / abs(share) + more) for more in (-5, 5)] == ([3, 6] if share > 0 else [3, 3])

    def test_what_was_measured_once_may_take_a_little_longer(self, pretend_race):
        # A tenth more, and once more: 43.6 s for four configurations.
        assert pretend_race(safety=1.1).run(36 + 43).race.splits_done == 3
        assert pretend_race(safety=1.1).run(36 + 44).race.splits_done == 6

    @pytest.mark.parametrize(
        ("slower", "grace", "done"),
        [
            (1.0, 0.0, True),
            (1.1, 0.0, False),  # 39.6 s instead of 36, and 37 there are
            (1.1, 0.15, True),  # 5.55 s of grace
            (1.3, 0.15, False),  # 46.8 s
        ],
    )
    def test_one_that_is_late_is_thrown_away_unless_by_a_little(self, pretend_race, slower, grace, done):
        trained = itertools.count(1)

        def curves(job):
            if next(trained) == 12 * 4 * 3:
                pretended.laboratory.seconds = slower
            return constant(0.5)

        pretended = pretend_race(curves=curves, grace=grace)
        pretended.run(36 + 37)
        assert pretended.race.splits_done == (6 if done else 3)
        assert pretended.race.configurations_done == 4
        assert len(pretended.race.trials) == 12 * 4 * (6 if done else 3)
        assert len(pretended.race.made) == len(pretended.kept) >= len(pretended.race.trials)

    def test_the_shares_are_the_usual_ones(self):
        assert (SAFETY, GRACE) == (1.05, 0.15)


class TestMoreConfigurations:
    @pytest.mark.parametrize(("left", "configurations"), [(17, 4), (19, 6), (35, 6)])
    def test_where_a_second_partition_does_not_fit_the_time_that_is_left_pays_for_them(
        self, pretend_race, left, configurations
    ):
        pretended = pretend_race().run(36 + left)
        assert (pretended.race.configurations_done, pretended.race.splits_done) == (configurations, 3)
        assert keys(pretended.race.trials) == grid(range(configurations), range(3))
        assert pretended.clock.now <= 1000 + 36 + left

    def test_time_that_the_configurations_will_not_need_that_are_trained_again_pays_for_them_too(self, pretend_race):
        """Best after one epoch of four, where 60 % are expected: 35 % of 40 s are 14 s."""

        def curves(_):
            losses = constant(0.5)
            losses[0] = 0.4
            return losses

        assert pretend_race(curves=curves).run(36 + 5, reserve=36).race.configurations_done == 4
        assert pretend_race(curves=curves).run(36 + 5, reserve=40).race.configurations_done == 6

    def test_where_there_is_one_partition_all_time_that_is_left_pays_for_them(self, pretend_race):
        race = pretend_race(ONCE, partitions=1).run(18 * 4 + 1).race
        assert (race.configurations_done, race.splits_done) == (8, 3)
        assert keys(race.trials) == grid(range(8), range(3))

    @pytest.mark.parametrize(
        ("left", "configurations", "second"),
        [
            # The second partition takes two blocks at least, for three configurations, and half as many as the first.
            (18 * 2 + 1, 4, 4),  # two blocks are for it
            (18 * 3 + 1, 6, 4),  # three are one for two more configurations, and two for half of six
            (18 * 4 + 1, 8, 4),
            (18 * 5 + 1, 8, 6),  # of ten, half would be three blocks: one for more, and one too many
            (18 * 6 + 1, 10, 6),
        ],
    )
    def test_where_there_are_two_the_better_half_of_them_must_still_go_on(
        self, pretend_race, left, configurations, second
    ):
        pretended = pretend_race().run(36 + left)
        assert pretended.race.configurations_done == configurations
        assert {len(pretended.second(arm)) for arm in ARMS} == {second}
        assert pretended.clock.now <= 1000 + 36 + left

    def test_how_many_there_may_be_is_told_by_the_last_ones(self, pretend_race):
        trained = itertools.count(1)

        def curves(job):
            if next(trained) == 144:  # others leave the machine to it
                pretended.laboratory.seconds = 0.5
            return constant(0.5)

        pretended = pretend_race(ONCE, partitions=1, curves=curves)
        # 36 s for four configurations, 9 s for two more, though 18 were expected, and three times 9 s.
        assert pretended.run(36 + 18 + 18 + 1).race.configurations_done == 12

    def test_it_does_not_begin_what_it_cannot_finish(self, pretend_race):
        pretended = pretend_race(ONCE, partitions=1).run(18 * 3 - 1)
        assert pretended.race.configurations_done == 4
        assert len(pretended.kept) == 12 * 4 * 3

    def test_those_that_the_deadline_cuts_off_are_kept_but_not_counted(self, pretend_race):
        trained = itertools.count(1)

        def curves(job):
            if next(trained) == 144:  # the machine is shared, and after the first four configurations slower
                pretended.laboratory.seconds = 5.0
            return constant(0.5)

        pretended = pretend_race(ONCE, partitions=1, curves=curves)
        pretended.run(18 * 3 + 1)
        assert pretended.race.configurations_done == 4
        assert keys(pretended.race.trials) == grid(range(4), range(3))
        assert [trial.configuration for trial in pretended.kept[144:]] == [4, 4, 5, 5] * 3  # three blocks were in time
        assert len(pretended.race.made) == 156

    def test_there_are_thirty_two_at_most_however_much_time_there_is(self, pretend_race):
        pretended = pretend_race().run(1e9)
        assert pretended.race.configurations_done == 32
        assert keys(pretended.race.trials) == grid(range(32), range(6))

    def test_what_is_planned_grows_with_the_time_that_is_left(self, pretend_race):
        told = pretend_race().run(36 + 18 * 4 + 1).notebook.told
        # Of 36 networks of a configuration: four configurations and again three; eight and half of them.
        assert (told[0].planned, told[36].planned, told[54].planned) == (7 * 36, 12 * 36, 12 * 36)
        assert told[-1].done == 12 * 36
        assert all(progress.done <= progress.planned for progress in told)
        assert [progress.round for progress in told] == [1] * 36 + [2] * 18 + [3] * 18 + [4] * 36
