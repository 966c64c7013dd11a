"""Whole steps of training, against a float64 NumPy network with a backward pass of its own."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import mask
from trainings import (
    ARCHITECTURE,
    BLOCKS,
    CLASSES,
    HYPER,
    NETWORK_ID,
    ROWS,
    STEPS,
    as_batch,
    begin,
    make_architecture,
    make_batches,
    of_batch_norm,
    others,
    step_of,
    train,
    weights,
)

from goru.nn import network
from goru.nn.architecture import Recipe
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.training import gradient_of


class NumPyNetwork:
    """The textbook's network: every layer with its own forward and backward pass, in float64, rows as columns.

    Hidden block: affine, [batch norm before], ReLU, [batch norm after], [dropout]. Then affine, softmax with
    cross-entropy. `parameters` and the gradients are lists in the order of the leaves of what goru's network learns.
    """

    def __init__(self, architecture, hyper, learned):
        self.architecture, self.hyper = architecture, hyper
        self.parameters = [np.asarray(leaf, np.float64)[..., None] for leaf in jax.tree.leaves(learned)]
        self.parameters = [p[..., 0] if p.ndim == 3 else p for p in self.parameters]  # vectors are columns
        self.running = [(0.0, 0.0) for _ in architecture.hidden]

    def loss_and_gradient(self, x, y, masks=()):
        place, form = self.architecture.batch_norm, self.architecture.dropout_form
        kept = 1 - self.hyper.dropout_rate
        tape = []  # what the backward pass goes through, from its end
        remaining = list(enumerate(self.parameters))

        def affine(x, bias):
            iw, w = remaining.pop(0)
            if not bias:
                tape.append(lambda g: (w.T @ g, {iw: g @ x.T}))
                return w @ x
            ib, b = remaining.pop(0)
            tape.append(lambda g: (w.T @ g, {iw: g @ x.T, ib: g.sum(axis=1, keepdims=True)}))
            return w @ x + b

        def batch_norm(x, layer):
            (ig, gamma), (ib, beta) = remaining.pop(0), remaining.pop(0)
            m = x.shape[1]
            mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
            root = np.sqrt(variance + self.hyper.batch_norm_epsilon)
            normal = (x - mean) / root
            keep = self.hyper.batch_norm_momentum
            old = self.running[layer]
            self.running[layer] = (
                keep * old[0] + (1 - keep) * mean[:, 0],
                keep * old[1] + (1 - keep) * variance[:, 0] * m / (m - 1),
            )

            def backward(g):
                # The chain of Ioffe & Szegedy 2015, section 3, equation by equation.
                d_normal = g * gamma
                d_variance = (d_normal * (x - mean)).sum(axis=1, keepdims=True) * -0.5 / root**3
                d_mean = -(d_normal / root).sum(axis=1, keepdims=True)
                d_mean += d_variance * (-2 * (x - mean)).mean(axis=1, keepdims=True)
                d_x = d_normal / root + d_variance * 2 * (x - mean) / m + d_mean / m
                return d_x, {ig: (g * normal).sum(axis=1, keepdims=True), ib: g.sum(axis=1, keepdims=True)}

            tape.append(backward)
            return gamma * normal + beta

        def relu(x):
            tape.append(lambda g: (g * (x > 0), {}))
            return x * (x > 0)

        def dropout(x, mask):
            factor = mask / kept if form == "inverted" else mask * 1.0
            tape.append(lambda g: (g * factor, {}))
            return x * factor

        x = x.T.astype(np.float64)
        for layer in range(len(self.architecture.hidden)):
            x = affine(x, bias=place != "before")
            if place == "before":
                x = batch_norm(x, layer)
            x = relu(x)
            if place == "after":
                x = batch_norm(x, layer)
            if self.architecture.dropout:
                x = dropout(x, masks[layer])
        z = affine(x, bias=True)

        exponentials = np.exp(z - z.max(axis=0))
        softmax = exponentials / exponentials.sum(axis=0)
        loss = -np.log(softmax[y, np.arange(len(y))]).mean()

        gradients = [None] * len(self.parameters)
        g = (softmax - np.eye(CLASSES)[:, y]) / len(y)
        for backward in reversed(tape):
            g, of_layer = backward(g)
            for index, gradient in of_layer.items():
                gradients[index] = gradient
        return loss, gradients

    def train(self, batches, is_weight):
        """Adam with decoupled decay of the weights, at a learning rate that falls along half a cosine."""
        h = self.hyper
        m = [np.zeros_like(p) for p in self.parameters]
        v = [np.zeros_like(p) for p in self.parameters]
        losses = []
        for step, (x, y) in enumerate(batches):
            masks = [
                mask(NETWORK_ID, step, layer, width, ROWS, h.dropout_rate)
                for layer, width in enumerate(self.architecture.hidden)
            ]
            loss, gradients = self.loss_and_gradient(x, y, masks)
            losses.append(loss)
            rate = h.learning_rate * 0.5 * (1 + np.cos(np.pi * step / len(batches)))
            for i, (p, g) in enumerate(zip(self.parameters, gradients, strict=True)):
                m[i] = h.beta1 * m[i] + (1 - h.beta1) * g
                v[i] = h.beta2 * v[i] + (1 - h.beta2) * g**2
                m_hat, v_hat = m[i] / (1 - h.beta1 ** (step + 1)), v[i] / (1 - h.beta2 ** (step + 1))
                decay = h.weight_decay * p if is_weight[i] else 0.0
                self.parameters[i] = p - rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay)
        return losses


@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_twenty_steps_are_those_of_a_numpy_network_with_its_own_backward_pass(place, form):
    architecture, batches = make_architecture(place, form), make_batches()

    initial, losses, training = train(architecture.layers, Recipe(), HYPER, batches)

    reference = NumPyNetwork(architecture, HYPER, initial)
    expected = reference.train(batches, network.weights_in(initial))
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert expected[-1] < 0.8 * expected[0]  # it has learned something

    leaves = jax.tree.leaves(training.learned)
    assert len(leaves) == len(reference.parameters)
    for index, (leaf, parameter) in enumerate(zip(leaves, reference.parameters, strict=True)):
        parameter = parameter.reshape(leaf.shape)
        np.testing.assert_allclose(leaf, parameter, rtol=1e-3, atol=2e-4, err_msg=f"parameter {index}")
    for running, (mean, variance) in zip(
        of_batch_norm(architecture.layers, training.running), reference.running, strict=False
    ):
        np.testing.assert_allclose(running.mean, mean, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(running.variance, variance, rtol=1e-3, atol=1e-3)


# Against PyTorch


# What a step returns


def one_step(recipe, hyper, architecture=ARCHITECTURE):
    """What was learned before and after the first step, and the loss that the step returned."""
    before = begin(architecture.layers, recipe, hyper)
    after, loss = step_of(
        architecture.layers, recipe, hyper, before, as_batch(*make_batches()[0]), NETWORK_ID, 0, STEPS
    )
    return before.learned, after.learned, loss


PULLS = {
    "l2_squared": (lambda w: 0.2 * (w**2).sum(), lambda w: 0.4 * w),
    "l2_norm": (lambda w: 0.4 * np.sqrt((w**2).sum()), lambda w: 0.4 * w / np.sqrt((w**2).sum())),
    "decoupled": (lambda w: 0.0, lambda w: 0.0 * w),
}


@pytest.mark.parametrize("decay", PULLS)
def test_the_loss_is_that_of_the_batch_before_the_step_and_the_penalty_stands_beside_it(decay):
    before, _, both = one_step(Recipe(optimizer="sgd", decay=decay), HYPER)
    x, y = make_batches()[0]
    expected, _ = NumPyNetwork(ARCHITECTURE, HYPER, before).loss_and_gradient(x, y)
    loss = LOSSES["softmax_cross_entropy"]
    found = gradient_of(ARCHITECTURE.layers, loss, decay, before, as_batch(x, y), Context(HYPER), 0.4)
    penalty = sum(PULLS[decay][0](w) for w in weights(before))
    assert float(found.loss) == pytest.approx(expected, rel=1e-5)
    assert float(found.penalty) == pytest.approx(penalty, rel=1e-5)
    assert float(both) == pytest.approx(expected + penalty, rel=1e-5)


def test_with_sgd_the_squared_penalty_and_decoupled_decay_are_one_thing():
    """-η (g + λ W), written in two ways."""
    recipes = [Recipe(optimizer="sgd", decay=decay) for decay in ("l2_squared", "decoupled")]
    _, penalised, _ = one_step(recipes[0], HYPER)
    _, decayed, _ = one_step(recipes[1], HYPER)
    for a, b in zip(jax.tree.leaves(penalised), jax.tree.leaves(decayed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_with_adam_they_are_two():
    """The penalty's gradient is divided by √v̂ with the rest of it; that is why AdamW was made."""
    penalised = weights(one_step(Recipe(decay="l2_squared"), HYPER)[1])
    decayed = weights(one_step(Recipe(decay="decoupled"), HYPER)[1])
    assert np.abs(penalised[0] - decayed[0]).max() > 1e-3


@pytest.mark.parametrize("decay", ["l2_squared", "l2_norm"])
def test_a_penalty_pulls_weights_alone_by_its_own_gradient(decay):
    """A step of SGD with the penalty, minus one without it, is -η times the penalty's gradient."""
    recipe = Recipe(optimizer="sgd", schedule="constant", decay=decay)
    architecture = make_architecture("before", None)
    start, with_penalty, _ = one_step(recipe, HYPER, architecture)
    _, without, _ = one_step(recipe, HYPER._replace(weight_decay=0.0), architecture)
    difference = jax.tree.map(jnp.subtract, with_penalty, without)
    for actual, weight in zip(weights(difference), weights(start), strict=True):
        np.testing.assert_allclose(actual, -0.02 * PULLS[decay][1](weight), atol=1e-6)
    assert len(others(difference)) == 5  # γ and β, twice, and the last bias
    assert not any(leaf.any() for leaf in others(difference))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_network_of_zero_weights_takes_a_step_under_the_norm_penalty_without_nan(optimizer):
    before, after, loss = one_step(Recipe(optimizer=optimizer, decay="l2_norm"), HYPER._replace(weight_std=0.0))
    assert not any(weight.any() for weight in weights(before))
    assert np.isfinite(loss)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after))


@pytest.mark.parametrize(
    ("loss", "y", "formula"),
    [
        (
            "squared_error",
            np.linspace(-1, 1, ROWS * CLASSES, dtype=np.float32).reshape(ROWS, CLASSES),
            lambda z, t: (z - t) ** 2,
        ),
        (
            "binary_cross_entropy",
            (np.arange(ROWS * CLASSES).reshape(ROWS, CLASSES) % 3 == 0).astype(np.float32),
            lambda z, t: -t * np.log(1 / (1 + np.exp(-z))) - (1 - t) * np.log(1 / (1 + np.exp(z))),
        ),
        (
            "poisson",
            (np.arange(ROWS * CLASSES).reshape(ROWS, CLASSES) % 5 + 1).astype(np.float32),
            lambda z, t: t * np.log(t) - t * z - t + np.exp(z),
        ),
    ],
)
def test_every_other_loss_is_trained_on_too(loss, y, formula):
    """The first loss is the formula's, of the network before its first step; and it falls."""
    x = make_batches()[0][0]
    recipe, hyper = Recipe(loss=loss, schedule="constant"), HYPER._replace(weight_decay=0.0)
    initial, losses, _ = train(ARCHITECTURE.layers, recipe, hyper, [(x, y)] * STEPS)

    h = x.astype(np.float64)
    *below, last = weights(initial)
    for weight in below:
        h = np.maximum(h @ weight.T, 0)
    assert losses[0] == pytest.approx(formula(h @ last.T, y.astype(np.float64)).mean(), rel=1e-4)
    assert losses[-1] < 0.8 * losses[0]


def test_dropout_masks_of_a_step_are_those_of_the_networks_id_and_the_step():
    """Given back its id and step, a network trained later takes the very step it took."""
    layers = make_architecture("before", "inverted").layers
    learned, loss_of_rows, batch = (
        begin(layers, Recipe(), HYPER).learned,
        LOSSES["softmax_cross_entropy"],
        make_batches()[0],
    )

    def loss(network_id, step):
        context = Context(HYPER, network_id, step)
        return gradient_of(layers, loss_of_rows, "decoupled", learned, as_batch(*batch), context, 0.0).loss

    assert loss(3, 4) == loss(3, 4)
    assert len({loss(network_id, step) for network_id, step in product(range(3), range(3))}) == 9


# The same step in NumPy, of two networks at once
