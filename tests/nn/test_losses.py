"""Every loss against its formula, and against scikit-learn's metrics."""

import math
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics

from goru.nn.architecture import LossName
from goru.nn.losses import LOSSES

ROWS, OUTPUTS = 5, 3

outputs = arrays(np.float32, (OUTPUTS, ROWS), elements=st.floats(-20, 20, width=32))
labels = arrays(np.int32, (ROWS,), elements=st.integers(0, OUTPUTS - 1))
shares = arrays(np.float32, (OUTPUTS, ROWS), elements=st.floats(0, 1, width=32))
counts = arrays(np.float32, (OUTPUTS, ROWS), elements=st.integers(0, 50))
few = settings(max_examples=25)

TARGETS = {
    "softmax_cross_entropy": np.array([0, 2, 1, 1, 0], np.int32),
    "binary_cross_entropy": np.float32([[0, 1, 1], [1, 0, 0.5], [0, 0, 1], [1, 1, 1], [0, 0, 0]]).T,
    "squared_error": np.arange(15, dtype=np.float32).reshape(5, 3).T / 7,
    "poisson": np.arange(15, dtype=np.float32).reshape(5, 3).T,
}
COMPILED = {name: jax.jit(loss.with_gradient) for name, loss in LOSSES.items()}
every_loss = pytest.mark.parametrize("name", LOSSES)
in_both = pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])


def make_outputs(dtype=np.float32, networks=()):
    return np.random.default_rng(0).normal(size=(*networks, OUTPUTS, ROWS)).astype(dtype)


def assert_row_losses(name, z, targets, formula, scale):
    """Every row's loss is the formula's, to within float32's precision of terms as large as `scale`."""
    expected = [formula(z[:, row].astype(float), targets[..., row]) for row in range(ROWS)]
    in_numpy, _ = LOSSES[name].with_gradient(z, targets)
    in_jax, _ = COMPILED[name](z, targets)
    for actual in in_numpy, in_jax, LOSSES[name].of_rows(z, targets):
        assert actual.shape == (ROWS,)
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * scale)


def test_there_is_a_loss_for_every_name_a_recipe_takes():
    assert set(LOSSES) == set(get_args(LossName)) == set(TARGETS)


@few
@given(outputs, labels)
def test_softmax_cross_entropy_is_minus_the_log_of_the_softmax_at_the_label(z, y):
    def formula(row, label):
        exponentials = [math.exp(v) for v in row]
        return -math.log(exponentials[label] / sum(exponentials))

    assert_row_losses("softmax_cross_entropy", z, y, formula, scale=20)


@few
@given(outputs, shares)
def test_binary_cross_entropy_is_minus_the_log_likelihood_under_the_sigmoid(z, t):
    def formula(row, targets):
        total = 0.0
        for logit, target in zip(row, targets.astype(float), strict=True):
            probability = 1 / (1 + math.exp(-logit))
            complement = 1 / (1 + math.exp(logit))
            total -= target * math.log(probability) + (1 - target) * math.log(complement)
        return total / OUTPUTS

    assert_row_losses("binary_cross_entropy", z, t, formula, scale=20)


@few
@given(outputs, outputs)
def test_squared_error_is_the_mean_square_without_a_half(y, t):
    def formula(row, targets):
        return sum((a - float(b)) ** 2 for a, b in zip(row, targets, strict=True)) / OUTPUTS

    assert_row_losses("squared_error", y, t, formula, scale=1)


@few
@given(arrays(np.float32, (OUTPUTS, ROWS), elements=st.floats(-10, 5, width=32)), counts)
def test_poisson_is_half_the_deviance_of_the_mean_exp_z(z, t):
    def formula(row, targets):
        total = 0.0
        for logarithm, count in zip(row, targets.astype(float), strict=True):
            mean = math.exp(logarithm)
            total += (count * math.log(count / mean) if count > 0 else 0.0) - (count - mean)
        return total / OUTPUTS

    assert_row_losses("poisson", z, t, formula, scale=500)


def test_the_poisson_loss_of_a_perfect_fit_is_zero():
    t = np.float32([[1.0, 3.0, 40.0]])
    np.testing.assert_allclose(LOSSES["poisson"].of_rows(np.log(t), t), np.zeros(3), atol=2e-5)


@every_loss
def test_the_gradient_is_that_of_differences_and_that_of_jax(name):
    z, targets, loss = make_outputs(np.float64), TARGETS[name], LOSSES[name]
    _, gradient = loss.with_gradient(z, targets)
    for output in range(OUTPUTS):
        step = 1e-6 * (np.arange(OUTPUTS) == output)[:, None]
        slope = (loss.of_rows(z + step, targets) - loss.of_rows(z - step, targets)) / 2e-6
        np.testing.assert_allclose(gradient[output], slope, atol=1e-8)
    z = jnp.float32(z)
    derived = jax.jit(jax.grad(lambda z: jnp.sum(loss.of_rows(z, jnp.asarray(targets)))))(z)
    np.testing.assert_allclose(COMPILED[name](z, targets)[1], derived, atol=1e-5)
    np.testing.assert_allclose(derived, gradient, atol=1e-5)


@pytest.mark.parametrize("compile", [lambda function: function, jax.jit], ids=["numpy", "jax"])
def test_a_confident_network_gets_finite_losses_and_gradients(compile):
    """Where e^z overflows: the loss of a wrong answer is the distance of the outputs, of a right one zero."""
    z = np.float32([[1e4, 1e4], [-1e4, -1e4]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        losses, gradient = compile(LOSSES["softmax_cross_entropy"].with_gradient)(z, np.array([0, 1]))
        np.testing.assert_allclose(losses, [0, 2e4])
        np.testing.assert_allclose(gradient, [[0, 1], [0, -1]])
        losses, gradient = compile(LOSSES["binary_cross_entropy"].with_gradient)(z, np.eye(2, dtype=np.float32))
        np.testing.assert_allclose(losses, [0, 1e4])
        np.testing.assert_allclose(gradient, [[0, 0.5], [0, -0.5]])


def test_losses_are_the_metrics_that_everyone_knows():
    z = make_outputs(np.float64)

    def mean_loss(name):
        return LOSSES[name].of_rows(z, TARGETS[name]).mean()

    def predicted(name):
        return LOSSES[name].predictions(z)

    expected = metrics.log_loss(TARGETS["softmax_cross_entropy"], predicted("softmax_cross_entropy").T)
    assert mean_loss("softmax_cross_entropy") == pytest.approx(expected)
    binary, probabilities = (TARGETS["binary_cross_entropy"] > 0.5).astype(int), predicted("binary_cross_entropy")
    each = [metrics.log_loss(t, p) for t, p in zip(binary, probabilities, strict=True)]
    assert LOSSES["binary_cross_entropy"].of_rows(z, binary.astype(float)).mean() == pytest.approx(np.mean(each))
    assert mean_loss("squared_error") == pytest.approx(metrics.mean_squared_error(TARGETS["squared_error"], z))
    deviance = metrics.mean_poisson_deviance(TARGETS["poisson"].ravel(), predicted("poisson").ravel())
    assert mean_loss("poisson") == pytest.approx(deviance / 2)


@in_both
@every_loss
def test_predictions_are_in_their_range(name, array):
    z = make_outputs()
    found = LOSSES[name].predictions(array(z))
    if name == "squared_error":
        np.testing.assert_array_equal(found, z)
    else:
        assert (found > 0).all()
    if name.endswith("cross_entropy"):
        assert (found < 1).all()
    if name == "softmax_cross_entropy":
        np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-6)


@every_loss
def test_outputs_and_targets_are_left_as_they_are_and_so_is_their_precision(name):
    for dtype in (np.float32, np.float64):
        z, targets = make_outputs(dtype), TARGETS[name].copy()
        targets = targets if targets.ndim == 1 else targets.astype(dtype)
        z.flags.writeable = targets.flags.writeable = False
        found = [*LOSSES[name].with_gradient(z, targets), LOSSES[name].predictions(z)]
        assert {array.dtype for array in found} == {np.dtype(dtype)}


@every_loss
def test_of_many_networks_each_has_the_losses_and_the_gradient_that_it_has_alone(name):
    z, targets = make_outputs(networks=(4,)), TARGETS[name]
    losses, gradient = LOSSES[name].with_gradient(z, targets)
    for index in range(4):
        alone = LOSSES[name].with_gradient(z[index], targets)
        np.testing.assert_allclose(losses[index], alone[0], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(gradient[index], alone[1], rtol=1e-6, atol=1e-7)
