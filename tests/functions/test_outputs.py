"""Losses are those that a reader would work out by hand."""

import numpy as np
import pytest
from user_functions import classes, numbers, study

import goru
from goru.functions.outputs import scored
from goru.functions.rows import Rows

THREE = Rows(None, np.array(["b", "c"]), np.array([1, 2]), np.array(["a", "b", "c"]), np.arange(2))
TWO = Rows(None, np.array([1, 0, 1]), np.array([1, 0, 1]), np.array([0, 1]), np.arange(3))
VALUES = Rows(None, np.array([1.0, 4.0]), np.array([1.0, 4.0]), None, np.arange(2))
NONE = Rows(None, None, None, None, np.arange(2))


def losses_of(yielded, rows, loss=None, scale=1.0):
    return scored(yielded, rows, loss, scale).losses


def test_log_loss():
    p = [[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]
    np.testing.assert_allclose(losses_of(p, THREE), [-np.log(0.5), -np.log(0.8)])


def test_of_two_classes_the_second_is_enough():
    expected = [-np.log(0.9), -np.log(0.6), -np.log(0.3)]
    for p in (
        np.array([0.9, 0.4, 0.3]),
        np.array([[0.9], [0.4], [0.3]]),
        np.array([[0.1, 0.9], [0.6, 0.4], [0.7, 0.3]]),
    ):
        np.testing.assert_allclose(losses_of(p, TWO), expected)


def test_a_probability_of_nothing_costs_much_and_not_endlessly():
    found = losses_of([1.0, 1.0, 0.0], TWO)
    assert found[0] < 1e-15
    assert (found[1:] > 30).all()
    assert np.isfinite(found).all()


def test_squared_error_is_over_the_variance():
    np.testing.assert_allclose(losses_of([2.0, 1.0], VALUES, scale=2.0), [0.25, 2.25])
    np.testing.assert_allclose(losses_of([[2.0], [1.0]], VALUES), [1.0, 9.0])


def test_a_loss_of_ones_own():
    def absolute(y, predicted):
        return abs(y - predicted)

    np.testing.assert_allclose(losses_of(np.array([2.0, 1.0]), VALUES, absolute, 2.0), [1.0, 3.0])
    np.testing.assert_allclose(losses_of(goru.predictions(np.array([2.0, 1.0])), VALUES, absolute), [1.0, 3.0])


def test_losses_are_taken_as_they_are():
    found = scored(goru.losses([0.5, 0.25], training=0.125), NONE, None, 1.0)
    np.testing.assert_array_equal(found.losses, [0.5, 0.25])
    assert found.training == 0.125
    assert found.predicted is None


def test_predictions_may_have_a_training_loss_beside_them():
    found = scored(goru.predictions([0.9, 0.4, 0.3], training=0.5), TWO, None, 1.0)
    assert found.training == 0.5
    assert np.isnan(scored([0.9, 0.4, 0.3], TWO, None, 1.0).training)


@pytest.mark.parametrize("kind", ["losses", "predictions", "values", "custom"])
def test_what_is_yielded_may_be_overwritten_afterwards(kind):
    own = np.array([0.5, 0.25])
    yielded = {"losses": goru.losses(own), "predictions": goru.predictions(own)}.get(kind, own)
    found = scored(yielded, NONE if kind == "losses" else VALUES, (lambda y, p: p) if kind == "custom" else None, 1.0)
    before = found.losses.copy(), None if found.predicted is None else found.predicted.copy()
    own[:] = 7
    np.testing.assert_array_equal(found.losses, before[0])
    if found.predicted is not None:
        np.testing.assert_array_equal(found.predicted, before[1])


@pytest.mark.parametrize(
    ("p", "diverged"),
    [
        ([[np.nan] * 3, [0.1, 0.1, 0.8]], [True, False]),
        ([[0.2, 0.5, 0.3], [np.inf, -np.inf, 0.0]], [False, True]),
        ([[0.2, np.inf, 0.3], [0.1, 0.1, np.inf]], [True, True]),
        ([[np.nan, 0.5, 0.5], [0.1, 0.1, 0.8]], [True, False]),
    ],
)
def test_what_is_not_finite_has_no_finite_loss(p, diverged):
    np.testing.assert_array_equal(~np.isfinite(losses_of(p, THREE)), diverged)


@pytest.mark.parametrize(
    ("yielded", "rows", "words"),
    [
        (None, TWO, "^train: it yielded None"),
        ([[0.5, 0.5]], TWO, r"\(1, 2\)"),
        ([[0.2, 0.3, 0.5]] * 3, TWO, r"\(3, 3\)"),
        ([0.5] * 2, THREE, r"\(2,\)"),
        ([[2.0, -1.0]] * 3, TWO, "no probabilities"),
        ([[3.0, 1.0]] * 3, TWO, "no probabilities"),
        ([3.0, 1.0, 0.5], TWO, "no probabilities"),
        ([1.0], VALUES, r"\(1,\)"),
        ([[1.0, 2.0]] * 2, VALUES, r"\(2, 2\)"),
        (goru.losses(0.5), VALUES, "^train: losses"),
        (goru.losses([0.5]), VALUES, r"\(1,\)"),
        ([0.5, 0.5], NONE, "goru.losses"),
    ],
)
def test_what_is_wrong_with_it_is_said(yielded, rows, words):
    with pytest.raises(ValueError, match=words):
        scored(yielded, rows, None, 1.0)


def test_a_study_measures_the_same_as_by_hand():
    X, y = numbers()
    expected = []

    def train(fit, validation, config, seed):
        predicted = X[validation.indices, 0] * (2 + config.scaled)
        expected.append(np.mean((y[validation.indices] - predicted) ** 2) / np.var(y))
        yield predicted

    result = study(train, X, y)
    assert sorted(result.trials["last_loss"]) == pytest.approx(sorted(expected[:10]), rel=1e-6)


def test_weights_weigh_the_rows_that_judge():
    X, y = classes()
    weights, expected = np.arange(1.0, len(y) + 1), []

    def train(fit, validation, config, seed):
        p = 1 / (1 + np.exp(-validation.X[:, 0] * (1 + config.scaled)))
        losses = -np.log(np.where(validation.y == "yes", p, 1 - p))
        expected.append(np.average(losses, weights=weights[validation.indices]))
        yield p

    result = study(train, X, y, sample_weight=weights)
    assert sorted(result.trials["last_loss"]) == pytest.approx(sorted(expected[:10]), rel=1e-6)


def test_a_loss_of_ones_own_is_what_a_study_compares():
    X, y = numbers()

    def train(fit, validation, config, seed):
        yield np.full(len(validation), 1.0 + config.scaled)

    result = study(train, X, y, loss=lambda y, predicted: abs(y - predicted))
    assert result.answer.judgement.plain_loss == pytest.approx(np.mean(abs(y - 1)), rel=0.01)
    assert result.effects["change"].iloc[0] == pytest.approx(np.mean(abs(y - 2) - abs(y - 1)), abs=0.02)
