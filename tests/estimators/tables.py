"""Small data sets, estimators that learn them fast, and twins: goru's and scikit-learn's with the same weights."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import neural_network
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification, make_regression

import goru

IRIS, SPECIES = load_iris(return_X_y=True)
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 12, "random_state": 0, "learning_rate_init": 0.01}

ignore_warnings = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

quick_classifier = partial(goru.MLPClassifier, **QUICK)
quick_regressor = partial(goru.MLPRegressor, **QUICK)


def make_kind(kind: str):
    """Features and a target of every kind that the estimators know."""
    match kind:
        case "binary":
            return make_classification(90, 6, random_state=0)
        case "multiclass":
            return IRIS, SPECIES
        case "multilabel":
            return make_multilabel_classification(80, 6, n_classes=3, random_state=0)
        case "regression":
            X, y = make_regression(80, 5, noise=2, random_state=0)
            return X, y / y.std() + 0.5
        case "outputs":
            X, y = make_regression(80, 5, n_targets=3, noise=2, random_state=0)
            return X, y / y.std(axis=0)
        case "poisson":
            X = np.random.default_rng(0).normal(size=(80, 4))
            return X, np.random.default_rng(1).poisson(np.exp(0.5 * X[:, 0])).astype(float)
    raise ValueError(kind)


KINDS = ("binary", "multiclass", "multilabel", "regression", "outputs", "poisson")
CLASSES = KINDS[:3]


def make_estimator(kind: str, library=goru, **given):
    """An estimator for that kind of target."""
    name = "MLPClassifier" if kind in CLASSES else "MLPRegressor"
    if kind == "poisson":
        given["loss"] = "poisson"
    return getattr(library, name)(**given)


def first_predicted(estimator, X):
    """The most telling predictions there are."""
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)


# The same initial weights, and the same random numbers after them


def _weights(inputs, outputs):
    return np.random.default_rng(1000 * inputs + outputs).uniform(-0.5, 0.5, (inputs, outputs))


class _Goru:
    def _begin(self, *args):
        super()._begin(*args)
        for weight in self._learner.numbers.weights:
            weight[:] = _weights(*weight.shape[:0:-1]).T


class _Sklearn:
    def _initialize(self, *args):
        self._random_state.randint(np.iinfo(np.int32).max, size=(1, 2))  # goru draws the seeds of its networks
        super()._initialize(*args)

    def _init_coef(self, inputs, outputs, dtype):
        return _weights(inputs, outputs).astype(dtype), np.zeros(outputs, dtype)


class _Twins:
    """A library of estimators, of which scikit-learn's and goru's differ in nothing but who wrote them."""

    def __init__(self, mixin, library):
        for name in ("MLPClassifier", "MLPRegressor"):
            setattr(self, name, type(name, (mixin, getattr(library, name)), {}))


def make_twins(kind: str, **given):
    """Goru's estimator and scikit-learn's, both unfitted."""
    scaled = make_estimator(kind, _Twins(_Goru, goru), **given).set_params(scaling=None)
    return scaled, make_estimator(kind, _Twins(_Sklearn, neural_network), **given)


# Frames


def make_frame(rows=60, seed=0):
    """Numbers with gaps, categories with gaps, text, true and false; and classes that depend on all of them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "height": rng.normal(170, 10, rows),
            "colour": rng.choice(["red", "green", "blue"], rows),
            "size": pd.Categorical(rng.choice(["S", "M", "L"], rows), categories=["S", "M", "L"]),
            "new": rng.random(rows) < 0.5,
        }
    )
    y = ((frame["colour"] == "red") | (frame["height"] > 175)).astype(int).to_numpy()
    frame.loc[::7, "height"] = np.nan
    frame.loc[::11, "colour"] = None
    return frame, y
