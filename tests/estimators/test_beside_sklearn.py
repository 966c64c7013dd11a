"""From the same initial weights, without scaling, fits are those of scikit-learn's estimators, number by number."""

import inspect

import numpy as np
import pytest
from sklearn import neural_network
from tables import CLASSES, KINDS, first_predicted, ignore_warnings, make_kind, make_twins

import goru

SOLVERS = {
    "gradient descent": {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.05},
    "momentum": {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False, "learning_rate_init": 0.05},
    "nesterov": {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": True, "learning_rate_init": 0.05},
    "adam": {"solver": "adam", "learning_rate_init": 0.02, "beta_1": 0.8, "beta_2": 0.95},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_solver = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
pytestmark = ignore_warnings


def fit_twins(kind, weight=None, **given):
    given = {"hidden_layer_sizes": (7, 5), "random_state": 3, "alpha": 0.3, "shuffle": False} | given
    X, y = make_kind(kind)
    own, other = make_twins(kind, **given)
    weight = None if weight is None else weight(len(X))
    return own.fit(X, y, sample_weight=weight), other.fit(X, y, sample_weight=weight)


def assert_equal_fits(own, other, atol=1e-6):
    for one, two in zip(own.coefs_ + own.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        assert one.shape == two.shape
        np.testing.assert_allclose(one, two, atol=atol)


def assert_equal_histories(own, other):
    for name in ("loss_curve_", "loss_", "best_loss_", "validation_scores_", "best_validation_score_"):
        one, two = getattr(own, name), getattr(other, name)
        assert (one is None) == (two is None), name
        if one is not None:
            several = own.n_outputs_ > 1 and own.out_activation_ == "identity" and "loss" in name
            if not several:  # see test_the_loss_of_several_outputs
                np.testing.assert_allclose(one, two, atol=1e-6, err_msg=name)
            assert type(one) is list or np.isscalar(one)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(own, name) == getattr(other, name), name


def weights_of(rows):
    return np.random.default_rng(8).uniform(0.2, 3, rows)


@pytest.mark.parametrize("estimator", ["MLPClassifier", "MLPRegressor"])
def test_constructors_have_the_parameters_of_scikit_learn_s_with_the_same_defaults(estimator):
    own, other = (inspect.signature(getattr(library, estimator)).parameters for library in (goru, neural_network))
    assert set(other) <= set(own)
    for name, parameter in other.items():
        assert own[name].default == parameter.default, name
        assert own[name].kind == parameter.kind, name
    by_place = [name for name, parameter in own.items() if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert by_place == [name for name in other if name in by_place]


@every_solver
@every_kind
def test_a_step_on_all_rows(kind, solver):
    own, other = fit_twins(kind, **solver, max_iter=1, batch_size=1000 if kind == "binary" else "auto")
    assert_equal_fits(own, other)
    assert_equal_histories(own, other)


@every_solver
@every_kind
def test_an_epoch_of_mini_batches_in_random_order(kind, solver):
    """The next epochs differ: scikit-learn shuffles what the epoch before has shuffled."""
    assert_equal_fits(*fit_twins(kind, **solver, max_iter=1, batch_size=16, shuffle=True))


@every_solver
@every_kind
def test_epochs_of_mini_batches_the_last_one_short(kind, solver):
    own, other = fit_twins(kind, **solver, max_iter=6, batch_size=17)
    assert_equal_fits(own, other)
    assert_equal_histories(own, other)
    X, _ = make_kind(kind)
    np.testing.assert_allclose(first_predicted(own, X), first_predicted(other, X), atol=1e-6)
    np.testing.assert_array_equal(own.predict(X) if kind in CLASSES else 0, other.predict(X) if kind in CLASSES else 0)
    X, y = make_kind(kind)
    assert own.score(X, y) == pytest.approx(other.score(X, y))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_every_activation(activation):
    assert_equal_fits(*fit_twins("multiclass", activation=activation, max_iter=5, batch_size=30))


@every_kind
def test_weighted_rows(kind):
    own, other = fit_twins(kind, weights_of, max_iter=5, batch_size=16)
    assert_equal_fits(own, other)
    assert_equal_histories(own, other)


def test_the_loss_of_several_outputs_is_their_sum_as_its_gradient_is():
    """scikit-learn takes the gradient of the sum, and says that the loss is the mean."""
    own, other = fit_twins("outputs", max_iter=4, alpha=0.0, batch_size=20)
    np.testing.assert_allclose(own.loss_curve_, 3 * np.array(other.loss_curve_), rtol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "outputs"])
def test_lbfgs(kind):
    """Not with several outputs, where scikit-learn's loss does not have the gradient that it is given with."""
    own, other = fit_twins(kind, solver="lbfgs", max_iter=15)
    assert_equal_fits(own, other, atol=1e-4)
    assert own.n_iter_ == other.n_iter_
    assert own.loss_ == pytest.approx(other.loss_, rel=1e-6)


def test_lbfgs_with_weighted_rows():
    assert_equal_fits(*fit_twins("regression", weights_of, solver="lbfgs", max_iter=10), atol=1e-4)


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
def test_learning_rates_and_the_end_of_training(schedule):
    own, other = fit_twins(
        "binary",
        solver="sgd",
        learning_rate=schedule,
        power_t=0.3,
        learning_rate_init=0.2,
        tol=5e-3,
        n_iter_no_change=3,
        max_iter=150,
        batch_size=30,
    )
    assert 3 < own.n_iter_ < 150
    assert_equal_histories(own, other)
    assert_equal_fits(own, other)


@pytest.mark.parametrize("weight", [None, weights_of], ids=["alike", "weighted"])
@pytest.mark.parametrize("kind", ["binary", "multilabel", "regression"])
def test_early_stopping(kind, weight):
    own, other = fit_twins(
        kind, weight, early_stopping=True, validation_fraction=0.3, n_iter_no_change=4, tol=1e-3, max_iter=60
    )
    assert own.best_loss_ is None
    assert_equal_histories(own, other)
    assert_equal_fits(own, other)


@every_kind
def test_partial_fit_goes_on_where_it_was(kind):
    X, y = make_kind(kind)
    twins = make_twins(kind, hidden_layer_sizes=(6,), random_state=1, batch_size=20, shuffle=False)
    for estimator in twins:
        extra = {"classes": range(3 if kind == "multiclass" else 2)} if kind in ("binary", "multiclass") else {}
        extra = {"classes": [0, 1, 2]} if kind == "multilabel" else extra
        estimator.partial_fit(X, y, **extra)
        for _ in range(3):
            estimator.partial_fit(X[:50], y[:50])
    assert_equal_fits(*twins)
    assert_equal_histories(*twins)
    assert twins[0].n_iter_ == 1
    assert len(twins[0].loss_curve_) == 4


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_a_warm_start(solver):
    X, y = make_kind("regression")
    twins = make_twins(
        "regression", hidden_layer_sizes=(6,), random_state=1, solver=solver, max_iter=6, warm_start=True
    )
    for estimator in twins:
        for _ in range(3):
            estimator.fit(X, y)
    assert_equal_fits(*twins, atol=1e-4)
    assert twins[0].n_iter_ == twins[1].n_iter_


def test_arguments_that_change_before_a_warm_start_are_minded():
    X, y = make_kind("regression")
    twins = make_twins("regression", hidden_layer_sizes=(6,), random_state=1, max_iter=3, warm_start=True)
    for estimator in twins:
        estimator.fit(X, y)
        estimator.set_params(alpha=50.0, learning_rate_init=0.05, max_iter=20).fit(X, y)
    assert_equal_fits(*twins)


def test_a_warm_start_that_makes_the_validation_score_no_better_keeps_the_best_weights():
    X, y = make_kind("binary")
    twins = make_twins(
        "binary",
        random_state=1,
        max_iter=30,
        warm_start=True,
        early_stopping=True,
        learning_rate_init=0.02,
        shuffle=False,
    )
    for estimator in twins:
        estimator.fit(X, y)
        estimator.set_params(solver="sgd", learning_rate_init=20.0, max_iter=3).fit(X, y)
    # Not the losses: scikit-learn's are bounded, since it clips probabilities.
    np.testing.assert_allclose(twins[0].validation_scores_, twins[1].validation_scores_)
    assert max(twins[0].validation_scores_[-3:]) <= twins[0].best_validation_score_
    assert_equal_fits(*twins)


def test_single_precision():
    X, y = make_kind("binary")
    own, other = make_twins("binary", hidden_layer_sizes=(6,), max_iter=5, random_state=0)
    own.fit(X.astype(np.float32), y)
    other.fit(X.astype(np.float32), y)
    assert {array.dtype for array in own.coefs_ + own.intercepts_} == {np.dtype(np.float32)}
    assert_equal_fits(own, other, atol=1e-4)
    assert own.predict_proba(X.astype(np.float32)).dtype == np.float32
