"""Looks at the answers while a race goes on: when one is due, what it costs, and when it ends the race."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from experiments import ARMS, DESIGN, EPOCHS, Notebook, constant, losses_of
from judging import effects_of

from goru.experiment import defaults
from goru.experiment.effects.effects import Compared
from goru.experiment.fraction import fraction
from goru.experiment.plan import Cut, Plan
from goru.experiment.racing.looks import GROWTH, Looks, error, left_over
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent

ALPHA = 1 - defaults.CONFIDENCE
PLAN = Plan(configurations=6, partitions=2, folds=3, epochs=EPOCHS)


def every_effect_is_large(job):
    """Much larger than what configurations and splits change."""
    batch_norm = {None: 4.0, "before": 2.0, "after": 1.0}[job.arm["batch_norm"]]
    loss = batch_norm + job.arm["dropout"] + job.arm["weight_decay"]
    return constant(loss + 0.002 * job.configuration + 0.001 * job.split)


def nothing_is_known(job):
    return constant(1 + np.random.default_rng(job.id).random())


class Raced:
    """A race with looks, in a laboratory that only pretends to train."""

    def __init__(self, pretend_race, curves, until_decided=False, watcher=None, record=None, plan=PLAN):
        pretended = pretend_race(plan, curves=curves)
        self.record = record or Record()
        self.looks = Looks(DESIGN, lambda trials, done: (losses_of(trials), min(3, done)), self.record, until_decided)
        self.watcher = Notebook() if watcher is None else watcher
        self.race = Race(
            pretended.laboratory,
            pretended.configurations,
            6,
            plan,
            self.record,
            self.watcher,
            clock=pretended.clock.monotonic,
            ending=pretended.ending,
            looks=self.looks,
        )
        self.race.run()

    @property
    def final(self):
        return self.looks.final(self.race.cut, len(self.race.trials))


class TestTheErrorOfEachLook:
    def test_it_adds_up_to_that_of_one(self):
        assert [error(look) for look in (1, 2, 3)] == pytest.approx([ALPHA / 2, ALPHA / 6, ALPHA / 12])
        for looks in (1, 4, 20):
            spent = sum(error(look) for look in range(1, looks + 1))
            assert spent + left_over(looks) == pytest.approx(ALPHA)


class TestWhenOneIsDue:
    def test_there_are_half_as_many_trials_again(self):
        looks = Looks(DESIGN, None, Record())
        assert looks.due(24)
        looks._last = 24
        assert [looks.due(trials) for trials in (25, 35, 36)] == [False, False, True]
        assert GROWTH == 1.5

    def test_few_configurations_by_which_nothing_is_decided_cost_nothing(self, pretend_race):
        raced = Raced(pretend_race, nothing_is_known, plan=Plan(2, 1, 3, EPOCHS))
        assert len(raced.watcher.looks) > 0
        assert raced.looks.taken == 0


class TestWhoWatches:
    def test_sees_the_answers_after_the_first_wave_and_again_as_they_sharpen(self, pretend_race):
        seen = Raced(pretend_race, every_effect_is_large).watcher.looks
        assert seen[0].trials == 12 * 2 * 2
        assert {effect.verdict for effect in seen[0].effects} == {"inconclusive"}
        assert [later.trials >= GROWTH * one.trials for one, later in itertools.pairwise(seen)] == [True] * (
            len(seen) - 1
        )
        assert {effect.name: effect.verdict for effect in seen[-1].effects}["dropout"] == "hurts"

    def test_sees_the_best_combinations(self, pretend_race):
        leaders = Raced(pretend_race, every_effect_is_large).watcher.looks[-1].leaders
        assert next(iter(leaders)) == "batch norm after"
        assert len(leaders) == 5
        assert list(leaders.values()) == sorted(leaders.values())

    def test_is_told_the_seconds_that_are_left_where_there_is_a_deadline(self, pretend_race):
        assert {one.left for one in Raced(pretend_race, nothing_is_known).watcher.looks} == {None}

    def test_who_does_not_costs_nothing(self, pretend_race, monkeypatch):
        monkeypatch.setattr(Looks, "take", None)
        assert Raced(pretend_race, nothing_is_known, watcher=Silent()).race.splits_done == 6

    def test_changes_nothing_in_a_race_that_ends_when_it_was_to_end(self, pretend_race):
        raced = Raced(pretend_race, every_effect_is_large)
        assert raced.looks.taken > 1
        assert (raced.race.cut, raced.final) == (None, (defaults.CONFIDENCE, 1))

    def test_who_looks_and_then_asks_for_the_end_pays_for_it(self, pretend_race):
        looks = Raced(pretend_race, every_effect_is_large).looks
        for more, another in ((0, 0), (12, 1)):  # what was seen last, or what was trained after it too
            confidence, look = looks.final(Cut(96, 252, decided=False), int(looks._last) + more)
            assert look == looks.taken + another
            assert 1 - confidence == pytest.approx(error(look))

    def test_who_asks_without_having_looked_pays_nothing(self, pretend_race):
        looks = Raced(pretend_race, every_effect_is_large, watcher=Silent()).looks
        assert looks.final(Cut(96, 252, decided=False), 96) == (defaults.CONFIDENCE, 1)


class TestUntilDecided:
    def test_a_race_ends_as_soon_as_all_main_effects_are_decided(self, pretend_race):
        raced = Raced(pretend_race, every_effect_is_large, until_decided=True)
        assert raced.race.cut.decided
        assert raced.race.cut.trials == len(raced.race.trials) < PLAN.trials(len(ARMS))
        confidence, look = raced.final
        assert look == raced.looks.taken
        assert 1 - confidence == pytest.approx(error(look))

    def test_where_something_stays_inconclusive_it_goes_on_to_its_end_and_the_last_look_has_what_is_left(
        self, pretend_race
    ):
        raced = Raced(pretend_race, nothing_is_known, until_decided=True)
        assert (raced.race.cut, raced.race.splits_done) == (None, 6)
        confidence, look = raced.final
        assert look > 1
        assert 1 - confidence == pytest.approx(left_over(look - 1))

    def test_without_it_a_race_does_not_end_early_whatever_is_known(self, pretend_race):
        assert len(Raced(pretend_race, every_effect_is_large).race.trials) == PLAN.trials(len(ARMS))

    def test_it_is_the_same_whether_or_not_somebody_watches(self, pretend_race):
        for curves in (every_effect_is_large, nothing_is_known):
            watched, unwatched = (
                Raced(pretend_race, curves, until_decided=True, watcher=watcher) for watcher in (None, Silent())
            )
            assert watched.final == unwatched.final
            assert watched.race.cut == unwatched.race.cut

    def test_a_study_that_goes_on_counts_the_looks_that_were_taken(self, pretend_race):
        for curves in (every_effect_is_large, nothing_is_known):
            whole = Raced(pretend_race, curves, until_decided=True)
            again = Raced(pretend_race, curves, until_decided=True, record=whole.record)
            assert again.final == whole.final
            assert again.race.cut == whole.race.cut


class TestPeeking:
    """Nothing has an effect; whoever looks at more and more rows, and stops as soon as an interval is on one side of
    zero, is wrong as often as any of these intervals is."""

    ROWS = (30, 45, 68, 102, 153, 230, 345, 518)
    TIMES = 400

    def misses(self, confidence_of) -> float:
        """How often the interval at which somebody stopped, or the last one, misses what is true."""
        rng, missed = np.random.default_rng(0), 0
        for _ in range(self.TIMES):
            rows = rng.normal(size=self.ROWS[-1])
            for look, count in enumerate(self.ROWS, 1):
                compared = self.compared(rows[:count])
                (effect,) = effects_of(compared, margin=1e-9, confidence=confidence_of(look))
                if effect.verdict != "inconclusive":
                    break
            missed += not effect.low <= 0 <= effect.high
        return missed / self.TIMES

    @staticmethod
    def compared(rows) -> Compared:
        """Three folds, each of every third row, a part a row."""
        parts = np.zeros((3, len(rows)))
        for fold in range(3):
            parts[fold, fold::3] = rows[fold::3] / len(rows[fold::3])
        return Compared(parts.sum(axis=1), parts, np.zeros(0))

    def test_one_look_at_the_end_is_as_right_as_it_says(self):
        rng = np.random.default_rng(1)
        intervals = [effects_of(self.compared(rng.normal(size=153)), margin=1e-9)[0] for _ in range(self.TIMES)]
        assert np.mean([not one.low <= 0 <= one.high for one in intervals]) <= ALPHA + 0.02

    def test_looks_that_cost_nothing_mislead(self):
        assert self.misses(lambda look: defaults.CONFIDENCE) > 2 * ALPHA

    def test_looks_that_are_paid_for_do_not(self):
        def confidence_of(look):
            return 1 - (error(look) if look < len(self.ROWS) else left_over(look - 1))

        assert self.misses(confidence_of) <= ALPHA


class TestWhichEffectsHaveToBeDecided:
    """Main effects, also those of a part of all combinations; not whether the best combination is better."""

    @pytest.mark.parametrize("design", [DESIGN, fraction(dict.fromkeys("abcde", (False, True)), {}, (), 8)])
    @pytest.mark.parametrize("inconclusive_at", [0, -1])
    def test_they_are_all_but_the_last(self, design, inconclusive_at):
        verdicts = ["helps"] * len(design.asked[0])
        verdicts[inconclusive_at] = "inconclusive"
        looks = Looks(design, None, Record(), until_decided=True)
        answers = SimpleNamespace(contrasts=[SimpleNamespace(verdict=verdict) for verdict in verdicts])
        assert looks._are_decided(answers) == (inconclusive_at == -1)
