"""Processes that train: the same numbers, and none harms another."""

import os
import threading
import time

import numpy as np
import pandas as pd
import pytest
from user_functions import classes, logistic, study, trials

import goru

X, Y = classes()
COLUMNS = ["arm", "configuration", "split", "best_loss", "last_loss", "epochs", "ended"]


def sorted_trials(result):
    return trials(result)[COLUMNS].sort_values(COLUMNS[:3]).reset_index(drop=True)


@pytest.fixture(scope="module")
def here():
    return study(logistic, X, Y)


def test_two_workers_find_the_same_as_this_process(here):
    result = study(logistic, X, Y, workers=2)
    pd.testing.assert_frame_equal(sorted_trials(result), sorted_trials(here))
    pd.testing.assert_frame_equal(result.effects, here.effects)
    np.testing.assert_array_equal(result.model, here.model)


def test_rows_arrive_as_they_are_and_closures_and_models_travel(here):
    frame, lock = pd.DataFrame(X, columns=["a", "b"], index=[f"r{i}" for i in range(len(X))]), threading.Lock

    def train(fit, validation, config, seed):
        assert isinstance(fit.X, pd.DataFrame)
        assert fit.X.index[0] == f"r{fit.indices[0]}"
        fit.X.iloc[0, 0] += 0.0  # its own copy
        print("hello from", os.getpid())
        weights = yield from logistic(fit, validation, config, seed)
        return {"weights": weights, "process": os.getpid(), "lock": lock if config is None else None}

    result = study(train, frame, pd.Series(Y, index=frame.index), workers=1)
    assert result.trials["last_loss"].tolist() == here.trials["last_loss"].tolist()
    assert result.model["process"] != os.getpid()
    assert "hello from" in result._recorded()[0].output


def test_a_process_that_dies_and_one_that_hangs_harm_nobody(here):
    def train(fit, validation, config, seed):
        if config.trick == "dies":
            os._exit(3)
        if config.trick == "hangs":
            while True:
                time.sleep(0.05)
        yield from logistic(fit, validation, {"scaled": config.trick == "scaled"}, seed)
        return threading.Lock()  # which cannot be sent

    tricks = goru.Design({"trick": ["none", "scaled", "dies", "hangs"]})
    rows = np.arange(len(X))
    cv = [(rows[rows % 2 != fold], rows[rows % 2 == fold]) for fold in range(2)]
    result = study(train, X, Y, design=tricks, n_trials=8, workers=2, limit=2.0, cv=cv)
    failures = {failure.arm: failure for failure in result.answer.failures}
    assert {(failure.failed, failure.of) for failure in failures.values()} == {(2, 2)}
    assert "died" in failures["trick dies"].reason
    assert "2 s" in failures["trick hangs"].reason
    assert np.isfinite(result.effects["change"].iloc[0])
    assert result.model is None
    assert "cannot be sent" in str(result)


def unsendable():
    lock = threading.Lock()

    def train(fit, validation, config, seed):
        with lock:
            yield from logistic(fit, validation, config, seed)

    return train


def test_what_cannot_be_sent_is_refused_and_trained_in_this_process():
    with pytest.raises(goru.InputError, match="workers=0") as refused:
        study(unsendable(), X, Y, workers=2)
    assert "\n" not in str(refused.value)
    assert len(study(unsendable(), X, Y, workers=0).trials) == 10
    with pytest.raises(goru.InputError, match="workers=0"):
        study(logistic, [threading.Lock() for _ in X], Y, workers=2)
