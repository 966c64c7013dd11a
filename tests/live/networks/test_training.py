"""`goru.live.networks.training`: both sides of a state, side by side."""

import itertools
import json

import pytest
from live_states import PLAIN, with_data, with_network, with_training

import goru
from goru.live.networks.training import Run, train
from goru.live.rows import of_shape
from goru.live.state import StateError

WITH = with_network(norm="before", dropout=0.1, decay=0.01)


def test_frames_have_an_epoch_after_the_other_the_first_untrained():
    frames = list(itertools.islice(train(WITH), 4))
    assert [frame["epoch"] for frame in frames] == [0, 1, 2, 3]
    for epoch, frame in enumerate(frames):
        assert list(frame["sides"]) == ["without", "with"]
        assert frame["sides"]["with"]["losses"]["epoch"] == [epoch]
        json.dumps(frame, allow_nan=False)
    first, last = (frame["sides"]["without"]["losses"]["training"]["mean"][0] for frame in (frames[0], frames[-1]))
    assert last < first


def test_the_same_state_gives_the_same_numbers():
    one, other = (list(itertools.islice(goru.live.train(WITH.to_json()), 3)) for _ in range(2))
    assert one == other


def test_without_is_the_same_whatever_is_beside_it():
    alone, beside = (next(itertools.islice(train(state), 2, None)) for state in (PLAIN, WITH))
    assert list(alone["sides"]) == ["without"]
    assert alone["sides"]["without"] == beside["sides"]["without"]


def test_one_technique_that_does_nothing_changes_nothing():
    tiny = with_network(decay=1e-30, decay_form="decoupled")
    frame = next(itertools.islice(train(tiny), 3, None))
    assert frame["sides"]["with"] == frame["sides"]["without"]


def test_a_state_that_cannot_be_trained_is_refused():
    with pytest.raises(StateError, match="two rows"):
        next(train(with_training(WITH, batch=1)))
    with pytest.raises(StateError, match="must be"):
        next(train(WITH.to_json() | {"data": {"kind": "square"}}))
    with pytest.raises(StateError, match="no table"):
        next(train(WITH.to_json() | {"data": {"kind": "table"}}))


def test_networks_that_diverge_are_counted_and_frames_stay_json():
    wild = with_training(with_network(decay=10.0), rate=10.0, optimizer="sgd")  # a step turns a weight over 99 times
    frame = next(itertools.islice(train(wild), 25, None))
    assert frame["sides"]["with"]["diverged"] == 3
    assert frame["sides"]["with"]["losses"]["training"]["mean"] == [None]
    json.dumps(frame, allow_nan=False)


def test_what_is_started_says_what_the_page_draws():
    state = with_data(WITH, useless=2, rows=50)
    started = Run(state, of_shape(state.data)).started()
    assert started["state"] == state.to_json()
    assert (started["training_rows"], started["validation_rows"]) == (25, 25)
    assert len(started["points"]["x"]) == 50
    assert started["columns"] == ["x", "y"]
    json.dumps(started, allow_nan=False)


def test_the_single_network_that_is_looked_at_is_one_that_there_is():
    run = Run(PLAIN, of_shape(PLAIN.data))
    assert run.view(2) == run.view(31)
    assert run.view(0)["without"]["surface"]["one"] != run.view(1)["without"]["surface"]["one"]
