"""Batch norm, dropout, decay and ensembles in the estimators: what the textbook says of them."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from tables import (
    IRIS,
    KINDS,
    SPECIES,
    first_predicted,
    ignore_warnings,
    make_estimator,
    make_kind,
    quick_classifier,
    quick_regressor,
)

pytestmark = ignore_warnings
LINKS = {"softmax": lambda z: softmax(z, axis=1), "logistic": expit, "identity": lambda z: z, "exp": np.exp}
ACTIVATIONS = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "logistic": expit, "silu": lambda z: z * expit(z)}


def forward(model, X):
    """A pass through the fitted attributes, by hand."""
    for layer, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        X = X @ weight + bias
        if layer < len(model.coefs_) - 1:
            X = ACTIVATIONS[model.activation](X)
    found = LINKS[model.out_activation_](X)
    if hasattr(model, "classes_"):
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found
    return found[:, 0] if found.shape[1] == 1 else found


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("place", [None, "before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_coefs_are_those_of_a_plain_network_that_predicts_the_same(kind, place, activation):
    X, y = make_kind(kind)
    model = make_estimator(
        kind,
        hidden_layer_sizes=(6, 5),
        max_iter=3,
        random_state=0,
        activation=activation,
        batch_norm=place,
        dropout=0.2,
        scaling=None,
    ).fit(X, y)
    np.testing.assert_allclose(forward(model, X), first_predicted(model, X), rtol=1e-6, atol=1e-9)
    assert [coef.shape for coef in model.coefs_] == [(X.shape[1], 6), (6, 5), (5, model.n_outputs_)]
    assert [bias.shape for bias in model.intercepts_] == [(6,), (5,), (model.n_outputs_,)]


@pytest.mark.parametrize("copied", [False, True], ids=["itself", "a copy"])
@pytest.mark.parametrize("members", [1, 3])
def test_predictions_follow_coefs_that_are_changed_or_replaced(members, copied):
    model = quick_classifier(n_members=members).fit(IRIS, SPECIES)
    model.predict_proba(IRIS)
    if copied:
        model = pickle.loads(pickle.dumps(model))
        model.predict_proba(IRIS)
    seen = [model.predict_proba(IRIS)]

    def changed():
        seen.append(model.predict_proba(IRIS))
        return not any(np.allclose(seen[-1], before) for before in seen[:-1])

    model.coefs_[0][:] *= 2
    assert changed()
    model.intercepts_[-1] = model.intercepts_[-1] + np.arange(3)
    assert changed()
    model.coefs_ = [np.zeros_like(coef) for coef in model.coefs_]
    model.intercepts_ = [np.zeros_like(bias) for bias in model.intercepts_]
    np.testing.assert_allclose(model.predict_proba(IRIS), 1 / 3)


@pytest.mark.parametrize("place", [None, "before", "after"])
def test_the_prediction_of_a_row_does_not_depend_on_the_rows_beside_it(place):
    model = quick_classifier(batch_norm=place, dropout=0.4).fit(IRIS, SPECIES)
    together = model.predict_proba(IRIS)
    np.testing.assert_allclose(
        np.vstack([model.predict_proba(IRIS[i : i + 1]) for i in range(0, 150, 10)]), together[::10]
    )
    np.testing.assert_array_equal(model.predict_proba(IRIS), together)  # dropout deletes in training only


def test_batch_norm_predicts_by_the_statistics_of_all_rows():
    """In full batches without dropout, the last loss before a step that changes nothing is that of the predictions."""
    X, y = make_kind("regression")
    model = quick_regressor(batch_norm="before", scaling=None, alpha=0.0, warm_start=True, batch_size=80).fit(X, y)
    model.set_params(learning_rate_init=1e-12, max_iter=1).fit(X, y)
    assert model.loss_ == pytest.approx(0.5 * np.mean((y - model.predict(X)) ** 2), rel=1e-6)


def test_initial_gamma_and_beta_are_where_batch_norm_starts():
    X, y = make_kind("binary")
    never = {"learning_rate_init": 1e-12, "max_iter": 1, "batch_norm": "after", "scaling": None}
    zero = quick_classifier(**never, batch_norm_scale=0.0, batch_norm_shift=0.0).fit(X, y)
    np.testing.assert_allclose(zero.predict_proba(X), 0.5)
    shifted = quick_classifier(**never, batch_norm_scale=0.0, batch_norm_shift=2.0).fit(X, y)
    assert np.ptp(shifted.predict_proba(X)[:, 1]) < 1e-9
    assert abs(shifted.predict_proba(X)[0, 1] - 0.5) > 0.01


def test_batches_of_batch_norm_have_two_rows_at_least():
    X, y = make_kind("binary")
    assert quick_classifier(batch_norm="before", batch_size=11).fit(X[:89], y[:89]).t_ == 12 * 89  # 8 x 11 and one row
    with pytest.raises(ValueError, match="batch"):
        quick_classifier(batch_norm="before", batch_size=1).fit(X, y)
    with pytest.raises(ValueError, match="two rows"):
        quick_classifier(batch_norm="before").fit(X[:1], y[:1])


def test_decoupled_decay_shrinks_weights_by_the_rate_times_lambda_a_step():
    """Beside the step, whatever the gradient: of rows without any, the weights alone shrink."""
    X = np.zeros((20, 3))
    given = {"solver": "sgd", "momentum": 0.0, "alpha": 0.0, "learning_rate_init": 0.1, "scaling": None, "max_iter": 1}
    free, decayed = (
        quick_regressor(**{**given, "weight_decay": weight_decay}).fit(X, np.zeros(20)) for weight_decay in (0.0, 2.0)
    )
    for one, other in zip(decayed.coefs_, free.coefs_, strict=True):
        np.testing.assert_allclose(one, 0.8 * other)


@pytest.mark.parametrize(("argument", "strong"), [("weight_decay", 5.0), ("alpha", 20.0), ("dropout", 0.8)])
def test_every_regulariser_holds_a_network_back_from_learning_noise_by_heart(argument, strong):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 10)), rng.normal(size=60)
    free, held = (
        quick_regressor(hidden_layer_sizes=(64,), max_iter=150, **given).fit(X, y).score(X, y)
        for given in ({}, {argument: strong})
    )
    assert free > held + 0.1


@pytest.mark.parametrize("init", ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", 0.05])
def test_initial_weights_have_the_spread_that_is_asked_for(init):
    X, y = np.random.default_rng(0).normal(size=(30, 200)), np.arange(30) % 2
    model = quick_classifier(hidden_layer_sizes=(100,), weight_init=init, learning_rate_init=1e-12, max_iter=1).fit(
        X, y
    )
    expected = init if isinstance(init, float) else (2 / (300 if init.startswith("glorot") else 200)) ** 0.5
    assert model.coefs_[0].std() == pytest.approx(expected, rel=0.03)
    assert np.abs(model.coefs_[0]).max() < (3**0.5 * expected + 1e-9 if "uniform" in str(init) else np.inf)
    np.testing.assert_allclose(model.intercepts_[0], 0, atol=1e-9)


# Ensembles


def members(model, X):
    """The predictions of each of an ensemble's members, by hand."""
    for index in range(len(model.coefs_[0])):
        one = quick_classifier(activation=model.activation)
        one.coefs_, one.intercepts_ = [w[index] for w in model.coefs_], [b[index] for b in model.intercepts_]
        one.out_activation_, one.classes_ = model.out_activation_, model.classes_
        yield forward(one, X)


def test_the_predictions_of_an_ensemble_are_the_mean_of_its_members():
    model = quick_classifier(n_members=3, scaling=None, batch_norm="after", dropout=0.2).fit(IRIS, SPECIES)
    assert [coef.shape for coef in model.coefs_] == [(3, 4, 8), (3, 8, 3)]
    each = list(members(model, IRIS))
    np.testing.assert_allclose(model.predict_proba(IRIS), np.mean(each, axis=0))
    assert not np.allclose(each[0], each[1])


def test_members_have_weights_and_masks_of_their_own_and_stop_as_one():
    model = quick_classifier(n_members=2, max_iter=300, tol=1e-3, n_iter_no_change=3).fit(IRIS, SPECIES)
    assert len(model.loss_curve_) == model.n_iter_ < 300
    assert not np.allclose(model.coefs_[0][0], model.coefs_[0][1])


def test_an_ensemble_is_no_worse_than_its_members_on_average():
    """As the loss is convex (Jensen)."""
    model = quick_classifier(n_members=4, scaling=None).fit(IRIS, SPECIES)
    own = np.arange(150), SPECIES
    each = np.mean([-np.log(predicted[own]).mean() for predicted in members(model, IRIS)])
    assert -np.log(model.predict_proba(IRIS)[own]).mean() <= each + 1e-9


def start_with_a_diverged_member(**given):
    model = quick_classifier(n_members=3, warm_start=True, **given).fit(IRIS, SPECIES)
    model._learner.numbers.flat[1] = np.nan
    return model


@pytest.mark.parametrize("given", [{}, {"batch_norm": "after", "dropout": 0.2}, {"solver": "lbfgs"}], ids=str)
def test_a_diverged_member_is_left_out_with_a_warning_and_does_not_spoil_the_others(given):
    sound = quick_classifier(n_members=3, warm_start=True, n_iter_no_change=np.inf, **given).fit(IRIS, SPECIES)
    model = start_with_a_diverged_member(n_iter_no_change=np.inf, **given)
    with pytest.warns(ConvergenceWarning, match="1 of 3 members diverged"):
        model.fit(IRIS, SPECIES)
    sound.fit(IRIS, SPECIES)
    assert [coef.shape[0] for coef in model.coefs_] == [2, 2]
    for one, other in zip(model.coefs_, sound.coefs_, strict=True):
        np.testing.assert_allclose(one, other[[0, 2]])
    assert np.isfinite(model.predict_proba(IRIS)).all()


def test_a_diverged_member_spoils_neither_the_loss_nor_the_end_of_training():
    model = start_with_a_diverged_member(max_iter=400, tol=1e-2, n_iter_no_change=3)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(IRIS, SPECIES)
    assert np.isfinite(model.loss_curve_).all()
    assert model.n_iter_ < 400


def test_a_diverged_member_does_not_spoil_early_stopping():
    model = start_with_a_diverged_member(max_iter=400, early_stopping=True, n_iter_no_change=3)
    model.fit(IRIS, SPECIES)
    assert np.isfinite(model.validation_scores_).all()
    assert model.n_iter_ < 400
    assert np.isfinite(model.predict_proba(IRIS)).all()


@pytest.mark.parametrize("members", [1, 2])
def test_if_all_diverged_there_is_no_model(members):
    X, y = make_kind("regression")
    model = quick_regressor(
        solver="sgd", activation="identity", learning_rate_init=1e3, n_members=members, max_iter=200
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(ValueError, match="non-finite"):
            model.fit(X, y)
