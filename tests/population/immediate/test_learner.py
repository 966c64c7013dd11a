"""Steps of some networks in NumPy beside those of one in JAX; penalty, decay, copies."""

import copy
import pickle

import jax
import numpy as np
import pytest
from learners import (
    IDS,
    INPUTS,
    NORMED,
    ROWS,
    make_architecture,
    make_learned,
    make_learner,
    make_orders,
    make_x,
    make_y,
)
from populations import plain_step
from scipy import sparse

from goru.nn import network
from goru.nn.architecture import Recipe
from goru.nn.fold import apply
from goru.nn.layers.layer import Context
from goru.nn.optimizers import optimizer
from goru.nn.rows import SparseRows
from goru.nn.training import Batch, Training
from goru.population.immediate.learner import Order

ARCHITECTURES = [make_architecture(place, dropout) for place in (None, "before", "after") for dropout in (False, True)]
every_architecture = pytest.mark.parametrize(
    "architecture", ARCHITECTURES, ids=lambda it: f"{it.batch_norm}, dropout {it.dropout}"
)
PLAIN = ARCHITECTURES[0].layers
X, Y = make_x(), make_y()


@every_architecture
def test_steps_with_momentum_and_decoupled_decay_are_those_of_jax(architecture):
    """Not with Adam, whose ε is in another place there."""
    learner = make_learner(architecture.layers, dtype=np.float32, optimizer="momentum", weight_decay=0.7)
    losses = learner.learn(X.astype(np.float32), Y, make_orders())
    recipe = Recipe(optimizer="momentum", schedule="constant")
    hyper = learner.hyper._replace(learning_rate=0.02, momentum=0.8)
    begun = make_learned(architecture.layers, np.float32)
    for index, network_id in enumerate(IDS):
        own, found = (jax.tree.map(lambda leaf: leaf[index], tree) for tree in (begun, learner.numbers.tree))  # noqa: B023
        training = Training(own, network.running(architecture.layers), optimizer(recipe, hyper, 0.0).init(own))
        for step, order in enumerate(make_orders()):
            batch = Batch(np.float32(X[order.rows].T), Y[order.rows], np.float32(order.shares))
            training, loss = plain_step(architecture, recipe)(hyper, training, batch, network_id, step, 4)
            assert losses[step, index] == pytest.approx(float(loss), rel=1e-4)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(training.learned), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_the_penalty_is_half_lambda_times_the_squares_of_the_weights():
    plain, penalised = make_learner(PLAIN), make_learner(PLAIN)
    loss = plain.learn(X, Y, make_orders()[:1])[0]
    with_penalty = penalised.learn(X, Y, make_orders(l2=0.2)[:1])[0]
    before = make_learner(PLAIN).numbers.weights
    squares = sum(np.square(weight).sum(axis=(1, 2)) for weight in before)
    np.testing.assert_allclose(with_penalty - loss, 0.5 * 0.2 * squares)
    for one, other, weight in zip(plain.numbers.weights, penalised.numbers.weights, before, strict=True):
        np.testing.assert_allclose(one - other, 0.02 * 0.2 * weight, atol=1e-14)


def test_rates_and_decays_may_be_each_network_s_own():
    rates, decays = np.array([0.02, 0.3]), np.array([0.7, 0.1])
    together = make_learner(PLAIN, weight_decay=decays)
    together.learn(X, Y, make_orders(rate=rates))
    for index in range(2):
        alone = make_learner(PLAIN, weight_decay=float(decays[index]))
        alone.learn(X, Y, make_orders(rate=float(rates[index])))
        np.testing.assert_allclose(together.numbers.flat[index], alone.numbers.flat[index], rtol=1e-12)


def test_masks_go_on_from_step_to_step_and_from_call_to_call():
    layers = make_architecture(dropout=True).layers
    at_once, in_two = make_learner(layers, dropout_rate=0.5), make_learner(layers, dropout_rate=0.5)
    losses = at_once.learn(X, Y, make_orders())
    again = [in_two.learn(X, Y, part) for part in (make_orders()[:1], make_orders()[1:])]
    np.testing.assert_array_equal(np.concatenate(again), losses)
    np.testing.assert_array_equal(in_two.numbers.flat, at_once.numbers.flat)


@every_architecture
def test_a_network_that_diverged_does_not_spoil_the_other(architecture):
    alone, beside = (make_learner(architecture.layers, optimizer="adam", weight_decay=0.1) for _ in range(2))
    beside.numbers.flat[1] = np.nan
    with np.errstate(invalid="ignore"):
        losses = beside.learn(X, Y, make_orders(l2=0.1))
        np.testing.assert_array_equal(losses[:, 0], alone.learn(X, Y, make_orders(l2=0.1))[:, 0])
        np.testing.assert_array_equal(beside.numbers.flat[0], alone.numbers.flat[0])
        np.testing.assert_array_equal(beside.outputs(X)[0], alone.outputs(X)[0])
        jax.tree.map(
            lambda one, other: np.testing.assert_array_equal(one[0], other[0]),
            beside.exact_statistics(X),
            alone.exact_statistics(X),
        )
    assert not np.isfinite(beside.numbers.flat[1]).any()


@pytest.mark.parametrize("layers", [*(each.layers for each in ARCHITECTURES), NORMED])
def test_folded_networks_compute_the_outputs_by_the_statistics_they_are_made_with(layers):
    learner = make_learner(layers)
    learner.learn(X, Y, make_orders())
    np.testing.assert_allclose(apply(*learner.folded(), X.T), learner.outputs(X), rtol=1e-9, atol=1e-11)
    statistics = learner.exact_statistics(X)
    expected = network.exact_statistics(layers, learner.numbers.tree, X.T, Context(learner.hyper, IDS))
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-12), statistics, expected)
    by_them = network.infer(layers, learner.numbers.tree, expected, learner.hyper, X.T)
    np.testing.assert_allclose(apply(*learner.folded(statistics), X.T), by_them, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"]
)
@every_architecture
def test_a_copy_learns_on_as_the_original_does(architecture, duplicate):
    learner = make_learner(architecture.layers, optimizer="adam")
    learner.learn(X, Y, make_orders())
    twin = duplicate(learner)
    np.testing.assert_array_equal(twin.learn(X, Y, make_orders()), learner.learn(X, Y, make_orders()))
    np.testing.assert_array_equal(twin.numbers.flat, learner.numbers.flat)
    np.testing.assert_array_equal(twin.outputs(X), learner.outputs(X))


def test_two_rows_of_half_a_share_are_one_row_of_a_whole_one():
    twice, once = make_learner(PLAIN), make_learner(PLAIN)
    shares = np.array([0.5, 0.2, 0.3])
    once.learn(X, Y, [Order(slice(0, 3), shares, 0.1)])
    twice.learn(X, Y, [Order(np.repeat(np.arange(3), 2), np.repeat(shares / 2, 2), 0.1)])
    np.testing.assert_allclose(twice.numbers.flat, once.numbers.flat, rtol=1e-12)
    assert not np.array_equal(once.numbers.flat, make_learner(PLAIN).numbers.flat)


@every_architecture
def test_from_sparse_rows_it_learns_what_it_learns_from_the_same_rows_written_out(architecture):
    made = sparse.random_array((ROWS, INPUTS), density=0.4, format="csr", rng=np.random.default_rng(0))
    rows = SparseRows(made, np.array([0, 1.5, 0, -2, 0.25]))
    written = made.toarray() + rows.constant
    learner, other = (make_learner(architecture.layers, optimizer="adam") for _ in range(2))
    orders = [order._replace(rows=np.arange(ROWS)[order.rows][::-1]) for order in make_orders(l2=0.1)]
    np.testing.assert_allclose(learner.learn(rows, Y, orders), other.learn(written, Y, orders), rtol=1e-10)
    np.testing.assert_allclose(learner.numbers.flat, other.numbers.flat, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(learner.outputs(rows), other.outputs(written), rtol=1e-7, atol=1e-9)
    jax.tree.map(
        lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9),
        learner.exact_statistics(rows),
        other.exact_statistics(written),
    )


@pytest.mark.parametrize("kind", ["adam", "momentum"])
@every_architecture
def test_what_was_learned_of_features_that_stay_is_kept(architecture, kind):
    """Features that have moved are learned on as if they had not, and one that is zero changes nothing."""
    usual, moved = (make_learner(architecture.layers, optimizer=kind) for _ in range(2))
    for learner in (usual, moved):
        learner.learn(X, Y, make_orders())
    places = np.array([2, -1, *(place for place in range(INPUTS) if place != 2)])
    new = np.random.default_rng(0).normal(size=(len(moved), architecture.hidden[0], len(places)))
    moved.read(places, new)
    x = np.where(places < 0, 0, X[:, places])
    # Sums of a few numbers around one, in another order; steps make more of that.
    np.testing.assert_allclose(moved.outputs(x), usual.outputs(X), rtol=0, atol=1e-13)
    losses = moved.learn(x, Y, make_orders())
    np.testing.assert_allclose(losses, usual.learn(X, Y, make_orders()), rtol=1e-9)
    np.testing.assert_allclose(moved.outputs(x), usual.outputs(X), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(moved.numbers.weights[0][..., 1], new[..., 1])
