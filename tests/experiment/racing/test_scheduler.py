"""What is trained next, by what was seen: the waves of a schedule, that is told by hand what came of each."""

import itertools

import numpy as np
import pytest
from experiments import ARMS, PLAIN
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.experiment import defaults
from goru.experiment.plan import Asked, Plan
from goru.experiment.racing.scheduler import GRACE, SAFETY, Scheduler, Seen, survivors

INF = np.inf
FEW = ARMS[:3]
PLAN = Plan(configurations=4, partitions=2, folds=3, epochs=4)


class TestSurvivors:
    def test_a_worked_example(self):
        losses = np.array(
            [
                [[0.9, 0.5], [0.9, 0.7]],  # means 0.9 and 0.6: its best epoch is the second
                [[0.5, 0.1], [0.5, 1.1]],  # 0.5 and 0.6: the first, though 0.1 is the lowest of all
                [[0.8, 0.7], [0.8, 0.9]],  # 0.8
                [[0.5, 0.9], [0.7, 0.9]],  # 0.6
            ]
        )
        assert [survivors(losses, count) for count in range(5)] == [[], [1], [0, 1], [0, 1, 3], [0, 1, 2, 3]]

    def test_of_configurations_that_are_as_good_the_first_go_on(self):
        assert survivors(np.ones((5, 3, 2)), 3) == [0, 1, 2]

    def test_a_configuration_that_diverged_in_one_split_goes_on_where_there_is_no_other(self):
        losses = np.ones((4, 3, 2))
        losses[0, 2] = losses[2, 0] = INF
        assert survivors(losses, 2) == [1, 3]
        assert survivors(losses, 3) == [0, 1, 3]
        assert survivors(np.full((4, 3, 2), INF), 3) == [0, 1, 2]

    def test_a_configuration_that_diverged_late_is_judged_by_the_epochs_before(self):
        losses = np.full((3, 2, 3), [0.5, 0.4, 0.3])
        losses[1, 1] = [0.0, INF, INF]  # 0.25 after the first epoch, on average
        losses[2] = 0.2
        assert survivors(losses, 2) == [1, 2]

    @given(arrays(np.float64, (5, 3, 2), elements=st.floats(0, 10)), st.integers(0, 5))
    def test_nobody_who_stays_behind_was_better(self, losses, count):
        chosen = survivors(losses, count)
        means = losses.mean(axis=1).min(axis=1)
        assert chosen == sorted(set(chosen))
        assert len(chosen) == count
        left = set(range(5)) - set(chosen)
        assert all(means[one] <= means[other] for one in chosen for other in left)


def best_after(epoch: int, configurations: int = 4):
    """Losses of any arm, lowest after this one of four epochs; the later a configuration, the better it is."""
    losses = np.full((configurations, 3, 4), 1.0) - 0.1 * np.arange(configurations)[:, None, None]
    losses[..., epoch - 1] -= 0.5
    return lambda arm: losses


def scheduler(plan=PLAN, splits=6, most=32, at_once=(2, 1), **given):
    return Scheduler(FEW, plan, splits, most, at_once, **given)


def shape(wave):
    """How many configurations, all of them alike in all arms, in which splits."""
    (configurations,) = {tuple(configurations) for configurations in wave.configurations.values()}
    assert wave.configurations.keys() == set(FEW)
    return list(configurations), list(wave.splits)


LATE = best_after(4, 32)


def drive(waves, left=INF, a_block=None, losses_of=LATE, size=2, known=False):
    """Run a schedule to its end, where a block takes so many seconds; the waves that were trained in time.

    No clock is looked at: what is left is what is said to be left.
    """
    trained = []
    wave = next(waves)
    while True:
        if a_block is not None:
            left -= a_block * len(wave.splits) * -(-len(wave.configurations[PLAIN]) // size)
        complete = wave.must or known or left + wave.overtime >= 0
        if complete:
            trained.append(wave)
        done, pace = trained[-1].reaches[0], None if a_block is None else SAFETY * a_block
        try:
            wave = waves.send(Seen(complete, left, pace, lambda arm, done=done: losses_of(arm)[:done]))
        except StopIteration:
            return trained


def first_of_the_later(waves, losses):
    """The wave after all that are planned of the first partition."""
    wave = next(waves)
    while wave.splits.start < 3:
        wave = waves.send(Seen(True, INF, None, losses))
    return wave


class TestWithoutADeadline:
    def test_all_configurations_come_first_and_the_better_half_in_the_other_partitions(self):
        *first, second = drive(scheduler().schedule(None))
        assert [shape(wave) for wave in first] == [([0, 1], [0, 1]), ([2, 3], [0, 1]), ([0, 1, 2, 3], [2])]
        assert [wave.reaches for wave in first] == [(2, 2), (4, 2), (4, 3)]
        assert {(wave.round, wave.planned, wave.blocks) for wave in first} == {(1, PLAN.trials(3), 0)}
        assert shape(second) == ([1, 2, 3], [3, 4, 5])
        assert (second.reaches, second.round, second.planned) == ((4, 6), 2, PLAN.trials(3))

    def test_something_is_known_after_the_first_wave_and_it_alone_must_be_trained(self):
        assert [wave.must for wave in drive(scheduler().schedule(None))] == [True, False, False, False]

    def test_every_arm_goes_on_with_its_own(self):
        losses = {arm: np.roll(np.reshape([0.1, 0.2, 0.3, 0.4], (4, 1, 1)), place, 0) for place, arm in enumerate(FEW)}
        second = first_of_the_later(scheduler().schedule(None), losses.get)
        assert [second.configurations[arm] for arm in FEW] == [[0, 1, 2], [1, 2, 3], [0, 2, 3]]

    @pytest.mark.parametrize(
        ("plan", "splits", "partitions"),
        [
            (Plan(4, 1, 3, 4), 6, 1),
            (Plan(4, 2, 3, 4), 3, 1),  # there are no others
            (Plan(4, 3, 3, 4), 9, 3),
            (Plan(2, 2, 3, 4), 6, 1),  # too few to decide anything: more of them would not either
        ],
    )
    def test_partitions_are_as_many_as_are_planned_and_there_are(self, plan, splits, partitions):
        trained = drive(scheduler(plan, splits).schedule(None))
        assert sum(wave.splits.start >= 3 for wave in trained) == (partitions > 1)
        assert trained[-1].reaches == (plan.configurations, 3 * partitions)

    def test_where_there_is_one_configuration_alone_it_goes_on(self):
        """Nothing is tuned."""
        trained = drive(
            scheduler(Plan(1, 2, 3, 4, asked=Asked(configurations=(1, 1))), most=1).schedule(None),
            losses_of=lambda arm: np.ones((1, 3, 4)),
        )
        assert [shape(wave) for wave in trained] == [([0], [0, 1]), ([0], [2]), ([0], [3, 4, 5])]


class TestStages:
    def test_a_few_configurations_in_two_folds_must_be_trained_then_come_others_and_then_the_other_folds(self):
        trained = drive(scheduler().schedule(1e-3 + 6), 6.0, 1.0)
        assert [shape(wave) for wave in trained] == [([0, 1], [0, 1]), ([2, 3], [0, 1]), ([0, 1, 2, 3], [2])]
        assert [wave.reaches for wave in trained] == [(2, 2), (4, 2), (4, 3)]
        assert [wave.must for wave in trained] == [True, False, False]
        assert [wave.blocks for wave in trained] == [2, 2, 2]
        assert {wave.round for wave in trained} == {1}

    @pytest.mark.parametrize("left", [-100.0, 0.0, 1.0])
    def test_however_late_it_is_the_first_are_trained_and_nothing_else(self, left):
        trained = drive(scheduler().schedule(left), left, 1.0)
        assert [shape(wave) for wave in trained] == [([0, 1], [0, 1])]

    def test_where_fewer_folds_will_not_do_all_must_be(self):
        plan = Plan(4, 2, 3, 4, asked=Asked((3,), 4))
        assert shape(next(scheduler(plan).schedule(-1.0))) == ([0, 1], [0, 1, 2])

    @pytest.mark.parametrize(
        ("at_once", "first"),
        [
            ((1, 1), ([0], [0, 1])),
            ((4, 1), ([0, 1, 2, 3], [0, 1])),
            ((2, 3), ([0, 1, 2, 3], [0, 1])),  # four blocks, and two would leave a device without work
            ((2, 99), ([0, 1, 2, 3], [0, 1, 2])),
        ],
    )
    def test_the_first_keep_all_devices_busy(self, at_once, first):
        assert shape(next(scheduler(at_once=at_once).schedule(-1.0))) == first

    def test_what_is_cut_off_by_the_deadline_is_the_end(self):
        waves = scheduler().schedule(100.0)
        next(waves)
        waves.send(Seen(True, 50.0, 1.0, best_after(4)))
        with pytest.raises(StopIteration):
            waves.send(Seen(False, -1.0, 1.0, best_after(4)))

    @pytest.mark.parametrize(("left", "goes_on"), [(1.70, False), (1.78, True)])
    def test_what_would_be_late_by_no_more_than_a_little_is_begun(self, left, goes_on):
        """Two blocks of a second: with a grace of 15 %, 1.74 s are enough."""
        assert GRACE == 0.15
        waves = scheduler().schedule(100.0)
        next(waves)
        seen = Seen(True, left, SAFETY * 1.0, best_after(4))
        if goes_on:
            assert waves.send(seen).overtime == pytest.approx(GRACE * left)
        else:
            with pytest.raises(StopIteration):
                waves.send(seen)


class TestWhereThereIsNoTimeForAllFolds:
    """Of five folds; blocks of two configurations take a second, of which the first four are four."""

    FIVE = Plan(4, 1, 5, 4)

    def folds(self, left, reserve=0.0, losses=LATE, **given):
        return drive(scheduler(self.FIVE, 5, **given).schedule(left, reserve), left, 1.0, losses)[-1].reaches[1]

    @pytest.mark.parametrize(("left", "folds"), [(5.9, 3), (7.9, 4), (10.0, 5)])
    def test_there_are_as_many_as_there_is_time_for(self, left, folds):
        assert self.folds(left) == folds

    @pytest.mark.parametrize(("epoch", "folds"), [(1, 5), (4, 3)])
    def test_time_that_the_best_will_not_need_is_theirs(self, epoch, folds):
        """Of 10 s, 6 s are set aside for them; with one epoch of four they need 2.5 s."""
        assert self.folds(6.0, 10.0, best_after(epoch, 32)) == folds

    @pytest.mark.parametrize(("reserve", "folds"), [(0.0, 2), (3.0, 3)])
    def test_a_third_may_take_of_what_is_set_aside_for_training_the_best_again(self, reserve, folds):
        """Two blocks are needed, and there is time for one; a half of 60 % of the reserve is 0.9 s."""
        assert self.folds(5.0, reserve) == folds

    def test_blocks_that_leave_a_device_idle_take_as_long_as_others(self):
        """On two devices one fold of four configurations is two blocks and none is idle; of two, one is."""
        waves = scheduler(Plan(2, 1, 3, 4), 3, at_once=(2, 2)).schedule(100.0)
        assert [next(waves).blocks, waves.send(Seen(True, 50.0, SAFETY, LATE)).blocks] == [2, 2]


class TestMore:
    def test_time_that_is_left_pays_for_the_second_partition_and_for_more_configurations(self):
        """Three folds, blocks of two configurations and a second, for which a little more is set aside."""

        def reached(left):
            last = drive(scheduler().schedule(left), left, 1.0)[-1]
            return last.reaches

        round_ = 3 * SAFETY
        # 6 s for the first partition. The second takes as many, as three configurations fill two blocks.
        assert reached(6.0 + 0.97 * round_) == (4, 3)
        assert reached(6.0 + 1.03 * round_) == (6, 3)  # more configurations, where the partition has no room
        assert reached(6.0 + 2.03 * SAFETY * round_) == (4, 6)  # a little more twice, as so much would be for nothing
        # Two more configurations are a block in every fold; half of six are two blocks in the second partition.
        assert reached(6.0 + (1 + 2.03 * SAFETY) * round_) == (6, 6)
        assert reached(6.0 + (2 + 2.03 * SAFETY) * round_) == (8, 6)

    def test_more_configurations_may_be_late_by_a_little_too(self):
        """What was measured once may take longer: a round that is nearly done is not thrown away."""
        waves = scheduler(splits=3).schedule(100.0)
        waves.send(None)
        left = 3.5
        for _ in range(3):
            wave = waves.send(Seen(True, left, SAFETY * 1.0, best_after(4)))
        assert (shape(wave), wave.round) == (([4, 5], [0, 1, 2]), 2)
        assert wave.overtime == pytest.approx(GRACE * left)

    def test_one_partition_alone_spends_all_of_it_on_configurations(self):
        trained = drive(scheduler(splits=3).schedule(26.0), 26.0, 1.0)
        assert trained[-1].reaches == (16, 3)  # 6 s, and six times 3 s
        assert [wave.round for wave in trained] == [1, 1, 1, 2, 3, 4, 5, 6, 7]

    def test_there_are_no_more_than_there_may_be(self):
        assert drive(scheduler(most=7, splits=3).schedule(1e9), 1e9, 1.0)[-1].reaches == (7, 3)
        assert drive(scheduler(most=7).schedule(1e9), 1e9, 1.0)[-1].reaches == (7, 6)

    @pytest.mark.parametrize(("epoch", "reserve", "more"), [(1, 0.0, False), (1, 20.0, True), (4, 20.0, False)])
    def test_what_need_not_be_trained_again_so_long_is_time_for_the_second_partition(self, epoch, reserve, more):
        """60 % of it is set aside: of 20 s and one epoch of four 7 s are left, and of four epochs 8 s are missing."""
        left = 6.0 + 1.0
        trained = drive(scheduler().schedule(left, reserve), left, 1.0, best_after(epoch, 32))
        assert (trained[-1].reaches == (4, 6)) == more
        if more:
            assert trained[-1].overtime > 0.35 * 20

    def test_what_was_decided_before_is_not_decided_anew(self):
        waves = scheduler(later_partitions=(1, 3)).schedule(100.0)
        wave = next(waves)
        while wave.later_partitions is None:
            wave = waves.send(Seen(True, 2.0, SAFETY * 1.0, best_after(4)))
        assert (wave.later_partitions, shape(wave)) == (
            (1, 3),
            ([1, 2, 3], [3, 4, 5]),
        )  # though there is no time for it
        with_time = drive(scheduler().schedule(1e3), 1e3, 1.0)
        assert [wave.later_partitions for wave in with_time[:-1]] == [None] * (len(with_time) - 1)
        assert with_time[-1].later_partitions == (1, 32)


class TestGoingOn:
    def known(self, configurations, splits):
        return set(itertools.product(FEW, range(configurations), range(splits)))

    def test_what_is_there_already_takes_no_time(self):
        """All of the first partition is; there is no time, and it is taken nevertheless."""
        waves = scheduler(before=self.known(4, 3)).schedule(-1.0)
        reaches = [wave.reaches for wave in drive(waves, -1.0, known=True)]
        assert reaches == [(2, 2), (4, 2), (4, 3)]

    def test_so_are_more_configurations(self):
        waves = scheduler(splits=3, before=self.known(8, 3)).schedule(-1.0)
        assert drive(waves, -1.0, known=True)[-1].reaches == (8, 3)


class TestWhateverTheTime:
    @given(
        left=st.floats(-10, 500),
        a_block=st.floats(0.01, 30),
        size=st.integers(1, 4),
        configurations=st.integers(1, 6),
        partitions=st.integers(1, 3),
        most=st.integers(6, 32),
    )
    def test_waves_add_up(self, left, a_block, size, configurations, partitions, most):
        plan = Plan(configurations, partitions, 3, 4)
        trained = drive(scheduler(plan, 3 * partitions, most, (size, 1)).schedule(left), left, a_block, size=size)
        assert trained[0].must
        assert not any(wave.must for wave in trained[1:])
        done = set()
        for wave in trained:
            for arm, own in wave.configurations.items():
                more = set(itertools.product([arm], own, wave.splits))
                assert not more & done  # nothing is trained twice
                done |= more
            assert len(done) <= wave.planned or wave.round == 1
        assert max(configuration for _, configuration, _ in done) < most
        counts = {
            arm: sorted((configuration, split) for own, configuration, split in done if own == arm) for arm in FEW
        }
        assert len({len(own) for own in counts.values()}) == 1  # no arm starves another
        last = trained[-1]
        first = {(configuration, split) for _, configuration, split in done if split < 3}
        assert first == set(itertools.product(range(last.reaches[0]), range(min(last.reaches[1], 3))))
        assert [wave.reaches for wave in trained] == sorted(wave.reaches for wave in trained)
        assert last.splits.stop <= 3 * partitions
        if last.splits.start >= 3:
            assert len(next(iter(last.configurations.values()))) >= defaults.FEWEST_CONFIGURATIONS
