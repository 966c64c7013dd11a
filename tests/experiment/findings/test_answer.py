"""The parts of an answer, from what a race leaves."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from experiments import PLAIN, arm_of, make_losses, make_trial

from goru.experiment.candidates import Candidate
from goru.experiment.effects.effects import Effect
from goru.experiment.findings.answer import OverfittingFound, Planned, Recommendation, Trained
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.failure import Failure
from goru.experiment.plan import Plan, plan_trials

DROPOUT = arm_of(dropout=True)


class TestAnEffect:
    INCONCLUSIVE = Effect("dropout", -0.1, -0.3, 0.1, 0.02, "inconclusive", 0.04, 0.03, 0.02, 4.0)

    def test_that_is_inconclusive_says_how_many_rows_of_the_table_would_decide_it(self):
        assert EffectFound.of(self.INCONCLUSIVE, 720) == EffectFound(
            name="dropout",
            change=-0.1,
            low=-0.3,
            high=0.1,
            margin=0.02,
            verdict="inconclusive",
            rows=0.04,
            networks=0.03,
            search=0.02,
            rows_to_decide=2880,
            configurations_to_decide=False,
        )

    def test_or_that_no_number_of_rows_would_but_more_configurations_may(self):
        found = EffectFound.of(replace(self.INCONCLUSIVE, factor=np.inf), 720)
        assert (found.rows_to_decide, found.configurations_to_decide) == (None, True)

    def test_where_a_sample_was_searched_and_the_table_has_as_many_a_larger_budget_does(self):
        found = EffectFound.of(self.INCONCLUSIVE, 720, there=3_000)
        assert (found.rows_to_decide, found.configurations_to_decide) == (None, True)
        found = EffectFound.of(self.INCONCLUSIVE, 720, there=2_000)
        assert (found.rows_to_decide, found.configurations_to_decide) == (2880, False)

    def test_that_is_decided_does_not(self):
        decided = Effect("dropout", -0.2, -0.3, -0.1, 0.02, "helps", 0.04, 0.03, 0.02, None)
        found = EffectFound.of(decided, 720)
        assert (found.rows_to_decide, found.configurations_to_decide) == (None, False)


class TestLikely:
    @pytest.mark.parametrize(
        ("helps", "negligible", "likely"),
        [
            (0.91, 0.05, ("helps", 0.91)),
            (0.8, 0.0, ("helps", 0.8)),
            (0.79, 0.0, None),
            (0.12, 0.1, ("hurts", 0.88)),
            (0.5, 0.85, ("negligible", 0.85)),
            (0.9, 0.85, ("negligible", 0.85)),  # better, if at all, by too little
            (None, None, None),
        ],
    )
    def test_of_an_inconclusive_effect_is_what_four_fifths_speak_for(self, helps, negligible, likely):
        effect = replace(TestAnEffect.INCONCLUSIVE, helps=helps, negligible=negligible)
        assert EffectFound.of(effect, 720).likely == likely

    @pytest.mark.parametrize("verdict", ["helps", "hurts", "negligible"])
    def test_what_is_decided_is_more_than_likely(self, verdict):
        effect = replace(TestAnEffect.INCONCLUSIVE, verdict=verdict, helps=0.999, negligible=0.0)
        assert EffectFound.of(effect, 720).likely is None


class TestOverfitting:
    def test_is_that_of_the_best_configuration_with_intervals(self):
        # The second configuration is best after the second of three epochs, in every one of four splits.
        score = [[[9.0, 9.0, 9.0]] * 4, [[2.0, 1.0, 3.0]] * 4]
        found = OverfittingFound.of(make_losses(score), folds=4, validation_to_training=1 / 3)
        # The training loss is half the validation loss.
        assert found == OverfittingFound(1.5, 3.0, 1.0, 2, 1.5, 1.5, 1.5, 2.0, 2.0, 2.0, "rises")

    @pytest.mark.filterwarnings("error")
    def test_may_be_found_where_the_training_loss_is_unknown(self):
        score = np.array([[[2.0, 1.0, 3.0]] * 4])
        found = OverfittingFound.of(
            make_losses(score, training=np.full(score.shape, np.inf)), folds=4, validation_to_training=1 / 3
        )
        assert (found.overfits, found.rise, found.validation) == ("rises", 2.0, 3.0)
        assert not np.isfinite(found.gap)


class TestAPlan:
    def test_says_what_was_trained(self):
        assert Planned.of(Plan(3, 2, 5, 100), 12, configurations=6, splits=10, partitions=2) == Planned(
            12, 2, 5, 6, 100
        )

    def test_and_what_was_given_up_beforehand(self):
        found = Planned.of(Plan(3, 1, 3, 50, ("too short.",)), 12, configurations=3, splits=3, partitions=2)
        assert (found.partitions, found.folds, found.epochs) == (1, 3, 50)
        assert found.shortfalls == ("too short.",)  # that there is one partition goes without saying

    def test_and_which_folds_there_was_no_time_for(self):
        found = Planned.of(Plan(5, 2, 5), 12, configurations=3, splits=3, partitions=2)
        assert (found.partitions, found.folds) == (1, 3)
        (said,) = found.shortfalls
        assert "3 of 5 folds" in said

    @pytest.mark.parametrize("plan", [Plan(5, 1, 3), Plan(1, 1, 3, 8, ("too short.",)), plan_trials(72, 12)])
    def test_and_once_that_configurations_are_too_few(self, plan):
        said = " ".join(Planned.of(plan, 12, configurations=2, splits=3, partitions=1).shortfalls)
        assert said.count("2 configurations of each combination, too few to tune it: all inconclusive") == 1
        assert "configurations" not in " ".join(Planned.of(replace(plan, shortfalls=()), 12, 3, 3, 1).shortfalls)

    def test_but_not_where_there_is_nothing_to_tune(self):
        assert Planned.of(Plan(1, 1, 5), 2, configurations=1, splits=5, partitions=1, tuned=False).shortfalls == ()

    def test_and_that_there_was_time_for_one_partition_alone(self):
        found = Planned.of(Plan(5, 2, 5), 12, configurations=5, splits=5, partitions=2)
        assert (found.partitions, found.folds) == (1, 5)
        (said,) = found.shortfalls
        assert "folds twice" in said
        assert "larger budget" in said

    @pytest.mark.parametrize(
        ("splits", "done", "said"), [(15, 3, []), (10, 2, ["folds 3 times"]), (5, 1, ["folds 3 times"])]
    )
    def test_there_may_be_more_than_two(self, splits, done, said):
        found = Planned.of(Plan(5, 3, 5), 12, configurations=5, splits=splits, partitions=3)
        assert found.partitions == done
        assert all(words in one for words, one in zip(said, found.shortfalls, strict=True))

    def test_where_there_is_one_partition_only_nothing_was_given_up(self):
        """With times, rows can be cut in one way."""
        assert Planned.of(Plan(5, 1, 5), 12, configurations=5, splits=5, partitions=1).shortfalls == ()

    def test_what_else_there_was_no_time_for_comes_last(self):
        plan = Plan(3, 1, 3, 50, ("too short.",))
        assert Planned.of(plan, 12, 3, 3, 2, ["no baselines."]).shortfalls == ("too short.", "no baselines.")


class TestARecommendation:
    VALUES: ClassVar = {"learning_rate": 0.0123456, "units": 1500}

    def test_has_its_levels_and_numbers_and_says_them(self):
        found = Recommendation.of(Candidate(DROPOUT, 3, self.VALUES, 7, 0.4), 30)
        assert (found.arm, found.levels["dropout"], found.values) == ("dropout", True, self.VALUES)
        assert found.words == "dropout, learning rate 0.0123, units 1500"
        assert (found.networks, found.epochs, found.schedule_epochs, found.validation_loss) == (1, 7, 30, 0.4)

    def test_may_say_it_in_other_words_and_numbers(self):
        found = Recommendation.of(Candidate(PLAIN, 0, {}, 1, 0.4), 1, values={"rate": 2.0}, words="as it is")
        assert (found.values, found.words) == ({"rate": 2.0}, "as it is")


class TestTrials:
    TRIALS: ClassVar = [
        make_trial(PLAIN, 0, 0),
        make_trial(PLAIN, 1, 0, ended="diverged"),
        make_trial(DROPOUT, 0, 0, ended="failed", output="Traceback\n  line\nValueError: no"),
        make_trial(DROPOUT, 0, 1, ended="failed", output="epoch 1\nTraceback\n  line\nValueError: never\n\n"),
        make_trial(DROPOUT, 1, 0),
    ]

    def test_are_counted_with_those_that_diverged_and_failed(self):
        assert Trained.of(self.TRIALS, 900) == Trained(5, 1, 900, 2)
        assert Trained.of(self.TRIALS).steps is None

    def test_of_every_arm_it_is_told_how_many_failed_and_why_the_last_one_did(self):
        (failure,) = Failure.among(self.TRIALS)
        assert (failure.arm, failure.failed, failure.of) == ("dropout", 2, 3)
        assert failure.last_line == "ValueError: never"
        assert Failure.among(self.TRIALS[:2]) == ()

    def test_a_failure_may_have_no_reason(self):
        assert Failure("plain", 1, 2, " \n").last_line == "nothing is known"
