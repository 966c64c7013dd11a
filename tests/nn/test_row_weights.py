"""Weights of rows, in a step of training: as if there were more rows of a kind, or fewer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from trainings import ARCHITECTURE, BLOCKS, CLASSES, HYPER, ROWS, make_architecture, make_batches, take_step, train

from goru.nn.architecture import Recipe
from goru.nn.network import init_affines
from goru.nn.training import init_training

WEIGHED = {
    "classes": (Recipe(optimizer="sgd", schedule="constant"), make_batches()[0]),
    "numbers": (
        Recipe(loss="squared_error", optimizer="sgd", schedule="constant"),
        (make_batches()[0][0], np.linspace(-1, 1, ROWS * CLASSES, dtype=np.float32).reshape(ROWS, CLASSES)),
    ),
}
weighed = pytest.mark.parametrize(("recipe", "batch"), WEIGHED.values(), ids=WEIGHED)


def loss_and_gradient(recipe, x, y, weight=None, weight_decay=0.0):
    """What a step of SGD at a learning rate of 1 takes away, of a network without batch norm and dropout."""
    hyper = HYPER._replace(learning_rate=1.0, weight_decay=weight_decay)
    before = init_training(ARCHITECTURE, recipe, hyper, init_affines(ARCHITECTURE, np.random.default_rng(0)))
    after, loss = take_step(ARCHITECTURE, recipe, hyper, before, (x, y), weight=weight)
    return float(loss), jax.tree.leaves(jax.tree.map(jnp.subtract, before.network, after.network))


def assert_close(actual, expected):
    assert actual[0] == pytest.approx(expected[0], rel=1e-5)
    assert any(np.abs(leaf).max() > 1e-2 for leaf in expected[1])
    for one, other in zip(actual[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@weighed
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(recipe, batch):
    x, y = (array[:4] for array in batch)
    assert_close(loss_and_gradient(recipe, x, y, [2, 2, 0, 0]), loss_and_gradient(recipe, x[:2], y[:2]))


@weighed
def test_a_row_of_weight_k_is_as_if_it_were_there_k_times(recipe, batch):
    x, y = (array[:4] for array in batch)
    times = np.array([1, 3, 0, 4])
    repeated = loss_and_gradient(recipe, *(np.repeat(array, times, axis=0) for array in (x, y)))
    assert_close(loss_and_gradient(recipe, x, y, times / times.mean()), repeated)


@weighed
def test_batches_are_on_average_the_weighted_mean_of_all_rows_however_their_weights_fall(recipe, batch):
    """So the sum is divided by the number of rows: by the weights' sum, the two batches would count alike."""
    x, y = batch
    weight = np.linspace(0, 2, ROWS)  # of mean 1; the second half weighs three times the first
    halves = [
        loss_and_gradient(recipe, x[half], y[half], weight[half])
        for half in (slice(0, ROWS // 2), slice(ROWS // 2, ROWS))
    ]
    mean = jax.tree.map(lambda one, other: (one + other) / 2, *halves)
    assert_close(mean, loss_and_gradient(recipe, x, y, weight))


def test_weights_leave_the_penalty_as_it_is():
    recipe, (x, y) = WEIGHED["classes"]
    penalised = Recipe(optimizer="sgd", schedule="constant", decay="l2_squared")
    once, twice = (loss_and_gradient(penalised, x, y, np.full(ROWS, k), weight_decay=0.4) for k in (1, 2))
    unpenalised = loss_and_gradient(recipe, x, y)
    assert twice[0] == pytest.approx(2 * once[0], rel=1e-5)
    for one, two, gradient in zip(once[1], twice[1], unpenalised[1], strict=True):
        np.testing.assert_allclose(two - one, gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_no_weights_are_weights_of_one_bit_for_bit(place, form):
    architecture = make_architecture(place, form)
    without = ones = train(architecture, Recipe(), HYPER, [])[2]
    for step, batch in enumerate(make_batches()[:5]):
        without, loss = take_step(architecture, Recipe(), HYPER, without, batch, step=step)
        ones, same = take_step(architecture, Recipe(), HYPER, ones, batch, step=step, weight=np.ones(ROWS))
        assert float(loss) == float(same)
    for one, other in zip(jax.tree.leaves(without), jax.tree.leaves(ones), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
