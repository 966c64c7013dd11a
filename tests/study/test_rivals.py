"""The models that are no networks: which there are, in which order, and when only the guess is left."""

import numpy as np
import pytest

from goru.data.splitting import folds
from goru.study import baselines
from goru.study.rivals import BOOSTING, GUESS, linear_name, predictions
from goru.study.scores import figures, guess

INFINITE = float("inf")


def cut(dataset):
    return folds(dataset.y_development, dataset.task, 3, 0)


class TestPredictions:
    @pytest.mark.parametrize(("name", "linear"), [("flowers", "logistic regression"), ("prices", "ridge regression")])
    def test_the_simplest_comes_first(self, request, name, linear):
        dataset = request.getfixturevalue(name)
        assert linear_name(dataset) == linear
        found = predictions(dataset, cut(dataset), 0, False, INFINITE)
        assert list(found) == [GUESS, linear, BOOSTING] == ["guess", linear, "boosted trees"]

    def test_each_predicts_the_test_rows_and_better_than_a_guess(self, flowers, prices):
        for dataset, figure in ((flowers, "accuracy"), (prices, "R²")):
            found = predictions(dataset, cut(dataset), 0, False, INFINITE)
            scored = {name: figures(dataset, predicted)[figure] for name, predicted in found.items()}
            assert scored.pop(GUESS) < min(scored.values())
            np.testing.assert_array_equal(found[GUESS], guess(dataset))

    def test_where_they_would_take_too_long_there_is_the_guess_alone(self, flowers, monkeypatch):
        monkeypatch.setattr(baselines, "boosting", lambda *_: pytest.fail("trained"))
        assert list(predictions(flowers, cut(flowers), 0, False, 1e-3)) == [GUESS]

    def test_they_are_the_same_for_the_same_seed(self, flowers):
        one, other = (predictions(flowers, cut(flowers), 3, False, INFINITE) for _ in range(2))
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])

    def test_they_are_told_whether_classes_count_alike(self, flowers, monkeypatch):
        told = []
        monkeypatch.setattr(baselines, "linear", lambda dataset, splits, balanced: told.append(balanced))
        monkeypatch.setattr(baselines, "boosting", lambda dataset, seed, balanced: told.append(balanced))
        for balanced in (True, False):
            predictions(flowers, [], 0, balanced, INFINITE)
        assert told == [True, True, False, False]
