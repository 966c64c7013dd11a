"""What messages call an option: as whoever is spoken to would give it."""

import pickle
import threading

import numpy as np
import pandas as pd
import pytest

import goru
from goru.cli.arguments import typed
from goru.data.dataset import load_dataset
from goru.errors import InputError, Stopped, argument, option, spelled

HOSTILE = ("--drop", "--x", "{option('drop')}", "drop=True", "%s", "{0}", "\x00--x\x00")


def test_where_nobody_has_said_otherwise_it_is_an_argument():
    assert option("overwrite") == "overwrite"
    assert option("overwrite", True) == "overwrite=True"
    assert option("task", "regression") == "task='regression'"
    assert option("batch_size", 1) == "batch_size=1"


def test_in_a_shell_it_is_an_option():
    with spelled(typed):
        assert option("merge_rare", True) == option("merge_rare") == "--merge-rare"
        assert option("task", "regression") == "--task regression"
        assert option("batch_size", 1) == "--batch-size 1"
        assert option("folder") == "--out"


def test_the_innermost_edge_speaks_and_nobody_after_it():
    with spelled(typed):
        with pytest.raises(InputError, match="random_state"), spelled(lambda *_: "random_state"):
            raise InputError(option("seed"))
        assert option("seed") == "--seed"
    assert option("seed") == "seed"


def test_threads_do_not_hear_one_another():
    words = []
    with spelled(typed):
        thread = threading.Thread(target=lambda: words.append(option("seed")))
        thread.start()
        thread.join()
    assert words == ["seed"]


@pytest.mark.parametrize("kind", [InputError, Stopped])
@pytest.mark.parametrize("spelling", [argument, typed])
def test_what_comes_from_another_process_is_what_was_raised_there(kind, spelling):
    with spelled(spelling):
        error = kind(f"--x: give {option('overwrite', True)}")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, str(error))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("spelling", "drop"), [(argument, "drop"), (typed, "--drop")])
def test_what_a_table_calls_its_columns_stays_as_it_is(name, spelling, drop):
    frame = pd.DataFrame({name: np.arange(40), "kind": ["a", "b"] * 20})
    with spelled(spelling):
        assert f"'{name}' counts the rows. If it is no feature, {drop} it." in load_dataset(frame).notes


@pytest.mark.parametrize("name", HOSTILE)
def test_so_it_does_where_an_estimator_warns_of_it(name):
    frame = pd.DataFrame({name: np.arange(40), "x": np.arange(40) % 7})
    with pytest.warns(goru.InputWarning) as warned:
        goru.MLPRegressor(hidden_layer_sizes=2, max_iter=1).fit(frame, np.arange(40) % 3)
    assert f"'{name}' counts the rows. If it is no feature, drop it." in [str(one.message) for one in warned]


def test_so_does_what_a_training_function_says():
    def train(fit, validation, config, seed):
        raise OSError("no file --hidden of --networks")
        yield

    X, y = np.zeros((40, 2)), np.arange(40) % 2
    with pytest.raises(InputError, match="no file --hidden of --networks"):
        goru.study(train, X, y, design=goru.Design(factors={"a": [0, 1]}), n_trials=10, workers=0, verbose=False)


def test_estimators_and_studies_name_their_own_arguments(tmp_path):
    X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    with pytest.raises(InputError, match=r"^hidden_layer_sizes: invalid layer widths 65537"):
        goru.MLPClassifierCV(hidden_layer_sizes=65_537, n_networks=36).fit(X, y)
    with pytest.raises(InputError, match=r"^batch_size=19: a batch holds at most"):
        goru.MLPClassifierCV(batch_size=19, n_networks=36).fit(X, y)
    (tmp_path / "file").touch()
    design = goru.Design(factors={"a": [0, 1]})
    with pytest.raises(InputError, match=r"^n_trials: invalid number of trials"):
        goru.study(print, X, y, design=design, n_trials=0, verbose=False)
    with pytest.raises(InputError, match=r"Choose another folder\.$"):
        goru.study(print, X, y, design=design, n_trials=10, folder=tmp_path / "file", verbose=False)
