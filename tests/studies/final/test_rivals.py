"""Non-neural baselines: which there are, when only the constant is left, and how they compare with
networks."""

from dataclasses import replace

import numpy as np
import pytest
from studies import Clock

from goru.data.splitting import folds
from goru.experiment.effects.comparison import CLASS_PRIOR, Difference, Rival, compare
from goru.studies import defaults
from goru.studies.final import baselines
from goru.studies.final.rivals import BOOSTING, against, baseline_models, constant_name, cross_validated, linear_name
from goru.studies.final.scores import constant_predictions, figures, row_losses

INFINITE = float("inf")


def cut(dataset):
    return folds(dataset.y_development, dataset.task, 3, 0)


class TestPredictions:
    @pytest.mark.parametrize(
        ("name", "constant", "linear"),
        [("flowers", "class prior", "logistic regression"), ("prices", "mean", "ridge regression")],
    )
    def test_the_simplest_comes_first(self, request, name, constant, linear):
        dataset = request.getfixturevalue(name)
        assert linear_name(dataset) == linear
        found = baseline_models(dataset, cut(dataset), 0, False, INFINITE)
        assert list(found) == [constant, linear, BOOSTING] == [constant, linear, "boosted trees"]

    def test_each_predicts_the_test_rows_and_better_than_a_constant(self, flowers, prices):
        for dataset, figure in ((flowers, "accuracy"), (prices, "R²")):
            found = baseline_models(dataset, cut(dataset), 0, False, INFINITE)
            scored = {name: figures(dataset, model.predicted)[figure] for name, model in found.items()}
            assert scored.pop(constant_name(dataset)) < min(scored.values())
            np.testing.assert_array_equal(found[constant_name(dataset)].predicted, constant_predictions(dataset))

    def test_where_they_would_take_too_long_there_is_the_constant_alone(self, flowers, monkeypatch):
        monkeypatch.setattr(baselines, "boosting", lambda *_: pytest.fail("trained"))
        assert list(baseline_models(flowers, cut(flowers), 0, False, 1e-3)) == [CLASS_PRIOR]

    def test_what_would_take_too_long_is_left_out_and_the_others_are_not(self, flowers, monkeypatch):
        monkeypatch.setattr(baselines, "affordable_splits", lambda *_: None)
        assert list(baseline_models(flowers, cut(flowers), 0, False, INFINITE)) == [CLASS_PRIOR, BOOSTING]
        monkeypatch.undo()
        monkeypatch.setattr(baselines, "affordable_rounds", lambda *_: None)
        assert list(baseline_models(flowers, cut(flowers), 0, False, INFINITE)) == [
            CLASS_PRIOR,
            "logistic regression",
        ]

    @pytest.mark.parametrize(("slowness", "left"), [(1.0, (10.0, 6.0)), (2.0, (5.0, 3.0))])
    def test_what_one_has_taken_the_others_have_not(self, flowers, monkeypatch, slowness, left):
        clock, told = Clock(), []

        def linear(dataset, splits, balanced, watch):
            clock.now += 4
            assert len(splits) == 1

        monkeypatch.setattr("goru.studies.final.rivals.time", clock)
        monkeypatch.setattr(baselines, "linear", linear)
        monkeypatch.setattr(baselines, "boosting", lambda dataset, seed, balanced, rounds, watch: rounds)
        monkeypatch.setattr(baselines, "affordable_splits", lambda dataset, splits, seconds: told.append(seconds) or 1)
        monkeypatch.setattr(baselines, "affordable_rounds", lambda dataset, seconds: told.append(seconds) or 70)
        assert baseline_models(flowers, cut(flowers), 0, False, 10.0, slowness)[BOOSTING].predicted == 70
        assert tuple(told[:2]) == left

    def test_they_are_the_same_for_the_same_seed(self, flowers):
        one, other = (baseline_models(flowers, cut(flowers), 3, False, INFINITE) for _ in range(2))
        for name in one:
            np.testing.assert_array_equal(one[name].predicted, other[name].predicted)

    def test_they_are_told_whether_classes_count_alike(self, flowers, monkeypatch):
        told = []
        monkeypatch.setattr(baselines, "linear", lambda dataset, splits, balanced, watch: told.append(balanced))
        monkeypatch.setattr(baselines, "boosting", lambda dataset, seed, balanced, rounds, watch: told.append(balanced))
        for balanced in (True, False):
            baseline_models(flowers, [], 0, balanced, INFINITE)
        assert told == [True, True, False, False]


class TestInCrossValidation:
    def test_the_loss_of_a_constant_is_that_of_each_split_s_own_training_rows(self, flowers, prices):
        for dataset in (flowers, prices):
            model, splits = (
                baseline_models(dataset, cut(dataset), 0, False, INFINITE)[constant_name(dataset)],
                cut(dataset),
            )
            part = np.arange(len(dataset.y_development)) % 7
            found = cross_validated(dataset, splits, model.again, lambda _: None, part)
            for place, (training, validation) in enumerate(splits):
                y = dataset.y_development
                if dataset.classes is None:
                    expected = np.mean(((y[validation] - y[training].mean()) / y.std()) ** 2)
                else:
                    expected = -np.log(np.bincount(y[training])[y[validation]] / len(training)).mean()
                assert found.losses[place] == pytest.approx(expected)
            np.testing.assert_allclose(found.parts.sum(axis=1), found.losses)

    def test_every_model_is_fitted_again_where_there_is_time_and_beats_the_constant(self, flowers):
        models, splits = baseline_models(flowers, cut(flowers), 0, False, INFINITE), cut(flowers)
        part = np.zeros(len(flowers.y_development), int)
        losses = {
            name: cross_validated(flowers, splits, model.again, lambda _: None, part).change
            for name, model in models.items()
        }
        assert losses.pop(CLASS_PRIOR) > max(losses.values())

    def test_where_time_is_short_only_the_constant_is(self, flowers, monkeypatch):
        monkeypatch.setattr("goru.studies.final.rivals.CROSS_SECONDS", 0.0)
        models = baseline_models(flowers, cut(flowers), 0, False, INFINITE)
        assert [name for name, model in models.items() if model.again is not None] == [CLASS_PRIOR]

    def test_what_rows_count_for_counts(self, flowers):
        model, splits = baseline_models(flowers, cut(flowers), 0, True, INFINITE)[CLASS_PRIOR], cut(flowers)
        weights = np.where(flowers.y_development == 0, 5.0, 1.0)
        found = cross_validated(flowers, splits, model.again, lambda _: weights, np.zeros(len(weights), int))
        np.testing.assert_allclose(found.losses, np.log(3))  # where every class counts alike, whatever the rows

    def test_fitting_and_predicting_take_time(self, flowers):
        models = baseline_models(flowers, cut(flowers), 0, False, INFINITE)
        for name in (linear_name(flowers), BOOSTING):
            assert models[name].fit_seconds > 0
            assert models[name].predict_seconds > 0


class TestAgainst:
    @pytest.fixture
    def uneven(self, flowers):
        """Nine, six and three test rows of the classes."""
        y = flowers.y_test.copy()
        y[np.flatnonzero(y == 2)[:3]] = 0
        return replace(flowers, y_test=y)

    @pytest.fixture
    def predicted(self, flowers):
        """Probabilities made up; the networks' are the last ones."""
        made_up = np.random.default_rng(0).dirichlet(np.ones(3), size=(3, len(flowers.y_test)))
        return dict(
            zip([CLASS_PRIOR, "linear", "trees", "networks"], [constant_predictions(flowers), *made_up], strict=True)
        )

    @pytest.mark.parametrize(("balanced", "figure"), [(False, "log loss"), (True, "balanced log loss")])
    def test_a_loss_is_that_of_the_test_rows_and_a_difference_how_much_it_is_above_the_networks(
        self, uneven, predicted, balanced, figure
    ):
        losses = {name: figures(uneven, values, balanced)[figure] for name, values in predicted.items()}
        networks = predicted.pop("networks")
        found = against(uneven, predicted, networks, balanced)
        assert [rival.name for rival in found] == ["linear", "trees"]  # nobody would use a constant
        for rival in found:
            assert rival.loss == pytest.approx(losses[rival.name])
            assert rival.difference.change == pytest.approx(losses[rival.name] - losses["networks"])
            assert rival.difference.low < rival.difference.change < rival.difference.high

    def test_its_interval_is_that_of_the_paired_losses_and_those_of_all_hold_together(self, uneven, predicted):
        networks = predicted.pop("networks")
        own = row_losses(uneven, networks)
        for rival in against(uneven, predicted, networks, balanced=False):
            theirs = row_losses(uneven, predicted[rival.name])
            assert rival.difference == compare(theirs, own, 1 - (1 - defaults.CONFIDENCE) / 2)

    def test_rows_of_one_group_count_as_the_group(self, uneven, predicted):
        networks, groups = predicted.pop("networks"), np.arange(18) // 3
        own = row_losses(uneven, networks)
        for rival in against(replace(uneven, test_groups=groups), predicted, networks, balanced=False):
            theirs = row_losses(uneven, predicted[rival.name])
            assert rival.difference == compare(theirs, own, 1 - (1 - defaults.CONFIDENCE) / 2, groups=groups)

    def test_a_difference_is_also_a_share_of_the_networks_loss(self):
        rival = Rival("linear", Difference(-0.1, -0.15, 0.05), 0.4)
        assert rival.networks_loss == pytest.approx(0.5)
        shares = rival.shares
        assert (shares.change, shares.low, shares.high) == pytest.approx((-0.2, -0.3, 0.1))

    def test_of_no_loss_at_all_there_is_no_share(self):
        assert Rival("linear", Difference(0.4, 0.3, 0.5), 0.4).shares == Difference(0.0, -INFINITE, INFINITE)

    def test_of_the_constant_alone_there_is_nothing_to_compare(self, uneven, predicted):
        assert against(uneven, {CLASS_PRIOR: predicted[CLASS_PRIOR]}, predicted["networks"], balanced=False) == []
