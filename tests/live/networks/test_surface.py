"""`goru.live.networks.surface`: a place of the picture, as networks see it."""

import base64

import numpy as np
from live_states import PLAIN, make_frame

from goru.live.networks.sides import Side
from goru.live.networks.surface import SIZE, grid, surface
from goru.live.rows import of_shape, table
from goru.live.state import State, TrainingState


def bytes_of(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIZE, SIZE)


def test_mean_spread_and_one_network():
    side = Side(PLAIN, of_shape(PLAIN.data), False)
    found = surface(side, 2)
    places = side.predictions(grid(side.rows.extent, 2))[:, 0].reshape(-1, SIZE, SIZE)
    np.testing.assert_allclose(bytes_of(found["mean"]), 255 * places.mean(axis=0), atol=0.51)
    np.testing.assert_allclose(bytes_of(found["spread"]), 255 * 2 * places.std(axis=0), atol=0.51)
    np.testing.assert_allclose(bytes_of(found["one"]), 255 * places[2], atol=0.51)


def test_rows_come_from_the_top_and_useless_columns_are_nothing():
    x = grid((0.0, 4.0, 10.0, 14.0), 5)
    assert x.shape == (SIZE * SIZE, 5)
    np.testing.assert_allclose(x[0, :2], [0.05, 13.95], rtol=1e-6)
    np.testing.assert_allclose(x[SIZE - 1, :2], [3.95, 13.95], rtol=1e-6)
    np.testing.assert_allclose(x[-1, :2], [3.95, 10.05], rtol=1e-6)
    assert not x[:, 2:].any()


def test_networks_that_diverged_are_left_out():
    side = Side(PLAIN, of_shape(PLAIN.data), False)
    well = side.predictions(grid(side.rows.extent, 2))[:2, 0].reshape(2, SIZE, SIZE)
    side.learner.numbers.flat[2] = np.nan
    found = surface(side, 2)
    np.testing.assert_allclose(bytes_of(found["mean"]), 255 * well.mean(axis=0), atol=0.51)
    assert (bytes_of(found["one"]) == 128).all()


def test_a_table_has_none():
    state = State(None, PLAIN.network, TrainingState(seeds=1))
    assert surface(Side(state, table(make_frame()), False), 0) is None
