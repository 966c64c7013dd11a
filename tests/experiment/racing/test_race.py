"""Every arm's configurations are trained in every split of one partition, and its own better half in the next."""

import numpy as np
import pytest
from experiments import ARMS, DESIGN, EPOCHS, ONCE, PLAIN, arm_of, constant, grid, key, keys, losses_of

from goru.experiment import defaults
from goru.experiment.plan import Plan
from goru.experiment.racing.race import trial_id

INF = np.inf
SOME = (PLAIN, arm_of(dropout=True), arm_of("before", weight_decay=True))


class TestManyPartitions:
    """Three of them: the better configurations of the first go on to both others."""

    @pytest.mark.parametrize("partitions", [1, 2, 3])
    def test_as_many_are_trained_as_planned(self, pretend_race, partitions):
        plan = Plan(4, partitions, 3, EPOCHS)
        race = pretend_race(plan, partitions=3).run().race
        assert (race.splits_done, len(race.made)) == (3 * partitions, plan.trials(12))
        later = [trial for trial in race.trials if trial.split >= 3]
        assert keys(later) == grid(range(3), range(3, 3 * partitions))

    def test_the_plan_may_ask_for_more_than_there_are(self, pretend_race):
        assert pretend_race(Plan(4, 3, 3, EPOCHS), partitions=2).run().race.splits_done == 6


class TestTrials:
    @pytest.mark.parametrize("configurations", [1, 2, 3, 5])
    def test_in_one_partition_every_configuration_of_every_arm_is_trained_in_every_fold_once(
        self, pretend_race, configurations
    ):
        plan = Plan(configurations, 1, 3, EPOCHS)
        race = pretend_race(plan).run().race
        assert keys(race.trials) == grid(range(configurations), range(3))
        assert (race.configurations_done, race.splits_done) == (configurations, 3)
        assert len(race.made) == plan.trials(12)

    @pytest.mark.parametrize(("configurations", "kept"), [(3, 3), (4, 3), (8, 4)])
    def test_in_the_second_as_many_of_each_as_planned_and_those_in_every_fold(self, pretend_race, configurations, kept):
        plan = Plan(configurations, 2, 3, EPOCHS)
        race = pretend_race(plan).run().race
        first, second = ([trial for trial in race.trials if (trial.split >= 3) == late] for late in (False, True))
        assert keys(first) == grid(range(configurations), range(3))
        assert keys(second) == grid(range(kept), range(3, 6))  # all are as good, so that the first go on
        assert (race.configurations_done, race.splits_done) == (configurations, 6)
        assert len(race.made) == plan.trials(12)

    def test_so_few_configurations_that_nothing_is_decided_are_trained_in_one_partition_alone(self, pretend_race):
        race = pretend_race(Plan(defaults.FEWEST_CONFIGURATIONS - 1, 2, 3, EPOCHS)).run().race
        assert (race.configurations_done, race.splits_done) == (2, 3)

    def test_each_is_handed_over_as_soon_as_it_is_done(self, pretend_race):
        pretended = pretend_race().run()
        own = {key(trial): trial for trial in pretended.kept}
        trials = pretended.race.trials
        assert len(own) == len(pretended.kept) == len(trials)
        assert all(own[key(trial)] == trial for trial in trials)
        assert [key(trial) for trial in pretended.kept] == [
            (job.arm, job.configuration, job.split) for block in pretended.laboratory.blocks for job in block
        ]

    def test_they_are_in_the_order_of_arms_configurations_and_splits_whatever_was_done_first(self, pretend_race):
        places = [
            (ARMS.index(trial.arm), trial.configuration, trial.split) for trial in pretend_race().run().race.trials
        ]
        assert places == sorted(places)

    def test_all_that_were_made_are_in_the_order_of_their_ends(self, pretend_race):
        pretended = pretend_race().run()
        assert pretended.race.made == pretended.kept

    def test_a_trial_is_of_its_configuration_and_its_id_is_a_function_of_its_place(self, pretend_race):
        pretended = pretend_race().run()
        for trial in pretended.race.trials:
            assert trial.id == trial_id(0, ARMS.index(trial.arm), trial.configuration, trial.split)
            assert trial.values == pretended.configurations[trial.arm][trial.configuration]
            assert trial.values.keys() == DESIGN.knobs_of(trial.arm).keys()

    def test_the_plan_may_ask_for_more_configurations_than_a_race_against_time_makes(self, pretend_race):
        assert pretend_race(Plan(33, 1, 3, EPOCHS)).run().race.configurations_done == 33


class TestOwnSurvivors:
    @staticmethod
    def curves(job):
        """Of arm number n the configurations n, n + 1, n + 2, ... are the best, in that order, round about; from 0.5
        on."""
        return constant(0.5 + (job.configuration - ARMS.index(job.arm)) % 8 / 10)

    def test_every_arm_goes_on_with_the_best_of_its_own(self, pretend_race):
        pretended = pretend_race(Plan(8, 2, 3, EPOCHS), curves=self.curves).run()
        for number, arm in enumerate(ARMS):
            assert pretended.second(arm) == {(number + place) % 8 for place in range(4)}

    def test_an_arm_whose_configurations_are_all_bad_has_as_many(self, pretend_race):
        bad = arm_of("after", dropout=True)
        pretended = pretend_race(curves=lambda job: constant(9.0 if job.arm == bad else 0.5)).run()
        assert {len(pretended.second(arm)) for arm in ARMS} == {3}

    def test_a_configuration_that_diverged_stays_behind(self, pretend_race):
        lost = (PLAIN, 1, 2)
        pretended = pretend_race(curves=lambda job: constant(np.nan if key(job) == lost else 0.5)).run()
        assert pretended.second(PLAIN) == {0, 2, 3}
        assert pretended.second(ARMS[1]) == {0, 1, 2}

    def test_what_they_are_in_the_second_partition_does_not_matter(self, pretend_race):
        usual = pretend_race(Plan(8, 2, 3, EPOCHS), curves=self.curves).run()
        spoilt = pretend_race(
            Plan(8, 2, 3, EPOCHS),
            curves=lambda job: self.curves(job) if job.split < 3 else constant(0.01 * (job.id % 100)),
        ).run()
        assert [usual.second(arm) for arm in ARMS] == [spoilt.second(arm) for arm in ARMS]


class TestTrialsOfDifferentLengths:
    """One that ends early has its last loss in every epoch after."""

    @staticmethod
    def curves(job):
        return constant(0.3 + job.configuration / 10)[: 1 + job.configuration]

    @pytest.mark.parametrize("seconds", [None, 36 + 37])
    def test_the_better_ones_go_on_however_long_they_are(self, pretend_race, seconds):
        pretended = pretend_race(curves=self.curves).run(seconds)
        assert pretended.race.splits_done == 6
        assert {len(trial.curves) for trial in pretended.race.trials if trial.configuration == 0} == {1}
        if seconds is None:
            assert {tuple(pretended.second(arm)) for arm in ARMS} == {(0, 1, 2)}

    def test_one_that_ended_early_because_it_diverged_stays_behind(self, pretend_race):
        lost = (PLAIN, 1, 2)
        pretended = pretend_race(curves=lambda job: constant(0.5) if key(job) != lost else constant(np.nan)[:1]).run()
        assert pretended.second(PLAIN) == {0, 2, 3}


class TestSomeArms:
    def test_they_alone_are_trained_as_they_are_among_all(self, pretend_race):
        few, all_of_them = pretend_race(arms=SOME).run().race, pretend_race().run().race
        assert {trial.arm for trial in few.trials} == set(SOME)
        assert len(few.made) == len(SOME) * 3 * (4 + 3)
        expected = {key(trial): trial for trial in all_of_them.trials}
        for trial in few.trials:
            same = expected[key(trial)]
            assert (trial.id, trial.seed, trial.values) == (same.id, same.seed, same.values)

    def test_what_is_planned_is_theirs(self, pretend_race):
        told = pretend_race(arms=SOME).run().notebook.told
        assert {progress.planned for progress in told} == {len(SOME) * 3 * (4 + 3)}
        assert told[-1].done == told[-1].planned


class TestIds:
    def test_they_are_unique_and_those_of_a_trial_whatever_else_is_trained(self):
        places = np.ndindex(12, 8, 10)
        assert len({trial_id(0, *place) for place in places}) == 12 * 8 * 10
        assert trial_id(0, 0, 1, 2) != trial_id(1, 0, 1, 2)
        assert 0 <= trial_id(2**32 - 1, 11, 31, 9) < 2**32

    @pytest.mark.parametrize("size", [2, 8, 64])
    def test_how_trials_are_put_into_blocks_changes_nothing(self, pretend_race, size):
        usual, other = pretend_race(), pretend_race()
        other.laboratory.size, other.laboratory.configurations_at_once = size, size // 2
        one, same = ({key(trial): trial for trial in pretended.run().race.trials} for pretended in (usual, other))
        assert {len(block) for block in other.laboratory.blocks} != {4}
        assert one.keys() == same.keys()
        for place, trial in one.items():
            assert (trial.id, trial.values) == (same[place].id, same[place].values)

    def test_another_seed_makes_other_trials(self, pretend_race):
        one, other = (pretend_race(seed=seed).run().laboratory.blocks[0][0] for seed in (0, 1))
        assert key(one) == key(other)
        assert one.id != other.id


class TestDivergence:
    def test_a_diverged_trial_is_marked_and_has_infinite_losses_from_there_on(self, pretend_race):
        lost = (PLAIN, 1, 2)

        def curves(job):
            curves = constant(0.5)
            curves[2:] = np.nan if key(job) == lost else 0.5
            return curves

        race = pretend_race(ONCE, curves=curves).run().race
        assert [key(trial) for trial in race.trials if trial.ended == "diverged"] == [lost]
        found = losses_of(race.trials)
        np.testing.assert_array_equal(found[PLAIN].validation[1, 2], [0.5, 0.5, INF, INF])
        assert sum(np.isinf(found[arm].validation).sum() for arm in ARMS) == 2


class TestWatching:
    def test_it_is_told_how_far_the_race_has_got(self, pretend_race):
        told = pretend_race().run().notebook.told
        assert [progress.done for progress in told] == sorted(progress.done for progress in told)
        assert (told[-1].done, told[-1].planned) == (252, 252)  # 12 arms, 3 folds, 4 configurations and again 3
        assert [progress.round for progress in told] == [1] * 36 + [2] * 36
        assert told[0].best == INF  # nothing is known before the first block is done
        assert told[-1].best == 0.5


class TestAClockOfItsOwn:
    def test_no_other_is_looked_at(self, pretend_race, monkeypatch):
        monkeypatch.setattr("goru.experiment.racing.race.time", None)
        assert pretend_race().run(36 + 37).race.splits_done == 6
