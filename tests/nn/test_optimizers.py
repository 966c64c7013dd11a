"""Schedules and optimisers, step by step, against their formulas in float64 NumPy; NumPy's against Optax."""

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Weights
from goru.nn.network import weights_in
from goru.nn.optimizers import Adam, Momentum, compiled, cosine, learning_rate, optimizer

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
    np.testing.assert_allclose(0.3 * cosine(np.arange(total + 1) / total), expected, rtol=1e-12, atol=1e-16)
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


# A recipe's optimisers


def make_network(batch_norm="before", seed=0):
    """Every learned number different from its initial one, so that each would show a decay."""
    layers = Architecture(4, (3, 2), 2, batch_norm=batch_norm).layers
    rng = np.random.default_rng(seed)
    learned = network.init(layers, np.random.default_rng(seed), HYPER)
    return jax.tree.map(lambda p: jnp.asarray(p + rng.uniform(0.2, 1, p.shape), jnp.float32), learned)


def make_gradients(learned, seed=1):
    rng = np.random.default_rng(seed)
    return [jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), jnp.float32), learned) for _ in range(STEPS)]


def run(recipe, hyper, learned, gradients):
    """The network after the steps, every one at its own learning rate."""
    state = optimizer(recipe, hyper, 0.0).init(learned)
    for gradient, rate in zip(gradients, RATES, strict=True):
        updates, state = optimizer(recipe, hyper, rate).update(gradient, state, learned)
        learned = optax.apply_updates(learned, updates)
    return learned


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


def leaves(learned):
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(learned)]


def weights(learned):
    return [leaf for leaf, is_weight in zip(leaves(learned), weights_in(learned), strict=True) if is_weight]


def others(learned):
    return [leaf for leaf, is_weight in zip(leaves(learned), weights_in(learned), strict=True) if not is_weight]


@pytest.mark.parametrize("decay", ["decoupled", "l2_squared", "l2_norm"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_decay_every_number_takes_the_optimisers_steps(name, decay):
    learned = make_network()
    gradients = make_gradients(learned)

    after = run(Recipe(optimizer=name, decay=decay), HYPER, learned, gradients)

    formula = {"sgd": sgd, "momentum": momentum, "adam": adam}[name]
    of_each_leaf = zip(*(leaves(gradient) for gradient in gradients), strict=True)
    for actual, start, leaf_gradients in zip(leaves(after), leaves(learned), of_each_leaf, strict=True):
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
    np.testing.assert_allclose(updates[-1].bias, [-step, -step], rtol=1e-4)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
def test_decoupled_decay_shrinks_weights_by_learning_rate_times_lambda_beside_the_gradient_step(name, batch_norm):
    """Beside it: the step of a decayed network minus that of an undecayed one is -η λ W, whatever the gradient."""
    learned, recipe = make_network(batch_norm), Recipe(optimizer=name)
    gradient, rate, decay = make_gradients(learned)[0], 0.1, 0.3

    def step(hyper):
        tx = optimizer(recipe, hyper, rate)
        return tx.update(gradient, tx.init(learned), learned)[0]

    difference = jax.tree.map(jnp.subtract, step(HYPER._replace(weight_decay=decay)), step(HYPER))

    for actual, weight in zip(weights(difference), weights(learned), strict=True):
        np.testing.assert_allclose(actual, -rate * decay * weight, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_with_gradients_of_zero_only_weights_shrink_and_biases_gamma_and_beta_stay(name):
    """By the factor 1 - η λ at each step, as in PyTorch's AdamW."""
    for batch_norm in ("before", "after"):
        learned = make_network(batch_norm)
        zeros = [jax.tree.map(jnp.zeros_like, learned)] * STEPS

        after = run(Recipe(optimizer=name), HYPER._replace(weight_decay=0.3), learned, zeros)

        factor = math.prod(1 - 0.3 * rate for rate in RATES)
        for actual, weight in zip(weights(after), weights(learned), strict=True):
            np.testing.assert_allclose(actual, factor * weight, rtol=1e-5)
        assert len(others(after)) == {"before": 5, "after": 7}[batch_norm]
        for actual, start in zip(others(after), others(learned), strict=True):
            np.testing.assert_array_equal(actual, start)


@pytest.mark.parametrize("decay", ["l2_squared", "l2_norm"])
def test_a_penalty_is_the_losss_business_and_not_the_optimisers(decay):
    learned = make_network()
    zeros = [jax.tree.map(jnp.zeros_like, learned)] * STEPS
    after = run(Recipe(optimizer="sgd", decay=decay), HYPER._replace(weight_decay=0.3), learned, zeros)
    for actual, start in zip(leaves(after), leaves(learned), strict=True):
        np.testing.assert_array_equal(actual, start)


# Those of NumPy, of two networks and with a learning rate for each

OF_EACH = np.array([0.05, 0.02])
NUMBERS = np.random.default_rng(6).normal(size=(2, 9))
GRADIENTS = np.random.default_rng(7).normal(size=(12, 2, 9))


def in_numpy(kind, *settings, dtype=np.float64):
    numbers = NUMBERS.astype(dtype)
    taking = kind(numbers, *settings)
    for gradient in GRADIENTS:
        taking.step(numbers, gradient.astype(dtype), OF_EACH)
    assert numbers.dtype == dtype
    assert taking.steps == len(GRADIENTS)
    return numbers, taking


def in_optax(transformation):
    """In single precision, as JAX has it by default."""
    found = []
    for index, rate in enumerate(OF_EACH):
        tx = optax.chain(transformation, optax.scale_by_learning_rate(rate))
        numbers = jnp.float32(NUMBERS[index])
        state = tx.init(numbers)
        for gradient in GRADIENTS:
            changes, state = tx.update(jnp.float32(gradient[index]), state, numbers)
            numbers = optax.apply_updates(numbers, changes)
        found.append(np.asarray(numbers))
    return np.array(found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_is_optax_s(dtype):
    found, _ = in_numpy(Adam, 0.8, 0.97, 1e-8, dtype=dtype)
    np.testing.assert_allclose(found, in_optax(optax.scale_by_adam(0.8, 0.97)), atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.85])
def test_momentum_is_optax_s(momentum):
    found, _ = in_numpy(Momentum, momentum, False)
    np.testing.assert_allclose(found, in_optax(optax.trace(decay=momentum)), atol=1e-5)


def test_adam_adds_epsilon_to_the_root_before_it_is_corrected():
    """Kingma & Ba 2015, the end of section 2, as scikit-learn has it; with an ε that is seen."""
    beta1, beta2, epsilon = 0.8, 0.97, 0.1
    found, _ = in_numpy(Adam, beta1, beta2, epsilon)
    numbers, m, v = NUMBERS, 0.0, 0.0
    for t, gradient in enumerate(GRADIENTS, start=1):
        m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
        rate = OF_EACH[:, None] * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        numbers = numbers - rate * m / (np.sqrt(v) + epsilon)
    np.testing.assert_allclose(found, numbers, rtol=1e-12)


def test_nesterov_s_momentum_is_sutskever_s_seen_from_where_the_gradient_is_taken():
    """Sutskever et al. 2013, equations 3 and 4: v' = μ v - ε ∇f(θ + μ v), θ' = θ + v'; here θ + μ v is what is kept."""
    momentum, rate = 0.85, 0.05
    curvature = np.linspace(0.1, 3, NUMBERS.shape[1])
    theta, velocity, kept = NUMBERS, 0.0, NUMBERS.copy()
    taking = Momentum(kept, momentum, nesterov=True)
    for _ in range(12):
        velocity = momentum * velocity - rate * curvature * (theta + momentum * velocity)
        theta = theta + velocity
        taking.step(kept, curvature * kept, np.full(2, rate))
        np.testing.assert_allclose(kept, theta + momentum * velocity, rtol=1e-9, atol=1e-12)


def test_adam_s_first_step_has_the_length_of_the_learning_rate():
    numbers = NUMBERS.copy()
    Adam(numbers, 0.9, 0.999, 1e-12).step(numbers, 1e-3 * np.sign(NUMBERS), OF_EACH)
    np.testing.assert_allclose(NUMBERS - numbers, np.sign(NUMBERS) * OF_EACH[:, None], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(Adam, (0.8, 0.97, 0.1)), (Momentum, (0.85, False)), (Momentum, (0.85, True))],
    ids=["adam", "momentum", "nesterov"],
)
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_compiled_they_take_the_same_steps_and_decoupled_decay_beside_them(kind, settings, decay):
    numbers, bias = NUMBERS.copy(), NUMBERS.copy()
    taking, of_bias = kind(numbers, *settings), kind(bias, *settings)
    learned = Weights(jnp.float32(NUMBERS), jnp.float32(NUMBERS))
    moments = tuple(jax.tree.map(jnp.zeros_like, learned) for _ in taking.moments)
    for taken, gradient in enumerate(GRADIENTS, start=1):
        numbers *= 1 - OF_EACH[0] * decay
        taking.step(numbers, gradient.copy(), OF_EACH[[0, 0]])
        of_bias.step(bias, gradient.copy(), OF_EACH[[0, 0]])
        update = compiled(taking.settings, decay, OF_EACH[0], taken)
        learned, moments = update(jax.tree.map(lambda _, g=gradient: jnp.float32(g), learned), moments, learned)
    np.testing.assert_allclose(learned.weight, numbers, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(learned.bias, bias, rtol=1e-4, atol=1e-5)
    for moment, own in zip(moments, taking.moments, strict=True):
        np.testing.assert_allclose(moment.weight, own, rtol=1e-4, atol=1e-6)
