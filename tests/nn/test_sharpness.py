"""Sharpness-aware minimization: the gradient where the loss is highest nearby."""

import jax
import numpy as np
import pytest
from trainings import HYPER, NETWORK_ID, as_batch, begin, make_architecture, make_batches

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Weights
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.training import Training, train_step

RATE = 0.1


def descend(gradient, state, learned):
    """Plain gradient descent."""
    return jax.tree.map(lambda number, slope: number - RATE * slope, learned, gradient), state


def step(layers, loss, training, batch, hyper, sharpness, decay="decoupled", step=0):
    context, of_loss = Context(hyper, np.uint32(NETWORK_ID), step), LOSSES[loss]
    return train_step(
        layers, of_loss, decay, descend, training, batch, context, hyper.weight_decay, sharpness=sharpness
    )


def linear(seed=0):
    """A linear model with squared error, its numbers and its rows."""
    rng = np.random.default_rng(seed)
    layers = Architecture(3, (), 1).layers
    learned = (Weights(rng.normal(size=(1, 3)).astype(np.float32), rng.normal(size=1).astype(np.float32)),)
    return layers, learned, rng.normal(size=(8, 3)).astype(np.float32), rng.normal(size=(8, 1)).astype(np.float32)


def slope_of_squares(weight, bias, x, y):
    """Of the mean squared error of w x + b: with respect to w and to b."""
    error = x @ weight.T + bias - y
    return 2 * (error.T @ x) / len(x), 2 * error.mean(axis=0)


@pytest.mark.parametrize("radius", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("decay", ["decoupled", "l2_squared"])
def test_the_gradient_is_that_one_radius_uphill_by_hand(radius, decay):
    layers, learned, x, y = linear()
    pull = 0.4 if decay == "l2_squared" else 0.0  # ½ λ ‖W‖²
    hyper = Hyperparameters(sam_radius=radius, weight_decay=0.4)
    after, loss = step(layers, "squared_error", Training(learned, ((),), None), as_batch(x, y), hyper, True, decay)

    weight, bias, x, y = (np.float64(leaf) for leaf in (*learned[0], x, y))

    def gradient(weight, bias):
        of_weight, of_bias = slope_of_squares(weight, bias, x, y)
        return of_weight + pull * weight, of_bias

    here = gradient(weight, bias)
    length = np.sqrt(sum((part**2).sum() for part in here))
    there = gradient(weight + radius * here[0] / length, bias + radius * here[1] / length)
    np.testing.assert_allclose(after.learned[0].weight, weight - RATE * there[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(after.learned[0].bias, bias - RATE * there[1], rtol=1e-4, atol=1e-5)
    penalty = 0.5 * pull * (weight**2).sum()
    assert float(loss) == pytest.approx(((x @ weight.T + bias - y) ** 2).mean() + penalty, rel=1e-5)  # of here


def both(radius, place="before"):
    """A step of a network with batch norm and dropout, sharpness-aware and plain."""
    layers = make_architecture(place, "inverted", hidden=(6,)).layers
    begun, batch = begin(layers, Recipe(), HYPER), as_batch(*make_batches()[0])
    hyper = HYPER._replace(sam_radius=radius)
    run = jax.jit(step, static_argnums=(0, 1, 5))
    return [run(layers, "softmax_cross_entropy", begun, batch, hyper, sharpness) for sharpness in (True, False)]


def test_no_radius_is_the_plain_step():
    (sharp, loss), (plain, other) = both(0.0)
    assert loss == other
    for one, two in zip(jax.tree.leaves(sharp.learned), jax.tree.leaves(plain.learned), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


def test_a_radius_changes_the_step_and_neither_the_loss_nor_the_statistics():
    (sharp, loss), (plain, other) = both(0.5)
    assert loss == other
    assert any(
        np.abs(one - two).max() > 1e-4
        for one, two in zip(jax.tree.leaves(sharp.learned), jax.tree.leaves(plain.learned), strict=True)
    )
    for one, two in zip(jax.tree.leaves(sharp.running), jax.tree.leaves(plain.running), strict=True):
        np.testing.assert_array_equal(one, two)


def test_where_the_loss_is_flat_the_step_is_none_and_no_nan():
    layers, learned, x, _ = linear()
    y = x @ np.asarray(learned[0].weight).T + learned[0].bias
    hyper = Hyperparameters(sam_radius=0.5)
    after, _ = step(layers, "squared_error", Training(learned, ((),), None), as_batch(x, y), hyper, True)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after.learned))
