"""Weight decay as a penalty, against its formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.penalties import PENALTIES

every_penalty = pytest.mark.parametrize("name", PENALTIES)
in_both = pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
# Of a population of two networks: their matrices differ, and so may their λ.
WEIGHT = np.random.default_rng(0).normal(size=(2, 4, 3))
DECAY = np.array([0.3, 0.7])


def norm(w):
    """The square root of the sum of squares of all elements (the Frobenius norm, not the spectral one)."""
    return np.sqrt(np.sum(np.asarray(w, np.float64) ** 2))


FORMULAS = {  # the penalty, and its gradient
    "l2_squared": (lambda w, decay: 0.5 * decay * norm(w) ** 2, lambda w, decay: decay * w),
    # So every matrix is pulled with the force λ, however large it is.
    "l2_norm": (lambda w, decay: decay * norm(w), lambda w, decay: decay * w / norm(w)),
}


@in_both
@every_penalty
def test_penalty_and_gradient_are_their_formulas(name, array):
    value, gradient = (formula(WEIGHT[0], 0.3) for formula in FORMULAS[name])
    found = PENALTIES[name](array(np.float32(WEIGHT[0])), 0.3)
    np.testing.assert_allclose(found[0], value, rtol=1e-6)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-5)
    assert found[1].dtype == np.float32


@every_penalty
def test_the_gradient_is_that_of_differences_and_that_of_jax(name):
    penalty, weight = PENALTIES[name], WEIGHT[0]
    _, gradient = penalty(weight, 0.3)
    for position in np.ndindex(weight.shape):
        ahead, behind = weight.copy(), weight.copy()
        ahead[position] += 1e-6
        behind[position] -= 1e-6
        slope = (penalty(ahead, 0.3)[0] - penalty(behind, 0.3)[0]) / 2e-6
        assert gradient[position] == pytest.approx(slope, abs=1e-8)
    derived = jax.grad(lambda weight: penalty(weight, 0.3)[0])(jnp.float32(weight))
    np.testing.assert_allclose(derived, gradient, rtol=1e-5)


@in_both
@every_penalty
def test_each_network_has_the_penalty_of_its_own_matrix_and_lambda(name, array):
    found = PENALTIES[name](array(np.float32(WEIGHT)), array(np.float32(DECAY)))
    for index in range(2):
        value, gradient = (formula(WEIGHT[index], DECAY[index]) for formula in FORMULAS[name])
        np.testing.assert_allclose(found[0][index], value, rtol=1e-5)
        np.testing.assert_allclose(found[1][index], gradient, rtol=1e-5)


@in_both
@every_penalty
def test_at_zero_weights_penalty_and_gradient_are_zero_and_no_nan(name, array):
    """Also when another network's are not zero."""
    with np.errstate(all="raise"):
        value, gradient = PENALTIES[name](array(np.float32([np.zeros((4, 3)), WEIGHT[1]])), 0.3)
    assert value[0] == 0
    assert (gradient[0] == 0).all()
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


@in_both
@every_penalty
def test_lambda_of_zero_is_no_penalty(name, array):
    value, gradient = PENALTIES[name](array(np.float32(WEIGHT)), 0.0)
    assert (value == 0).all()
    assert (gradient == 0).all()
