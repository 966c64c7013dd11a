"""Schedules longer than the race's: taken where they lower the loss on validation rows, and told by what they keep."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.population.trainer import Trainer
from goru.studies import defaults
from goru.studies.asked.design import PLAIN, arm_of, design
from goru.studies.asked.design import hyperparameters as trained_with
from goru.studies.asked.techniques import STRENGTH
from goru.studies.final import lengthening as module
from goru.studies.final.lengthening import lengthened
from goru.studies.final.refits import predict_validation
from goru.studies.laboratory import NetworkLaboratory

DESIGN, SHORT, LONG = design(), 2, 30
DECAYED = arm_of(weight_decay=True)


def candidate(laboratory, split, arm: Arm = PLAIN, configuration: int = 0, **values: float) -> Candidate:
    """At the end of a short schedule."""
    steps = laboratory.steps(SHORT, len(split.training_rows))
    values = trained_with({"learning_rate": 0.01} | values, steps, arm)._asdict()
    return Candidate(arm, configuration, values, SHORT, 0.5, schedule=SHORT)


def losses_of(laboratory, split, one: Candidate, y: np.ndarray) -> float:
    probabilities = predict_validation(laboratory, {one: 1}, [split])[0]
    return float(-np.log(probabilities[split.validation_rows, y[split.validation_rows]]).mean())


def longer(laboratory, candidates, split, schedule, **options) -> list[Candidate]:
    """Those of one arm."""
    return lengthened(laboratory, DESIGN, {"some": candidates}, split, schedule, **options)["some"]


class TestLonger:
    def test_where_a_short_one_stops_too_soon_the_schedule_is_longer(self, laboratory, splits, flowers):
        short = [
            candidate(laboratory, splits[0]),
            candidate(laboratory, splits[0], configuration=1, learning_rate=0.02),
        ]
        found = longer(laboratory, short, splits[0], LONG)
        for before, after in zip(short, found, strict=True):
            assert (after.arm, after.configuration, after.schedule) == (before.arm, before.configuration, LONG)
            assert SHORT < after.epochs <= LONG
            long, brief = (losses_of(laboratory, splits[0], one, flowers.y_development) for one in (after, before))
            assert long < brief

    def test_without_a_compiler_candidates_stop_in_blocks_of_their_own(self, laboratory, splits, flowers):
        interpreting = NetworkLaboratory(
            flowers, laboratory.base, laboratory.recipe, laboratory.shape, seed=0, interpreted=True
        )
        short = [
            candidate(laboratory, splits[0]),
            replace(candidate(laboratory, splits[0], configuration=1, learning_rate=0.02), epochs=1),
        ]
        found = longer(interpreting, short, splits[0], LONG)
        assert [one.schedule for one in found] == [LONG, LONG]

    def test_where_another_is_worse_or_both_diverge_it_stays(self, laboratory, splits):
        good = replace(candidate(laboratory, splits[0]), epochs=LONG, schedule=LONG)
        wild = replace(good, values=good.values | {"learning_rate": 1e30})
        for one in (good, wild):
            assert longer(laboratory, [one], splits[0], schedule=1) == [one]

    def test_a_decay_is_as_strong_over_the_whole_schedule(self, laboratory, splits):
        short = candidate(laboratory, splits[0], DECAYED, **{STRENGTH: 2.0})
        (long,) = longer(laboratory, [short], splits[0], LONG)
        rows = len(splits[0].training_rows)
        assert long.schedule == LONG
        for one in (short, long):
            steps = laboratory.steps(one.schedule, rows)
            assert defaults.strength(one.values["weight_decay"], 0.01, steps) == pytest.approx(2.0)

    def test_so_it_is_on_more_rows_than_those_of_the_race(self, laboratory, splits):
        rows = len(splits[0].training_rows)
        raced = rows // 2
        values = trained_with({"learning_rate": 0.01, STRENGTH: 0.5}, laboratory.steps(SHORT, raced), DECAYED)._asdict()
        short = Candidate(DECAYED, 0, values, SHORT, 0.5, schedule=SHORT)
        (long,) = longer(laboratory, [short], splits[0], LONG, shorter=False, tried=False, raced=raced)
        strength = defaults.strength(long.values["weight_decay"], 0.01, laboratory.steps(LONG, rows))
        assert strength == pytest.approx(0.5)

    def test_where_it_gets_too_late_no_schedule_is_longer(self, laboratory, splits):
        short = [candidate(laboratory, splits[0])]
        assert longer(laboratory, short, splits[0], LONG, late=lambda: True) == short

    @pytest.mark.parametrize("shorter", [True, False])
    def test_it_stops_where_and_at_the_temperature_at_which_it_is_best(self, laboratory, splits, monkeypatch, shorter):
        short = candidate(laboratory, splits[0])
        losses = {"long": np.full((1, LONG, 3), 0.9), "short": np.full((1, SHORT, 3), 0.8)}
        losses["long"][0, 4, 2] = 0.7
        monkeypatch.setattr(module, "jobs_of", lambda laboratory, candidates, rows: [candidates[0].schedule])
        trained = {LONG: "long", SHORT: "short"}
        pretended = SimpleNamespace(
            rows=lambda split: None,
            steps=laboratory.steps,
            shape=SimpleNamespace(judge=SimpleNamespace(temperatures=(1.0, 1.4, 2.0))),
            train=lambda jobs, on_epochs: (
                (place, SimpleNamespace(validation_losses=losses[trained[schedule]]))
                for place, schedule in enumerate(jobs)
            ),
        )
        (found,) = longer(pretended, [short], splits[0], LONG, shorter=shorter)
        assert (found.schedule, found.epochs, found.temperature) == (LONG, 5, 2.0)

    def test_both_ways_of_all_candidates_are_trained_once(self, laboratory, splits, monkeypatch):
        trained, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            trained.extend((block.schedule_epochs, len(block.members)) for block in blocks)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        best = [candidate(laboratory, splits[0], configuration=index) for index in (0, 1)]
        longer(laboratory, best, splits[0], 9)
        assert sum(count for length, count in trained if length == 9) == 2
        assert sum(count for length, count in trained if length == SHORT) == 2

    def test_each_keeps_its_name_whatever_is_trained_beside_it(self, laboratory, splits):
        decayed = [
            candidate(laboratory, splits[0], DECAYED, configuration=index, **{STRENGTH: 2.0}) for index in (0, 1)
        ]
        best = {"recommended": decayed, "plain": [candidate(laboratory, splits[0])]}
        together = lengthened(laboratory, DESIGN, best, splits[0], LONG)
        assert {name: [one.arm for one in some] for name, some in together.items()} == {
            "recommended": [DECAYED, DECAYED],
            "plain": [PLAIN],
        }
        assert together == {name: longer(laboratory, some, splits[0], LONG) for name, some in best.items()}

    def test_one_that_is_not_tried_goes_to_its_end(self, laboratory, splits, monkeypatch):
        monkeypatch.setattr(Trainer, "train", None)
        (found,) = longer(laboratory, [candidate(laboratory, splits[0])], splits[0], LONG, tried=False)
        assert (found.epochs, found.schedule) == (LONG, LONG)
