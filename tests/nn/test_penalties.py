"""Weight decay as a penalty, against its formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from goru.nn.penalties import l2_norm, l2_squared


@pytest.fixture
def weights():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in [(4, 3), (3, 5), (5, 1)]]


def norm(w):
    """The square root of the sum of squares of all elements (the Frobenius norm, not the spectral one)."""
    return np.sqrt(np.sum(np.asarray(w, np.float64) ** 2))


def test_l2_squared_is_half_lambda_times_the_sum_of_squares(weights):
    expected = 0.5 * 0.3 * sum(norm(w) ** 2 for w in weights)
    np.testing.assert_allclose(l2_squared(weights_as_arrays(weights), 0.3), expected, rtol=1e-6)


def test_l2_norm_is_lambda_times_the_sum_of_the_norms(weights):
    expected = 0.3 * sum(norm(w) for w in weights)
    np.testing.assert_allclose(l2_norm(weights_as_arrays(weights), 0.3), expected, rtol=1e-6)


def test_the_gradient_of_l2_squared_is_lambda_w(weights):
    gradients = jax.grad(l2_squared)(weights_as_arrays(weights), 0.3)
    for gradient, w in zip(gradients, weights, strict=True):
        np.testing.assert_allclose(gradient, 0.3 * w.astype(np.float64), rtol=1e-6)


def test_the_gradient_of_l2_norm_is_lambda_w_over_its_norm(weights):
    """So every matrix is pulled with the force λ, however large it is."""
    gradients = jax.grad(l2_norm)(weights_as_arrays(weights), 0.3)
    for gradient, w in zip(gradients, weights, strict=True):
        np.testing.assert_allclose(gradient, 0.3 * w / norm(w), rtol=1e-5)
        np.testing.assert_allclose(norm(gradient), 0.3, rtol=1e-5)


@pytest.mark.parametrize("penalty", [l2_squared, l2_norm])
def test_finite_differences_agree(penalty, weights):
    check_grads(jax.jit(lambda w: penalty(w, 0.3)), (weights_as_arrays(weights),), order=1, modes=["rev"], rtol=2e-2)


@pytest.mark.parametrize("penalty", [l2_squared, l2_norm])
def test_at_zero_weights_penalty_and_gradient_are_zero_and_no_nan(penalty, weights):
    """Also when the other matrices are not zero."""
    some = weights_as_arrays(weights)
    some[1] = jnp.zeros_like(some[1])
    value, gradients = jax.value_and_grad(penalty)(some, 0.3)
    assert np.isfinite(value)
    np.testing.assert_array_equal(gradients[1], np.zeros((3, 5)))
    assert all(np.isfinite(g).all() for g in gradients)

    none = [jnp.zeros_like(w) for w in some]
    value, gradients = jax.value_and_grad(penalty)(none, 0.3)
    assert value == 0
    assert all((g == 0).all() for g in gradients)


@pytest.mark.parametrize("penalty", [l2_squared, l2_norm])
def test_lambda_of_zero_is_no_penalty(penalty, weights):
    value, gradients = jax.value_and_grad(penalty)(weights_as_arrays(weights), 0.0)
    assert value == 0
    assert all((g == 0).all() for g in gradients)


def weights_as_arrays(weights):
    return [jnp.asarray(w) for w in weights]
