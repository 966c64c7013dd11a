"""The last training, on all development rows, and the test rows."""

import numpy as np
import pytest
from user_functions import classes, design, logistic, means, numbers, shares, study

import goru

X, Y = classes()


def overfitting(told, fail=lambda fit: False):
    """A training function that is best after its third epoch."""

    def train(fit, validation, config, seed):
        if fail(fit):
            raise ValueError("out of memory")
        for right in (0.6, 0.7, 0.8, 0.7, 0.6):
            stop = yield np.where(validation.codes == 1, right, 1 - right)
            told.append((len(fit), stop))
            if stop:
                break
        return {"rows": len(fit), "right": right, "config": dict(config)}

    return train


def test_it_is_told_after_its_best_epoch_and_what_it_returns_is_the_model():
    told = []
    result = study(overfitting(told), X, Y)
    assert [bool(stop) for rows, stop in told if rows == len(X)] == [False, False, True]
    assert not any(stop for rows, stop in told if rows < len(X))
    assert result.model == {"rows": len(X), "right": 0.8, "config": result.configuration}
    assert result.answer.recommended[0].epochs == 3


def test_with_test_rows_it_is_trained_on_the_others_and_judged_by_them():
    result = study(overfitting([]), X, Y, test=True)
    assert result.model["rows"] == len(X) - len(X) // 5
    figures = {found.arm: found.figures for found in result.answer.test}
    assert figures["recommended"]["log loss"] == pytest.approx(-np.log(0.8))
    assert figures["recommended"]["accuracy"] == 1.0


def test_figures_of_classes_by_hand():
    others, target = classes(200, seed=5)
    result = study(logistic, X, Y, test=(others, target))
    weights = result.model
    p = 1 / (1 + np.exp(-(others[:, 0] * weights[0] + weights[1])))
    figures = {found.arm: found.figures for found in result.answer.test}["recommended"]
    right = np.where(target == "yes", p, 1 - p)
    assert figures["log loss"] == pytest.approx(np.mean(-np.log(right)), rel=1e-6)
    assert figures["accuracy"] == pytest.approx(np.mean(right > 0.5))


@pytest.mark.parametrize("weights", [None, np.arange(1.0, 81)])
def test_figures_of_numbers_by_hand(weights):
    others, target = numbers(50, seed=5)
    _, y = numbers()
    result = study(means, X, y, test=(others, target), sample_weight=weights)
    figures = {found.arm: found.figures for found in result.answer.test}["recommended"]
    share = 1.0 if result.configuration["scaled"] else 0.8
    squares = np.mean((target - share * np.mean(y)) ** 2)
    assert figures["error"] == pytest.approx(np.sqrt(squares))
    assert figures["R²"] == pytest.approx(1 - squares / np.var(target))


def test_weighted_test_rows_are_weighted_throughout():
    """Rows that count for nothing change nothing."""
    _, y = numbers()
    weights = np.ones(len(y))
    weights[::4] = 0
    changed = np.where(weights == 0, 50.0, y)

    def train(fit, validation, config, seed):
        yield np.full(len(validation), 0.5 + 0.1 * config.scaled)

    found = [
        {one.arm: one.figures for one in study(train, X, given, test=True, sample_weight=weights).answer.test}
        for given in (y, changed)
    ]
    assert found[0]["recommended"]["error"] == pytest.approx(found[1]["recommended"]["error"])
    assert found[0]["recommended"]["R²"] == pytest.approx(found[1]["recommended"]["R²"])


def test_a_loss_of_ones_own_has_a_figure_of_its_own():
    _, y = numbers()
    result = study(means, X, y, test=True, loss=lambda y, predicted: abs(y - predicted))
    assert all(set(found.figures) == {"loss"} for found in result.answer.test)


def test_losses_alone_are_figures_too():
    result = study(lambda fit, validation, config, seed: (yield goru.losses(validation.X[:, 0] ** 2)), X, test=True)
    assert {found.arm for found in result.answer.test} >= {"recommended"}


def test_without_a_model_there_is_none():
    assert study(shares, X, Y).model is None


def test_if_the_last_training_fails_the_answer_is_there_and_says_so():
    result = study(overfitting([], lambda fit: len(fit) == len(X)), X, Y)
    assert result.model is None
    assert len(result.effects) > 1
    assert "out of memory" in str(result)
    assert any("out of memory" in failure.reason for failure in result.answer.failures)


def test_the_seed_of_the_last_training_is_a_function_of_that_of_the_study():
    def seeds(seed):
        found = []

        def train(fit, validation, config, number):
            if len(fit) == len(X):
                found.append(number)
            yield from shares(fit, validation, config, number)

        study(train, X, Y, seed=seed)
        return found

    assert seeds(1) == seeds(1) != seeds(2)


def test_the_plain_arm_is_trained_on_all_rows_only_where_test_rows_compare_it():
    def lasts(**more):
        told = []
        study(overfitting(told), X, Y, design=design(), **more)
        most = max(rows for rows, _ in told)
        return sum(bool(stop) for rows, stop in told if rows == most)

    assert lasts(test=False) == 1
    assert lasts(test=True) in (1, 2)
