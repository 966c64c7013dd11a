"""What a study found, as frames."""

from dataclasses import fields

import numpy as np
from studies import make_trial

import goru
from goru.studies.asked.design import arm_of
from goru.studies.frames import effects_frame, trials_frame


class TestTrials:
    def test_there_is_one_row_a_trial(self):
        trials = [
            make_trial(arm_of("before", True), 2, 1, [0.5, 0.25, 0.75], dropout_rate=0.3, learning_rate=0.01),
            make_trial(curves=[0.5, np.nan], ended="diverged"),
        ]
        frame = trials_frame(iter(trials))
        first, second = frame.to_dict("records")
        shown = {
            name: first[name] for name in ("arm", "batch_norm", "dropout", "weight_decay", "configuration", "split")
        }
        assert shown == {
            "arm": "batch norm before + dropout",
            "batch_norm": "before",
            "dropout": True,
            "weight_decay": False,
            "configuration": 2,
            "split": 1,
        }
        assert (first["hyper_dropout_rate"], first["hyper_learning_rate"]) == (0.3, 0.01)
        assert (first["epochs"], first["best_loss"], first["last_loss"], first["ended"]) == (3, 0.25, 0.75, "finished")
        assert (second["arm"], second["best_loss"], second["ended"]) == ("plain", 0.5, "diverged")
        assert np.isnan(second["last_loss"])

    def test_those_of_a_run_are_read_from_its_file(self, run, kept, classified):
        assert trials_frame(kept).equals(goru.load(run.folder).trials)


class TestEffects:
    def test_there_is_one_row_a_question_with_all_that_the_answer_says_of_it(self, classified):
        frame, effects = effects_frame(classified.answer), classified.answer.effects
        assert list(frame["name"]) == [effect.name for effect in effects]
        assert list(frame.columns) == [each.name for each in fields(effects[0])]
        assert list(frame["change"]) == [effect.change for effect in effects]

    def test_those_of_a_run_are_of_its_answer(self, run, classified):
        assert effects_frame(classified.answer).equals(goru.load(run.folder).effects)
