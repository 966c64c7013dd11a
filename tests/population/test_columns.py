"""`goru.population.columns`: the other layout computes what `goru.nn` says, forward and backward."""

from dataclasses import replace
from functools import partial
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from populations import HYPER, relative_error

from goru.nn import network as plain
from goru.nn.architecture import ActivationName, Architecture, DecayForm, Hyperparameters, Recipe
from goru.nn.batch_norm import BatchNorm, batch_norm_train, init_running_statistics
from goru.nn.batch_norm import normalize as plain_normalize
from goru.nn.dropout import dropout_key, keep_mask
from goru.nn.training import Training, init_training, train_step
from goru.population import columns

ROWS, INPUTS, HIDDEN, CLASSES = 12, 5, (7, 6), 3
ADAM = Recipe()
LINEAR = Architecture(INPUTS, (), CLASSES)
SHAPES = {
    f"{place}{'-' + form if form else ''}": Architecture(
        INPUTS, HIDDEN, CLASSES, batch_norm=place, dropout=form is not None, dropout_form=form or "inverted"
    )
    for place in (None, "before", "after")
    for form in (None, "inverted", "classic")
} | {"linear": LINEAR}
every_shape = pytest.mark.parametrize("architecture", SHAPES.values(), ids=SHAPES)


def begin(architecture: Architecture, recipe: Recipe = ADAM, seed: int = 0) -> Training:
    """A network whose every number is another, also those that would start from zero."""
    rng = np.random.default_rng(seed)
    affines = plain.init_affines(architecture, rng)
    training = init_training(architecture, recipe, HYPER, affines)

    def moved(leaf):
        by = rng.uniform(0.1, 0.5, leaf.shape) if leaf.dtype == np.float32 else 0
        return jnp.asarray(leaf + by, leaf.dtype)

    return jax.tree.map(moved, training)


def some_rows(seed: int = 1) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(seed)
    return jnp.float32(rng.normal(size=(ROWS, INPUTS))), jnp.int32(rng.integers(0, CLASSES, ROWS))


def close(ours, reference):
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6), ours, reference)


@every_shape
def test_outputs_in_training_and_running_statistics_are_those_of_the_plain_network(architecture):
    training, (x, _) = begin(architecture), some_rows()
    outputs, running = plain.forward_train(architecture, training.network, training.running, HYPER, x, 5, 9)
    network = columns.transposed(training.network)
    ours, followed = columns.forward_train(architecture, network, training.running, HYPER, x, 5, 9)
    assert ours.shape == (ROWS, CLASSES)
    close(ours, outputs)
    close(followed, running)


@every_shape
def test_outputs_at_test_time_are_those_of_the_plain_network(architecture):
    training, (x, _) = begin(architecture), some_rows()
    statistics = plain.population_statistics(architecture, training.network, HYPER, x[::2])
    outputs = plain.forward_inference(architecture, training.network, statistics, HYPER, x)
    network = columns.transposed(training.network)
    close(columns.forward_inference(architecture, network, statistics, HYPER, x), outputs)


@pytest.mark.parametrize("activation", get_args(ActivationName))
def test_every_activation_is_the_same_there(activation):
    for place in (None, "before", "after"):
        architecture = replace(SHAPES["None"], activation=activation, batch_norm=place)
        training, (x, _) = begin(architecture), some_rows()
        outputs, _ = plain.forward_train(architecture, training.network, training.running, HYPER, x, 5, 9)
        network = columns.transposed(training.network)
        close(columns.forward_train(architecture, network, training.running, HYPER, x, 5, 9)[0], outputs)


@every_shape
@pytest.mark.parametrize("decay", get_args(DecayForm))
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_a_step_is_that_of_the_plain_network(architecture, decay, weighted):
    recipe = Recipe(decay=decay, optimizer="momentum")  # Adam would scale up what is rounding noise
    training, (x, y) = begin(architecture, recipe), some_rows()
    weight = jnp.linspace(0, 2, ROWS) if weighted else None
    given = (x, y, 5, 9, 20, weight)
    after, loss = train_step(architecture, recipe, HYPER, training, *given)
    ours, own_loss = train_step(
        architecture, recipe, HYPER, columns.transposed(training), *given, forward=columns.forward_train
    )
    close(own_loss, loss)
    close(columns.transposed(ours), after)
    moved = relative_error(after.network.output.weight, training.network.output.weight)
    assert moved > 1e-3  # or nothing would have been compared


def test_a_bias_below_batch_norm_is_not_moved_and_the_running_mean_sees_it():
    architecture = SHAPES["before"]
    training, (x, y) = columns.transposed(begin(architecture, Recipe(optimizer="sgd"))), some_rows()
    after, _ = train_step(
        architecture, Recipe(optimizer="sgd"), HYPER, training, x, y, 5, 9, 20, forward=columns.forward_train
    )
    for one, other in zip(training.network.hidden, after.network.hidden, strict=True):
        np.testing.assert_array_equal(one.affine.bias, other.affine.bias)
    first = training.network.hidden[0].affine
    mean = (first.weight @ x.T).mean(axis=1) + first.bias
    followed = HYPER.batch_norm_momentum * training.running[0].mean + (1 - HYPER.batch_norm_momentum) * mean
    np.testing.assert_allclose(after.running[0].mean, followed, rtol=1e-5)


@pytest.mark.parametrize(("network", "step", "layer"), [(0, 0, 0), (2**32 - 1, 7, 1), (3, 100_000, 2)])
def test_masks_are_those_of_the_plain_network_to_the_bit(network, step, layer):
    hyper = Hyperparameters(dropout_rate=0.4)
    mask = columns._mask(jnp.uint32(network), step, layer, jnp.zeros((10, 16)), hyper)
    np.testing.assert_array_equal(mask.T, keep_mask(dropout_key(jnp.uint32(network), step, layer), (16, 10), 0.4))


class TestNormalize:
    X = jnp.float32(np.random.default_rng(3).normal(2, 3, size=(4, 9)))
    LAYER = BatchNorm(jnp.array([1.0, 0.5, 2.0, -1.0]), jnp.array([0.0, 1.0, -1.0, 0.5]))

    def test_is_that_of_the_plain_network(self):
        for ours, reference in zip(
            columns.normalize(self.LAYER, self.X, 1e-3), plain_normalize(self.LAYER, self.X.T, 1e-3), strict=True
        ):
            np.testing.assert_allclose(ours.T, reference, rtol=1e-5, atol=1e-6)

    def test_has_the_gradient_that_differences_have(self):
        def outputs(*given):
            return columns.normalize(*jax.tree.map(jnp.asarray, given), 1e-3)[0]

        check_grads(outputs, (self.LAYER, self.X), 1, modes=["rev"])

    @pytest.mark.parametrize("scale", [1e-12, 1e12])
    def test_of_features_of_any_size_is_as_exact_as_the_plain_one(self, scale):
        """Far from zero, too: the mean is taken off before anything is multiplied."""
        x = (self.X + 1e3) * jnp.float32(scale)
        wanted = np.float64(x)
        deviation = wanted.std(axis=1, keepdims=True)
        wanted = (wanted - wanted.mean(axis=1, keepdims=True)) / deviation
        unit = BatchNorm(jnp.ones(4), jnp.zeros(4))
        ours, _, _ = columns.normalize(unit, x, 0.0)
        reference, _, _ = plain_normalize(unit, x.T, 0.0)
        if scale > 1:
            np.testing.assert_allclose(ours, wanted, atol=1e-3)
        np.testing.assert_allclose(ours, reference.T, rtol=1e-3, atol=1e-3)

    def test_of_a_constant_feature_is_the_shift(self):
        y, _, variance = columns.normalize(self.LAYER, jnp.full((4, 9), 7.0), 1e-5)
        np.testing.assert_array_equal(y, np.repeat(self.LAYER.shift[:, None], 9, axis=1))
        np.testing.assert_array_equal(variance, 0)


def test_batch_norm_of_a_single_row_is_refused_in_both_layouts():
    running = init_running_statistics(7)
    with pytest.raises(ValueError, match="at least two rows"):
        batch_norm_train(BatchNorm(jnp.ones(7), jnp.zeros(7)), running, jnp.ones((1, 7)))
    architecture = SHAPES["before"]
    training, (x, _) = begin(architecture), some_rows()
    network = columns.transposed(training.network)
    with pytest.raises(ValueError, match="at least two rows"):
        columns.forward_train(architecture, network, training.running, HYPER, x[:1], 5, 9)


def test_turning_over_twice_is_doing_nothing_and_biases_stay_as_they_are():
    training = begin(SHAPES["before"])
    once = columns.transposed(training)
    assert once.network.hidden[0].affine.weight.shape == (HIDDEN[0], INPUTS)
    assert once.network.hidden[0].affine.bias.shape == (HIDDEN[0],)
    moments = [leaf.shape for leaf in jax.tree.leaves(once.optimizer) if leaf.ndim == 2]
    assert moments.count((HIDDEN[0], INPUTS)) == 2  # Adam's two, as the weights
    jax.tree.map(np.testing.assert_array_equal, columns.transposed(once), training)
    stacked = jax.tree.map(lambda leaf: np.stack([leaf, leaf]), training.network)
    assert columns.transposed(stacked).output.weight.shape == (2, CLASSES, HIDDEN[-1])


def test_under_vmap_networks_that_read_the_same_rows_share_one_product():
    """What the layout is for: the weights of all networks are one matrix as they stand."""
    architecture, (x, _) = SHAPES["None"], some_rows()
    networks = jax.tree.map(lambda leaf: np.stack([leaf] * 4), columns.transposed(begin(architecture).network))
    forward = partial(columns.forward_inference, architecture, statistics=(), hyper=HYPER)
    program = jax.jit(jax.vmap(lambda network: forward(network=network, x=x))).lower(networks).compile().as_text()
    assert f"f32[{4 * HIDDEN[0]},{ROWS}]" in program
