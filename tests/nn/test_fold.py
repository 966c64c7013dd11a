"""A network with batch norm and dropout, folded into affine layers alone."""

from itertools import product
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.activations import ACTIVATIONS
from goru.nn.affine import Affine
from goru.nn.architecture import ActivationName, Architecture, Hyperparameters
from goru.nn.batch_norm import Statistics
from goru.nn.fold import fold
from goru.nn.network import forward_inference, init_affines, init_network

HYPER = Hyperparameters(dropout_rate=0.35, batch_norm_epsilon=1e-3)


def trained(architecture, seed=0):
    """A network and statistics in which no number has its initial value."""
    rng = np.random.default_rng(seed)
    network = init_network(architecture, HYPER, init_affines(architecture, np.random.default_rng(seed)))
    network = jax.tree.map(lambda leaf: leaf + jnp.asarray(rng.normal(0, 0.3, leaf.shape), jnp.float32), network)
    statistics = tuple(
        Statistics(
            jnp.asarray(rng.normal(size=width), jnp.float32),
            jnp.asarray(rng.uniform(0.1, 4, width), jnp.float32),
        )
        for width in architecture.hidden
        if architecture.batch_norm
    )
    return network, statistics


def plain(affines, activation, x):
    """affine, activation, ..., affine, and nothing else; in float64."""
    for layer in affines[:-1]:
        x = x @ np.asarray(layer.weight, np.float64) + np.asarray(layer.bias, np.float64)
        x = np.asarray(ACTIVATIONS[activation](jnp.asarray(x, jnp.float32)), np.float64)
    return x @ np.asarray(affines[-1].weight, np.float64) + np.asarray(affines[-1].bias, np.float64)


@pytest.mark.parametrize("activation", get_args(ActivationName))
@pytest.mark.parametrize("hidden", [(), (9,), (9, 7, 8)])
@pytest.mark.parametrize(("place", "form"), list(product([None, "before", "after"], [None, "inverted", "classic"])))
def test_the_folded_network_is_the_network_at_test_time(place, form, hidden, activation):
    architecture = Architecture(
        6, hidden, 3, activation, place, dropout=form is not None, dropout_form=form or "inverted"
    )
    network, statistics = trained(architecture)
    x = np.random.default_rng(1).normal(size=(25, 6)).astype(np.float32)

    folded = fold(architecture, network, statistics, HYPER)

    expected = forward_inference(architecture, network, statistics, HYPER, jnp.asarray(x))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(plain(folded, activation, x) / scale, expected / scale, atol=3e-6)


@pytest.mark.parametrize("place", [None, "before", "after"])
def test_what_is_left_is_a_plain_network_of_the_same_widths(place):
    architecture = Architecture(6, (9, 7), 3, batch_norm=place)
    folded = fold(architecture, *trained(architecture), HYPER)
    assert all(isinstance(layer, Affine) for layer in folded)
    assert [layer.weight.shape for layer in folded] == [(6, 9), (9, 7), (7, 3)]
    assert [layer.bias.shape for layer in folded] == [(9,), (7,), (3,)]


def test_a_plain_network_is_left_as_it_is():
    architecture = Architecture(6, (9, 7), 3, dropout=True)
    network, _ = trained(architecture)
    folded = fold(architecture, network, (), HYPER)
    for layer, original in zip(folded, [h.affine for h in network.hidden] + [network.output], strict=True):
        np.testing.assert_array_equal(layer.weight, original.weight)
        np.testing.assert_array_equal(layer.bias, original.bias)


def test_batch_norm_before_the_activation_goes_into_the_layer_below_and_after_it_into_the_one_above():
    network, statistics = trained(Architecture(6, (9,), 3, batch_norm="before"))
    below, above = fold(Architecture(6, (9,), 3, batch_norm="before"), network, statistics, HYPER)
    np.testing.assert_array_equal(above.weight, network.output.weight)
    assert not np.allclose(below.weight, network.hidden[0].affine.weight)

    below, above = fold(Architecture(6, (9,), 3, batch_norm="after"), network, statistics, HYPER)
    np.testing.assert_array_equal(below.weight, network.hidden[0].affine.weight)
    assert not np.allclose(above.weight, network.output.weight)
    assert not np.allclose(above.bias, network.output.bias)
