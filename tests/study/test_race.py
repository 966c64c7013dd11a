"""Every arm's draws are trained in every split, on common random numbers, and in time."""

import itertools

import numpy as np
import pytest
from studies import EPOCHS, FakeLaboratory, Notebook

from goru.study import defaults
from goru.study.design import ARMS, PLAIN, Arm
from goru.study.plan import Plan
from goru.study.race import Race, trial_id
from goru.study.trial import score_losses
from goru.study.watcher import Silent

PLAN = Plan(folds=3, draws=2, epochs=EPOCHS)


def key(trial):
    return trial.arm, trial.draw, trial.split


def everything(draws: int) -> list[tuple[Arm, int, int]]:
    return list(itertools.product(ARMS, range(draws), range(3)))


class Pretended:
    """A race whose programs only pretend to train."""

    def __init__(self, monkeypatch, plan=PLAN, **laboratory):
        self.laboratory = FakeLaboratory(**laboratory)
        self.clock = self.laboratory.clock
        self.kept, self.notebook = [], Notebook()
        monkeypatch.setattr("goru.study.race.time", self.clock)
        self.race = Race(self.laboratory, self.laboratory.rows, plan, self.kept.extend, self.notebook)

    def run(self, seconds: float | None = None) -> "Pretended":
        self.race.run(None if seconds is None else self.clock.now + seconds)
        return self


@pytest.fixture
def pretend(monkeypatch):
    return lambda *args, **kwargs: Pretended(monkeypatch, *args, **kwargs)


class TestTrials:
    @pytest.mark.parametrize("draws", [1, 2, 3, 5])
    def test_every_arm_and_draw_is_trained_in_every_split_once(self, pretend, draws):
        race = pretend(Plan(3, draws, EPOCHS)).run().race
        assert sorted(map(key, race.trials), key=str) == sorted(everything(draws), key=str)
        assert race.draws_done == draws
        assert race.networks == len(ARMS) * draws * 3

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
            assert len(trial.curves) == EPOCHS

    def test_no_block_is_overfull_and_all_train_as_long_as_planned(self, pretend):
        blocks = pretend(Plan(3, 5, EPOCHS)).run().laboratory.blocks
        assert max(len(block.members) for block in blocks) == 4
        assert {block.epochs for block in blocks} == {EPOCHS}

    def test_the_plan_may_ask_for_more_draws_than_a_race_against_time_makes(self, pretend):
        assert pretend(Plan(3, defaults.MOST_DRAWS + 1, EPOCHS)).run().race.draws_done == defaults.MOST_DRAWS + 1

    def test_steps_are_counted_as_full_batches_of_the_fit_rows(self, pretend):
        # Ten fit rows in batches of four: four epochs are ten batches.
        race = pretend().run().race
        assert race.steps == race.networks * (EPOCHS * 10 // 4)


class TestCommonRandomNumbers:
    def test_arms_and_draws_share_initial_weights_and_batch_order_within_a_split_alone(self, pretend):
        pretended = pretend(Plan(3, 5, EPOCHS)).run()
        by_split = {}
        for block in pretended.laboratory.blocks:
            split = [rows is block.rows for rows in pretended.laboratory.rows].index(True)
            by_split.setdefault(split, set()).update((member.seed, block.order) for member in block.members)
        assert {len(shared) for shared in by_split.values()} == {1}
        (seeds, orders) = zip(*itertools.chain(*by_split.values()), strict=True)
        assert len({*seeds, *orders}) == 6  # and no two of them are the same numbers

    def test_ids_are_unique_and_those_of_a_trial_whatever_else_is_trained(self):
        grid = itertools.product(ARMS, range(8), range(5))
        assert len({trial_id(0, *place) for place in grid}) == 12 * 8 * 5
        assert trial_id(0, PLAIN, 1, 2) != trial_id(1, PLAIN, 1, 2)
        assert 0 <= trial_id(2**32 - 1, ARMS[-1], 31, 4) < 2**32

    def test_another_study_seed_changes_everything_random(self, pretend):
        one, other = (pretend(seed=seed).run().laboratory.blocks[0] for seed in (0, 1))
        assert one.order != other.order
        assert one.members[0].seed != other.members[0].seed
        assert one.members[0].id != other.members[0].id
        assert one.members[0].hyper != other.members[0].hyper

    def test_arms_train_alike_where_their_numbers_are_alike(self, laboratory, splits):
        """Really trained: a decay of zero is no decay, and dropout changes nothing that has not learned yet."""
        race = Race(laboratory, [laboratory.rows(split) for split in splits], PLAN, lambda trials: None, Silent())
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


class TestDeadline:
    """A wave of the first two draws takes 18 s here: six programs, three splits, a second a block."""

    def test_a_deadline_in_the_past_leaves_the_first_draws_complete_and_nothing_else(self, pretend):
        pretended = pretend().run(-5)
        assert sorted(map(key, pretended.kept), key=str) == sorted(everything(2), key=str)
        assert pretended.race.trials == pretended.kept
        assert pretended.race.draws_done == 2

    def test_of_five_folds_a_deadline_in_the_past_leaves_the_three_that_must_be(self, pretend):
        race = pretend(Plan(5, 2, EPOCHS), splits=5).run(-5).race
        assert (race.draws_done, race.splits_done) == (2, 3)
        assert sorted(map(key, race.trials), key=str) == sorted(everything(2), key=str)

    def test_of_five_folds_all_are_trained_where_there_is_time(self, pretend):
        race = pretend(Plan(5, 2, EPOCHS), splits=5).run(31).race
        assert (race.draws_done, race.splits_done) == (2, 5)
        assert len(race.trials) == 12 * 2 * 5

    def test_folds_that_the_deadline_cuts_off_are_not_counted(self, pretend):
        race = pretend(Plan(5, 2, EPOCHS), splits=5).run(25).race  # 18 s for three folds, 12 s for two more
        assert race.splits_done == 3
        assert {trial.split for trial in race.trials} == {0, 1, 2}
        assert race.networks > len(race.trials)

    def test_what_time_is_left_pays_for_more_draws(self, pretend):
        race = pretend().run(18 * 3 + 1).race
        assert race.draws_done == 6
        assert sorted(map(key, race.trials), key=str) == sorted(everything(6), key=str)

    def test_it_does_not_begin_what_it_cannot_finish(self, pretend):
        pretended = pretend().run(18 * 2 - 1)
        assert pretended.race.draws_done == 2
        assert len(pretended.kept) == 72

    def test_draws_that_the_deadline_cuts_off_are_kept_but_not_counted(self, pretend):
        trained = itertools.count(1)

        def losses(member):
            if next(trained) == 72:  # the machine is shared, and from the second wave on slower
                for trainer in pretended.laboratory.trainers:
                    trainer.seconds = 5.0
            return np.full((EPOCHS, 2, 2), 0.5, np.float32)

        pretended = pretend(losses=losses)
        pretended.run(18 * 2 + 1)
        assert pretended.race.draws_done == 2
        assert sorted(map(key, pretended.race.trials), key=str) == sorted(everything(2), key=str)
        assert [trial.draw for trial in pretended.kept[72:]] == [2, 2, 3, 3] * 3  # three blocks were in time
        assert pretended.race.networks == 84

    def test_it_ends_when_all_draws_are_made_however_much_time_there_is(self, pretend):
        pretended = pretend().run(1e9)
        assert pretended.race.draws_done == defaults.MOST_DRAWS
        assert len(pretended.race.trials) == 12 * 3 * defaults.MOST_DRAWS

    def test_without_a_deadline_only_the_plan_is_trained(self, pretend):
        assert pretend().run(None).race.draws_done == PLAN.draws


class TestDivergence:
    def test_a_diverged_trial_is_marked_and_has_infinite_losses_from_there_on(self, pretend):
        lost = trial_id(0, PLAIN, 1, 2)

        def losses(member):
            curves = np.full((EPOCHS, 2, 2), 0.5, np.float32)
            curves[2:] = np.nan if member.id == lost else 0.5
            return curves

        trials = pretend(losses=losses).run().race.trials
        assert [key(trial) for trial in trials if trial.ended == "diverged"] == [(PLAIN, 1, 2)]
        found = score_losses(trials)
        np.testing.assert_array_equal(found[PLAIN][1, 2], [0.5, 0.5, np.inf, np.inf])
        assert sum(np.isinf(found[arm]).sum() for arm in ARMS) == 2

    def test_a_network_that_really_diverges_does_not_spoil_its_neighbours(self, laboratory, splits):
        rows = [laboratory.rows(split) for split in splits]

        def raced(learning_rate):
            race = Race(laboratory, rows, PLAN, lambda trials: None, Silent())
            if learning_rate is not None:
                race.drawn[PLAIN][0] = race.drawn[PLAIN][0]._replace(learning_rate=learning_rate)
            race.run()
            return {key(trial): trial for trial in race.trials}

        sound, spoilt = raced(None), raced(1e38)
        assert {place for place, trial in spoilt.items() if trial.ended == "diverged"} == {
            (PLAIN, 0, split) for split in range(3)
        }
        assert all(trial.ended == "finished" for trial in sound.values())
        for place in everything(2):
            if place[:2] != (PLAIN, 0):
                np.testing.assert_array_equal(spoilt[place].curves, sound[place].curves)


class TestWatching:
    def test_it_is_told_how_far_the_race_has_got(self, pretend):
        told = pretend().run().notebook.told
        assert [progress.done for progress in told] == sorted(progress.done for progress in told)
        assert (told[-1].done, told[-1].planned, told[-1].round) == (72, 72, 1)
        assert told[0].best == np.inf  # nothing is known before the first block is done
        assert told[-1].best == 0.5

    def test_what_is_planned_grows_with_the_time_that_is_left(self, pretend):
        told = pretend().run(18 * 3 + 1).notebook.told
        assert told[0].planned == 72
        assert (told[-1].planned, told[-1].done) == (216, 216)
        assert all(progress.done <= progress.planned for progress in told)
        assert [progress.round for progress in told] == sorted([1, 2, 3] * 18)
