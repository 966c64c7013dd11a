"""`goru.live.networks.sides`: networks of one side; `test_snippet` compares them with goru's perceptrons."""

import numpy as np
import pytest
from live_states import PLAIN, with_data, with_network, with_training

from goru.live.networks.sides import GivenUp, Side
from goru.live.rows import of_shape


def make_side(state=PLAIN, joined=False):
    return Side(state, of_shape(state.data), joined)


def test_both_sides_draw_alike():
    one, other = make_side(), make_side(with_network(norm="before", dropout=0.2, decay=0.1))
    first = [side.learner.numbers.weights[0].copy() for side in (one, other)]
    np.testing.assert_array_equal(*first)
    np.testing.assert_array_equal(one.learner.ids, other.learner.ids)
    for _ in range(2):
        for mine, theirs in zip(one.orders(), other.orders(), strict=True):
            np.testing.assert_array_equal(mine.rows, theirs.rows)


def test_an_epoch_has_every_training_row_once():
    side = make_side()
    orders = side.orders()
    assert [len(order.rows) for order in orders] == [16, 14]
    assert sorted(np.concatenate([order.rows for order in orders])) == list(side.rows.training)
    assert sum(order.shares.sum() for order in orders) == pytest.approx(2)


def test_a_single_last_row_joins_where_it_must():
    state = with_data(with_training(batch=29), rows=60)
    assert [len(order.rows) for order in make_side(state).orders()] == [29, 1]
    assert [len(order.rows) for order in make_side(state, joined=True).orders()] == [30]


def test_networks_differ_by_their_seeds_and_learn():
    side = make_side(with_training(with_data(name="xor", noise=0.0), rate=0.05))
    before = side.predictions(side.rows.x)
    assert not np.allclose(before[0], before[1])
    for _ in range(60):
        side.epoch()
    right = (side.predictions(side.rows.x)[:, 0] > 0.5) == side.rows.labels
    assert right[:, side.rows.training].mean() > 0.9


@pytest.mark.parametrize("form", ["half_squared", "norm", "decoupled"])
def test_every_form_of_decay_makes_weights_smaller(form):
    sides = [make_side(with_network(decay=decay, decay_form=form)) for decay in (0.0, 0.5)]
    for side in sides:
        for _ in range(10):
            side.epoch()
    plain, decayed = (np.linalg.norm(side.learner.numbers.weights[1]) for side in sides)
    assert decayed < 0.95 * plain


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "sgd"])
def test_every_optimiser_moves_the_networks(optimizer):
    side = make_side(with_training(optimizer=optimizer))
    before = side.learner.numbers.flat.copy()
    side.epoch()
    assert not np.allclose(before, side.learner.numbers.flat)


def test_initial_weights_have_the_wanted_size():
    for initial, wanted in ((0.05, 0.05), (2.0, 2.0), ("he", (2 / 2) ** 0.5)):
        side = make_side(with_training(with_network(hidden=(64,), initial=initial), seeds=8))
        assert side.learner.numbers.weights[0].std() == pytest.approx(wanted, rel=0.1)


def test_an_epoch_that_nobody_wants_is_given_up():
    side, asked = make_side(), []
    with pytest.raises(GivenUp):
        side.epoch(lambda: asked.append(0) or len(asked) > 2)  # asked at first, and before every batch
    assert side.learner.steps == 1


def test_activations_are_of_every_hidden_block():
    side = make_side(with_network(norm="after"))
    assert [found.shape for found in side.activations(side.rows.x[:7])] == [(3, 5, 7), (3, 4, 7)]
    assert make_side(with_network(hidden=())).activations(side.rows.x[:7]) == []
