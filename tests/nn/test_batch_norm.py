"""Batch normalization against algorithms 1 and 2 of Ioffe & Szegedy 2015, written here in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads

from goru.nn.batch_norm import (
    BatchNorm,
    RunningStatistics,
    Statistics,
    batch_norm_inference,
    batch_norm_train,
    corrected,
    init_batch_norm,
    init_running_statistics,
    normalize,
)

ROWS, FEATURES = 16, 5
EPSILON = 1e-5


def rows(seed=0, scale=1.0, offset=0.0):
    """A mini-batch whose features differ in mean and spread."""
    rng = np.random.default_rng(seed)
    spread = np.array([0.5, 1.0, 2.0, 1.0, 3.0])
    centre = np.array([0.0, 1.0, -2.0, 5.0, 0.3])
    return ((rng.normal(size=(ROWS, FEATURES)) * spread + centre) * scale + offset).astype(np.float32)


def layer(seed=0):
    rng = np.random.default_rng(100 + seed)
    scale, shift = rng.uniform(0.5, 2, FEATURES), rng.normal(size=FEATURES)
    return BatchNorm(jnp.asarray(scale, jnp.float32), jnp.asarray(shift, jnp.float32))


def algorithm_1(x, gamma, beta, epsilon=EPSILON):
    x, gamma, beta = (np.asarray(a, np.float64) for a in (x, gamma, beta))
    mean = x.sum(axis=0) / len(x)
    variance = ((x - mean) ** 2).sum(axis=0) / len(x)
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def train(x, layer, epsilon=EPSILON):
    return batch_norm_train(layer, init_running_statistics(FEATURES), jnp.asarray(x), epsilon)[0]


# The forward pass


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1e-6, 1e-2, 1.0, 1e3, 1e8]),
    epsilon=st.sampled_from([1e-8, 1e-5, 1e-2, 1.0]),
)
def test_training_is_algorithm_1(seed, scale, epsilon):
    x = rows(seed, scale)
    np.testing.assert_allclose(
        train(x, layer(seed), epsilon), algorithm_1(x, *layer(seed), epsilon), rtol=1e-4, atol=2e-5
    )


def test_every_feature_comes_out_with_mean_beta_and_standard_deviation_gamma():
    y = np.asarray(train(rows(), layer()), np.float64)
    np.testing.assert_allclose(y.mean(axis=0), layer().shift, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=0), layer().scale, rtol=1e-4)


def test_a_new_layer_only_normalises():
    np.testing.assert_allclose(
        train(rows(), init_batch_norm(FEATURES)), algorithm_1(rows(), 1, 0), rtol=1e-4, atol=1e-6
    )


def test_the_initial_gamma_and_beta_can_be_chosen():
    gamma, beta = init_batch_norm(3, 0.25, -2.0)
    np.testing.assert_array_equal(gamma, [0.25, 0.25, 0.25])
    np.testing.assert_array_equal(beta, [-2, -2, -2])


def test_neither_the_units_of_a_feature_nor_its_offset_matter():
    """Exactly so where ε is nothing beside the variance; this is why initial weights matter less."""
    plain = train(rows(), layer(), 1e-12)
    np.testing.assert_allclose(train(rows() * 1024, layer(), 1e-12), plain, atol=1e-5)
    np.testing.assert_allclose(train(rows() + 8, layer(), 1e-12), plain, atol=1e-5)


def test_a_small_spread_around_a_large_mean_is_seen():
    """As it would not be in float32 by E[x²] - E[x]²: 1000² has no digits left for a variance of 0.01."""
    x = rows(scale=0.05, offset=1000)
    np.testing.assert_allclose(train(x, layer()), algorithm_1(x, *layer()), rtol=2e-2, atol=2e-2)


def test_a_constant_feature_becomes_beta():
    x = rows()
    x[:, 2] = 7.7
    y = np.asarray(train(x, layer()))
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y[:, 2], np.full(ROWS, layer().shift[2]), atol=1e-3)


def test_a_single_row_is_refused():
    with pytest.raises(ValueError, match="at least two rows"):
        batch_norm_train(layer(), init_running_statistics(FEATURES), jnp.ones((1, FEATURES)))


# The backward pass, written by hand


def plain_normalize(x, epsilon=EPSILON):
    """The formula without a backward pass of its own."""
    mean = jnp.mean(x, axis=0)
    return (x - mean) / jnp.sqrt(jnp.mean((x - mean) ** 2, axis=0) + epsilon)


GAMMA, BETA = np.linspace(-2, 3, FEATURES, dtype=np.float32), np.linspace(1, -1, FEATURES, dtype=np.float32)


def normalized(x, epsilon=EPSILON):
    """With a scale and a shift that differ from feature to feature."""
    return normalize(BatchNorm(jnp.asarray(GAMMA), jnp.asarray(BETA)), x, epsilon)[0]


def gradient_in_float64(x, g, epsilon=EPSILON):
    """What JAX derives from the plain formula, in double precision."""
    with jax.enable_x64(True):
        x, g, gamma = (jnp.asarray(array, jnp.float64) for array in (x, g, GAMMA))
        return np.asarray(jax.grad(lambda x: jnp.sum((gamma * plain_normalize(x, epsilon)) * g))(x))


def test_finite_differences_agree():
    x = jnp.asarray(rows())
    check_grads(jax.jit(normalized), (x,), order=1, modes=["rev"], rtol=2e-2)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-5, 0.1])
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e4, 1e12])
def test_the_backward_pass_is_the_derivative_of_the_formula(scale, epsilon):
    """Features as small as 1e-8 and as large as 1e12, on both sides of ε."""
    x = rows(scale=scale)
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)

    actual = jax.grad(lambda x: jnp.sum(normalized(x, epsilon) * g))(jnp.asarray(x))

    expected = gradient_in_float64(x, g, epsilon)
    for feature in range(FEATURES):
        size = np.abs(expected[:, feature]).max()
        np.testing.assert_allclose(
            actual[:, feature] / size, expected[:, feature] / size, atol=2e-5, err_msg=f"feature {feature}"
        )


def test_the_backward_pass_of_a_constant_feature():
    """γ (g - mean g) / √ε: finite, and exactly what the formula says; the other features do not notice."""
    x = rows()
    x[:, 2] = 4.0
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)

    actual = jax.grad(lambda x: jnp.sum(normalized(x) * g))(jnp.asarray(x))

    g64 = g.astype(np.float64)
    np.testing.assert_allclose(actual[:, 2], GAMMA[2] * (g64 - g64.mean(axis=0))[:, 2] / np.sqrt(EPSILON), rtol=1e-4)
    np.testing.assert_allclose(actual, gradient_in_float64(x, g), rtol=1e-4, atol=1e-5)


def test_the_gradient_has_no_part_along_a_shift_or_a_stretch_of_the_batch():
    """Since neither changes the output, nothing is to be gained by it."""
    x = rows()
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    gradient = np.asarray(jax.grad(lambda x: jnp.sum(normalized(x, 0.0) * g))(jnp.asarray(x)), np.float64)
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose((gradient * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-4)


def test_gamma_gets_the_sum_of_g_times_the_normalised_rows_and_beta_the_sum_of_g():
    x = rows()
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    gradient = jax.grad(lambda layer: jnp.sum(train(x, layer) * g))(layer())
    np.testing.assert_allclose(gradient.scale, (g * algorithm_1(x, 1, 0)).sum(axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gradient.shift, g.astype(np.float64).sum(axis=0), rtol=1e-4, atol=1e-5)


def test_the_running_statistics_pass_no_gradient_on():
    def sum_of_statistics(x):
        _, running = batch_norm_train(layer(), init_running_statistics(FEATURES), x)
        return jnp.sum(running.mean) + jnp.sum(running.variance)

    np.testing.assert_array_equal(jax.grad(sum_of_statistics)(jnp.asarray(rows())), np.zeros((ROWS, FEATURES)))


# Running statistics


def run_over(batches, momentum):
    running = init_running_statistics(FEATURES)
    for x in batches:
        _, running = batch_norm_train(layer(), running, jnp.asarray(x), EPSILON, momentum)
    return running


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
def test_running_statistics_follow_the_recurrence(momentum):
    """new = momentum · old + (1 - momentum) · batch, from zero; the variance is the unbiased one, over m - 1."""
    batches = [rows(seed) for seed in range(7)]
    mean, variance = np.zeros(FEATURES), np.zeros(FEATURES)
    for x in batches:
        x = x.astype(np.float64)
        mean = momentum * mean + (1 - momentum) * x.mean(axis=0)
        unbiased = ((x - x.mean(axis=0)) ** 2).sum(axis=0) / (ROWS - 1)
        variance = momentum * variance + (1 - momentum) * unbiased

    running = run_over(batches, momentum)

    np.testing.assert_allclose(running.mean, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(running.variance, variance, rtol=1e-4)
    np.testing.assert_allclose(running.weight, 1 - momentum**7, rtol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_corrected_they_are_a_weighted_mean_of_the_batches_and_not_of_the_start(steps, momentum):
    batches = [rows(seed).astype(np.float64) for seed in range(steps)]
    weights = [momentum ** (steps - 1 - step) for step in range(steps)]  # the latest weighs most

    statistics = corrected(run_over([x.astype(np.float32) for x in batches], momentum))

    means = [x.mean(axis=0) for x in batches]
    variances = [x.var(axis=0, ddof=1) for x in batches]
    np.testing.assert_allclose(statistics.mean, np.average(means, axis=0, weights=weights), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(statistics.variance, np.average(variances, axis=0, weights=weights), rtol=1e-4)


def test_before_the_first_step_the_corrected_statistics_change_nothing():
    statistics = corrected(init_running_statistics(3))
    np.testing.assert_array_equal(statistics.mean, np.zeros(3))
    np.testing.assert_array_equal(statistics.variance, np.ones(3))


def test_the_correction_divides_by_the_weight_gathered_so_far():
    running = RunningStatistics(jnp.array([0.4, -1.0]), jnp.array([0.2, 3.0]), jnp.array(0.25))
    np.testing.assert_allclose(corrected(running).mean, [1.6, -4.0])
    np.testing.assert_allclose(corrected(running).variance, [0.8, 12.0])


# Inference


def test_inference_is_a_fixed_affine_map_of_every_feature():
    x, mean, variance = rows(), np.linspace(-1, 1, FEATURES), np.linspace(0.1, 9, FEATURES)
    statistics = Statistics(jnp.asarray(mean, jnp.float32), jnp.asarray(variance, jnp.float32))

    y = batch_norm_inference(layer(), statistics, jnp.asarray(x), EPSILON)

    gamma, beta = (np.asarray(a, np.float64) for a in layer())
    expected = gamma * (x - mean) / np.sqrt(variance + EPSILON) + beta
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    # A row alone gets what it gets among others.
    np.testing.assert_allclose(
        batch_norm_inference(layer(), statistics, jnp.asarray(x[3:4]), EPSILON)[0], y[3], rtol=1e-6, atol=1e-6
    )


def test_inference_by_a_batchs_own_statistics_is_what_training_did_to_it():
    x = jnp.asarray(rows())
    statistics = Statistics(jnp.mean(x, axis=0), jnp.var(x, axis=0))
    np.testing.assert_allclose(
        batch_norm_inference(layer(), statistics, x, EPSILON), train(x, layer()), rtol=1e-4, atol=1e-5
    )
