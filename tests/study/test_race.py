"""Every arm's draws are trained in every split of one partition, its own better half in the next, and in time."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from studies import EPOCHS, FakeLaboratory, Notebook, losses_of

from goru.study import defaults
from goru.study.design import ARMS, PLAIN, Arm, draws
from goru.study.plan import Plan
from goru.study.race import Race, survivors, trial_id
from goru.study.watcher import Silent

INF = np.inf
PLAN = Plan(draws=4, partitions=2, folds=3, epochs=EPOCHS)
ONCE = Plan(draws=4, partitions=1, folds=3, epochs=EPOCHS)
SOME = (PLAIN, Arm(dropout=True), Arm("before", weight_decay=True))


def key(trial):
    return trial.arm, trial.draw, trial.split


def keys(trials) -> list:
    return sorted(map(key, trials), key=str)


def grid(draws, splits, arms=ARMS) -> list[tuple[Arm, int, int]]:
    return sorted(itertools.product(arms, draws, splits), key=str)


def constant(loss) -> np.ndarray:
    return np.full((EPOCHS, 2, 2), loss, np.float32)


def places(draws: int = 32, splits: int = 6) -> dict[int, tuple[Arm, int, int]]:
    """Which trial an id is of."""
    return {trial_id(0, *place): place for place in itertools.product(ARMS, range(draws), range(splits))}


class Pretended:
    """A race whose programs only pretend to train."""

    def __init__(self, monkeypatch, plan=PLAN, arms=ARMS, safety=1.0, grace=0.0, search=False, **laboratory):
        self.laboratory = FakeLaboratory(**laboratory)
        self.clock = self.laboratory.clock
        self.kept, self.notebook = [], Notebook()
        monkeypatch.setattr("goru.study.race.time", self.clock)
        monkeypatch.setattr("goru.study.race.SAFETY", safety)
        monkeypatch.setattr("goru.study.race.GRACE", grace)
        self.race = Race(
            self.laboratory, self.laboratory.partitions, plan, self.kept.extend, self.notebook, search, arms
        )

    def run(self, seconds: float | None = None, reserve: float = 0.0) -> "Pretended":
        self.race.run(None if seconds is None else self.clock.now + seconds, reserve)
        return self

    def second(self, arm: Arm) -> set[int]:
        """The draws of an arm that were trained in the second partition."""
        return {trial.draw for trial in self.race.trials if trial.arm == arm and trial.split >= 3}


@pytest.fixture
def pretend(monkeypatch):
    return lambda *args, **kwargs: Pretended(monkeypatch, *args, **kwargs)


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


class TestTrials:
    @pytest.mark.parametrize("draws", [1, 2, 3, 5])
    def test_in_one_partition_every_draw_of_every_arm_is_trained_in_every_fold_once(self, pretend, draws):
        plan = Plan(draws, 1, 3, EPOCHS)
        race = pretend(plan).run().race
        assert keys(race.trials) == grid(range(draws), range(3))
        assert (race.draws_done, race.splits_done) == (draws, 3)
        assert race.networks == plan.networks

    @pytest.mark.parametrize(("draws", "kept"), [(3, 3), (4, 3), (8, 4)])
    def test_in_the_second_as_many_of_each_as_planned_and_those_in_every_fold(self, pretend, draws, kept):
        plan = Plan(draws, 2, 3, EPOCHS)
        race = pretend(plan).run().race
        first, second = ([trial for trial in race.trials if (trial.split >= 3) == late] for late in (False, True))
        assert keys(first) == grid(range(draws), range(3))
        assert keys(second) == grid(range(kept), range(3, 6))  # all are as good, so that the first go on
        assert (race.draws_done, race.splits_done) == (draws, 6)
        assert race.networks == plan.networks

    def test_so_few_draws_that_nothing_is_decided_are_trained_in_one_partition_alone(self, pretend):
        race = pretend(Plan(defaults.FEWEST_DRAWS - 1, 2, 3, EPOCHS)).run().race
        assert (race.draws_done, race.splits_done) == (2, 3)

    def test_each_is_handed_over_as_soon_as_it_is_done(self, pretend):
        pretended = pretend().run()
        assert pretended.kept == pretended.race.trials

    def test_a_trial_says_what_was_trained(self, pretend):
        pretended = pretend().run()
        members = {member.id: member for block in pretended.laboratory.blocks for member in block.members}
        for trial in pretended.race.trials:
            assert trial.id == trial_id(0, trial.arm, trial.draw, trial.split)
            assert trial.hyper == members[trial.id].hyper == pretended.race.drawn[trial.arm][trial.draw]
            assert trial.seed == members[trial.id].seed
            assert len(trial.curves) == len(trial.parts) == EPOCHS
            np.testing.assert_allclose(trial.parts.sum(axis=1), trial.curves[:, 1, 0])

    def test_each_is_trained_on_the_rows_of_its_split(self, pretend):
        pretended, found = pretend().run(), places()
        for block in pretended.laboratory.blocks:
            split = pretended.laboratory.split_of(block)
            assert {found[member.id][2] for member in block.members} == {split}

    def test_each_is_trained_by_the_program_of_its_arm(self, pretend):
        pretended, found = pretend().run(), places()
        for trainer in pretended.laboratory.trainers:
            trained = {found[member.id][0] for block in trainer.blocks for member in block.members}
            assert trained == {arm for arm in ARMS if pretended.laboratory.trainer(arm) is trainer}

    def test_no_block_is_overfull_and_all_train_as_long_as_planned(self, pretend):
        blocks = pretend(Plan(5, 2, 3, EPOCHS)).run().laboratory.blocks
        assert max(len(block.members) for block in blocks) == 4
        assert {block.epochs for block in blocks} == {EPOCHS}

    def test_the_plan_may_ask_for_more_draws_than_a_race_against_time_makes(self, pretend):
        assert pretend(Plan(33, 1, 3, EPOCHS)).run().race.draws_done == 33

    def test_steps_are_counted_as_full_batches_of_the_fit_rows(self, pretend):
        # Twenty fit rows in batches of four: four epochs are twenty batches.
        race = pretend().run().race
        assert race.steps == race.networks * 20

    def test_draws_are_made_for_as_many_steps(self, pretend):
        race = pretend().race
        for arm in ARMS:
            assert race.drawn[arm] == draws(arm, 32, 0, steps=20)
        searched = pretend(search=True).race
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

    def test_every_arm_goes_on_with_the_best_of_its_own(self, pretend, loss_of):
        pretended = pretend(Plan(8, 2, 3, EPOCHS), curves=loss_of).run()
        for number, arm in enumerate(ARMS):
            assert pretended.second(arm) == {(number + place) % 8 for place in range(4)}

    def test_an_arm_whose_draws_are_all_bad_has_as_many(self, pretend):
        found = places()
        bad = Arm("after", dropout=True)
        pretended = pretend(curves=lambda member: constant(9.0 if found[member.id][0] == bad else 0.5)).run()
        assert {len(pretended.second(arm)) for arm in ARMS} == {3}

    def test_a_draw_that_diverged_stays_behind(self, pretend):
        found = places()
        lost = (PLAIN, 1, 2)
        pretended = pretend(curves=lambda member: constant(np.nan if found[member.id] == lost else 0.5)).run()
        assert pretended.second(PLAIN) == {0, 2, 3}
        assert pretended.second(ARMS[1]) == {0, 1, 2}

    def test_what_they_are_in_the_second_partition_does_not_matter(self, pretend, loss_of):
        found = places()
        usual = pretend(Plan(8, 2, 3, EPOCHS), curves=loss_of).run()
        spoilt = pretend(
            Plan(8, 2, 3, EPOCHS), curves=lambda m: loss_of(m) if found[m.id][2] < 3 else constant(0.01 * (m.id % 100))
        ).run()
        assert [usual.second(arm) for arm in ARMS] == [spoilt.second(arm) for arm in ARMS]


class TestSomeArms:
    def test_they_alone_are_trained_as_they_are_among_all(self, pretend):
        few, all_of_them = pretend(arms=SOME).run().race, pretend().run().race
        assert few.drawn.keys() == set(SOME)
        assert {trial.arm for trial in few.trials} == set(SOME)
        assert few.networks == len(SOME) * 3 * (4 + 3)
        expected = {key(trial): trial for trial in all_of_them.trials}
        for trial in few.trials:
            same = expected[key(trial)]
            assert (trial.id, trial.seed, trial.hyper) == (same.id, same.seed, same.hyper)

    def test_what_is_planned_is_theirs(self, pretend):
        told = pretend(arms=SOME).run().notebook.told
        assert {progress.planned for progress in told} == {len(SOME) * 3 * (4 + 3)}
        assert told[-1].done == told[-1].planned


class TestCommonRandomNumbers:
    def test_arms_and_draws_share_initial_weights_and_batch_order_within_a_split_alone(self, pretend):
        pretended = pretend(Plan(5, 2, 3, EPOCHS)).run()
        by_split = {}
        for block in pretended.laboratory.blocks:
            split = pretended.laboratory.split_of(block)
            by_split.setdefault(split, set()).update((member.seed, block.order) for member in block.members)
        assert by_split.keys() == set(range(6))
        assert {len(shared) for shared in by_split.values()} == {1}
        (seeds, orders) = zip(*itertools.chain(*by_split.values()), strict=True)
        assert len({*seeds, *orders}) == 12  # and no two of them are the same numbers

    def test_a_draw_differs_between_arms_in_its_techniques_alone(self, pretend):
        everything = Arm("before", True, True)
        for arm, drawn in pretend().race.drawn.items():
            for own, full in zip(drawn, pretend().race.drawn[everything], strict=True):
                assert own == full._replace(
                    dropout_rate=full.dropout_rate if arm.dropout else 0,
                    weight_decay=full.weight_decay if arm.weight_decay else 0,
                )

    def test_ids_are_unique_and_those_of_a_trial_whatever_else_is_trained(self):
        assert len(places(8, 10)) == 12 * 8 * 10
        assert trial_id(0, PLAIN, 1, 2) != trial_id(1, PLAIN, 1, 2)
        assert 0 <= trial_id(2**32 - 1, ARMS[-1], 31, 9) < 2**32

    @pytest.mark.parametrize("networks", [2, 8, 64])
    def test_how_networks_are_put_into_blocks_changes_nothing(self, pretend, networks):
        usual, other = pretend(), pretend()
        other.laboratory.shape.networks, other.laboratory.draws_in_a_block = networks, networks // 2
        one, same = ({key(trial): trial for trial in each.run().race.trials} for each in (usual, other))
        assert {len(block.members) for block in other.laboratory.blocks} != {4}
        assert one.keys() == same.keys()
        for place, trial in one.items():
            assert (trial.id, trial.seed, trial.hyper) == (same[place].id, same[place].seed, same[place].hyper)

    def test_another_study_seed_changes_everything_random(self, pretend):
        one, other = (pretend(seed=seed).run().laboratory.blocks[0] for seed in (0, 1))
        assert one.order != other.order
        assert one.members[0].seed != other.members[0].seed
        assert one.members[0].id != other.members[0].id
        assert one.members[0].hyper != other.members[0].hyper

    def test_arms_train_alike_where_their_numbers_are_alike(self, laboratory, splits):
        """Really trained: a decay of zero is no decay, and dropout changes nothing that has not learned yet."""
        race = Race(laboratory, [splits], Plan(2, 1, 3, EPOCHS), lambda trials: None, Silent())
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


class TestDeadline:
    """Two draws of all arms take 6 s in a fold here, a second for each program, and 18 s in a partition of three."""

    def test_one_in_the_past_leaves_the_first_partition_complete_and_nothing_else(self, pretend):
        pretended = pretend().run(-5)
        assert keys(pretended.kept) == grid(range(4), range(3))
        assert pretended.race.trials == pretended.kept
        assert (pretended.race.draws_done, pretended.race.splits_done) == (4, 3)

    @pytest.mark.parametrize(("draws", "networks", "trained"), [(2, 4, 2), (3, 4, 3), (8, 4, 4), (8, 2, 3), (8, 8, 4)])
    def test_under_one_the_first_few_draws_show_how_many_there_may_be(self, pretend, draws, networks, trained):
        pretended = pretend(Plan(draws, 2, 3, EPOCHS))
        pretended.laboratory.shape.networks, pretended.laboratory.draws_in_a_block = networks, networks // 2
        assert pretended.run(-5).race.draws_done == trained  # three, or what fills a block

    def test_of_five_folds_one_in_the_past_leaves_the_three_that_must_be(self, pretend):
        race = pretend(Plan(2, 2, 5, EPOCHS), folds=5).run(-5).race
        assert (race.draws_done, race.splits_done) == (2, 3)
        assert keys(race.trials) == grid(range(2), range(3))

    def test_of_five_folds_all_are_trained_where_there_is_time(self, pretend):
        race = pretend(Plan(2, 2, 5, EPOCHS), folds=5).run(31).race
        assert (race.draws_done, race.splits_done) == (2, 5)
        assert keys(race.trials) == grid(range(2), range(5))

    def test_folds_that_the_deadline_cuts_off_are_not_counted(self, pretend):
        race = pretend(Plan(2, 2, 5, EPOCHS), folds=5).run(25).race  # 18 s for three folds, 12 s for two more
        assert race.splits_done == 3
        assert {trial.split for trial in race.trials} == {0, 1, 2}
        assert race.networks > len(race.trials)

    def test_without_one_only_the_plan_is_trained(self, pretend):
        assert pretend(ONCE).run(None).race.networks == ONCE.networks
        assert pretend(PLAN).run(None).race.networks == PLAN.networks


class TestSecondPartition:
    """Four draws take 36 s in a partition, and so do three: blocks hold two."""

    @pytest.mark.parametrize(
        ("left", "draws"),
        [
            (0, 0),
            (19, 0),  # there is time for two draws of each arm, and three are needed
            (35, 0),
            (37, 4),  # a block that holds three holds four
            (53, 4),
        ],
    )
    def test_as_many_draws_go_on_as_there_is_time_for(self, pretend, left, draws):
        pretended = pretend().run(36 + left)
        assert pretended.race.splits_done == (6 if draws else 3)
        assert {len(pretended.second(arm)) for arm in ARMS} == {draws}
        assert pretended.race.draws_done == 4

    def test_the_plan_need_not_have_asked_for_it(self, pretend):
        assert pretend(ONCE).run(36 + 37).race.splits_done == 6

    def test_it_takes_what_time_the_draws_will_not_need_that_are_trained_again(self, pretend):
        """Best after one epoch of four, where 60 % are expected: 35 % of what training at full length takes."""

        def curve(best):
            losses = constant(0.5)
            losses[best - 1] = 0.4
            return losses

        # 36 s and 19 s more: 18 s are missing. 35 % of 52 s are just that; after two epochs of four it is 10 %.
        assert pretend(curves=lambda _: curve(1)).run(36 + 19, reserve=52).race.splits_done == 6
        assert pretend(curves=lambda _: curve(1)).run(36 + 19, reserve=48).race.splits_done == 3
        assert pretend(curves=lambda _: curve(2)).run(36 + 19, reserve=52).race.splits_done == 3
        assert pretend(curves=lambda _: curve(2)).run(36 + 19, reserve=190).race.splits_done == 6
        assert pretend(curves=lambda _: curve(4)).run(36 + 19, reserve=1e9).race.splits_done == 3

    def test_the_arm_that_trains_longest_says_how_much_that_is(self, pretend):
        found = places()

        def curves(member):
            curves = constant(0.5)
            curves[3 if found[member.id][0] == ARMS[7] else 0] = 0.4
            return curves

        assert pretend(curves=curves).run(36 + 19, reserve=1e9).race.splits_done == 3

    def test_what_was_measured_once_may_take_a_little_longer(self, pretend):
        # A tenth more: 39.6 s for four draws.
        assert pretend(safety=1.1).run(36 + 39).race.splits_done == 3
        assert pretend(safety=1.1).run(36 + 40).race.splits_done == 6

    @pytest.mark.parametrize(
        ("slower", "grace", "done"),
        [
            (1.0, 0.0, True),
            (1.1, 0.0, False),  # 39.6 s instead of 36, and 37 there are
            (1.1, 0.15, True),  # 5.55 s of grace
            (1.3, 0.15, False),  # 46.8 s
        ],
    )
    def test_one_that_is_late_is_thrown_away_unless_by_a_little(self, pretend, slower, grace, done):
        trained = itertools.count(1)

        def curves(member):
            if next(trained) == 12 * 4 * 3:
                for trainer in pretended.laboratory.trainers:
                    trainer.seconds = slower
            return constant(0.5)

        pretended = pretend(curves=curves, grace=grace)
        pretended.run(36 + 37)
        assert pretended.race.splits_done == (6 if done else 3)
        assert pretended.race.draws_done == 4
        assert len(pretended.race.trials) == 12 * 4 * (6 if done else 3)
        assert pretended.race.networks == len(pretended.kept) >= len(pretended.race.trials)

    def test_the_shares_are_the_usual_ones(self):
        from goru.study import race

        assert (race.SAFETY, race.GRACE) == (1.1, 0.15)


class TestMoreDraws:
    def test_where_there_is_one_partition_all_time_that_is_left_pays_for_them(self, pretend):
        race = pretend(ONCE, partitions=1).run(18 * 4 + 1).race
        assert (race.draws_done, race.splits_done) == (8, 3)
        assert keys(race.trials) == grid(range(8), range(3))

    @pytest.mark.parametrize(
        ("left", "draws", "second"),
        [
            # The second partition takes two blocks at least, for three draws, and half as many as the first. Two more
            # draws in both are a block and a half.
            (18 * 3 + 1, 4, 4),  # three blocks are not two and one and a half
            (18 * 4 + 1, 6, 6),  # four are; one is trained, and three are left
            (18 * 5 + 1, 8, 6),
            (18 * 6 + 1, 10, 6),
        ],
    )
    def test_where_there_are_two_the_better_half_of_them_must_still_go_on(self, pretend, left, draws, second):
        pretended = pretend().run(36 + left)
        assert pretended.race.draws_done == draws
        assert {len(pretended.second(arm)) for arm in ARMS} == {second}
        assert pretended.clock.now <= 1000 + 36 + left

    def test_how_many_there_may_be_is_told_by_the_last_ones(self, pretend):
        trained = itertools.count(1)

        def curves(member):
            if next(trained) == 144:  # others leave the machine to it
                for trainer in pretended.laboratory.trainers:
                    trainer.seconds = 0.5
            return constant(0.5)

        pretended = pretend(ONCE, partitions=1, curves=curves)
        # 36 s for four draws, 9 s for two more, though 18 were expected, and three times 9 s.
        assert pretended.run(36 + 18 + 18 + 1).race.draws_done == 12

    def test_it_does_not_begin_what_it_cannot_finish(self, pretend):
        pretended = pretend(ONCE, partitions=1).run(18 * 3 - 1)
        assert pretended.race.draws_done == 4
        assert len(pretended.kept) == 12 * 4 * 3

    def test_those_that_the_deadline_cuts_off_are_kept_but_not_counted(self, pretend):
        trained = itertools.count(1)

        def curves(member):
            if next(trained) == 144:  # the machine is shared, and after the first four draws slower
                for trainer in pretended.laboratory.trainers:
                    trainer.seconds = 5.0
            return constant(0.5)

        pretended = pretend(ONCE, partitions=1, curves=curves)
        pretended.run(18 * 3 + 1)
        assert pretended.race.draws_done == 4
        assert keys(pretended.race.trials) == grid(range(4), range(3))
        assert [trial.draw for trial in pretended.kept[144:]] == [4, 4, 5, 5] * 3  # three blocks were in time
        assert pretended.race.networks == 156

    def test_there_are_thirty_two_at_most_however_much_time_there_is(self, pretend):
        pretended = pretend().run(1e9)
        assert pretended.race.draws_done == 32
        assert keys(pretended.race.trials) == grid(range(32), range(6))


class TestDivergence:
    def test_a_diverged_trial_is_marked_and_has_infinite_losses_from_there_on(self, pretend):
        lost = trial_id(0, PLAIN, 1, 2)

        def curves_of(member):
            curves = constant(0.5)
            curves[2:] = np.nan if member.id == lost else 0.5
            return curves

        race = pretend(ONCE, curves=curves_of).run().race
        assert [key(trial) for trial in race.trials if trial.ended == "diverged"] == [(PLAIN, 1, 2)]
        assert race.diverged == 1
        found = losses_of(race.trials)
        np.testing.assert_array_equal(found[PLAIN].score[1, 2], [0.5, 0.5, INF, INF])
        assert sum(np.isinf(found[arm].score).sum() for arm in ARMS) == 2

    def test_a_network_that_really_diverges_does_not_spoil_its_neighbours(self, laboratory, splits):
        def raced(learning_rate):
            race = Race(laboratory, [splits], Plan(2, 1, 3, EPOCHS), lambda trials: None, Silent())
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
    def test_it_is_told_how_far_the_race_has_got(self, pretend):
        told = pretend().run().notebook.told
        assert [progress.done for progress in told] == sorted(progress.done for progress in told)
        assert (told[-1].done, told[-1].planned) == (252, 252)  # 12 arms, 3 folds, 4 draws and again 3
        assert [progress.round for progress in told] == [1] * 36 + [2] * 36
        assert told[0].best == INF  # nothing is known before the first block is done
        assert told[-1].best == 0.5

    def test_what_is_planned_grows_with_the_time_that_is_left(self, pretend):
        told = pretend().run(36 + 18 * 4 + 1).notebook.told
        # Of 36 networks of a draw: four draws and again three; six and half of them; six and in the end all of them.
        assert (told[0].planned, told[36].planned, told[54].planned) == (7 * 36, 9 * 36, 12 * 36)
        assert told[-1].done == 12 * 36
        assert all(progress.done <= progress.planned for progress in told)
        assert [progress.round for progress in told] == [1] * 36 + [2] * 18 + [3] * 54
