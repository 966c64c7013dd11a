"""Schedules and optimisers, step by step, against their formulas in float64 NumPy."""

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.network import init_affines, init_network, weight_matrices
from goru.nn.optimizers import learning_rate, optimizer

STEPS = 6
RATES = [0.1, 0.05, 0.2, 0.01, 0.3, 0.15]  # the rate may change at every step
HYPER = Hyperparameters(weight_decay=0.0, momentum=0.8, beta1=0.7, beta2=0.95)
OPTIMIZERS = ["sgd", "momentum", "adam"]


# Schedules


@pytest.mark.parametrize("step", [0, 1, 17, 99, 100, 1000])
def test_a_constant_schedule_is_constant(step):
    assert float(learning_rate("constant", 0.3, step, 100)) == pytest.approx(0.3)


@pytest.mark.parametrize("total", [1, 7, 100])
def test_a_cosine_schedule_falls_along_half_a_cosine(total):
    rates = [float(learning_rate("cosine", 0.3, step, total)) for step in range(total + 1)]
    expected = [0.3 * 0.5 * (1 + math.cos(math.pi * step / total)) for step in range(total + 1)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5, atol=1e-7)
    assert rates[0] == pytest.approx(0.3)
    assert all(a > b for a, b in pairwise(rates))


def test_a_cosine_schedule_stays_at_zero_after_its_end():
    """Instead of rising again."""
    assert float(learning_rate("cosine", 0.3, 100, 100)) == pytest.approx(0, abs=1e-7)
    assert float(learning_rate("cosine", 0.3, 150, 100)) == pytest.approx(0, abs=1e-7)


def test_step_and_length_are_data_of_one_compiled_program():
    traced = []

    @jax.jit
    def rate(step, total):
        traced.append(1)
        return learning_rate("cosine", 0.3, step, total)

    for step, total in [(0, 10), (5, 10), (5, 20), (3, 7)]:
        expected = 0.15 * (1 + math.cos(math.pi * step / total))
        assert float(rate(jnp.int32(step), jnp.int32(total))) == pytest.approx(expected, rel=1e-5)
    assert len(traced) == 1


# Optimisers


def make_network(batch_norm="before", seed=0):
    """Every learned number different from its initial one, so that each would show a decay."""
    architecture = Architecture(4, (3, 2), 2, batch_norm=batch_norm)
    network = init_network(architecture, HYPER, init_affines(architecture, np.random.default_rng(seed)))
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda p: jnp.asarray(p + rng.uniform(0.2, 1, p.shape), jnp.float32), network)


def make_gradients(network, seed=1):
    rng = np.random.default_rng(seed)
    return [jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), jnp.float32), network) for _ in range(STEPS)]


def run(recipe, hyper, network, gradients):
    """The network after the steps, every one at its own learning rate."""
    state = optimizer(recipe, hyper, 0.0).init(network)
    for gradient, rate in zip(gradients, RATES, strict=True):
        updates, state = optimizer(recipe, hyper, rate).update(gradient, state, network)
        network = optax.apply_updates(network, updates)
    return network


def sgd(parameter, gradients):
    for gradient, rate in zip(gradients, RATES, strict=True):
        parameter = parameter - rate * gradient
    return parameter


def momentum(parameter, gradients):
    """v ← μ v + g, w ← w - η v."""
    velocity = np.zeros_like(parameter)
    for gradient, rate in zip(gradients, RATES, strict=True):
        velocity = HYPER.momentum * velocity + gradient
        parameter = parameter - rate * velocity
    return parameter


def adam(parameter, gradients):
    """Kingma & Ba 2015, algorithm 1."""
    m, v = np.zeros_like(parameter), np.zeros_like(parameter)
    for t, (gradient, rate) in enumerate(zip(gradients, RATES, strict=True), start=1):
        m = HYPER.beta1 * m + (1 - HYPER.beta1) * gradient
        v = HYPER.beta2 * v + (1 - HYPER.beta2) * gradient**2
        m_hat, v_hat = m / (1 - HYPER.beta1**t), v / (1 - HYPER.beta2**t)
        parameter = parameter - rate * m_hat / (np.sqrt(v_hat) + 1e-8)
    return parameter


def leaves(network):
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(network)]


@pytest.mark.parametrize("decay", ["decoupled", "l2_squared", "l2_norm"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_decay_every_number_takes_the_optimisers_steps(name, decay):
    network = make_network()
    gradients = make_gradients(network)

    after = run(Recipe(optimizer=name, decay=decay), HYPER, network, gradients)

    formula = {"sgd": sgd, "momentum": momentum, "adam": adam}[name]
    of_each_leaf = zip(*(leaves(gradient) for gradient in gradients), strict=True)
    for actual, start, leaf_gradients in zip(leaves(after), leaves(network), of_each_leaf, strict=True):
        np.testing.assert_allclose(actual, formula(start, leaf_gradients), rtol=1e-5, atol=1e-5)


def test_the_default_adam_forgets_squares_faster_than_usual():
    """β 0.9 and 0.99. After gradients of 1 and 0, by hand: the second step is η m̂ / √v̂."""
    recipe, hyper = Recipe(), Hyperparameters()
    parameter = make_network(None)
    ones = jax.tree.map(jnp.ones_like, parameter)
    tx = optimizer(recipe, hyper, 1.0)
    _, state = tx.update(ones, tx.init(parameter), parameter)
    updates, _ = tx.update(jax.tree.map(jnp.zeros_like, ones), state, parameter)
    step = (0.9 * 0.1 / (1 - 0.81)) / math.sqrt(0.99 * 0.01 / (1 - 0.9801))
    np.testing.assert_allclose(updates.output.bias, [-step, -step], rtol=1e-4)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
def test_decoupled_decay_shrinks_weights_by_learning_rate_times_lambda_beside_the_gradient_step(name, batch_norm):
    """Beside it: the step of a decayed network minus that of an undecayed one is -η λ W, whatever the gradient."""
    network, recipe = make_network(batch_norm), Recipe(optimizer=name)
    gradient, rate, decay = make_gradients(network)[0], 0.1, 0.3

    def step(hyper):
        tx = optimizer(recipe, hyper, rate)
        return tx.update(gradient, tx.init(network), network)[0]

    difference = jax.tree.map(jnp.subtract, step(HYPER._replace(weight_decay=decay)), step(HYPER))

    for actual, weight in zip(weight_matrices(difference), weight_matrices(network), strict=True):
        np.testing.assert_allclose(actual, -rate * decay * np.asarray(weight, np.float64), atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_with_gradients_of_zero_only_weights_shrink_and_biases_gamma_and_beta_stay(name):
    """By the factor 1 - η λ at each step, as in PyTorch's AdamW."""
    network = make_network()
    zeros = [jax.tree.map(jnp.zeros_like, network)] * STEPS

    after = run(Recipe(optimizer=name), HYPER._replace(weight_decay=0.3), network, zeros)

    factor = math.prod(1 - 0.3 * rate for rate in RATES)
    for actual, weight in zip(weight_matrices(after), weight_matrices(network), strict=True):
        np.testing.assert_allclose(actual, factor * np.asarray(weight, np.float64), rtol=1e-5)
    for actual, start in zip(after.hidden, network.hidden, strict=True):
        np.testing.assert_array_equal(actual.affine.bias, start.affine.bias)
        np.testing.assert_array_equal(actual.batch_norm.scale, start.batch_norm.scale)
        np.testing.assert_array_equal(actual.batch_norm.shift, start.batch_norm.shift)
    np.testing.assert_array_equal(after.output.bias, network.output.bias)


@pytest.mark.parametrize("decay", ["l2_squared", "l2_norm"])
def test_a_penalty_is_the_losss_business_and_not_the_optimisers(decay):
    network = make_network()
    zeros = [jax.tree.map(jnp.zeros_like, network)] * STEPS
    after = run(Recipe(optimizer="sgd", decay=decay), HYPER._replace(weight_decay=0.3), network, zeros)
    for actual, start in zip(leaves(after), leaves(network), strict=True):
        np.testing.assert_array_equal(actual, start)
