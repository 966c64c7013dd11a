"""`goru.live.state`: every field is checked, and a state is what its JSON says."""

import json
import math

import pytest

from goru.live.state import BOUNDS, NetworkState, ShapeData, State, StateError, TrainingState, limits

WITH = State(ShapeData("xor", 100, 0.1, 2, 3), NetworkState((8, 4), "tanh", 0.05, "after", 0.2, 0.01, "norm"))


@pytest.mark.parametrize("state", [State(), WITH, State(None, NetworkState(()), TrainingState(1.0, 7, "sgd", 32))])
def test_json_and_back(state):
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def changed(path, value):
    content = WITH.to_json()
    part, _, name = path.partition(".")
    content[part][name] = value
    return content


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data.rows", "data.rows"),
        ("data.noise", "data.noise"),
        ("data.useless", "data.useless"),
        ("data.seed", "data.seed"),
        ("network.initial", "network.initial"),
        ("network.dropout", "network.dropout"),
        ("network.decay", "network.decay"),
        ("training.rate", "training.rate"),
        ("training.batch", "training.batch"),
        ("training.seeds", "training.seeds"),
    ],
)
def test_numbers_have_bounds_and_are_numbers(path, name):
    low, high = BOUNDS[name]
    for value in (low, high):
        State.from_json(changed(path, value))
    bad = [low - 1, high + 1, True, False, None, "5", [], {}, math.nan, math.inf, -math.inf, 10**400]
    for value in bad:
        with pytest.raises(StateError, match="must be") as caught:
            State.from_json(changed(path, value))
        assert caught.value.where == path


@pytest.mark.parametrize("path", ["data.rows", "data.seed", "training.batch", "training.seeds"])
def test_whole_numbers_have_no_fraction(path):
    assert State.from_json(changed(path, 20.0)) == State.from_json(changed(path, 20))
    with pytest.raises(StateError, match="whole"):
        State.from_json(changed(path, 20.5))


@pytest.mark.parametrize(
    "path",
    [
        "data.name",
        "data.kind",
        "network.activation",
        "network.norm",
        "network.decay_form",
        "network.initial",
        "training.optimizer",
    ],
)
def test_words_are_of_a_list(path):
    for value in ("swish", "", "x" * 9000):
        with pytest.raises(StateError, match="must be one of") as caught:
            State.from_json(changed(path, value))
        assert caught.value.where == path
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("hidden", [None, 16, "16", [0], [257], [1.5], [True], [[1]], [1] * 7, {"0": 16}])
def test_widths_are_few_whole_numbers(hidden):
    with pytest.raises(StateError) as caught:
        State.from_json(changed("network.hidden", hidden))
    assert caught.value.where == "network.hidden"


def test_fields_that_are_missing_or_unknown_are_named():
    content = WITH.to_json()
    del content["training"]["rate"]
    with pytest.raises(StateError, match="rate is missing"):
        State.from_json(content)
    with pytest.raises(StateError, match="no field 'more'"):
        State.from_json(WITH.to_json() | {"more": 1})
    for content in (None, 1, "x", [], {"data": 1}):
        with pytest.raises(StateError):
            State.from_json(content)


def test_work_is_bounded_in_one_sentence():
    big = State(ShapeData(rows=5000), NetworkState((256,) * 6), TrainingState(seeds=32))
    with pytest.raises(StateError, match="too much") as caught:
        big.check(2500, 2, 1)
    assert caught.value.where == "network.hidden"
    State(network=NetworkState((256,) * 6), training=TrainingState(seeds=1)).check(2500, 2, 1)


def test_batch_norm_wants_two_rows():
    State(training=TrainingState(batch=1)).check(10, 2, 1)
    with pytest.raises(StateError, match="two rows"):
        State(network=NetworkState(norm="before"), training=TrainingState(batch=1)).check(10, 2, 1)


def test_without_has_no_technique_and_the_same_all_else():
    plain = WITH.plain
    assert not plain.switched_on
    assert WITH.switched_on
    assert (plain.data, plain.training) == (WITH.data, WITH.training)
    assert plain.network == NetworkState((8, 4), "tanh", 0.05, decay_form="norm")


def test_limits_are_json():
    assert json.loads(json.dumps(limits()))["bounds"]["training.rate"] == [1e-5, 10]
