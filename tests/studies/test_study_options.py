"""What a study does as it is told: a single network, batch norm searched, classes that count alike; two partitions."""

from dataclasses import replace

import numpy as np
import pytest
from studies import TINY, losses_of

from goru.errors import InputError
from goru.experiment.effects.answers import answer as answers_of
from goru.experiment.findings.effect import EffectFound
from goru.experiment.forms import as_read
from goru.experiment.plan import Plan
from goru.experiment.racing.record import Record
from goru.experiment.trial import losses_by_arm
from goru.studies import defaults
from goru.studies.asked.design import ARMS, design, hyperparameters
from goru.studies.splits import partitions
from goru.studies.study import Study

CLASSES = ["log loss", "accuracy", "balanced accuracy", "AUC"]


class TestOptions:
    @pytest.fixture(scope="class")
    @staticmethod
    def single(flowers):
        return Study(flowers, replace(TINY, single=True)).run()

    def test_a_single_network_is_the_first_of_the_ensemble(self, classified, single, flowers):
        encoded = flowers.encoded_test
        np.testing.assert_array_equal(
            single.model.probabilities(encoded), classified.model.single.probabilities(encoded)
        )
        assert len(single.model.networks) == len(single.model.members) == 1
        assert {name.partition(".")[0] for name in single.trained} == {"0"}

    def test_of_a_single_network_the_answer_says_so(self, classified, single):
        (recommended,) = single.answer.recommended
        assert recommended == replace(classified.answer.recommended[0], networks=1)
        assert single.answer.temperature == single.model.temperature == classified.model.single_temperature
        assert single.answer.single
        assert single.answer.test == classified.answer.test  # the ensemble is shown all the same
        right = 1 - single.evidence.predictions.wrong / 18
        assert right == pytest.approx(single.answer.test[4].figures["accuracy"])  # but pictures are of the one network
        loss = {(entry.arm, entry.networks): entry.figures["log loss"] for entry in single.answer.test}
        for entry in single.answer.against_networks:
            assert entry.change == pytest.approx(loss[entry.arm, 0] - loss["recommended", 1])

    def test_of_a_single_network_the_configuration_alone_is_shown_however_many_there_were_in_the_ensemble(
        self, flowers, monkeypatch
    ):
        monkeypatch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(3, 1, 3, 4))
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        monkeypatch.setattr(defaults, "ENSEMBLE_TOLERANCE", 1e9)  # any second configuration is good enough
        record = Record()
        result = Study(flowers, replace(TINY, single=True)).run(record)
        (recommended,) = result.answer.recommended
        found = losses_of(record.trials)
        (own,) = [own for arm, own in found.items() if arm.name == recommended.arm]
        assert recommended.validation_loss == pytest.approx(own.validation.mean(axis=1).min())
        assert (recommended.networks, len(result.model.networks)) == (1, 1)
        assert result.model.members[0]["learning_rate"] == recommended.values["learning_rate"]

    def test_batch_norm_may_be_searched_too(self, flowers):
        record = Record()
        result = Study(flowers, replace(TINY, search_batch_norm=True)).run(record)
        answer, evidence = result.answer, result.evidence
        fixed = hyperparameters({"learning_rate": 0.01}, steps=100)
        for trial in record.trials:
            usual = {name: value for name, value in fixed._asdict().items() if name.startswith("batch_norm")}
            drawn = [trial.values[name] != value for name, value in usual.items()]
            assert drawn == [trial.arm["batch_norm"] is not None] * 4
        for configuration in answer.recommended:
            assert ("batch_norm_scale" in configuration.values) == bool(configuration.levels["batch_norm"])
        own = {f"batch_norm_{name}" for name in ("scale", "shift", "epsilon", "momentum")}
        assert own < {each.name for each in evidence.hyperparameters}
        arms = {arm.name: arm for arm in ARMS}
        assert all((own < each.values.keys()) == bool(arms[each.arm]["batch_norm"]) for each in evidence.configurations)

    def test_classes_may_count_alike(self, flowers):
        def rarer(y):
            """Half of the last class is the first one."""
            return np.where((y == 2) & (np.cumsum(y == 2) % 2 == 0), 0, y).astype(y.dtype)

        uneven = replace(flowers, y_development=rarer(flowers.y_development), y_test=rarer(flowers.y_test))
        answer = Study(uneven, replace(TINY, class_weight="balanced")).run().answer
        assert (answer.single, answer.class_weight) == (False, "balanced")
        assert [list(entry.figures) for entry in answer.test] == [["log loss", "balanced log loss", *CLASSES[1:]]] * 7
        loss = {(entry.arm, entry.networks): entry.figures["balanced log loss"] for entry in answer.test}
        for entry in answer.against_networks:
            assert entry.change == pytest.approx(loss[entry.arm, 0] - loss["recommended", 8])
        assert answer.test[0].figures["balanced log loss"] == pytest.approx(np.log(3))
        assert loss["recommended", 8] != pytest.approx(answer.test[-1].figures["log loss"])

    def test_numbers_have_no_classes_that_could_count_alike(self, prices):
        with pytest.raises(InputError, match="class_weight: 'price' is a number"):
            Study(prices, replace(TINY, class_weight="balanced"))


class TestTwoPartitions:
    """Four configurations of every arm in three folds, and the better three in three others; six epochs."""

    @pytest.fixture(scope="class")
    @staticmethod
    def studied(flowers):
        record = Record()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(4, 2, 3, 6))
            patch.setattr(Plan, "full", True)  # so that an ensemble of several arms is considered
            patch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
            result = Study(flowers, TINY).run(record)
        return result, record.trials

    def test_the_better_configurations_of_every_arm_are_trained_in_both(self, studied):
        result, kept = studied
        trained = {arm: [trial.configuration for trial in kept if trial.arm == arm] for arm in ARMS}
        for configurations in trained.values():
            assert sorted(configurations.count(configuration) for configuration in range(4)) == [3, 6, 6, 6]
        assert result.answer.trained.networks == len(kept) == 12 * 3 * (4 + 3)
        plan = result.answer.plan
        assert (plan.partitions, plan.folds, plan.configurations, plan.epochs) == (2, 3, 4, 6)
        assert plan.shortfalls == ()

    def test_effects_are_judged_in_both(self, studied, laboratory, flowers):
        result, kept = studied
        splits = [split for partition in partitions(flowers, 3, seed=0) for split in partition]
        effects = answers_of(
            design(), losses_by_arm(kept, laboratory.shares(splits), defaults.TEMPERATURES), folds=3, configurations=4
        ).contrasts
        assert result.answer.effects == tuple(as_read(EffectFound.of(effect, 90)) for effect in effects)

    def test_configurations_are_shown_by_the_first_which_all_were_trained_in(self, studied):
        result, kept = studied
        assert len(result.evidence.configurations) == 12 * 4
        for each in result.evidence.configurations:
            own = [trial for trial in kept if (trial.arm.name, trial.configuration) == (each.arm, each.configuration)]
            by_stop = np.mean([trial.validation for trial in own if trial.split < 3], axis=0, dtype=np.float64)
            mean = by_stop.min(axis=1)
            assert (each.loss, each.epochs) == (pytest.approx(mean.min()), 1 + mean.argmin())

    def test_arms_and_curves_are_shown_by_both(self, studied):
        evidence, kept = studied[0].evidence, studied[1]
        assert {len(each.losses) for each in evidence.arms} == {6}
        own = evidence.curves.recommended
        trials = [trial for trial in kept if (trial.arm.name, trial.configuration) == (own.arm, own.configuration)]
        losses = np.array([trial.curves[:, 1, 0] for trial in trials])
        assert len(losses) == 6
        np.testing.assert_allclose(own.curves.validation.loss.mean, losses.mean(axis=0), rtol=1e-4)

    def test_a_configuration_is_recommended_that_was_trained_in_both(self, studied):
        result, kept = studied
        means = {arm.name: own.validation.mean(axis=1) for arm, own in losses_of(kept).items()}  # NaN where it was not
        recommended = result.answer.recommended[0]
        assert recommended.validation_loss == pytest.approx(np.nanmin(means[recommended.arm]))

    def test_the_ensemble_is_of_the_best_configurations_of_one_arm_or_else_a_greedy_selection(self, studied):
        result, _ = studied
        recommended = result.answer.recommended
        assert sum(configuration.networks for configuration in recommended) == defaults.ENSEMBLE
        if result.answer.selection == "uniform":
            assert len({configuration.arm for configuration in recommended}) == 1
        else:
            assert result.answer.selection == "greedy"
