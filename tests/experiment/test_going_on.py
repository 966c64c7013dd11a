"""A race that goes on from a record ends as it would have ended: the same trials, and nothing is trained twice."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from experiments import EPOCHS, ONCE, TWICE, constant, grid, key, keys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goru.experiment.plan import Asked, Plan
from goru.experiment.racing.record import Record


def own(job):
    """Curves that are a function of the job, as those of networks are."""
    return np.random.default_rng(job.id).random((EPOCHS, 2, 2)).astype(np.float32)


class Blocks(Record):
    """A record that knows which trials came together."""

    def __init__(self):
        super().__init__()
        self.blocks = []

    def add(self, trials):
        self.blocks.append(list(trials))
        return super().add(self.blocks[-1])


def recorded(trials, **facts) -> Record:
    record = Record()
    record.add(trials)
    for name, value in facts.items():
        record.remember(name, value)
    return record


def stopped_after(blocks, pretended) -> Record:
    """What a race had recorded when it had trained so many blocks."""
    return recorded([trial for block in pretended.record.blocks[:blocks] for trial in block])


def cells(trial):
    return dict(trial.values), trial.id, trial.seed, trial.curves.tobytes(), trial.parts.tobytes(), trial.ended


def found(pretended):
    """All that is asked of a race."""
    race = pretended.race
    places = [{key(trial): cells(trial) for trial in trials} for trials in (race.trials, pretended.kept, race.made)]
    return (race.configurations_done, race.splits_done), [len(race.trials), len(pretended.kept), len(race.made)], places


PLANS = {
    "one partition": ONCE,
    "two partitions": TWICE,
    "so many configurations that some blocks are not full": Plan(5, 2, 3, EPOCHS),
    "a single configuration": Plan(1, 2, 3, EPOCHS),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
class TestWithoutADeadline:
    def test_stopped_after_any_block_it_ends_the_same_and_trains_what_is_missing(self, pretend_race, plan):
        whole = pretend_race(plan, curves=own, record=Blocks()).run()
        blocks = len(whole.laboratory.blocks)
        for done in range(blocks + 1):
            again = pretend_race(plan, curves=own, record=stopped_after(done, whole)).run()
            assert found(again) == found(whole)
            assert len(again.laboratory.blocks) == blocks - done
            assert all(block in whole.laboratory.blocks for block in again.laboratory.blocks)

    def test_stopped_after_every_block_it_ends_the_same(self, pretend_race, plan):
        whole = pretend_race(plan, curves=own, record=Blocks()).run()
        record, times = Record(), 0
        while True:
            one = pretend_race(plan, curves=own, record=record)
            watched, before = record.add, len(record.trials)

            def once(trials, add=watched, record=record, before=before):
                if len(record.trials) > before:
                    raise KeyboardInterrupt
                return add(trials)

            record.add = once
            try:
                one.run()
                break
            except KeyboardInterrupt:
                record.add, times = watched, times + 1
        assert found(one) == found(whole)
        assert times == len(whole.laboratory.blocks) - 1


class TestAnyPartOfIt:
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_whatever_trials_are_recorded_the_others_alone_are_trained(self, pretend_race, data):
        """Blocks are recorded as a whole; but nothing depends on it."""
        whole = pretend_race(TWICE, curves=own, record=Blocks()).run()
        known = data.draw(st.lists(st.sampled_from(range(len(whole.kept))), unique=True))
        again = pretend_race(TWICE, curves=own, record=recorded([whole.kept[place] for place in known])).run()
        assert found(again) == found(whole)
        trained = [job.id for block in again.laboratory.blocks for job in block]
        assert sorted(trained) == sorted(trial.id for place, trial in enumerate(whole.kept) if place not in known)

    def test_a_partly_recorded_block_is_trained_for_its_others(self, pretend_race):
        whole = pretend_race(ONCE, curves=own, record=Blocks()).run()
        again = pretend_race(ONCE, curves=own, record=recorded(whole.kept[:-3])).run()
        (block,) = again.laboratory.blocks
        assert [job.id for job in block] == [trial.id for trial in whole.kept[-3:]]
        assert found(again) == found(whole)

    def test_one_that_diverged_is_not_tried_again(self, pretend_race):
        whole = pretend_race(ONCE, curves=lambda _: constant(np.nan)).run()
        again = pretend_race(ONCE, curves=own, record=recorded(whole.kept)).run()
        assert [trial.ended for trial in again.race.made] == ["diverged"] * len(whole.kept)
        assert again.laboratory.blocks == []

    def test_what_a_record_has_beside_it_does_no_harm(self, pretend_race):
        """As trials of a second partition that there was no time for in the end."""
        more = pretend_race(Plan(8, 2, 3, EPOCHS), curves=own).run()
        assert found(pretend_race(TWICE, curves=own, record=recorded(more.kept)).run())[0] == (4, 6)


class TestWatching:
    def test_it_is_told_what_had_been_trained_before(self, pretend_race):
        whole = pretend_race(record=Blocks()).run()
        again = pretend_race(record=stopped_after(30, whole)).run()
        usual = [(progress.done, progress.planned, progress.round) for progress in whole.notebook.told]
        told = [(progress.done, progress.planned, progress.round) for progress in again.notebook.told]
        assert told[-1] == usual[-1]
        assert all(done > 0 for done, _, _ in told)
        assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)

    def test_the_best_loss_is_that_of_all(self, pretend_race):
        whole = pretend_race(ONCE, curves=own, record=Blocks()).run()
        again = pretend_race(ONCE, curves=own, record=stopped_after(35, whole)).run()
        assert again.notebook.told[0].best == min(trial.best for trial in whole.kept[:-2])


def with_deadline(pretend_race, seconds, record=None, spent=0.0, reserve=0.0, **how):
    """A race of so many seconds, of which some are spent already."""
    return pretend_race(curves=own, record=record or Blocks(), **how).run(seconds - spent, reserve)


class TestUnderADeadline:
    """Every block takes a second here: so many as are recorded, so many seconds are spent."""

    # The least; more configurations in two folds. A first partition of 36 s, and then more configurations,
    # a second partition, or both.
    SECONDS = (-5, 25, 36 + 17, 36 + 19, 36 + 37, 36 + 18 * 4 + 1, 36 + 18 * 6 + 1)

    @pytest.mark.parametrize("seconds", SECONDS)
    def test_stopped_after_any_block_it_ends_the_same(self, pretend_race, seconds):
        whole = with_deadline(pretend_race, seconds)
        blocks = len(whole.laboratory.blocks)
        for done in {0, *range(1, blocks, 3), blocks}:
            record = stopped_after(done, whole)
            if done >= 12:
                record.remember("pace", whole.record.recall("pace"))
            if done >= sum(block[0].split < 3 for block in whole.record.blocks):
                record.remember("others", whole.record.recall("others"))
            again = with_deadline(pretend_race, seconds, record, spent=done)
            assert found(again) == found(whole)
            assert len(again.laboratory.blocks) == len(whole.laboratory.blocks) - done

    @pytest.mark.parametrize("seconds", [25, 31, 50])
    @pytest.mark.parametrize("asked", [None, Asked((5,), EPOCHS)])
    def test_of_five_folds_those_are_trained_that_would_have_been(self, pretend_race, seconds, asked):
        plan = Plan(2, 2, 5, EPOCHS)
        how = {"plan": plan if asked is None else replace(plan, asked=asked), "folds": 5}
        whole = with_deadline(pretend_race, seconds, **how)
        for done in range(0, len(whole.laboratory.blocks) + 1, 3):
            record = stopped_after(done, whole)
            if done >= 12:
                record.remember("pace", whole.record.recall("pace"))
            again = with_deadline(pretend_race, seconds, record, spent=done, **how)
            assert again.race.splits_done == whole.race.splits_done
            assert again.race.configurations_done == whole.race.configurations_done

    def test_time_that_is_spent_counts(self, pretend_race):
        """A process that was killed after 30 s of 55 has 25 s left: not enough for more configurations."""
        whole = with_deadline(pretend_race, 36 + 19)
        assert whole.race.configurations_done == 6
        record = stopped_after(10, whole)
        assert with_deadline(pretend_race, 36 + 19, record, spent=30).race.configurations_done == 4

    def test_more_configurations_that_were_recorded_are_taken_though_no_time_is_left(self, pretend_race):
        whole = with_deadline(pretend_race, 36 + 18 * 2 + 1, plan=ONCE, partitions=1)
        assert whole.race.configurations_done == 8
        again = with_deadline(pretend_race, 0, recorded(whole.kept), spent=100, plan=ONCE, partitions=1)
        assert found(again) == found(whole)
        assert again.laboratory.blocks == []

    def test_those_that_are_not_recorded_in_every_fold_are_kept_but_not_counted(self, pretend_race):
        whole = with_deadline(pretend_race, 36 + 18 + 1, plan=ONCE, partitions=1)
        for missing in (1, 4, 40):
            record = recorded(whole.kept[:-missing])
            again = with_deadline(pretend_race, 0, record, spent=100, plan=ONCE, partitions=1)
            assert again.race.configurations_done == 4
            assert keys(again.race.trials) == grid(range(4), range(3))
            assert len(again.kept) == len(whole.kept) - missing

    def test_where_there_is_time_they_are_trained_in_the_others(self, pretend_race):
        whole = with_deadline(pretend_race, 36 + 18 + 1, plan=ONCE, partitions=1)
        record = recorded(whole.kept[:-4], pace=6.0)
        again = with_deadline(pretend_race, 18.5, record, plan=ONCE, partitions=1)
        assert found(again) == found(whole)
        assert len(again.laboratory.blocks) == 1

    def test_a_second_partition_that_was_begun_is_finished_where_the_time_is_enough_for_the_rest(self, pretend_race):
        """A whole one would take 36 s, and there are 2."""
        whole = with_deadline(pretend_race, 36 + 37)
        assert whole.race.splits_done == 6
        record = recorded(whole.kept[:-8], pace=6.0, others=whole.record.recall("others"))
        again = with_deadline(pretend_race, 2.5, record)
        assert found(again) == found(whole)
        assert len(again.laboratory.blocks) == 2

    def test_where_it_is_not_enough_it_is_left_out(self, pretend_race):
        whole = with_deadline(pretend_race, 36 + 37)
        record = recorded(whole.kept[:-8], pace=6.0, others=whole.record.recall("others"))
        again = with_deadline(pretend_race, 1.5, record)
        assert (again.race.splits_done, again.race.configurations_done) == (3, 4)

    def test_how_long_blocks_take_is_told_by_those_that_are_trained_now(self, pretend_race):
        """Those that were recorded take no time: 12 s for four configurations in the last fold are 18 s for two in
        three."""
        whole = with_deadline(pretend_race, 36.5)
        first = [trial for trial in whole.kept if trial.split < 2]
        for seconds, configurations in ((5, 4), (12 + 17, 4), (12 + 19, 6)):
            again = with_deadline(pretend_race, seconds, recorded(first), plan=ONCE, partitions=1)
            assert again.race.configurations_done == configurations

    def test_a_block_that_is_missing_tells_as_much_as_all(self, pretend_race):
        whole = with_deadline(pretend_race, 36.5)
        for seconds, configurations in ((1 + 17, 4), (1 + 19, 6)):
            again = with_deadline(pretend_race, seconds, recorded(whole.kept[:-4]), plan=ONCE, partitions=1)
            assert again.race.configurations_done == configurations

    def test_where_all_were_recorded_the_record_tells(self, pretend_race):
        whole = with_deadline(pretend_race, 36.5)
        for pace, configurations in (
            (6.0, 6),
            (7.0, 4),
        ):  # of two configurations of every arm in a fold, and there are three
            record = recorded(whole.kept, pace=pace)
            assert (
                with_deadline(pretend_race, 19, record, plan=ONCE, partitions=1).race.configurations_done
                == configurations
            )

    def test_what_is_told_is_never_more_than_what_is_planned(self, pretend_race):
        whole = with_deadline(pretend_race, 36 + 18 * 4 + 1)
        for done, spent in itertools.product((0, 36, 50, 60, 80), (0, 60, 100)):
            again = with_deadline(pretend_race, 36 + 18 * 4 + 1, stopped_after(done, whole), spent=spent)
            assert all(progress.done <= progress.planned for progress in again.notebook.told)
