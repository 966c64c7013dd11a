"""Batch normalization against algorithms 1 and 2 of Ioffe & Szegedy 2015, written here in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.batch_norm import BatchNorm, RunningStatistics, ScaleShift, Statistics, corrected, follow
from goru.nn.layers.layer import Context

ROWS, FEATURES = 16, 5
EPSILON = 1e-5
LAYER = BatchNorm(FEATURES)
UNIT = ScaleShift(np.ones(FEATURES, np.float32), np.zeros(FEATURES, np.float32))
in_both = pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])


def rows(seed=0, scale=1.0, offset=0.0):
    """A mini-batch, `(features, rows)`, whose features differ in mean and spread."""
    rng = np.random.default_rng(seed)
    spread = np.array([0.5, 1.0, 2.0, 1.0, 3.0])
    centre = np.array([0.0, 1.0, -2.0, 5.0, 0.3])
    return ((rng.normal(size=(ROWS, FEATURES)) * spread + centre) * scale + offset).T.astype(np.float32)


def slopes(seed=1):
    return np.random.default_rng(seed).normal(size=(ROWS, FEATURES)).T.astype(np.float32)


def learned(seed=0):
    rng = np.random.default_rng(100 + seed)
    return ScaleShift(*np.float32([rng.uniform(0.5, 2, FEATURES), rng.normal(size=FEATURES)]))


def algorithm_1(x, gamma, beta, epsilon=EPSILON):
    x, gamma, beta = (np.asarray(a, np.float64).T for a in (x, gamma, beta))
    mean = x.sum(axis=0) / len(x)
    variance = ((x - mean) ** 2).sum(axis=0) / len(x)
    return ((x - mean) / np.sqrt(variance + epsilon) * gamma + beta).T


def context(epsilon=EPSILON):
    return Context(Hyperparameters(batch_norm_epsilon=epsilon))


def train(x, own, epsilon=EPSILON, array=np.asarray):
    return LAYER.forward(jax.tree.map(array, own), array(x), context(epsilon))[0]


# The forward pass


@in_both
@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1e-6, 1e-2, 1.0, 1e3, 1e8]),
    epsilon=st.sampled_from([1e-8, 1e-5, 1e-2, 1.0]),
)
def test_training_is_algorithm_1(array, seed, scale, epsilon):
    x, own = rows(seed, scale), learned(seed)
    np.testing.assert_allclose(train(x, own, epsilon, array), algorithm_1(x, *own, epsilon), rtol=1e-4, atol=2e-5)


def test_every_feature_comes_out_with_mean_beta_and_standard_deviation_gamma():
    y = np.asarray(train(rows(), learned()), np.float64)
    np.testing.assert_allclose(y.mean(axis=1), learned().shift, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=1), learned().scale, rtol=1e-4)


def test_a_new_layer_only_normalises():
    new = LAYER.init(np.random.default_rng(0), Hyperparameters())
    np.testing.assert_allclose(train(rows(), new), algorithm_1(rows(), 1, 0), rtol=1e-4, atol=1e-6)


def test_the_initial_gamma_and_beta_can_be_chosen():
    hyper = Hyperparameters(batch_norm_scale=0.25, batch_norm_shift=-2.0)
    gamma, beta = BatchNorm(3).init(np.random.default_rng(0), hyper)
    np.testing.assert_array_equal(gamma, [0.25, 0.25, 0.25])
    np.testing.assert_array_equal(beta, [-2, -2, -2])


@in_both
def test_neither_the_units_of_a_feature_nor_its_offset_matter(array):
    """Exactly so where ε is nothing beside the variance; this is why initial weights matter less."""
    plain = train(rows(), learned(), 1e-12, array)
    np.testing.assert_allclose(train(rows() * 1024, learned(), 1e-12, array), plain, atol=1e-5)
    np.testing.assert_allclose(train(rows() + 8, learned(), 1e-12, array), plain, atol=1e-5)


@in_both
def test_a_small_spread_around_a_large_mean_is_seen(array):
    """As it would not be in float32 by E[x²] - E[x]²: 1000² has no digits left for a variance of 0.01."""
    x = rows(scale=0.05, offset=1000)
    np.testing.assert_allclose(train(x, learned(), array=array), algorithm_1(x, *learned()), rtol=2e-2, atol=2e-2)


@in_both
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_features_of_any_size_far_from_zero_are_normalised(scale, array):
    """The mean is taken off before anything is multiplied."""
    x = (rows() + 1e3) * np.float32(scale)
    np.testing.assert_allclose(train(x, UNIT, 0.0, array), algorithm_1(x, *UNIT, 0.0), atol=2e-3)


@in_both
def test_a_constant_feature_becomes_beta(array):
    x = rows()
    x[2] = 7.7
    y = np.asarray(train(x, learned(), array=array))
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y[2], np.full(ROWS, learned().shift[2]), atol=1e-3)


# The backward pass, written by hand


GAMMA, BETA = np.linspace(-2, 3, FEATURES, dtype=np.float32), np.linspace(1, -1, FEATURES, dtype=np.float32)


def back(x, g, epsilon=EPSILON, array=np.asarray):
    """With a scale and a shift that differ from feature to feature."""
    own = ScaleShift(array(GAMMA), array(BETA))
    _, kept = LAYER.forward(own, array(x), context(epsilon))
    return LAYER.backward(own, kept, array(g.copy()))


def gradient_in_float64(x, g, epsilon=EPSILON):
    """What JAX derives from the formula, in double precision."""
    with jax.enable_x64(True):
        x, g, gamma = (jnp.asarray(array, jnp.float64) for array in (x, g, GAMMA[:, None]))

        def loss(x):
            centred = x - jnp.mean(x, axis=1, keepdims=True)
            variance = jnp.mean(centred**2, axis=1, keepdims=True)
            return jnp.sum(gamma * centred / jnp.sqrt(variance + epsilon) * g)

        return np.asarray(jax.grad(loss)(x))


@in_both
@pytest.mark.parametrize("epsilon", [1e-8, 1e-5, 0.1])
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e4, 1e12])
def test_the_backward_pass_is_the_derivative_of_the_formula(scale, epsilon, array):
    """Features as small as 1e-8 and as large as 1e12, on both sides of ε."""
    x, g = rows(scale=scale), slopes()
    _, actual = back(x, g, epsilon, array)
    expected = gradient_in_float64(x, g, epsilon)
    for feature in range(FEATURES):
        size = np.abs(expected[feature]).max()
        np.testing.assert_allclose(
            actual[feature] / size, expected[feature] / size, atol=2e-5, err_msg=f"feature {feature}"
        )


@in_both
def test_the_backward_pass_of_a_constant_feature(array):
    """γ (g - mean g) / √ε: finite, and exactly what the formula says; the other features do not notice."""
    x, g = rows(), slopes()
    x[2] = 4.0
    _, actual = back(x, g, array=array)
    of_feature = g[2].astype(np.float64)
    np.testing.assert_allclose(actual[2], GAMMA[2] * (of_feature - of_feature.mean()) / np.sqrt(EPSILON), rtol=1e-4)
    np.testing.assert_allclose(actual, gradient_in_float64(x, g), rtol=1e-4, atol=1e-5)


def test_the_gradient_has_no_part_along_a_shift_or_a_stretch_of_the_batch():
    """Since neither changes the output, nothing is to be gained by it."""
    x = rows()
    gradient = np.asarray(back(x, slopes(), 0.0)[1], np.float64)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose((gradient * (x - x.mean(axis=1, keepdims=True))).sum(axis=1), 0, atol=1e-4)


# Running statistics


def run_over(batches, momentum):
    running = LAYER.running
    for x in batches:
        _, kept = LAYER.forward(learned(), x, context())
        running = follow(running, LAYER.seen(kept), ROWS, momentum)
    return running


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
def test_running_statistics_follow_the_recurrence(momentum):
    """new = momentum · old + (1 - momentum) · batch, from zero; the variance is the unbiased one, over m - 1."""
    batches = [rows(seed) for seed in range(7)]
    mean, variance = np.zeros(FEATURES), np.zeros(FEATURES)
    for x in batches:
        x = x.T.astype(np.float64)
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
    batches = [rows(seed).T.astype(np.float64) for seed in range(steps)]
    weights = [momentum ** (steps - 1 - step) for step in range(steps)]  # the latest weighs most

    statistics = corrected(run_over([x.T.astype(np.float32) for x in batches], momentum))

    means = [x.mean(axis=0) for x in batches]
    variances = [x.var(axis=0, ddof=1) for x in batches]
    np.testing.assert_allclose(statistics.mean, np.average(means, axis=0, weights=weights), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(statistics.variance, np.average(variances, axis=0, weights=weights), rtol=1e-4)


@in_both
def test_before_the_first_step_the_corrected_statistics_change_nothing(array):
    statistics = corrected(jax.tree.map(array, BatchNorm(3).running))
    np.testing.assert_array_equal(statistics.mean, np.zeros(3))
    np.testing.assert_array_equal(statistics.variance, np.ones(3))


@in_both
def test_the_correction_divides_by_the_weight_gathered_so_far(array):
    """Each network's by its own."""
    running = RunningStatistics(np.array([[0.4, -1.0]] * 2), np.array([[0.2, 3.0]] * 2), np.array([0.25, 0.5]))
    statistics = corrected(jax.tree.map(array, jax.tree.map(np.float32, running)))
    np.testing.assert_allclose(statistics.mean, [[1.6, -4.0], [0.8, -2.0]])
    np.testing.assert_allclose(statistics.variance, [[0.8, 12.0], [0.4, 6.0]])


def test_a_single_row_is_refused():
    with pytest.raises(ValueError, match="at least two rows"):
        follow(LAYER.running, Statistics(*UNIT), 1, 0.9)


# Inference


def test_inference_by_a_batchs_own_statistics_is_what_training_did_to_it():
    x = rows()
    statistics = Statistics(x.mean(axis=1), x.var(axis=1))
    y = LAYER.infer(learned(), x, statistics, context())
    np.testing.assert_allclose(y, train(x, learned()), rtol=1e-4, atol=1e-5)
