"""Steps of some networks beside the steps of `goru.nn`; penalty, decay, and what is left of a copy."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import architecture_of, hyper_of, make_parameters, make_rows, make_targets, network_of

from goru.direct.learner import Batch, Learner
from goru.direct.network import Form, population_statistics
from goru.direct.optimizers import Adam, Momentum
from goru.direct.parameters import Parameters
from goru.model.networks import PlainNetworks
from goru.nn.architecture import Recipe
from goru.nn.network import init_running
from goru.nn.optimizers import optimizer
from goru.nn.training import Training, train_step

FORMS = [Form(batch_norm=place, dropout=rate) for place in (None, "before", "after") for rate in (0.0, 0.25)]
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.batch_norm}, dropout {form.dropout}")
IDS = np.array([3, 8], np.uint32)
ROWS, SIZE = 48, 12
X, TARGETS = make_rows(rows=ROWS), make_targets("softmax_cross_entropy", rows=ROWS)


def make_learner(form=FORMS[0], dtype=np.float64, l2=0.0, weight_decay=0.0, adam=False):
    learner = Learner(form, make_parameters(form, dtype), l2, weight_decay, IDS)
    parameters = learner.parameters
    learner.optimizer = Adam(parameters, 0.9, 0.99, 1e-8) if adam else Momentum(parameters, 0.0, nesterov=False)
    return learner


def make_batches(rate=0.02, weight=1.0, dtype=np.float64):
    shares = np.full(SIZE, 1 / SIZE, dtype)
    return [Batch(slice(start, start + SIZE), shares, weight * SIZE, rate) for start in range(0, ROWS, SIZE)]


@every_form
def test_steps_with_momentum_and_decoupled_decay_are_those_of_jax(form):
    """Not with Adam, which makes whole steps of rounding noise: batch norm takes some biases away again."""
    learner = make_learner(form, np.float32, weight_decay=0.7)
    learner.optimizer = Momentum(learner.parameters, 0.8, nesterov=False)
    losses = learner.learn(X.astype(np.float32), TARGETS.astype(np.float32), make_batches(dtype=np.float32))
    architecture, recipe = architecture_of(form), Recipe(optimizer="momentum", schedule="constant")
    hyper = hyper_of(form)._replace(learning_rate=0.02, weight_decay=0.7, momentum=0.8)
    for index, network_id in enumerate(IDS):
        network = network_of(make_parameters(form, np.float32), index)
        training = Training(network, init_running(architecture), optimizer(recipe, hyper, 0.0).init(network))
        step_of_jax = jax.jit(lambda *args: train_step(architecture, recipe, hyper, *args))
        for step, batch in enumerate(make_batches()):
            x, y = jnp.asarray(X[batch.rows], jnp.float32), jnp.asarray(TARGETS[batch.rows].argmax(axis=1))
            training, loss = step_of_jax(training, x, y, jnp.uint32(network_id), jnp.int32(step), jnp.int32(4))
            assert losses[step, index] == pytest.approx(float(loss), rel=1e-4)
        found = network_of(learner.parameters, index)
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(training.network), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_the_penalty_is_alpha_over_the_weight_of_the_batch():
    """So that alpha counts once a row, as in scikit-learn, whatever the size of the batch."""
    batch = make_batches(weight=2.0)[:1]
    plain, penalised = make_learner(), make_learner(l2=5.0)
    loss, with_penalty = (learner.learn(X, TARGETS, batch)[0] for learner in (plain, penalised))
    before = make_parameters(FORMS[0])
    squares = sum(np.square(weight).sum(axis=(1, 2)) for weight in before.weights)
    np.testing.assert_allclose(with_penalty - loss, 0.5 * 5 / (2 * SIZE) * squares)
    for one, other, weight in zip(plain.parameters.weights, penalised.parameters.weights, before.weights, strict=True):
        np.testing.assert_allclose(one - other, 0.02 * 5 / (2 * SIZE) * weight, atol=1e-14)


def test_masks_go_on_from_step_to_step_and_from_call_to_call():
    form = Form(dropout=0.5)
    at_once, in_two = make_learner(form), make_learner(form)
    losses = at_once.learn(X, TARGETS, make_batches())
    again = [in_two.learn(X, TARGETS, part) for part in (make_batches()[:1], make_batches()[1:])]
    np.testing.assert_array_equal(np.concatenate(again), losses)
    np.testing.assert_array_equal(in_two.parameters.flat, at_once.parameters.flat)


@every_form
def test_a_network_that_diverged_does_not_spoil_the_other(form):
    alone, beside = (make_learner(form, adam=True, l2=1.0, weight_decay=0.1) for _ in range(2))
    beside.parameters.flat[1] = np.nan
    with np.errstate(invalid="ignore"):
        losses = beside.learn(X, TARGETS, make_batches())
        np.testing.assert_array_equal(losses[:, 0], alone.learn(X, TARGETS, make_batches())[:, 0])
        np.testing.assert_array_equal(beside.parameters.flat[0], alone.parameters.flat[0])
        np.testing.assert_array_equal(beside.outputs(X)[0], alone.outputs(X)[0])
        for one, other in zip(beside.settle(X), alone.settle(X), strict=True):
            np.testing.assert_array_equal(one[0][0], other[0][0])
            np.testing.assert_array_equal(one[1][0], other[1][0])
    assert not np.isfinite(beside.parameters.flat[1]).any()


@every_form
def test_plain_networks_compute_the_outputs_by_the_statistics_they_are_made_with(form):
    learner = make_learner(form)
    learner.learn(X, TARGETS, make_batches())
    watched = PlainNetworks(form.activation, *map(tuple, learner.plain()))
    np.testing.assert_allclose(watched.outputs(X), learner.outputs(X), rtol=1e-9, atol=1e-11)
    settled = learner.settle(X)
    assert len(settled) == (2 if form.batch_norm else 0)
    expected = population_statistics(form, learner.parameters, X, IDS)
    for one, other in zip(settled, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"]
)
@every_form
def test_a_copy_learns_on_as_the_original_does(form, duplicate):
    learner = make_learner(form, adam=True)
    learner.learn(X, TARGETS, make_batches())
    twin = duplicate(learner)
    np.testing.assert_array_equal(twin.learn(X, TARGETS, make_batches()), learner.learn(X, TARGETS, make_batches()))
    np.testing.assert_array_equal(twin.parameters.flat, learner.parameters.flat)
    np.testing.assert_array_equal(twin.outputs(X), learner.outputs(X))


def test_two_rows_of_half_a_share_are_one_row_of_a_whole_one():
    twice, once = make_learner(), make_learner()
    shares = np.array([0.5, 0.2, 0.3])
    once.learn(X, TARGETS, [Batch(slice(0, 3), shares, 3.0, 0.1)])
    doubled = np.repeat(shares / 2, 2)
    twice.learn(X, TARGETS, [Batch(np.repeat(np.arange(3), 2), doubled, 3.0, 0.1)])
    np.testing.assert_allclose(twice.parameters.flat, once.parameters.flat, rtol=1e-12)
    assert not np.array_equal(once.parameters.flat, Parameters(once.parameters.layout, make_parameters(FORMS[0]).flat))
