"""Optimisers against Optax, and against the formulas where Optax has another form of them."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from networks import make_parameters

from goru.direct.network import Form
from goru.direct.optimizers import Adam, Momentum, add_l2, decay
from goru.direct.parameters import Parameters

FORM = Form(batch_norm="after")
RATES = np.array([0.05, 0.02])
STEPS = 12


def make_gradients():
    rng = np.random.default_rng(7)
    return [rng.normal(size=make_parameters(FORM).flat.shape) for _ in range(STEPS)]


def take_steps(optimizer, parameters):
    for gradient in make_gradients():
        optimizer.step(parameters, Parameters(parameters.layout, gradient.astype(parameters.flat.dtype)), RATES)
    return parameters.flat


def take_steps_of_optax(transformation):
    """With one learning rate for each network; in single precision, as JAX has it by default."""
    found = []
    for index, rate in enumerate(RATES):
        optimizer = optax.chain(transformation, optax.scale_by_learning_rate(rate))
        numbers = jnp.asarray(make_parameters(FORM).flat[index], jnp.float32)
        state = optimizer.init(numbers)
        update = jax.jit(optimizer.update)
        for gradient in make_gradients():
            changes, state = update(jnp.asarray(gradient[index], jnp.float32), state, numbers)
            numbers = optax.apply_updates(numbers, changes)
        found.append(np.asarray(numbers))
    return np.array(found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_is_optax_s(dtype):
    parameters = make_parameters(FORM, dtype)
    found = take_steps(Adam(parameters, 0.8, 0.97, 1e-8), parameters)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, take_steps_of_optax(optax.scale_by_adam(0.8, 0.97)), atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.85])
def test_momentum_is_optax_s(momentum):
    parameters = make_parameters(FORM)
    found = take_steps(Momentum(parameters, momentum, nesterov=False), parameters)
    np.testing.assert_allclose(found, take_steps_of_optax(optax.trace(decay=momentum)), atol=1e-5)


def test_nesterov_s_momentum_is_sutskever_s_seen_from_where_the_gradient_is_taken():
    """Sutskever et al. 2013, equations 3 and 4: v' = μ v - ε ∇f(θ + μ v), θ' = θ + v'; here θ + μ v is what is kept."""
    momentum, rate = 0.85, 0.05
    curvature = np.linspace(0.1, 3, make_parameters(FORM).flat.shape[1])
    theta, velocity = make_parameters(FORM).flat.copy(), 0.0
    kept = make_parameters(FORM)
    optimizer = Momentum(kept, momentum, nesterov=True)
    for _ in range(STEPS):
        velocity = momentum * velocity - rate * curvature * (theta + momentum * velocity)
        theta = theta + velocity
        optimizer.step(kept, Parameters(kept.layout, curvature * kept.flat), np.full(2, rate))
        np.testing.assert_allclose(kept.flat, theta + momentum * velocity, rtol=1e-9, atol=1e-12)


def test_adam_s_first_step_has_the_length_of_the_learning_rate():
    parameters = make_parameters(FORM)
    gradient = parameters.like()
    gradient.flat[:] = 1e-3 * np.sign(parameters.flat)
    Adam(parameters, 0.9, 0.999, 1e-12).step(parameters, gradient, RATES)
    moved = make_parameters(FORM).flat - parameters.flat
    np.testing.assert_allclose(moved, np.sign(make_parameters(FORM).flat) * RATES[:, None], rtol=1e-6)


def test_decay_shrinks_weights_by_the_rate_times_lambda_and_nothing_else():
    parameters, before = make_parameters(FORM), make_parameters(FORM)
    decay(parameters, RATES, 3.0)
    for weight, old in zip(parameters.weights, before.weights, strict=True):
        np.testing.assert_allclose(weight, old * (1 - 3 * RATES)[:, None, None])
    for part in ("biases", "scales", "shifts"):
        for values, old in zip(getattr(parameters, part), getattr(before, part), strict=True):
            np.testing.assert_array_equal(values, old)


def test_the_penalty_is_half_lambda_times_the_squared_weights_and_its_gradient_lambda_times_the_weights():
    parameters = make_parameters(FORM)
    slope = parameters.like()
    penalty = add_l2(parameters, slope, 0.3)
    squares = sum(np.square(weight).sum(axis=(1, 2)) for weight in parameters.weights)
    np.testing.assert_allclose(penalty, 0.15 * squares)
    for own, weight in zip(slope.weights, parameters.weights, strict=True):
        np.testing.assert_allclose(own, 0.3 * weight)
    assert not any(part.any() for part in (*slope.biases, *slope.scales, *slope.shifts))
