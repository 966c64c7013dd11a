"""Weights of rows in training: as if there were more rows of a kind, or fewer."""

import jax
import numpy as np
import pytest
from trainings import ARCHITECTURE, CLASSES, HYPER, NETWORK_ID, ROWS, as_batch, begin, make_architecture, make_batches

from goru.nn.architecture import Recipe
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.training import gradient_of

WEIGHED = {
    "classes": ("softmax_cross_entropy", make_batches()[0]),
    "numbers": (
        "squared_error",
        (make_batches()[0][0], np.linspace(-1, 1, ROWS * CLASSES, dtype=np.float32).reshape(ROWS, CLASSES)),
    ),
}
weighed = pytest.mark.parametrize(("loss", "batch"), WEIGHED.values(), ids=WEIGHED)
LEARNED = begin(ARCHITECTURE.layers, Recipe(), HYPER).learned


def loss_and_gradient(loss, x, y, weight=None, weight_decay=0.0):
    """Of a network without batch norm and dropout; of the loss with its penalty."""
    given = as_batch(x, y, weight), Context(HYPER), weight_decay
    found = gradient_of(ARCHITECTURE.layers, LOSSES[loss], "l2_squared", LEARNED, *given)
    return float(found.loss + found.penalty), jax.tree.leaves(found.of_learned)


def assert_close(actual, expected):
    assert actual[0] == pytest.approx(expected[0], rel=1e-5)
    assert any(np.abs(leaf).max() > 1e-2 for leaf in expected[1])
    for one, other in zip(actual[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@weighed
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(loss, batch):
    x, y = (array[:4] for array in batch)
    assert_close(loss_and_gradient(loss, x, y, [2, 2, 0, 0]), loss_and_gradient(loss, x[:2], y[:2]))


@weighed
def test_a_row_of_weight_k_is_as_if_it_were_there_k_times(loss, batch):
    x, y = (array[:4] for array in batch)
    times = np.array([1, 3, 0, 4])
    repeated = loss_and_gradient(loss, *(np.repeat(array, times, axis=0) for array in (x, y)))
    assert_close(loss_and_gradient(loss, x, y, times / times.mean()), repeated)


@weighed
def test_batches_are_on_average_the_weighted_mean_of_all_rows_however_their_weights_fall(loss, batch):
    """So the sum is divided by the number of rows: by the weights' sum, the two batches would count alike."""
    x, y = batch
    weight = np.linspace(0, 2, ROWS)  # of mean 1; the second half weighs three times the first
    halves = [
        loss_and_gradient(loss, x[half], y[half], weight[half])
        for half in (slice(0, ROWS // 2), slice(ROWS // 2, ROWS))
    ]
    mean = jax.tree.map(lambda one, other: (one + other) / 2, *halves)
    assert_close(mean, loss_and_gradient(loss, x, y, weight))


def test_weights_leave_the_penalty_as_it_is():
    loss, (x, y) = WEIGHED["classes"]
    once, twice = (loss_and_gradient(loss, x, y, np.full(ROWS, k), weight_decay=0.4) for k in (1, 2))
    unpenalised = loss_and_gradient(loss, x, y)
    assert once[0] > 1.5 * unpenalised[0]
    assert twice[0] - once[0] == pytest.approx(unpenalised[0], rel=1e-5)
    for one, two, gradient in zip(once[1], twice[1], unpenalised[1], strict=True):
        np.testing.assert_allclose(two - one, gradient, rtol=1e-4, atol=1e-5)


def test_batch_norm_sees_all_rows_alike():
    layers = make_architecture("before", "inverted").layers
    learned, context = begin(layers, Recipe(), HYPER).learned, Context(HYPER, NETWORK_ID, 3)
    alike, unlike = (
        gradient_of(layers, LOSSES["softmax_cross_entropy"], "decoupled", learned, batch, context, 0.0)
        for batch in (as_batch(*make_batches()[0], weight) for weight in (None, np.linspace(0, 2, ROWS)))
    )
    assert alike.loss != unlike.loss
    for one, other in zip(jax.tree.leaves(alike.seen), jax.tree.leaves(unlike.seen), strict=True):
        np.testing.assert_array_equal(one, other)
