"""The constructor's arguments: what makes no sense is refused by name, before anything is done."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from tables import IRIS, SPECIES, ignore_warnings

from goru import MLPClassifier, MLPRegressor

BAD = {
    "hidden_layer_sizes": [0, -3, (5, 0), (5, -1), 2.5, (4.0,), True, "wide", None],
    "activation": ["swish", None, 1],
    "batch_norm": ["between", True, False, 1],
    "batch_norm_epsilon": [0, -1e-5, "small", np.nan, None],
    "batch_norm_momentum": [-0.1, 1.0, "0.9"],
    "batch_norm_scale": [np.inf, np.nan, None, "1"],
    "batch_norm_shift": [np.inf, None],
    "dropout": [-0.1, 1.0, 1.5, "0.5", True, None, np.nan],
    "weight_decay": [-1, np.inf, None],
    "weight_init": ["he", "normal", 0, -1.0, None, np.nan],
    "n_members": [0, -1, 1.5, True, None],
    "scaling": ["standard", True, 1],
    "solver": ["newton", None],
    "alpha": [-1e-4, np.nan, "0", 10**400],
    "batch_size": [0, -5, 2.5, "all", None],
    "learning_rate": ["linear", 0.1, None],
    "learning_rate_init": [0, -0.1, np.inf, "0.1"],
    "power_t": [-0.5, "x"],
    "max_iter": [0, -1, 2.5, np.inf, None],
    "max_fun": [0, 1.5],
    "shuffle": ["yes", 1, None],
    "random_state": ["seed", -1, 0.5],
    "tol": [-1e-4, "x", np.nan, -(10**400)],
    "verbose": ["loud", -1],
    "warm_start": ["yes", None],
    "momentum": [-0.1, 1.1],
    "nesterovs_momentum": ["yes", 1],
    "early_stopping": ["yes", None],
    "validation_fraction": [-0.1, 1.0, "x"],
    "beta_1": [-0.1, 1.0],
    "beta_2": [-0.1, 1.0],
    "epsilon": [0, -1e-8],
    "n_iter_no_change": [0, -1, 2.5, "x"],
}
ONE_BY_ONE = [(name, value) for name, values in BAD.items() for value in values]


@pytest.mark.parametrize(("name", "value"), ONE_BY_ONE, ids=[f"{name}={value!r}" for name, value in ONE_BY_ONE])
def test_a_bad_argument_is_named(name, value):
    for estimator, y in ((MLPClassifier(max_iter=1), SPECIES), (MLPRegressor(max_iter=1), SPECIES * 1.5)):
        with pytest.raises(ValueError, match=name):
            estimator.set_params(**{name: value}).fit(IRIS, y)


@pytest.mark.parametrize("value", [0, (8, 0), (8, -1), 2.5, "x", (True,)])
def test_bad_widths_are_told_what_widths_are(value):
    with pytest.raises(ValueError, match=r"whole numbers of at least 1, such as \(100, 50\)\. Got .* instead\.$"):
        MLPRegressor(hidden_layer_sizes=value, max_iter=1).fit(IRIS, SPECIES * 1.5)


@pytest.mark.parametrize("value", ["uneven", 3, {0: -1, 1: 1, 2: 1}, {"setosa": 2}])
def test_a_bad_class_weight_is_named(value):
    with pytest.raises(ValueError, match=r"class_weight|[Ww]eights"):
        MLPClassifier(class_weight=value, max_iter=1).fit(IRIS, SPECIES)


@pytest.mark.parametrize("value", ["absolute_error", None])
def test_a_bad_loss_is_named(value):
    with pytest.raises(ValueError, match="loss"):
        MLPRegressor(loss=value, max_iter=1).fit(IRIS, SPECIES)


@pytest.mark.parametrize("given", [{"dropout": 0.5}, {"weight_decay": 0.1}, {"early_stopping": True}])
def test_lbfgs_takes_no_batches_and_says_what_it_cannot_do(given):
    (name,) = given
    with pytest.raises(ValueError, match=rf"lbfgs.*{name}"):
        MLPClassifier(solver="lbfgs", **given).fit(IRIS, SPECIES)
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")


def test_a_refused_fit_leaves_a_fitted_estimator_as_it_was():
    model = MLPClassifier((4,), max_iter=2, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(IRIS, SPECIES)
    before = model.predict_proba(IRIS)
    with pytest.raises(ValueError, match="dropout"):
        model.set_params(dropout=2).fit(IRIS[:, :2], SPECIES)
    np.testing.assert_array_equal(model.predict_proba(IRIS), before)


@ignore_warnings
@pytest.mark.parametrize(
    "hidden", [3, (3,), [3], np.array([3]), np.int64(3), (), (5, 4, 3)], ids=lambda hidden: f"{hidden!r}"
)
def test_hidden_layer_sizes_may_be_a_number_or_any_sequence(hidden):
    model = clone(MLPClassifier(hidden, max_iter=2)).fit(IRIS, SPECIES)
    assert model.n_layers_ == np.size(hidden) + 2
    widths = [4, *np.atleast_1d(hidden).astype(int), 3]
    assert [coef.shape for coef in model.coefs_] == list(pairwise(widths))


@ignore_warnings
@pytest.mark.parametrize("given", [{"n_iter_no_change": np.inf}, {"momentum": 1.0, "solver": "sgd"}, {"verbose": 0}])
def test_what_scikit_learn_accepts_at_the_edge_is_accepted(given):
    MLPClassifier((3,), max_iter=1, **given).fit(IRIS, SPECIES)


def test_arguments_are_kept_as_they_were_given():
    sizes = [4, 3]
    model = MLPClassifier(sizes, weight_init=0.5)
    assert model.hidden_layer_sizes is sizes
    assert set(vars(model)) == set(model.get_params())
