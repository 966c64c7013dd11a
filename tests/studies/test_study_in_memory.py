"""A study of rows in memory, of which none is set aside: a handful of them, splits that are given, weights, scores."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from studies import Notebook, losses_of

from goru.data.memory import dataset_from
from goru.data.splitting import Split
from goru.errors import InputError
from goru.experiment.forms import as_read, to_json
from goru.experiment.knobs import log_uniform
from goru.experiment.racing.record import Record
from goru.nn.architecture import ActivationName
from goru.report.terminal import answer_lines
from goru.studies import defaults
from goru.studies.asked.design import ARMS, LEARNING_RATE
from goru.studies.asked.options import Options
from goru.studies.final import conclusion
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.study import Study

ROWS = 12
FEW = Options(networks=36, hidden=(4,), epochs=3)


def make(rows: int = ROWS, classes: int | None = 2, **changes):
    """Two numbers, and what they add up to: a class, or a number."""
    x = np.random.default_rng(0).normal(size=(rows, 2))
    frame, total = pd.DataFrame(x, columns=["a", "b"]), x.sum(axis=1)
    if classes is None:
        return dataset_from(frame, total, **changes)
    order = np.argsort(np.argsort(total))
    return dataset_from(frame, order * classes // rows, tuple(range(classes)), **changes)


def cut_by_hand(seed: int, folds: int = 2, scored: int = 8) -> list[Split]:
    """Folds of some of twelve rows, each fitted on all others but the first."""
    order = np.random.default_rng(seed).permutation(ROWS)
    return [Split(np.setdiff1d(order[1:], own), np.sort(own)) for own in np.split(order[1 : 1 + scored], folds)]


class Spy:
    """What every network was fitted on, and what it was scored on, by the laboratory's tables."""

    def __init__(self, monkeypatch):
        self.splits, rows = [], NetworkLaboratory.rows

        def spying(laboratory, split):
            self.splits.append((tuple(split.training_rows.tolist()), tuple(split.validation_rows.tolist())))
            return rows(laboratory, split)

        monkeypatch.setattr(NetworkLaboratory, "rows", spying)


def plain_of(splits):
    return [(tuple(fit.tolist()), tuple(score.tolist())) for fit, score in splits]


EVERYTHING = (tuple(range(ROWS)), ())


class TestTwelveRows:
    @pytest.fixture(scope="class", params=[2, 3, None], ids=["two classes", "three classes", "numbers"])
    @staticmethod
    def studied(request):
        notebook = Notebook()
        return Study(make(classes=request.param), FEW, notebook).run(), notebook, request.param

    def test_they_are_all_for_development(self, studied):
        data = studied[0].answer.data
        assert (data.rows, data.development, data.test) == (ROWS, ROWS, 0)

    def test_without_test_rows_nothing_is_compared_on_them_and_nothing_fitted_for_it(self, studied):
        result, notebook, _ = studied
        assert (result.answer.test, result.answer.against_networks) == ((), ())
        assert [phase.split()[0] for phase in notebook.phases] == ["pilot", "training"]

    def test_the_schedule_is_as_long_as_asked_for_and_nothing_is_missing(self, studied):
        answer = studied[0].answer
        assert answer.plan.epochs == 3
        assert {configuration.schedule_epochs for configuration in answer.recommended} == {3}
        assert not any("epochs" in said for said in answer.plan.shortfalls)

    def test_everything_else_is_answered(self, studied):
        answer = studied[0].answer
        assert as_read(answer) == answer
        assert len(answer.effects) == 6
        assert (answer.chosen_by, answer.scores) == ("loss", {})
        assert answer.advice.endswith(".")
        assert answer.network.batch_size == 8

    def test_pictures_are_of_validation_rows_each_predicted_by_networks_not_fitted_on_it(self, studied):
        result, _, classes = studied
        evidence = result.evidence
        assert as_read(evidence) == evidence
        found, y = evidence.predictions, make(classes=classes).y_development
        assert (found.of, found.rows, list(found.calibration)) == ("validation", ROWS, ["recommended"])
        if classes:
            assert np.sum(found.confusion, axis=1).tolist() == np.bincount(y).tolist()
        else:
            assert found.true == tuple(y.tolist())
            assert found.predicted != tuple(result.model.values(make(classes=None).encoded_development).tolist())

    def test_activations_are_of_both_networks(self, studied):
        evidence = studied[0].evidence
        found = evidence.activations
        assert (found.rows, list(found.networks)) == (ROWS, ["plain", "recommended"])
        for name, stages in found.networks.items():
            stops = {"plain": evidence.curves.plain, "recommended": evidence.curves.recommended}[name].stops
            assert [stage.epoch for stage in stages] == sorted({0, stops // 2, stops})

    def test_it_can_be_shown(self, studied):
        lines = list(answer_lines(studied[0].answer))
        assert lines[-2].startswith("advice") or lines[-1].startswith("advice")
        assert not any(line.startswith("test") for line in lines)

    def test_the_model_predicts(self, studied):
        result, _, classes = studied
        encoded = make(classes=classes).encoded_development
        predicted = result.model.probabilities(encoded) if classes else result.model.values(encoded)
        assert predicted.shape == ((ROWS, classes) if classes else (ROWS,))
        assert np.isfinite(predicted).all()


class TestFewerRows:
    @pytest.mark.parametrize(("rows", "classes", "folds"), [(4, 2, 2), (4, None, 3), (6, 3, 2), (7, 5, 2)])
    def test_even_a_handful_is_studied_in_as_many_folds_as_fit(self, rows, classes, folds):
        answer = Study(make(rows, classes), FEW).run().answer
        assert answer.plan.folds == folds
        assert answer.network.batch_size in (2, 4)

    def test_fewer_rows_of_a_class_than_folds_are_no_hindrance(self):
        codes = np.repeat([0, 1, 2], [8, 3, 1])
        dataset = dataset_from(pd.DataFrame({"a": np.linspace(0, 1, 12)}), codes, ("x", "y", "z"))
        for options in (FEW, replace(FEW, class_weight="balanced")):
            assert Study(dataset, options).run().answer.plan.folds == 3

    def test_a_split_fits_on_two_rows_at_least(self):
        two, one = ([Split(np.arange(fit), np.array([8])), Split(np.arange(4), np.array([9]))] for fit in (2, 1))
        assert Study(make(), FEW, partitions=[two])
        with pytest.raises(InputError, match="X: a split would fit on 1 row alone, and 2 are needed"):
            Study(make(), FEW, partitions=[one])

    def test_a_time_is_enough_too(self):
        answer = Study(make(), Options(budget=1e-3, hidden=(4,), epochs=3)).run().answer
        assert (answer.plan.folds, answer.plan.epochs, answer.plan.configurations >= 1) == (2, 3, True)


class TestEvidenceOfOddities:
    """Whatever is asked, it is JSON without what is no number, and says as much as there is."""

    def evidence(self, dataset=None, **options):
        """In plain types."""
        found = Study(dataset or make(), replace(FEW, **options)).run().evidence
        json.dumps(to_json(found), allow_nan=False)
        assert as_read(found) == found
        return to_json(found)

    def test_of_one_epoch_there_is_no_half_way(self):
        found = self.evidence(epochs=1)
        assert found["curves"]["epochs"] == [1]
        for stages in found["activations"]["networks"].values():
            assert [stage["epoch"] for stage in stages] == [0, 1]
        assert "epochs" not in [each["name"] for each in found["hyperparameters"]]  # there is no choice of them

    @pytest.mark.parametrize("activation", get_args(ActivationName))
    def test_every_activation_function_has_its_spread(self, activation):
        found = self.evidence(activation=activation)["activations"]
        (layer,) = found["networks"]["plain"][0]["layers"]
        (edges,) = found["edges"]
        below = sum(share for share, end in zip(layer["shares"], edges[1:], strict=True) if end <= 0)
        assert layer["std"] > 0
        assert (layer["zero"] > 0.2) == (activation == "relu")
        assert (below == 0) == (activation in ("relu", "sigmoid"))

    @pytest.mark.parametrize("width", [1, 3])
    def test_of_seven_layers_six_are_shown(self, width):
        found = self.evidence(hidden=(width,) * 7)["activations"]
        assert found["layers"] == [1, 2, 3, 5, 6, 7]
        for stages in found["networks"].values():
            assert {len(stage["layers"]) for stage in stages} == {6}

    @pytest.mark.parametrize("units", [1e-300, 1e300])
    def test_targets_of_any_size_are_predicted_in_their_own_units(self, units):
        dataset = replace(make(classes=None), y_development=units * make(classes=None).y_development)
        found = self.evidence(dataset)["predictions"]
        assert found["true"] == dataset.y_development.tolist()
        (bin_,) = found["calibration"]["recommended"]["bins"]
        assert bin_["low"] < bin_["observed"] < bin_["high"]
        usual = self.evidence(make(classes=None))["predictions"]["calibration"]["recommended"]["bins"][0]
        assert bin_["high"] - bin_["low"] == pytest.approx(units * (usual["high"] - usual["low"]), rel=1e-3)

    def test_targets_that_are_all_equal_have_no_interval_to_speak_of(self):
        dataset = replace(make(classes=None), y_development=np.full(ROWS, 3.0))
        (bin_,) = self.evidence(dataset)["predictions"]["calibration"]["recommended"]["bins"]
        assert (bin_["observed"], bin_["low"], bin_["high"]) == (3, 3, 3)

    def test_a_class_that_no_fold_scores_has_no_curve(self):
        codes = np.repeat([0, 1, 2], [6, 5, 1])
        dataset = dataset_from(pd.DataFrame({"a": np.linspace(0, 1, 12)}), codes, ("x", "y", "z"))
        given = [[Split(np.arange(1, 12, 2), np.arange(0, 11, 2)), Split(np.arange(0, 12, 2), np.arange(1, 11, 2))]]
        found = Study(dataset, FEW, partitions=given).run().evidence.predictions
        assert (found.rows, sum(found.confusion[2])) == (11, 0)
        assert sorted(curve.label for curve in found.roc) == ["x", "y"]

    def test_a_plain_network_that_diverges_on_all_rows_leaves_the_study_and_no_activations(self, monkeypatch):
        def diverge(*given):
            raise InputError("all networks of the recommended configurations diverged")

        timed = {"leaderboard": None}  # seconds differ from run to run
        before = self.evidence() | timed
        monkeypatch.setattr(conclusion, "train_ensemble", diverge)
        assert self.evidence() | timed == before | {"activations": None}

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    @pytest.mark.parametrize("classes", [2, None], ids=["classes", "numbers"])
    @pytest.mark.parametrize("rates", [(1e-2, 1e38), (1.0, 1e37)], ids=["some", "most"])
    def test_networks_that_diverge(self, monkeypatch, classes, rates):
        monkeypatch.setitem(LEARNING_RATE, "learning_rate", log_uniform(*rates))
        evidence = self.evidence(make(classes=classes), networks=36 * 4, epochs=8)
        found = [each["loss"] for each in evidence["configurations"]]
        assert 0 < found.count(None) < len(found)


class TestGivenSplits:
    def test_networks_are_fitted_and_scored_on_these_rows_and_no_others(self, monkeypatch):
        spy, record, given = Spy(monkeypatch), Record(), [cut_by_hand(0)]
        result = Study(make(), FEW, partitions=given).run(record)
        assert set(spy.splits) == {*plain_of(given[0]), EVERYTHING}  # all rows are for the final model
        assert sorted({trial.split for trial in record.trials}) == [0, 1]
        plan = result.answer.plan
        assert (plan.partitions, plan.folds, plan.configurations) == (1, 2, 1)
        assert "fold" not in plan.shortfalls[0].replace("nothing is decided", "").partition(":")[2]

    def test_there_may_be_several_partitions(self, monkeypatch):
        spy, record, given = Spy(monkeypatch), Record(), [cut_by_hand(seed) for seed in range(3)]
        options = replace(FEW, networks=len(ARMS) * 2 * (4 + 3 + 3))
        result = Study(make(), options, partitions=given).run(record)
        kept = record.trials
        assert set(spy.splits) == {*(split for partition in given for split in plain_of(partition)), EVERYTHING}
        assert result.answer.trained.networks == len(kept) == options.networks
        for arm in ARMS:
            counts = [sum(trial.arm == arm and trial.split == split for trial in kept) for split in range(6)]
            assert counts == [4, 4, 3, 3, 3, 3]
        plan = result.answer.plan
        assert (plan.partitions, plan.folds, plan.configurations, plan.shortfalls) == (3, 2, 4, ())

    def test_too_few_networks_are_given_fewer_configurations_and_partitions_but_never_fewer_folds(self):
        given = [cut_by_hand(seed, folds=4) for seed in range(2)]
        plan = Study(make(), FEW, partitions=given).run().answer.plan
        assert (plan.partitions, plan.folds, plan.configurations) == (1, 4, 1)
        assert "36 networks are too few for 12 arms in 4 folds; trained 48 instead" in plan.shortfalls[0]

    def test_nor_does_too_little_time(self):
        given = [cut_by_hand(seed, folds=4) for seed in range(2)]
        options = Options(budget=1e-3, hidden=(4,), epochs=10)
        plan = Study(make(), options, partitions=given).run().answer.plan
        assert (plan.partitions, plan.folds, plan.epochs) == (1, 4, defaults.FEWEST_EPOCHS)
        assert "8 epochs instead of 10" in plan.shortfalls[0]

    def test_a_row_that_is_never_fitted_nor_scored_does_not_matter_to_the_race(self):
        given = [[Split(np.arange(1, 6), np.arange(6, 12)), Split(np.arange(6, 12), np.arange(1, 6))]]
        found = []
        for value in (0.0, 1e3):
            record, frame = Record(), pd.DataFrame({"a": [value, *np.linspace(-1, 1, 11)]})
            dataset = dataset_from(
                frame, np.arange(12.0) + value, weights=np.arange(12) + 1 + value * (np.arange(12) == 0)
            )
            Study(dataset, FEW, partitions=given).run(record)
            found.append(np.stack([trial.curves for trial in record.trials]))
        np.testing.assert_array_equal(*found)

    def test_what_validation_rows_say_and_count_for_does_not_change_what_is_fitted(self):
        given, found = [[Split(np.arange(6), np.arange(6, 12)), Split(np.arange(6, 12), np.arange(6))]], []
        for value in (1.0, 50.0):
            record, validation = Record(), np.where(np.arange(ROWS) < 6, 1.0, value)
            frame = pd.DataFrame({"a": np.linspace(-1, 1, ROWS) * validation})
            dataset = dataset_from(frame, np.arange(12.0) * validation, weights=(np.arange(ROWS) + 1) * validation)
            Study(dataset, FEW, partitions=given).run(record)
            found.append(np.stack([trial.curves for trial in record.trials if trial.split == 0]))
        one, other = found
        np.testing.assert_array_equal(one[:, :, 0], other[:, :, 0])
        assert (one[:, :, 1] != other[:, :, 1]).all()

    def test_splits_that_are_none_are_refused(self):
        with pytest.raises(InputError, match="X: splits come in partitions"):
            Study(make(), FEW, partitions=[])


class TestWeights:
    def test_they_change_what_is_learned_and_how_it_is_judged(self):
        kept: dict[str, Record] = {}
        for name, weights in (("none", None), ("same", np.full(ROWS, 7.0)), ("other", np.arange(1.0, ROWS + 1))):
            Study(make(weights=weights), FEW).run(kept.setdefault(name, Record()))
        curves = {name: np.stack([trial.curves for trial in record.trials]) for name, record in kept.items()}
        np.testing.assert_array_equal(curves["same"], curves["none"])
        assert np.mean(curves["other"][:, :, :, 0] != curves["none"][:, :, :, 0]) > 0.9

    @pytest.mark.parametrize("class_weight", [None, "balanced"])
    def test_classes_may_count_alike_besides(self, class_weight):
        answer = Study(make(weights=np.arange(1.0, ROWS + 1)), replace(FEW, class_weight=class_weight)).run().answer
        assert np.isfinite(answer.judgement.plain_loss)


class TestScoring:
    """A score by which the arm with the highest loss is best: it is asked last, and every score is higher than the one
    before."""

    @pytest.fixture(scope="class")
    @staticmethod
    def studied():
        asked, record, notebook = [], Record(), Notebook()

        def scoring(rows, predicted):
            asked.append((rows, predicted))
            return len(asked)

        given = [cut_by_hand(0)]
        return (
            Study(make(), FEW, notebook, partitions=given, scoring=scoring).run(record),
            asked,
            record.trials,
            notebook,
        )

    def test_it_chooses_another_arm_than_the_loss_would(self, studied):
        result, _, kept, _ = studied
        means = {arm.name: own.validation.mean(axis=1).min() for arm, own in losses_of(kept).items()}
        worst, best = max(means, key=means.get), min(means, key=means.get)
        assert {configuration.arm for configuration in result.answer.recommended} == {worst} != {best}
        assert {member["arm"] for member in result.model.members} == {worst}

    def test_the_answer_says_so_and_has_the_score_of_every_arm(self, studied):
        answer = studied[0].answer
        assert answer.chosen_by == "score"
        assert list(answer.scores) == [arm.name for arm in ARMS]
        assert sorted(answer.scores.values()) == list(range(1, 13))
        assert answer.scores[answer.recommended[0].arm] == 12
        assert as_read(answer) == answer

    def test_the_advice_speaks_of_the_score(self, studied):
        answer = studied[0].answer
        assert answer.advice.endswith("whose margin of error is unknown.")
        assert "(chosen by its score on validation rows, 12.0)" in "\n".join(answer_lines(answer))

    def test_it_is_told_rows_that_were_validation_and_probabilities_for_them(self, studied):
        expected = np.sort(np.concatenate([split.validation_rows for split in cut_by_hand(0)]))
        assert len(studied[1]) == len(ARMS)
        for rows, predicted in studied[1]:
            np.testing.assert_array_equal(rows, expected)
            assert predicted.shape == (8, 2)
            np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-6)

    def test_nothing_is_selected_greedily(self, studied):
        assert studied[0].answer.selection == "uniform"

    def test_whoever_watches_is_told(self, studied):
        assert [phase.split()[0] for phase in studied[3].phases] == ["pilot", "scoring", "training"]

    def test_of_equal_scores_the_lower_loss_counts(self):
        by_loss, by_score = (
            Study(make(classes=None), FEW, scoring=scoring).run() for scoring in (None, lambda *_: 0.0)
        )
        assert by_score.answer.recommended == by_loss.answer.recommended
        assert by_score.answer.scores == dict.fromkeys((arm.name for arm in ARMS), 0.0)
        for one, other in zip(
            by_score.model.networks.arrays.values(), by_loss.model.networks.arrays.values(), strict=True
        ):
            np.testing.assert_array_equal(one, other)

    def test_numbers_are_predicted_in_their_own_units(self):
        seen = []
        dataset = replace(make(classes=None), y_development=1000 + make(classes=None).y_development)
        Study(dataset, FEW, scoring=lambda rows, predicted: seen.append(predicted) or 0.0).run()
        assert {predicted.shape for predicted in seen} == {(ROWS,)}
        assert 990 < np.min(seen) < np.max(seen) < 1010

    def test_scores_that_are_no_numbers_are_null_in_the_answer(self):
        answer = Study(make(), FEW, scoring=lambda *_: np.nan).run().answer
        assert set(answer.scores.values()) == {None}
