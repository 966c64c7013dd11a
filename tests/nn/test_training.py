"""Whole steps of training, against a float64 NumPy network with a backward pass of its own, and PyTorch."""

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
    INPUTS,
    NETWORK_ID,
    ROWS,
    STEPS,
    as_batch,
    begin,
    compiled_step,
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
from goru.nn.arrays import along
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm, Statistics
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.layer import Context
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.losses import LOSSES
from goru.nn.training import Training, gradient_of, train_step


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


def in_torch(torch, architecture, learned, hyper):
    """The same network as torch modules, in float64."""
    modules = []
    for layer, own in zip(architecture.layers, learned, strict=True):
        match layer:
            case Affine():
                module = torch.nn.Linear(layer.inputs, layer.outputs, bias=layer.bias)
                with torch.no_grad():
                    module.weight.copy_(torch.tensor(own.weight))
                    if layer.bias:
                        module.bias.copy_(torch.tensor(own.bias))
            case BatchNorm():
                momentum = 1 - hyper.batch_norm_momentum
                module = torch.nn.BatchNorm1d(layer.units, eps=hyper.batch_norm_epsilon, momentum=momentum)
            case Activation():
                module = torch.nn.ReLU()
        modules.append(module)
    return torch.nn.Sequential(*modules).double()


def torch_optimizer(torch, model, recipe, hyper):
    """AdamW, or SGD with momentum and torch's own L2 penalty; the weights of the linear layers decayed alone."""
    decayed = [module.weight for module in model if isinstance(module, torch.nn.Linear)]
    rest = [p for p in model.parameters() if all(p is not w for w in decayed)]
    groups = [{"params": decayed, "weight_decay": hyper.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    if recipe.optimizer == "adam":
        return torch.optim.AdamW(groups, lr=hyper.learning_rate, betas=(hyper.beta1, hyper.beta2))
    return torch.optim.SGD(groups, lr=hyper.learning_rate, momentum=hyper.momentum)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(optimizer="adam", schedule="cosine", decay="decoupled"),
        Recipe(optimizer="momentum", schedule="constant", decay="l2_squared"),
    ],
    ids=["adamw", "sgd momentum"],
)
@pytest.mark.parametrize("place", [None, "before", "after"])
def test_twenty_steps_are_those_of_pytorch(place, recipe):
    """Losses, parameters, running statistics and, at the end, predictions."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # or its threads and those of JAX get in each other's way
    architecture, batches, hyper = make_architecture(place, None), make_batches(), HYPER
    if recipe.optimizer == "momentum":
        hyper = hyper._replace(learning_rate=0.05, weight_decay=0.02)

    initial, losses, training = train(architecture.layers, recipe, hyper, batches)

    model = in_torch(torch, architecture, initial, hyper)
    optimizer = torch_optimizer(torch, model, recipe, hyper)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    expected = []
    for x, y in batches:
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x).double()), torch.tensor(y).long())
        squares = sum((linear.weight.detach() ** 2).sum().item() for linear in linears)
        penalty = 0.5 * hyper.weight_decay * squares if recipe.decay == "l2_squared" else 0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recipe.schedule == "cosine":
            schedule.step()
        expected.append(loss.item() + penalty)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)

    for leaf, parameter in zip(jax.tree.leaves(training.learned), model.parameters(), strict=True):
        np.testing.assert_allclose(leaf, parameter.detach().numpy(), rtol=1e-3, atol=2e-4)

    norms = [module for module in model if isinstance(module, torch.nn.BatchNorm1d)]
    statistics = list(training.running)
    for index, layer in enumerate(architecture.layers):
        if not isinstance(layer, BatchNorm):
            continue
        # torch's running variance starts from 1 and is not corrected; goru's starts from 0.
        running, norm = training.running[index], norms.pop(0)
        variance = running.variance + hyper.batch_norm_momentum**STEPS
        np.testing.assert_allclose(variance, norm.running_var.numpy(), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(running.mean, norm.running_mean.numpy(), rtol=1e-3, atol=1e-3)
        statistics[index] = Statistics(running.mean, variance)

    model.eval()
    x = make_batches(seed=1)[0][0]
    np.testing.assert_allclose(
        network.infer(architecture.layers, training.learned, tuple(statistics), hyper, jnp.asarray(x.T)),
        model(torch.tensor(x).double()).detach().numpy().T,
        rtol=5e-3,
        atol=5e-3,
    )


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

RESIDUAL = (
    Affine(INPUTS, 6),
    Residual((LayerNorm(6), Affine(6, 6, bias=False), BatchNorm(6), Activation("silu"), Affine(6, 6))),
    RMSNorm(6),
    Dropout(0, "classic"),
    Affine(6, CLASSES),
)
every_network = pytest.mark.parametrize("layers", [ARCHITECTURE.layers, RESIDUAL], ids=["plain", "residual"])
OF_SGD = Recipe(optimizer="sgd", schedule="constant", decay="l2_squared")  # Adam makes whole steps of rounding noise
IDS = np.array([NETWORK_ID, 7], np.uint32)
OF_EACH = HYPER._replace(learning_rate=np.float32([0.02, 0.05]), weight_decay=np.float32([0.4, 0.1]))


def two_networks(layers):
    both = (begin(layers, OF_SGD, HYPER, seed)[:2] for seed in (0, 1))
    return Training(*jax.tree.map(lambda *leaves: np.stack(leaves), *both), None)


@np.errstate(all="ignore")
def steps_in_numpy(layers, training, batches):
    def update(gradient, state, learned):
        rates = OF_EACH.learning_rate
        return jax.tree.map(
            lambda number, slope: number - along(rates, slope, slope.ndim - 1) * slope, learned, gradient
        ), state

    losses, loss = [], LOSSES["softmax_cross_entropy"]
    for step, batch in enumerate(batches):
        given = as_batch(*batch), Context(OF_EACH, IDS, step), OF_EACH.weight_decay
        training, of_batch = train_step(layers, loss, "l2_squared", update, training, *given)
        losses.append(of_batch)
    return np.array(losses), training


@every_network
def test_in_numpy_two_networks_take_the_steps_that_each_takes_compiled(layers):
    batches = make_batches()[:5]
    losses, together = steps_in_numpy(layers, two_networks(layers), batches)
    for index, network_id in enumerate(IDS):
        hyper = HYPER._replace(learning_rate=OF_EACH.learning_rate[index], weight_decay=OF_EACH.weight_decay[index])
        training = begin(layers, OF_SGD, hyper, seed=index)
        for step, batch in enumerate(batches):
            training, loss = compiled_step(layers, OF_SGD, hyper, training, as_batch(*batch), network_id, step, STEPS)
            assert losses[step, index] == pytest.approx(float(loss), rel=1e-4)
        for one, other in zip(jax.tree.leaves(together[:2]), jax.tree.leaves(training[:2]), strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one[index], other, rtol=1e-3, atol=1e-5)


@every_network
def test_a_network_that_diverged_does_not_spoil_the_other(layers):
    spoilt = two_networks(layers)
    for leaf in jax.tree.leaves(spoilt.learned):
        leaf[1] = np.nan
    losses, beside = steps_in_numpy(layers, spoilt, make_batches()[:3])
    expected, alone = steps_in_numpy(layers, two_networks(layers), make_batches()[:3])
    np.testing.assert_array_equal(losses[:, 0], expected[:, 0])
    assert not np.isfinite(losses[:, 1]).any()
    for one, other in zip(jax.tree.leaves(beside[:2]), jax.tree.leaves(alone[:2]), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
