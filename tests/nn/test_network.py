"""A network, layer after layer, against the same layers written in float64 NumPy."""

import math
from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import BatchNorm, Statistics, corrected
from goru.nn.dropout import dropout_key, keep_mask
from goru.nn.network import (
    HiddenLayer,
    forward_inference,
    forward_train,
    init_affines,
    init_network,
    init_running,
    population_statistics,
    weight_matrices,
)

INPUTS, HIDDEN, OUTPUTS, ROWS = 6, (9, 7), 3, 20
HYPER = Hyperparameters(dropout_rate=0.3, batch_norm_epsilon=1e-3, batch_norm_momentum=0.8)
ID, STEP = 11, 5

PLACES = [None, "before", "after"]
FORMS = [None, "inverted", "classic"]  # None: no dropout
BLOCKS = list(product(PLACES, FORMS))

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "gelu": np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / 2**0.5))),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def make_architecture(place=None, form=None, activation="relu", hidden=HIDDEN):
    return Architecture(
        INPUTS, hidden, OUTPUTS, activation, place, dropout=form is not None, dropout_form=form or "inverted"
    )


def make_network(architecture, seed=0):
    """Of a network in the middle of its training: no bias is zero, γ and β differ from feature to feature."""
    rng = np.random.default_rng(seed)
    network = init_network(architecture, HYPER, init_affines(architecture, np.random.default_rng(seed)))

    def random(like, low, high):
        return jnp.asarray(rng.uniform(low, high, like.shape), jnp.float32)

    def trained(layer):
        return layer._replace(bias=random(layer.bias, -0.5, 0.5))

    return network._replace(
        hidden=tuple(
            HiddenLayer(
                trained(layer.affine),
                layer.batch_norm
                and BatchNorm(random(layer.batch_norm.scale, 0.5, 2), random(layer.batch_norm.shift, -1, 1)),
            )
            for layer in network.hidden
        ),
        output=trained(network.output),
    )


def make_rows(seed=0, n=ROWS):
    return np.random.default_rng(50 + seed).normal(size=(n, INPUTS)).astype(np.float32)


def make_statistics(architecture, seed=0):
    rng = np.random.default_rng(90 + seed)
    return tuple(
        Statistics(
            jnp.asarray(rng.normal(size=width), jnp.float32),
            jnp.asarray(rng.uniform(0.2, 4, width), jnp.float32),
        )
        for width in architecture.hidden
        if architecture.batch_norm
    )


def in_numpy(architecture, network, x, *, statistics=None, masks=None):
    """The network in float64: affine, [batch norm before], activation, [batch norm after], [dropout]; affine.

    With `masks` it is in training and batch norm uses the batch's own statistics; with `statistics` it is at
    test time and uses those. Returns the outputs, and the mean and (biased) variance of what each batch norm
    layer read.
    """
    network, statistics = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), (network, statistics))
    training = masks is not None
    seen = []

    def batch_norm(x, layer, index):
        seen.append((x.mean(axis=0), x.var(axis=0)))
        mean, variance = seen[-1] if training else statistics[index]
        return layer.scale * (x - mean) / np.sqrt(variance + HYPER.batch_norm_epsilon) + layer.shift

    x = np.asarray(x, np.float64)
    for index, layer in enumerate(network.hidden):
        x = x @ layer.affine.weight + layer.affine.bias
        if architecture.batch_norm == "before":
            x = batch_norm(x, layer.batch_norm, index)
        x = ACTIVATIONS[architecture.activation](x)
        if architecture.batch_norm == "after":
            x = batch_norm(x, layer.batch_norm, index)
        if architecture.dropout:
            kept_share = 1 - HYPER.dropout_rate
            if training:
                x = x * masks[index]
                x = x / kept_share if architecture.dropout_form == "inverted" else x
            else:
                x = x * kept_share if architecture.dropout_form == "classic" else x
    return x @ network.output.weight + network.output.bias, seen


def masks_of(architecture, network_id=ID, step=STEP, rows=ROWS):
    return [
        np.asarray(keep_mask(dropout_key(network_id, step, index), (rows, width), HYPER.dropout_rate))
        for index, width in enumerate(architecture.hidden)
    ]


def train(architecture, network, x, hyper=HYPER, network_id=ID, step=STEP):
    return forward_train(architecture, network, init_running(architecture), hyper, jnp.asarray(x), network_id, step)


# The forward passes


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_the_forward_pass_in_training(place, form, activation):
    """The order of a block, with goru's own masks: affine, [before], activation, [after], dropout."""
    architecture = make_architecture(place, form, activation)
    network, x = make_network(architecture), make_rows()
    outputs, _ = train(architecture, network, x)
    expected, _ = in_numpy(architecture, network, x, masks=masks_of(architecture))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_the_forward_pass_at_test_time(place, form, activation):
    architecture = make_architecture(place, form, activation)
    network, x, statistics = make_network(architecture), make_rows(), make_statistics(architecture)
    outputs = forward_inference(architecture, network, statistics, HYPER, jnp.asarray(x))
    expected, _ = in_numpy(architecture, network, x, statistics=statistics)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("form", FORMS)
def test_running_statistics_follow_what_each_batch_norm_layer_reads(place, form):
    """From zero, by one step: a share of 1 - momentum of the batch's mean and unbiased variance."""
    architecture = make_architecture(place, form)
    network, x = make_network(architecture), make_rows()

    _, running = train(architecture, network, x)

    _, seen = in_numpy(architecture, network, x, masks=masks_of(architecture))
    assert len(running) == len(HIDDEN)
    for layer, (mean, variance) in zip(running, seen, strict=True):
        np.testing.assert_allclose(layer.mean, 0.2 * mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.variance, 0.2 * variance * ROWS / (ROWS - 1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.weight, 0.2, rtol=1e-6)


def test_the_numpy_network_tells_the_orders_of_a_block_apart():
    """Or the tests above would prove nothing."""
    outputs = []
    for place, form in BLOCKS:
        architecture = make_architecture(place, form)
        network = make_network(make_architecture("before"))  # one network in all of them
        outputs.append(in_numpy(architecture, network, make_rows(), masks=masks_of(architecture))[0])
    for i, j in product(range(len(BLOCKS)), repeat=2):
        assert i == j or np.abs(outputs[i] - outputs[j]).max() > 0.1


def test_without_hidden_layers_the_network_is_a_linear_model():
    architecture = make_architecture("before", "inverted", hidden=())
    network, x = make_network(architecture), make_rows()
    expected = x.astype(np.float64) @ np.asarray(network.output.weight, np.float64) + np.asarray(network.output.bias)
    outputs, running = train(architecture, network, x)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    assert running == ()
    assert population_statistics(architecture, network, HYPER, jnp.asarray(x)) == ()
    np.testing.assert_array_equal(forward_inference(architecture, network, (), HYPER, jnp.asarray(x)), outputs)


# Training beside inference


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_without_batch_norm_and_at_a_dropout_rate_of_zero_training_is_inference(form, activation):
    architecture = make_architecture(None, form, activation)
    network, x, hyper = make_network(architecture), make_rows(), HYPER._replace(dropout_rate=0.0)
    in_training, _ = train(architecture, network, x, hyper)
    at_test_time = forward_inference(architecture, network, (), hyper, jnp.asarray(x))
    np.testing.assert_array_equal(in_training, at_test_time)


@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_a_dropout_rate_of_zero_is_no_dropout(place, form):
    hyper = HYPER._replace(dropout_rate=0.0)
    with_it, without = make_architecture(place, form), make_architecture(place, None)
    network = make_network(with_it)
    np.testing.assert_allclose(
        train(with_it, network, make_rows(), hyper)[0],
        train(without, network, make_rows(), hyper)[0],
        rtol=1e-6,
        atol=1e-6,
    )


@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_at_test_time_a_row_gets_the_same_answer_each_time_and_in_any_company(place, form):
    architecture = make_architecture(place, form)
    network, statistics = make_network(architecture), make_statistics(architecture)

    def predict(x):
        return np.asarray(forward_inference(architecture, network, statistics, HYPER, jnp.asarray(x)))

    x = make_rows()
    np.testing.assert_array_equal(predict(x), predict(x))
    np.testing.assert_allclose(predict(x[::-1])[::-1], predict(x), rtol=1e-5, atol=1e-5)
    company = np.concatenate([x[:1], 100 * make_rows(1)[1:]])
    np.testing.assert_allclose(predict(company)[0], predict(x)[0], rtol=1e-5, atol=1e-5)


def test_in_training_other_steps_and_networks_have_other_masks_and_the_same_ones_the_same():
    architecture = make_architecture(None, "inverted")
    network, x = make_network(architecture), make_rows()
    outputs = {
        (network_id, step): np.asarray(train(architecture, network, x, HYPER, network_id, step)[0])
        for network_id, step in product((0, 1), (0, 1))
    }
    for a, b in product(outputs, repeat=2):
        assert (a == b) == np.array_equal(outputs[a], outputs[b])
    np.testing.assert_array_equal(train(architecture, network, x, HYPER, 0, 1)[0], outputs[0, 1])


# Exact statistics of a population


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["before", "after"])
def test_population_statistics_are_exact_layer_by_layer(place, form, activation):
    """Each layer's mean and biased variance over all rows, the layers below already at theirs, none deleted."""
    architecture = make_architecture(place, form, activation)
    network, x = make_network(architecture), make_rows(n=200)

    estimated = population_statistics(architecture, network, HYPER, jnp.asarray(x))

    # In NumPy: the statistics of layer 1, then those of layer 2 given those of layer 1.
    expected = []
    for index in range(len(HIDDEN)):
        unknown = [(np.zeros(width), np.ones(width)) for width in HIDDEN[index:]]
        _, seen = in_numpy(architecture, network, x, statistics=(*expected, *unknown))
        expected.append(seen[index])
    assert len(estimated) == len(HIDDEN)
    for actual, (mean, variance) in zip(estimated, expected, strict=True):
        np.testing.assert_allclose(actual.mean, mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(actual.variance, variance, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("place", ["before", "after"])
def test_by_its_population_statistics_a_network_without_dropout_repeats_its_training_pass(place):
    """Where the batch is the whole population, its statistics are the population's."""
    architecture = make_architecture(place)
    network, x = make_network(architecture), jnp.asarray(make_rows())
    statistics = population_statistics(architecture, network, HYPER, x)
    np.testing.assert_allclose(
        forward_inference(architecture, network, statistics, HYPER, x),
        train(architecture, network, x)[0],
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_running_statistics_approach_the_population_statistics(place):
    """While weights stand still and nothing is deleted."""
    architecture = make_architecture(place)
    network, x = make_network(architecture), make_rows(n=2000)
    hyper = HYPER._replace(batch_norm_momentum=0.99)
    step = jax.jit(
        lambda running, x: forward_train(architecture, network, running, hyper, x, ID, STEP)[1],
    )
    running = init_running(architecture)
    for batch in np.split(x, 40):
        running = step(running, jnp.asarray(batch))

    exact = population_statistics(architecture, network, hyper, jnp.asarray(x))
    for layer, population in zip(running, exact, strict=True):
        np.testing.assert_allclose(corrected(layer).mean, population.mean, atol=0.1)
        np.testing.assert_allclose(corrected(layer).variance, population.variance, rtol=0.15)


def test_without_batch_norm_there_are_no_statistics():
    architecture = make_architecture()
    network = make_network(architecture)
    assert init_running(architecture) == ()
    assert train(architecture, network, make_rows())[1] == ()
    assert population_statistics(architecture, network, HYPER, jnp.asarray(make_rows())) == ()


# Initial values


def test_networks_that_differ_in_batch_norm_or_dropout_start_from_the_same_weights():
    networks = [
        init_network(
            make_architecture(place, form),
            HYPER,
            init_affines(make_architecture(place, form), np.random.default_rng(7)),
        )
        for place, form in BLOCKS
    ]
    for network in networks[1:]:
        for a, b in zip(weight_matrices(network), weight_matrices(networks[0]), strict=True):
            np.testing.assert_array_equal(a, b)


def test_every_layer_starts_from_weights_of_its_own():
    architecture = Architecture(50, (50, 50), 50)
    affines = init_affines(architecture, np.random.default_rng(0))
    for i, j in product(range(3), repeat=2):
        correlation = np.corrcoef(affines[i].weight.ravel(), affines[j].weight.ravel())[0, 1]
        assert i == j or abs(correlation) < 4 / 50


def test_the_initializer_and_its_standard_deviation_are_the_architectures_and_the_hyperparameters():
    architecture = Architecture(100, (200,), 50, weight_init="normal")
    first, output = init_affines(architecture, np.random.default_rng(0), 0.01)
    assert first.weight.shape == (100, 200)
    assert output.weight.shape == (200, 50)
    assert float(first.weight.std()) == pytest.approx(0.01, rel=0.03)
    assert float(output.weight.std()) == pytest.approx(0.01, rel=0.03)
    glorot, _ = init_affines(replace(architecture, weight_init="glorot_uniform"), np.random.default_rng(0), 2.0)
    assert float(glorot.weight.std()) == pytest.approx(2 * (2 / 300) ** 0.5, rel=0.03)


@pytest.mark.parametrize("place", PLACES)
def test_gamma_and_beta_start_at_their_hyperparameters(place):
    architecture = make_architecture(place)
    hyper = HYPER._replace(batch_norm_scale=0.1, batch_norm_shift=-1.0)
    network = init_network(architecture, hyper, init_affines(architecture, np.random.default_rng(0)))
    for layer, width in zip(network.hidden, HIDDEN, strict=True):
        if place is None:
            assert layer.batch_norm is None
        else:
            np.testing.assert_array_equal(layer.batch_norm.scale, np.full(width, 0.1, np.float32))
            np.testing.assert_array_equal(layer.batch_norm.shift, np.full(width, -1.0, np.float32))


def test_weight_matrices_are_the_weights_of_every_affine_layer_and_nothing_else():
    network = make_network(make_architecture("before", "inverted"))
    assert [w.shape for w in weight_matrices(network)] == [(6, 9), (9, 7), (7, 3)]
    assert weight_matrices(network)[1] is network.hidden[1].affine.weight
