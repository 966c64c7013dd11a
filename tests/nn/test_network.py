"""A network, layer after layer, against the formulas of its layers in float64 NumPy."""

from itertools import product

import jax
import numpy as np
import pytest
from formulas import ACTIVATIONS, activations
from trainings import midway, of_batch_norm, weights

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm, corrected, follow
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.layer import Context
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.losses import LOSSES
from goru.nn.network import STATISTICS_STEP

INPUTS, HIDDEN, OUTPUTS, ROWS = 6, (9, 7), 3, 20
HYPER = Hyperparameters(dropout_rate=0.3, batch_norm_epsilon=1e-3, batch_norm_momentum=0.8)
NO_DROPOUT = HYPER._replace(dropout_rate=0.0)
ID, STEP = 11, 5
CONTEXT = Context(HYPER, ID, STEP)

PLACES = [None, "before", "after"]
FORMS = [None, "inverted", "classic"]  # None: no dropout
BLOCKS = list(product(PLACES, FORMS))
every_block = pytest.mark.parametrize(("place", "form"), BLOCKS)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
each_place = pytest.mark.parametrize("place", ["before", "after"])


def make_layers(place=None, form=None, activation="relu", hidden=HIDDEN):
    form, dropout = form or "inverted", form is not None
    return Architecture(INPUTS, hidden, OUTPUTS, activation, place, dropout=dropout, dropout_form=form).layers


RESIDUAL = (
    Affine(INPUTS, 5),
    Residual((LayerNorm(5), Affine(5, 4, bias=False), BatchNorm(4), Activation("tanh"), Dropout(0), Affine(4, 5))),
    BatchNorm(5),
    Affine(5, OUTPUTS),
)


def make_rows(seed=0, n=ROWS):
    return np.random.default_rng(50 + seed).normal(size=(n, INPUTS)).T


# The forward passes


@every_activation
@every_block
def test_the_forward_pass_in_training(place, form, activation):
    layers, x = make_layers(place, form, activation), make_rows()
    learned, _ = midway(layers)
    outputs, _ = network.forward(layers, learned, x, CONTEXT)
    np.testing.assert_allclose(outputs, activations(layers, learned, x, CONTEXT)[-1], rtol=1e-9, atol=1e-11)


@every_activation
@every_block
def test_the_forward_pass_at_test_time(place, form, activation):
    layers, x = make_layers(place, form, activation), make_rows()
    given = *midway(layers), HYPER, x
    of_layers = list(network.at_inference(layers, *given))
    assert tuple(layer for layer, _ in of_layers) == layers
    for (_, y), expected in zip(of_layers, activations(layers, given[0], x, CONTEXT, given[1])[1:], strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(network.infer(layers, *given), of_layers[-1][1])


def test_without_hidden_layers_the_network_is_a_linear_model():
    layers, x = make_layers("before", "inverted", hidden=()), make_rows()
    learned, statistics = midway(layers)
    outputs, _ = network.forward(layers, learned, x, CONTEXT)
    np.testing.assert_allclose(outputs, learned[0].weight @ x + learned[0].bias[:, None])
    assert network.exact_statistics(layers, learned, x, CONTEXT) == network.running(layers) == statistics == ((),)
    np.testing.assert_array_equal(network.infer(layers, learned, statistics, HYPER, x), outputs)


# The way back

DEPTHS = [make_layers(place, "classic", "tanh", hidden) for place in PLACES for hidden in [(), (4,), (8, 3, 5)]]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("layers", [*(make_layers(*block, "silu") for block in BLOCKS), *DEPTHS, RESIDUAL])
def test_the_gradient_is_that_of_numerical_differences_and_is_written_where_it_is_wanted(layers, loss):
    """Along some directions in which all numbers of two networks move at once, and their rows."""
    numbers = midway(layers, (2,))[0], np.stack([make_rows(0), make_rows(1)])
    rng = np.random.default_rng(5)
    targets = rng.integers(OUTPUTS, size=ROWS) if loss == "softmax_cross_entropy" else rng.random((OUTPUTS, ROWS))
    context = Context(HYPER, np.array([ID, 4_000_000_000], np.uint32), STEP)

    def forward(learned, x):
        outputs, kept = network.forward(layers, learned, x, context)
        losses, gradient = LOSSES[loss].with_gradient(outputs, targets)
        return losses.sum(axis=-1), kept, gradient

    _, kept, gradient = forward(*numbers)
    out = jax.tree.map(lambda leaf: np.full_like(leaf, np.nan), numbers[0])
    found, towards_x = network.backward(layers, numbers[0], kept, gradient, out, inputs=True)
    assert all(map(np.shares_memory, jax.tree.leaves(found), jax.tree.leaves(out)))
    for _ in range(2):
        direction = jax.tree.map(lambda leaf: rng.choice([-1.0, 1.0], leaf.shape), numbers)
        ahead, behind = (
            forward(*jax.tree.map(lambda leaf, by, h=h: leaf + h * by, numbers, direction))[0] for h in (1e-6, -1e-6)
        )
        slopes = jax.tree.map(lambda leaf, by: (leaf * by).reshape(2, -1).sum(axis=1), (out, towards_x), direction)
        np.testing.assert_allclose(sum(jax.tree.leaves(slopes)), (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-6)


# Training beside inference


@pytest.mark.parametrize("form", FORMS)
@every_activation
def test_without_batch_norm_and_at_a_dropout_rate_of_zero_training_is_inference(form, activation):
    layers = make_layers(None, form, activation)
    (learned, _), x = midway(layers), make_rows()
    in_training, _ = network.forward(layers, learned, x, Context(NO_DROPOUT, ID, STEP))
    at_test_time = network.infer(layers, learned, network.running(layers), NO_DROPOUT, x)
    np.testing.assert_array_equal(in_training, at_test_time)


@every_block
def test_a_dropout_rate_of_zero_is_no_dropout(place, form):
    """Also where other networks beside have another rate."""
    layers, without = make_layers(place, form), make_layers(place, None)
    (learned, _), x = midway(layers), make_rows()
    of_affines = tuple(own for layer, own in zip(layers, learned, strict=True) if layer.kind != "dropout")
    expected, _ = network.forward(without, of_affines, x, CONTEXT)
    outputs, _ = network.forward(layers, learned, x, Context(NO_DROPOUT, ID, STEP))
    np.testing.assert_allclose(outputs, expected, rtol=1e-12)
    context = Context(HYPER._replace(dropout_rate=np.array([0.0, 0.5])), np.array([ID, ID]), STEP)
    outputs, _ = network.forward(layers, jax.tree.map(lambda leaf: np.stack([leaf] * 2), learned), x, context)
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-12)
    assert np.allclose(outputs[1], expected) == (form is None)


@every_block
def test_at_test_time_a_row_gets_the_same_answer_each_time_and_in_any_company(place, form):
    layers = make_layers(place, form)
    learned, statistics = midway(layers)

    def predict(x):
        return network.infer(layers, learned, statistics, HYPER, x)

    x = make_rows()
    np.testing.assert_array_equal(predict(x), predict(x))
    np.testing.assert_allclose(predict(x[:, ::-1])[:, ::-1], predict(x), rtol=1e-10)
    company = np.concatenate([x[:, :1], 100 * make_rows(1)[:, 1:]], axis=1)
    np.testing.assert_allclose(predict(company)[:, 0], predict(x)[:, 0], rtol=1e-10)


def test_in_training_other_steps_and_networks_have_other_masks_and_the_same_ones_the_same():
    layers = make_layers(None, "inverted")
    (learned, _), x = midway(layers), make_rows()

    def outputs(*coordinates):
        return network.forward(layers, learned, x, Context(HYPER, *coordinates))[0]

    of_each = {coordinates: outputs(*coordinates) for coordinates in product((0, 1), (0, 1))}
    for a, b in product(of_each, repeat=2):
        assert (a == b) == np.array_equal(of_each[a], of_each[b])
    np.testing.assert_array_equal(outputs(0, 1), of_each[0, 1])


def test_at_inference_units_are_deleted_where_that_is_wanted():
    """As in a step of training: the networks whose mean dropout is, for whoever wants to see them."""
    layers = make_layers("after", "inverted")
    (learned, statistics), x = midway(layers), make_rows()
    *_, (_, outputs) = network.at_inference(layers, learned, statistics, HYPER, x, CONTEXT)
    *_, (_, others) = network.at_inference(layers, learned, statistics, HYPER, x, CONTEXT._replace(step=STEP + 1))
    h = x
    for layer, own, of_layer in zip(layers, learned, statistics, strict=True):
        dropping = layer.kind == "dropout"
        h = activations((layer,), (own,), h, CONTEXT, None if dropping else (of_layer,))[-1]
    np.testing.assert_allclose(outputs, h, rtol=1e-9)
    assert not np.allclose(outputs, others)


def test_units_are_deleted_inside_of_blocks_too():
    (learned, statistics), x = midway(RESIDUAL), make_rows()
    found = network.infer(RESIDUAL, learned, statistics, HYPER, x, CONTEXT)
    below, block, *above = RESIDUAL
    h = activations((below,), learned[:1], x, CONTEXT, statistics[:1])[-1]
    y = h
    for layer, own, of_layer in zip(block.layers, learned[1], statistics[1], strict=True):
        dropping = layer.kind == "dropout"
        y = activations((layer,), (own,), y, CONTEXT, None if dropping else (of_layer,))[-1]
    expected = activations(above, learned[2:], h + y, CONTEXT, statistics[2:])[-1]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert not np.allclose(found, network.infer(RESIDUAL, learned, statistics, HYPER, x))


def test_hidden_activations_are_what_the_affine_layers_above_the_first_read():
    layers = make_layers("after", "classic")
    (learned, statistics), x = midway(layers), make_rows()
    found = list(network.hidden(layers, learned, statistics, HYPER, x))
    expected = activations(layers, learned, x, CONTEXT, statistics)
    for one, index in zip(found, (4, 8), strict=True):
        np.testing.assert_allclose(one, expected[index], rtol=1e-9)


# Statistics


@pytest.mark.parametrize("form", FORMS)
@each_place
def test_running_statistics_follow_what_each_batch_norm_layer_reads(place, form):
    """From zero, by one step: a share of 1 - momentum of the batch's mean and unbiased variance."""
    layers = make_layers(place, form)
    (learned, _), x = midway(layers), make_rows()
    _, kept = network.forward(layers, learned, x, CONTEXT)
    running = follow(network.running(layers), network.seen(layers, kept), ROWS, HYPER.batch_norm_momentum)
    read = of_batch_norm(layers, activations(layers, learned, x, CONTEXT)[:-1])
    assert len(read) == len(HIDDEN)
    for own, x in zip(of_batch_norm(layers, running), read, strict=True):
        np.testing.assert_allclose(own.mean, 0.2 * x.mean(axis=1), rtol=1e-6)
        np.testing.assert_allclose(own.variance, 0.2 * x.var(axis=1, ddof=1), rtol=1e-6)
        np.testing.assert_allclose(own.weight, 0.2, rtol=1e-6)


@pytest.mark.parametrize("network_id", [None, ID])
@pytest.mark.parametrize("form", FORMS)
@each_place
def test_exact_statistics_are_exact_layer_by_layer(place, form, network_id):
    """Each layer's mean and biased variance over all rows, the layers below already at theirs.

    Without an id no unit is deleted; with one they are, by masks of their own.
    """
    layers = make_layers(place, form, "tanh")
    (learned, _), x = midway(layers), make_rows(n=60)
    found = network.exact_statistics(layers, learned, x, Context(HYPER, network_id, STEP))
    assert STATISTICS_STEP == -1
    context = Context(HYPER, network_id, 2**32 - 1)  # that step, as the masks' 32 bits have it
    read = of_batch_norm(layers, activations(layers, learned, x, context)[:-1])
    assert len(read) == len(HIDDEN)
    for own, x in zip(of_batch_norm(layers, found), read, strict=True):
        np.testing.assert_allclose(own.mean, x.mean(axis=1), rtol=1e-8)
        np.testing.assert_allclose(own.variance, x.var(axis=1), rtol=1e-8)


@pytest.mark.parametrize("layers", [make_layers("before"), make_layers("after"), RESIDUAL], ids=str)
def test_by_its_exact_statistics_a_network_without_dropout_repeats_its_training_pass(layers):
    """Where the batch is the whole population, its statistics are the population's."""
    (learned, _), x, context = midway(layers), make_rows(), Context(NO_DROPOUT, ID, STEP)
    statistics = network.exact_statistics(layers, learned, x, context)
    outputs, _ = network.forward(layers, learned, x, context)
    np.testing.assert_allclose(
        network.infer(layers, learned, statistics, NO_DROPOUT, x), outputs, rtol=1e-9, atol=1e-12
    )


@each_place
def test_the_running_statistics_approach_the_exact_ones(place):
    """While weights stand still and nothing is deleted."""
    layers = make_layers(place)
    (learned, _), x, running = midway(layers), make_rows(n=2000), network.running(layers)
    for batch in np.split(x, 40, axis=1):
        _, kept = network.forward(layers, learned, batch, CONTEXT)
        running = follow(running, network.seen(layers, kept), 50, 0.99)
    exact = of_batch_norm(layers, network.exact_statistics(layers, learned, x, CONTEXT))
    for own, population in zip(of_batch_norm(layers, corrected(running)), exact, strict=True):
        np.testing.assert_allclose(own.mean, population.mean, atol=0.1)
        np.testing.assert_allclose(own.variance, population.variance, rtol=0.15)


# Initial values


def test_networks_that_differ_in_batch_norm_or_dropout_start_from_the_same_weights():
    first, *rest = (weights(network.init(make_layers(*block), np.random.default_rng(7), HYPER)) for block in BLOCKS)
    for other in rest:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_every_layer_starts_from_weights_of_its_own():
    learned = network.init(Architecture(50, (50, 50), 50).layers, np.random.default_rng(0), HYPER)
    affines = [own.weight.ravel() for own in learned if own]
    for i, j in product(range(3), repeat=2):
        assert i == j or abs(np.corrcoef(affines[i], affines[j])[0, 1]) < 4 / 50


def test_the_initializer_and_its_standard_deviation_are_the_architectures_and_the_hyperparameters():
    def draw(init, weight_std):
        layers = Architecture(100, (200,), 50, weight_init=init).layers
        return weights(network.init(layers, np.random.default_rng(0), HYPER._replace(weight_std=weight_std)))

    first, output = draw("normal", 0.01)
    assert (first.shape, output.shape) == ((200, 100), (50, 200))
    assert first.std() == pytest.approx(0.01, rel=0.03)
    assert output.std() == pytest.approx(0.01, rel=0.03)
    assert draw("glorot_uniform", 2.0)[0].std() == pytest.approx(2 * (2 / 300) ** 0.5, rel=0.03)


def test_weight_matrices_are_the_weights_of_every_affine_layer_and_nothing_else():
    for layers, shapes in (
        (make_layers("before", "inverted"), [(9, 6), (7, 9), (3, 7)]),
        (RESIDUAL, [(5, 6), (4, 5), (5, 4), (3, 5)]),
    ):
        assert [weight.shape for weight in weights(midway(layers)[0])] == shapes
