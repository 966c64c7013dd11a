"""What may be asked, and what makes no sense."""

import numpy as np
import pytest
from user_functions import classes, design, shares, study

import goru
from goru.functions.options import FunctionOptions


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"design": {"dropout": [False, True]}}, "goru.Design"),
        ({"budget": 10.0, "trials": 5}, "cannot be combined"),
        ({"budget": 0.0}, "budget"),
        ({"budget": -1.0}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"budget": float("inf")}, "budget"),
        ({"trials": 0}, "^trials: "),
        ({"trials": 1.5}, "^trials: "),
        ({"trials": 10**9}, "^trials: "),
        ({"workers": -1}, "workers"),
        ({"workers": "two"}, "workers"),
        ({"workers": 2, "cluster": "local"}, "cluster"),
        ({"limit": 0}, "limit"),
        ({"limit": "a minute"}, "limit"),
        ({"limit": float("nan")}, "limit"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": None}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(more, words):
    with pytest.raises(goru.InputError, match=words) as refused:
        FunctionOptions(**{"design": design(), **more})
    assert "\n" not in str(refused.value)


def test_numbers_of_numpy_are_numbers():
    FunctionOptions(design(), trials=np.int64(10), workers=np.int32(2), seed=np.uint8(3), limit=np.float32(5))
    X, y = classes()
    study(shares, X, y, n_trials=np.int64(10), seed=np.int64(1))


def test_refusals_speak_of_arguments_and_not_of_options():
    X, y = classes()
    with pytest.raises(goru.InputError) as refused:
        study(shares, X, y, budget=5, n_trials=10)
    assert "--" not in str(refused.value)


def test_what_cannot_be_called_is_no_training_function():
    X, y = classes()
    with pytest.raises(goru.InputError, match="train"):
        study("train", X, y)
