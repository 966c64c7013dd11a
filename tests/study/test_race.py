"""Every arm's draws are trained in every split of one partition, and its own better half in the next."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from studies import EPOCHS, ONCE, constant, grid, key, keys, losses_of, places

from goru.study import defaults
from goru.study.design import ARMS, PLAIN, Arm, draws
from goru.study.plan import Plan
from goru.study.race import Race, survivors, trial_id
from goru.study.record import Record
from goru.study.watcher import Silent

INF = np.inf
SOME = (PLAIN, Arm(dropout=True), Arm("before", weight_decay=True))


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

    def test_of_draws_that_are_as_good_the_first_go_on(self):
        assert survivors(np.ones((5, 3, 2)), 3) == [0, 1, 2]

    def test_a_draw_that_diverged_in_one_split_goes_on_where_there_is_no_other(self):
        losses = np.ones((4, 3, 2))
        losses[0, 2] = losses[2, 0] = INF
        assert survivors(losses, 2) == [1, 3]
        assert survivors(losses, 3) == [0, 1, 3]
        assert survivors(np.full((4, 3, 2), INF), 3) == [0, 1, 2]

    def test_a_draw_that_diverged_late_is_judged_by_the_epochs_before(self):
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


class TestManyPartitions:
    """Three of them: the better draws of the first go on to both others."""

    @pytest.mark.parametrize("partitions", [1, 2, 3])
    def test_as_many_are_trained_as_planned(self, pretend_race, partitions):
        plan = Plan(4, partitions, 3, EPOCHS)
        race = pretend_race(plan, partitions=3).run().race
        assert (race.splits_done, race.networks) == (3 * partitions, plan.networks)
        later = [trial for trial in race.trials if trial.split >= 3]
        assert keys(later) == grid(range(3), range(3, 3 * partitions))

    def test_the_plan_may_ask_for_more_than_there_are(self, pretend_race):
        assert pretend_race(Plan(4, 3, 3, EPOCHS), partitions=2).run().race.splits_done == 6


class TestTrials:
    @pytest.mark.parametrize("draws", [1, 2, 3, 5])
    def test_in_one_partition_every_draw_of_every_arm_is_trained_in_every_fold_once(self, pretend_race, draws):
        plan = Plan(draws, 1, 3, EPOCHS)
        race = pretend_race(plan).run().race
        assert keys(race.trials) == grid(range(draws), range(3))
        assert (race.draws_done, race.splits_done) == (draws, 3)
        assert race.networks == plan.networks

    @pytest.mark.parametrize(("draws", "kept"), [(3, 3), (4, 3), (8, 4)])
    def test_in_the_second_as_many_of_each_as_planned_and_those_in_every_fold(self, pretend_race, draws, kept):
        plan = Plan(draws, 2, 3, EPOCHS)
        race = pretend_race(plan).run().race
        first, second = ([trial for trial in race.trials if (trial.split >= 3) == late] for late in (False, True))
        assert keys(first) == grid(range(draws), range(3))
        assert keys(second) == grid(range(kept), range(3, 6))  # all are as good, so that the first go on
        assert (race.draws_done, race.splits_done) == (draws, 6)
        assert race.networks == plan.networks

    def test_so_few_draws_that_nothing_is_decided_are_trained_in_one_partition_alone(self, pretend_race):
        race = pretend_race(Plan(defaults.FEWEST_DRAWS - 1, 2, 3, EPOCHS)).run().race
        assert (race.draws_done, race.splits_done) == (2, 3)

    def test_each_is_handed_over_as_soon_as_it_is_done(self, pretend_race):
        pretended = pretend_race().run()
        own = {(trial.arm, trial.draw, trial.split): trial for trial in pretended.kept}
        trials = pretended.race.trials
        assert len(own) == len(pretended.kept) == len(trials)
        assert all(own[trial.arm, trial.draw, trial.split] == trial for trial in trials)

    def test_they_are_in_the_order_of_arms_draws_and_splits_whatever_was_done_first(self, pretend_race):
        places = [(ARMS.index(trial.arm), trial.draw, trial.split) for trial in pretend_race().run().race.trials]
        assert places == sorted(places)

    def test_a_trial_says_what_was_trained(self, pretend_race):
        pretended = pretend_race().run()
        members = {member.id: member for block in pretended.laboratory.blocks for member in block.members}
        for trial in pretended.race.trials:
            assert trial.id == trial_id(0, trial.arm, trial.draw, trial.split)
            assert trial.hyper == members[trial.id].hyper == pretended.race.drawn[trial.arm][trial.draw]
            assert trial.seed == members[trial.id].seed
            assert len(trial.curves) == len(trial.parts) == EPOCHS
            np.testing.assert_allclose(trial.parts.sum(axis=1), trial.curves[:, 1, 0])

    def test_each_is_trained_on_the_rows_of_its_split(self, pretend_race):
        pretended, found = pretend_race().run(), places()
        for block in pretended.laboratory.blocks:
            split = pretended.laboratory.split_of(block)
            assert {found[member.id][2] for member in block.members} == {split}

    def test_each_is_trained_by_the_program_of_its_arm(self, pretend_race):
        pretended, found = pretend_race().run(), places()
        for trainer in pretended.laboratory.trainers:
            trained = {found[member.id][0] for block in trainer.blocks for member in block.members}
            assert trained == {arm for arm in ARMS if pretended.laboratory.trainer(arm) is trainer}

    def test_no_block_is_overfull_and_all_train_as_long_as_planned(self, pretend_race):
        blocks = pretend_race(Plan(5, 2, 3, EPOCHS)).run().laboratory.blocks
        assert max(len(block.members) for block in blocks) == 4
        assert {block.epochs for block in blocks} == {EPOCHS}

    def test_the_plan_may_ask_for_more_draws_than_a_race_against_time_makes(self, pretend_race):
        assert pretend_race(Plan(33, 1, 3, EPOCHS)).run().race.draws_done == 33

    def test_steps_are_counted_as_full_batches_of_the_fit_rows(self, pretend_race):
        # Twenty fit rows in batches of four: four epochs are twenty batches.
        race = pretend_race().run().race
        assert race.steps == race.networks * 20

    def test_draws_are_made_for_as_many_steps(self, pretend_race):
        race = pretend_race().race
        for arm in ARMS:
            assert race.drawn[arm] == draws(arm, 32, 0, steps=20)
        searched = pretend_race(search=True).race
        assert searched.drawn[Arm("after")] == draws(Arm("after"), 32, 0, 20, search_batch_norm=True)


class TestOwnSurvivors:
    @pytest.fixture
    def loss_of(self):
        """Of arm number n the draws n, n + 1, n + 2, ... are the best, in that order, round about; from 0.5 on."""
        found = places()

        def loss_of(member):
            arm, draw, _ = found[member.id]
            return constant(0.5 + (draw - ARMS.index(arm)) % 8 / 10)

        return loss_of

    def test_every_arm_goes_on_with_the_best_of_its_own(self, pretend_race, loss_of):
        pretended = pretend_race(Plan(8, 2, 3, EPOCHS), curves=loss_of).run()
        for number, arm in enumerate(ARMS):
            assert pretended.second(arm) == {(number + place) % 8 for place in range(4)}

    def test_an_arm_whose_draws_are_all_bad_has_as_many(self, pretend_race):
        found = places()
        bad = Arm("after", dropout=True)
        pretended = pretend_race(curves=lambda member: constant(9.0 if found[member.id][0] == bad else 0.5)).run()
        assert {len(pretended.second(arm)) for arm in ARMS} == {3}

    def test_a_draw_that_diverged_stays_behind(self, pretend_race):
        found = places()
        lost = (PLAIN, 1, 2)
        pretended = pretend_race(curves=lambda member: constant(np.nan if found[member.id] == lost else 0.5)).run()
        assert pretended.second(PLAIN) == {0, 2, 3}
        assert pretended.second(ARMS[1]) == {0, 1, 2}

    def test_what_they_are_in_the_second_partition_does_not_matter(self, pretend_race, loss_of):
        found = places()
        usual = pretend_race(Plan(8, 2, 3, EPOCHS), curves=loss_of).run()
        spoilt = pretend_race(
            Plan(8, 2, 3, EPOCHS), curves=lambda m: loss_of(m) if found[m.id][2] < 3 else constant(0.01 * (m.id % 100))
        ).run()
        assert [usual.second(arm) for arm in ARMS] == [spoilt.second(arm) for arm in ARMS]


class TestSomeArms:
    def test_they_alone_are_trained_as_they_are_among_all(self, pretend_race):
        few, all_of_them = pretend_race(arms=SOME).run().race, pretend_race().run().race
        assert few.drawn.keys() == set(SOME)
        assert {trial.arm for trial in few.trials} == set(SOME)
        assert few.networks == len(SOME) * 3 * (4 + 3)
        expected = {key(trial): trial for trial in all_of_them.trials}
        for trial in few.trials:
            same = expected[key(trial)]
            assert (trial.id, trial.seed, trial.hyper) == (same.id, same.seed, same.hyper)

    def test_what_is_planned_is_theirs(self, pretend_race):
        told = pretend_race(arms=SOME).run().notebook.told
        assert {progress.planned for progress in told} == {len(SOME) * 3 * (4 + 3)}
        assert told[-1].done == told[-1].planned


class TestCommonRandomNumbers:
    def test_arms_and_draws_share_initial_weights_and_batch_order_within_a_split_alone(self, pretend_race):
        pretended = pretend_race(Plan(5, 2, 3, EPOCHS)).run()
        by_split = {}
        for block in pretended.laboratory.blocks:
            split = pretended.laboratory.split_of(block)
            by_split.setdefault(split, set()).update((member.seed, block.order) for member in block.members)
        assert by_split.keys() == set(range(6))
        assert {len(shared) for shared in by_split.values()} == {1}
        (seeds, orders) = zip(*itertools.chain(*by_split.values()), strict=True)
        assert len({*seeds, *orders}) == 12  # and no two of them are the same numbers

    def test_a_draw_differs_between_arms_in_its_techniques_alone(self, pretend_race):
        everything = Arm("before", True, True)
        for arm, drawn in pretend_race().race.drawn.items():
            for own, full in zip(drawn, pretend_race().race.drawn[everything], strict=True):
                assert own == full._replace(
                    dropout_rate=full.dropout_rate if arm.dropout else 0,
                    weight_decay=full.weight_decay if arm.weight_decay else 0,
                )

    def test_ids_are_unique_and_those_of_a_trial_whatever_else_is_trained(self):
        assert len(places(8, 10)) == 12 * 8 * 10
        assert trial_id(0, PLAIN, 1, 2) != trial_id(1, PLAIN, 1, 2)
        assert 0 <= trial_id(2**32 - 1, ARMS[-1], 31, 9) < 2**32

    @pytest.mark.parametrize("networks", [2, 8, 64])
    def test_how_networks_are_put_into_blocks_changes_nothing(self, pretend_race, networks):
        usual, other = pretend_race(), pretend_race()
        other.laboratory.shape.networks, other.laboratory.draws_in_a_block = networks, networks // 2
        one, same = ({key(trial): trial for trial in each.run().race.trials} for each in (usual, other))
        assert {len(block.members) for block in other.laboratory.blocks} != {4}
        assert one.keys() == same.keys()
        for place, trial in one.items():
            assert (trial.id, trial.seed, trial.hyper) == (same[place].id, same[place].seed, same[place].hyper)

    def test_another_study_seed_changes_everything_random(self, pretend_race):
        one, other = (pretend_race(seed=seed).run().laboratory.blocks[0] for seed in (0, 1))
        assert one.order != other.order
        assert one.members[0].seed != other.members[0].seed
        assert one.members[0].id != other.members[0].id
        assert one.members[0].hyper != other.members[0].hyper

    def test_arms_train_alike_where_their_numbers_are_alike(self, laboratory, splits):
        """Really trained: a decay of zero is no decay, and dropout changes nothing that has not learned yet."""
        race = Race(laboratory, [splits], Plan(2, 1, 3, EPOCHS), Record(), Silent())
        frozen = race.drawn[PLAIN][0]._replace(learning_rate=0.0)
        race.drawn[PLAIN][0] = race.drawn[Arm(dropout=True)][0] = frozen
        race.drawn[Arm(weight_decay=True)][1] = race.drawn[PLAIN][1]
        race.run()
        curves = {key(trial): trial.curves for trial in race.trials}
        for split in range(3):
            without_decay = curves[Arm(weight_decay=True), 1, split]
            np.testing.assert_array_equal(without_decay, curves[PLAIN, 1, split])
            initial = curves[Arm(dropout=True), 0, split]
            np.testing.assert_allclose(initial, curves[PLAIN, 0, split], rtol=1e-6)
            assert (np.ptp(without_decay[:, 0, 0]), np.ptp(initial[:, 0, 0])) > (0, 0)
        assert not np.array_equal(curves[PLAIN, 1, 0], curves[PLAIN, 1, 1])
        for trial in race.trials:
            np.testing.assert_allclose(trial.parts.sum(axis=1), trial.curves[:, 1, 0], rtol=1e-5)


class TestDivergence:
    def test_a_diverged_trial_is_marked_and_has_infinite_losses_from_there_on(self, pretend_race):
        lost = trial_id(0, PLAIN, 1, 2)

        def curves_of(member):
            curves = constant(0.5)
            curves[2:] = np.nan if member.id == lost else 0.5
            return curves

        race = pretend_race(ONCE, curves=curves_of).run().race
        assert [key(trial) for trial in race.trials if trial.ended == "diverged"] == [(PLAIN, 1, 2)]
        assert race.diverged == 1
        found = losses_of(race.trials)
        np.testing.assert_array_equal(found[PLAIN].score[1, 2], [0.5, 0.5, INF, INF])
        assert sum(np.isinf(found[arm].score).sum() for arm in ARMS) == 2

    def test_a_network_that_really_diverges_does_not_spoil_its_neighbours(self, laboratory, splits):
        def raced(learning_rate):
            race = Race(laboratory, [splits], Plan(2, 1, 3, EPOCHS), Record(), Silent())
            if learning_rate is not None:
                race.drawn[PLAIN][0] = race.drawn[PLAIN][0]._replace(learning_rate=learning_rate)
            race.run()
            return {key(trial): trial for trial in race.trials}

        sound, spoilt = raced(None), raced(1e38)
        assert {place for place, trial in spoilt.items() if trial.ended == "diverged"} == {
            (PLAIN, 0, split) for split in range(3)
        }
        assert all(trial.ended == "finished" for trial in sound.values())
        for place in grid(range(2), range(3)):
            if place[:2] != (PLAIN, 0):
                np.testing.assert_array_equal(spoilt[place].curves, sound[place].curves)


class TestWatching:
    def test_it_is_told_how_far_the_race_has_got(self, pretend_race):
        told = pretend_race().run().notebook.told
        assert [progress.done for progress in told] == sorted(progress.done for progress in told)
        assert (told[-1].done, told[-1].planned) == (252, 252)  # 12 arms, 3 folds, 4 draws and again 3
        assert [progress.round for progress in told] == [1] * 36 + [2] * 36
        assert told[0].best == INF  # nothing is known before the first block is done
        assert told[-1].best == 0.5
