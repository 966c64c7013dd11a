"""A network with batch norm and dropout, folded into affine layers and what stands between them."""

from itertools import product
from typing import get_args

import jax
import numpy as np
import pytest
from formulas import activations
from trainings import midway

from goru.nn import network
from goru.nn.architecture import ActivationName, Architecture, Hyperparameters
from goru.nn.fold import apply, fold
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.layer import Context
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.scaling import Scaling

HYPER = Hyperparameters(dropout_rate=0.35, batch_norm_epsilon=1e-3)
X = np.random.default_rng(1).normal(size=(25, 6)).T


def kinds(layers):
    return [layer.kind for layer in layers]


@pytest.mark.parametrize("activation", get_args(ActivationName))
@pytest.mark.parametrize("hidden", [(), (9,), (9, 7, 8)])
@pytest.mark.parametrize(("place", "form"), list(product([None, "before", "after"], [None, "inverted", "classic"])))
def test_the_folded_network_is_the_network_at_test_time(place, form, hidden, activation):
    dropout = {"dropout": form is not None, "dropout_form": form or "inverted"}
    layers = Architecture(6, hidden, 3, activation, place, **dropout).layers
    learned, statistics = midway(layers)

    left, numbers = fold(layers, learned, statistics, HYPER)

    assert kinds(left) == ["affine", "activation"] * len(hidden) + ["affine"]  # and nothing else
    assert [layer.outputs for layer in left[::2]] == [*hidden, 3]
    assert all(layer.bias and own.bias is not None for layer, own in zip(left[::2], numbers[::2], strict=True))
    expected = activations(layers, learned, X, Context(HYPER), statistics)[-1]
    np.testing.assert_allclose(activations(left, numbers, X, Context(HYPER))[-1], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(apply(left, numbers, X), expected, rtol=1e-9, atol=1e-9)


def test_a_plain_network_is_left_as_it_is():
    layers = Architecture(6, (9, 7), 3, dropout=True).layers
    learned, statistics = midway(layers)
    left, numbers = fold(layers, learned, statistics, HYPER)
    assert left == Architecture(6, (9, 7), 3).layers
    for one, other in zip(jax.tree.leaves(numbers), jax.tree.leaves(learned), strict=True):
        np.testing.assert_array_equal(one, other)


def test_batch_norm_before_the_activation_goes_into_the_layer_below_and_after_it_into_the_one_above():
    layers = Architecture(6, (9,), 3, batch_norm="before").layers
    learned, statistics = midway(layers)
    _, (below, _, above) = fold(layers, learned, statistics, HYPER)
    np.testing.assert_array_equal(above.weight, learned[-1].weight)
    assert not np.allclose(below.weight, learned[0].weight)

    layers = Architecture(6, (9,), 3, batch_norm="after").layers
    learned, statistics = midway(layers)
    _, (below, _, above) = fold(layers, learned, statistics, HYPER)
    np.testing.assert_array_equal(below.weight, learned[0].weight)
    assert not np.allclose(above.weight, learned[-1].weight)
    assert not np.allclose(above.bias, learned[-1].bias)


INNER = (Affine(5, 4, bias=False), BatchNorm(4), Activation("tanh"), Dropout(0, "classic"), Affine(4, 5))
STACKS = {
    "first of all": ((BatchNorm(6), Affine(6, 3)), ["affine"]),
    "last of all": ((Affine(6, 5), Activation("silu"), BatchNorm(5)), ["affine", "activation", "scaling"]),
    "twice": ((Affine(6, 5), BatchNorm(5), BatchNorm(5), Affine(5, 3), BatchNorm(3)), ["affine", "affine"]),
    "twice above": ((Activation("tanh"), BatchNorm(6), BatchNorm(6), Affine(6, 3)), ["activation", "affine"]),
    "between what takes in nothing": (
        (Affine(6, 5), Activation("tanh"), BatchNorm(5), LayerNorm(5), BatchNorm(5), Activation("tanh")),
        ["affine", "activation", "scaling", "layer_norm", "scaling", "activation"],
    ),
    "in a residual block": (
        (Affine(6, 5), Residual(INNER), BatchNorm(5), Affine(5, 3)),
        ["affine", "residual", "affine"],
    ),
    "classic dropout with no affine layer beside it": (
        (LayerNorm(6), Dropout(0, "classic"), Activation("tanh"), Dropout(1, "classic")),
        ["layer_norm", "scaling", "activation", "scaling"],
    ),
    "classic dropout first of all": (
        (Dropout(0, "classic"), Activation("tanh"), LayerNorm(6)),
        ["scaling", "activation", "layer_norm"],
    ),
    "classic dropout in a block that any number of units passes": (
        (Affine(6, 5), Residual((Activation("tanh"), Dropout(0, "classic"))), Affine(5, 3)),
        ["affine", "residual", "affine"],
    ),
    "a scaling is not learned from statistics": (
        (Affine(6, 5), Scaling(5), BatchNorm(5)),
        ["affine", "scaling", "scaling"],
    ),
}


@pytest.mark.parametrize("own_rates", [False, True], ids=["one rate", "rates of their own"])
@pytest.mark.parametrize("networks", [(), (3,)], ids=["one", "many"])
@pytest.mark.parametrize(("layers", "expected"), STACKS.values(), ids=STACKS)
def test_any_network_is_folded_as_far_as_its_layers_go(layers, expected, networks, own_rates):
    learned, statistics = midway(layers, networks)
    rates = np.array([0.35, 0.1, 0.5]) if networks and own_rates else 0.35
    hyper = HYPER._replace(dropout_rate=rates)
    left, numbers = fold(layers, learned, statistics, hyper)
    assert kinds(left) == expected
    if "residual" in expected:
        inner = {INNER: ["affine", "activation", "affine"]}.get(layers[1].layers, ["activation", "scaling"])
        assert kinds(left[1].layers) == inner
    outputs = network.infer(layers, learned, statistics, hyper, X)
    np.testing.assert_allclose(apply(left, numbers, X), outputs, rtol=1e-9, atol=1e-9)
    assert all(leaf.shape[: len(networks)] == networks for leaf in jax.tree.leaves(numbers))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("place", [None, "before", "after"])
def test_folded_numbers_keep_their_precision(place, dtype):
    layers = Architecture(6, (9, 7), 3, batch_norm=place, dropout=True, dropout_form="classic").layers
    given = jax.tree.map(lambda leaf: leaf.astype(dtype), midway(layers, (2,)))
    hyper = HYPER._replace(dropout_rate=np.array([0.2, 0.5]), batch_norm_epsilon=np.array([1e-3, 1e-5]))
    assert {leaf.dtype for leaf in jax.tree.leaves(fold(layers, *given, hyper)[1])} == {np.dtype(dtype)}
