"""Every loss against its formula."""

import math
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jax.test_util import check_grads

from goru.nn.architecture import LossName
from goru.nn.losses import LOSSES, binary_cross_entropy, poisson, softmax_cross_entropy, squared_error

ROWS, OUTPUTS = 5, 3

outputs = arrays(np.float32, (ROWS, OUTPUTS), elements=st.floats(-20, 20, width=32))
labels = arrays(np.int32, (ROWS,), elements=st.integers(0, OUTPUTS - 1))
shares = arrays(np.float32, (ROWS, OUTPUTS), elements=st.floats(0, 1, width=32))
counts = arrays(np.float32, (ROWS, OUTPUTS), elements=st.integers(0, 50))
few = settings(max_examples=25, deadline=None, derandomize=True)


def assert_row_losses(actual, formula, scale):
    """Every row's loss is the formula's, to within float32's precision of terms as large as `scale`."""
    assert actual.shape == (ROWS,)
    np.testing.assert_allclose(actual, [formula(row) for row in range(ROWS)], rtol=1e-5, atol=1e-6 * scale)


def test_there_is_a_loss_for_every_name_a_recipe_takes():
    assert set(LOSSES) == set(get_args(LossName))


@few
@given(outputs, labels)
def test_softmax_cross_entropy_is_minus_the_log_of_the_softmax_at_the_label(z, y):
    def formula(row):
        exponentials = [math.exp(float(v)) for v in z[row]]
        return -math.log(exponentials[y[row]] / sum(exponentials))

    assert_row_losses(softmax_cross_entropy(jnp.asarray(z), jnp.asarray(y)), formula, scale=20)


@few
@given(outputs, shares)
def test_binary_cross_entropy_is_minus_the_log_likelihood_under_the_sigmoid(z, t):
    def formula(row):
        total = 0.0
        for logit, target in zip(z[row].astype(float), t[row].astype(float), strict=True):
            probability = 1 / (1 + math.exp(-logit))
            complement = 1 / (1 + math.exp(logit))
            total -= target * math.log(probability) + (1 - target) * math.log(complement)
        return total / OUTPUTS

    assert_row_losses(binary_cross_entropy(jnp.asarray(z), jnp.asarray(t)), formula, scale=20)


@few
@given(outputs, outputs)
def test_squared_error_is_the_mean_square_without_a_half(y, t):
    def formula(row):
        return sum((float(a) - float(b)) ** 2 for a, b in zip(y[row], t[row], strict=True)) / OUTPUTS

    assert_row_losses(squared_error(jnp.asarray(y), jnp.asarray(t)), formula, scale=1)


@few
@given(arrays(np.float32, (ROWS, OUTPUTS), elements=st.floats(-10, 5, width=32)), counts)
def test_poisson_is_half_the_deviance_of_the_mean_exp_z(z, t):
    def formula(row):
        total = 0.0
        for logarithm, count in zip(z[row].astype(float), t[row].astype(float), strict=True):
            mean = math.exp(logarithm)
            total += (count * math.log(count / mean) if count > 0 else 0.0) - (count - mean)
        return total / OUTPUTS

    assert_row_losses(poisson(jnp.asarray(z), jnp.asarray(t)), formula, scale=500)


def test_the_poisson_loss_of_a_perfect_fit_is_zero():
    t = jnp.array([[1.0], [3.0], [40.0]])
    np.testing.assert_allclose(poisson(jnp.log(t), t), np.zeros(3), atol=2e-5)


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("softmax_cross_entropy", np.array([0, 2, 1, 1, 0], np.int32)),
        ("binary_cross_entropy", np.array([[0, 1, 1], [1, 0, 0.5], [0, 0, 1], [1, 1, 1], [0, 0, 0]], np.float32)),
        ("squared_error", np.arange(15, dtype=np.float32).reshape(5, 3) / 7),
        ("poisson", np.arange(15, dtype=np.float32).reshape(5, 3)),
    ],
)
def test_the_gradient_is_that_of_the_formula(name, targets):
    z = jnp.asarray(np.random.default_rng(0).normal(size=(ROWS, OUTPUTS)), jnp.float32)
    check_grads(jax.jit(lambda z: LOSSES[name](z, jnp.asarray(targets))), (z,), order=1, modes=["rev"], rtol=2e-2)


def test_the_gradient_of_softmax_cross_entropy_is_softmax_minus_one_hot():
    z = np.random.default_rng(0).normal(size=(ROWS, OUTPUTS)).astype(np.float32)
    y = np.array([0, 2, 1, 1, 0])
    gradient = jax.grad(lambda z: jnp.sum(softmax_cross_entropy(z, jnp.asarray(y))))(jnp.asarray(z))

    exponentials = np.exp(z.astype(np.float64))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True) - np.eye(OUTPUTS)[y]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_a_confident_network_gets_finite_losses_and_gradients():
    """Where e^z overflows: the loss of a wrong answer is the distance of the outputs, of a right one zero."""
    z = jnp.array([[1e4, -1e4], [1e4, -1e4]])

    def loss(z):
        return softmax_cross_entropy(z, jnp.array([0, 1]))

    np.testing.assert_allclose(loss(z), [0, 2e4])
    np.testing.assert_allclose(jax.grad(lambda z: jnp.sum(loss(z)))(z), [[0, 0], [1, -1]])

    t = jnp.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(binary_cross_entropy(z, t), [0, 1e4])
    np.testing.assert_allclose(jax.grad(lambda z: jnp.sum(binary_cross_entropy(z, t)))(z), [[0, 0], [0.5, -0.5]])
