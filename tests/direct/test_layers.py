"""Activations, batch norm and dropout's masks of whole arrays of networks, against the layers of `goru.nn`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goru.direct.layers import (
    ACTIVATIONS,
    activate,
    back_through_activation,
    back_through_normalize,
    keep_mask,
    normalize,
    sigmoid,
)
from goru.nn import activations as nn_activations
from goru.nn import dropout as nn_dropout

Z = np.linspace(-6, 6, 101)
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def test_the_activations_are_those_of_jax():
    assert set(ACTIVATIONS) == set(nn_activations.ACTIVATIONS)


@every_activation
def test_an_activation_and_its_derivative_are_those_of_jax(name):
    z = Z.astype(np.float32)
    function = nn_activations.ACTIVATIONS[name]
    np.testing.assert_allclose(activate(name, z), function(jnp.asarray(z)), rtol=1e-5, atol=1e-6)
    slope = back_through_activation(name, np.ones_like(z), z, activate(name, z))
    np.testing.assert_allclose(slope, jax.vmap(jax.grad(function))(jnp.asarray(z)), rtol=1e-4, atol=1e-6)


@every_activation
def test_a_derivative_is_that_of_numerical_differences(name):
    z = Z[np.abs(Z) > 1e-9]
    slope = back_through_activation(name, np.full_like(z, 2.0), z, activate(name, z))
    np.testing.assert_allclose(slope, (activate(name, z + 1e-6) - activate(name, z - 1e-6)) / 1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_activation
def test_an_activation_keeps_the_precision_and_what_it_reads(name, dtype):
    z = Z.astype(dtype)
    a = activate(name, z)
    assert a.dtype == dtype
    assert back_through_activation(name, np.ones_like(z), z, a).dtype == dtype
    np.testing.assert_array_equal(z, Z.astype(dtype))


@every_activation
def test_numbers_far_out_give_finite_values_and_derivatives(name):
    z = np.array([-1e4, -800.0, 800.0, 1e4], np.float32)
    with np.errstate(invalid="raise", over="raise"):
        a = activate(name, z)
        slope = back_through_activation(name, np.ones_like(z), z, a)
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match="swish"):
        activate("swish", Z)


def test_sigmoid_overflows_at_neither_end():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid(np.array([-1e3, 0.0, 1e3])), [0, 0.5, 1])


# Batch norm


def features(networks=2, rows=9, seed=0):
    return np.random.default_rng(seed).normal(2, 3, (networks, rows, 4))


def test_features_are_normalised_over_the_rows_of_each_network():
    x = features()
    found = normalize(x, 1e-5)
    np.testing.assert_allclose(found.mean[:, 0], x.mean(axis=1))
    np.testing.assert_allclose(found.variance[:, 0], x.var(axis=1))
    expected = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(found.x_hat, expected)


def test_the_way_back_through_normalisation_is_that_of_numerical_differences():
    x, slope = features(), np.random.default_rng(1).normal(size=features().shape)
    found = back_through_normalize(slope.copy(), normalize(x, 0.1))
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += 1e-5
        behind[index] -= 1e-5
        expected = ((normalize(ahead, 0.1).x_hat - normalize(behind, 0.1).x_hat) * slope).sum() / 2e-5
        assert found[index] == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_a_small_spread_around_a_large_mean_is_seen_in_single_precision():
    x = (1000 + 0.05 * features()).astype(np.float32)
    expected = x.astype(np.float64)
    expected = (expected - expected.mean(axis=1, keepdims=True)) / expected.std(axis=1, keepdims=True)
    np.testing.assert_allclose(normalize(x, 1e-9).x_hat, expected, atol=2e-2)


# Dropout


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    networks=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3),
    step=st.integers(-1, 2**31 - 1),
    layer=st.integers(0, 20),
    rate=st.floats(0, 0.999),
)
def test_masks_are_those_of_jax_bit_by_bit(networks, step, layer, rate):
    shape = (5, 7)
    found = keep_mask(np.array(networks, np.uint32), step, layer, shape, rate)
    for index, network in enumerate(networks):
        key = nn_dropout.dropout_key(jnp.uint32(network), step, layer)
        np.testing.assert_array_equal(found[index], nn_dropout.keep_mask(key, shape, rate))


def test_a_mask_keeps_the_share_it_should():
    kept = keep_mask(np.arange(4, dtype=np.uint32), 0, 0, (500, 50), 0.3).mean(axis=(1, 2))
    np.testing.assert_allclose(kept, 0.7, atol=4 * (0.21 / 25_000) ** 0.5)


def test_networks_steps_layers_and_neurons_have_masks_of_their_own():
    def mask(network=1, step=1, layer=1):
        return keep_mask(np.array([network], np.uint32), step, layer, (20, 20), 0.5)[0]

    for other in (mask(network=2), mask(step=2), mask(layer=2), mask().T):
        assert 0.35 < (mask() == other).mean() < 0.65


def test_a_rate_of_zero_deletes_nothing():
    assert keep_mask(np.arange(3, dtype=np.uint32), 0, 0, (100, 100), 0.0).all()


def test_a_mask_leaves_the_ids_as_they_are():
    ids = np.array([5, 6], np.uint32)
    keep_mask(ids, 3, 1, (4, 4), 0.5)
    assert ids.tolist() == [5, 6]
