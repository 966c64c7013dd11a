"""Estimators that pick their own regularisation in a second, rows for them, and how their fits are compared."""

from functools import partial

import numpy as np
import pytest

import goru

GIVEN = {"n_networks": 36, "hidden_layer_sizes": (4,), "epochs": 3, "numbers": "scaled", "random_state": 0}
LEARNS = {"hidden_layer_sizes": (16,), "epochs": 15, "batch_size": 8}
classifier = partial(goru.MLPClassifierCV, **GIVEN)
regressor = partial(goru.MLPRegressorCV, **GIVEN)
MODELS = pytest.mark.parametrize("make", [classifier, regressor], ids=["classes", "numbers"])

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.digitize(X[:, 0] + X[:, 1], [-0.6, 0.6])
T = 50 + 10 * X[:, 0] - 4 * X[:, 1]
EVERY = np.arange(60)


def target_of(make):
    return T if make is regressor else Y


def fitted(make=classifier, X=X, y=None, fit=None, **given):
    return make(**given).fit(X, target_of(make) if y is None else y, **(fit or {}))


def predictions(model, X=X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def same(one, other, X=X) -> bool:
    return np.array_equal(predictions(one, X), predictions(other, X))


class StoppedError(Exception):
    """Raised where a study would begin to train."""


def stop(study, *args, **kwargs):
    """What a study does instead of a run."""
    raise StoppedError(study)
