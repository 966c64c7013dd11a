"""Whole steps of training, against a float64 NumPy network with a backward pass of its own, and PyTorch."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from trainings import (
    ARCHITECTURE,
    BLOCKS,
    CLASSES,
    HYPER,
    NETWORK_ID,
    ROWS,
    STEPS,
    make_architecture,
    make_batches,
    take_step,
    train,
)

from goru.nn.architecture import Recipe
from goru.nn.batch_norm import Statistics
from goru.nn.dropout import dropout_key, keep_mask
from goru.nn.network import forward_inference, init_affines, weight_matrices
from goru.nn.training import init_training


class NumPyNetwork:
    """The textbook's network: every layer with its own forward and backward pass, in float64.

    Hidden block: affine, [batch norm before], ReLU, [batch norm after], [dropout]. Then affine, softmax with
    cross-entropy. `parameters` and the gradients are lists of the same order.
    """

    def __init__(self, architecture, hyper, affines):
        self.architecture, self.hyper = architecture, hyper
        self.n_hidden = len(architecture.hidden)
        self.parameters, self.is_weight = [], []
        for index, layer in enumerate(affines):
            self.parameters += [np.asarray(layer.weight, np.float64), np.asarray(layer.bias, np.float64)]
            self.is_weight += [True, False]
            if architecture.batch_norm and index < self.n_hidden:
                width = layer.bias.shape[0]
                self.parameters += [np.ones(width), np.zeros(width)]
                self.is_weight += [False, False]
        self.running = [(np.zeros(width), np.zeros(width)) for width in architecture.hidden]

    def loss_and_gradient(self, x, y, masks):
        place, form = self.architecture.batch_norm, self.architecture.dropout_form
        kept = 1 - self.hyper.dropout_rate
        tape = []  # what the backward pass goes through, from its end
        remaining = list(enumerate(self.parameters))

        def affine(x):
            (iw, w), (ib, b) = remaining.pop(0), remaining.pop(0)
            tape.append(lambda g: (g @ w.T, {iw: x.T @ g, ib: g.sum(axis=0)}))
            return x @ w + b

        def batch_norm(x, layer):
            (ig, gamma), (ib, beta) = remaining.pop(0), remaining.pop(0)
            m = len(x)
            mean, variance = x.mean(axis=0), x.var(axis=0)
            root = np.sqrt(variance + self.hyper.batch_norm_epsilon)
            normal = (x - mean) / root
            keep = self.hyper.batch_norm_momentum
            old = self.running[layer]
            self.running[layer] = (
                keep * old[0] + (1 - keep) * mean,
                keep * old[1] + (1 - keep) * variance * m / (m - 1),
            )

            def backward(g):
                # The chain of Ioffe & Szegedy 2015, section 3, equation by equation.
                d_normal = g * gamma
                d_variance = (d_normal * (x - mean)).sum(axis=0) * -0.5 / root**3
                d_mean = -(d_normal / root).sum(axis=0) + d_variance * (-2 * (x - mean)).mean(axis=0)
                d_x = d_normal / root + d_variance * 2 * (x - mean) / m + d_mean / m
                return d_x, {ig: (g * normal).sum(axis=0), ib: g.sum(axis=0)}

            tape.append(backward)
            return gamma * normal + beta

        def relu(x):
            tape.append(lambda g: (g * (x > 0), {}))
            return x * (x > 0)

        def dropout(x, mask):
            factor = mask / kept if form == "inverted" else mask * 1.0
            tape.append(lambda g: (g * factor, {}))
            return x * factor

        # The order in which parameters were listed: weight, bias, [γ, β].
        for layer in range(self.n_hidden):
            x = affine(x)
            if place == "before":
                x = batch_norm(x, layer)
            x = relu(x)
            if place == "after":
                x = batch_norm(x, layer)
            if self.architecture.dropout:
                x = dropout(x, masks[layer])
        z = affine(x)

        exponentials = np.exp(z - z.max(axis=1, keepdims=True))
        softmax = exponentials / exponentials.sum(axis=1, keepdims=True)
        loss = -np.log(softmax[np.arange(len(y)), y]).mean()

        gradients = [None] * len(self.parameters)
        g = (softmax - np.eye(CLASSES)[y]) / len(y)
        for backward in reversed(tape):
            g, of_layer = backward(g)
            for index, gradient in of_layer.items():
                gradients[index] = gradient
        return loss, gradients

    def train(self, batches):
        """Adam with decoupled decay of the weights, at a learning rate that falls along half a cosine."""
        h = self.hyper
        m = [np.zeros_like(p) for p in self.parameters]
        v = [np.zeros_like(p) for p in self.parameters]
        losses = []
        for step, (x, y) in enumerate(batches):
            masks = [
                np.asarray(keep_mask(dropout_key(NETWORK_ID, step, layer), (ROWS, width), h.dropout_rate))
                for layer, width in enumerate(self.architecture.hidden)
            ]
            loss, gradients = self.loss_and_gradient(x.astype(np.float64), y, masks)
            losses.append(loss)
            rate = h.learning_rate * 0.5 * (1 + np.cos(np.pi * step / len(batches)))
            for i, (p, g) in enumerate(zip(self.parameters, gradients, strict=True)):
                m[i] = h.beta1 * m[i] + (1 - h.beta1) * g
                v[i] = h.beta2 * v[i] + (1 - h.beta2) * g**2
                m_hat, v_hat = m[i] / (1 - h.beta1 ** (step + 1)), v[i] / (1 - h.beta2 ** (step + 1))
                decay = h.weight_decay * p if self.is_weight[i] else 0.0
                self.parameters[i] = p - rate * (m_hat / (np.sqrt(v_hat) + 1e-8) + decay)
        return losses


@pytest.mark.parametrize(("place", "form"), BLOCKS)
def test_twenty_steps_are_those_of_a_numpy_network_with_its_own_backward_pass(place, form):
    architecture, batches = make_architecture(place, form), make_batches()

    affines, losses, training = train(architecture, Recipe(), HYPER, batches)

    reference = NumPyNetwork(architecture, HYPER, affines)
    expected = reference.train(batches)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert expected[-1] < 0.8 * expected[0]  # it has learned something

    # Leaves of the network come in the order of the reference's parameters.
    actual = jax.tree.leaves(training.network)
    assert len(actual) == len(reference.parameters)
    for index, (leaf, parameter) in enumerate(zip(actual, reference.parameters, strict=True)):
        if not (place == "before" and index in (1, 5)):  # see the next test
            np.testing.assert_allclose(leaf, parameter, rtol=1e-3, atol=2e-4, err_msg=f"parameter {index}")
    if place == "after":
        for running, (mean, variance) in zip(training.running, reference.running, strict=True):
            np.testing.assert_allclose(running.mean, mean, rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(running.variance, variance, rtol=1e-3, atol=1e-3)


def test_a_bias_before_batch_norm_has_no_gradient():
    """Batch norm takes the mean away, and the bias with it; rounding noise, which Adam would scale up, is kept out."""
    architecture = make_architecture("before", None)
    affines = init_affines(architecture, np.random.default_rng(0))
    hyper = HYPER._replace(learning_rate=1.0, weight_decay=0.0)  # so that a step of SGD is the gradient
    recipe = Recipe(optimizer="sgd", schedule="constant")
    before = init_training(architecture, recipe, hyper, affines)
    after, _ = take_step(architecture, recipe, hyper, before, make_batches()[0])
    for layer in after.network.hidden:
        assert not np.any(layer.affine.bias)
    assert np.abs(after.network.output.bias).max() > 1e-3


# Against PyTorch


def in_torch(torch, architecture, affines, hyper):
    """The same network as torch modules, in float64."""
    layers = []
    for index, layer in enumerate(affines):
        inputs, outputs = layer.weight.shape
        linear = torch.nn.Linear(inputs, outputs)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(np.asarray(layer.weight).T))
            linear.bias.copy_(torch.tensor(np.asarray(layer.bias)))
        layers.append(linear)
        if index < len(architecture.hidden):
            norm = torch.nn.BatchNorm1d(outputs, eps=hyper.batch_norm_epsilon, momentum=1 - hyper.batch_norm_momentum)
            layers += {
                None: [torch.nn.ReLU()],
                "before": [norm, torch.nn.ReLU()],
                "after": [torch.nn.ReLU(), norm],
            }[architecture.batch_norm]
    return torch.nn.Sequential(*layers).double()


def torch_optimizer(torch, model, recipe, hyper):
    """AdamW, or SGD with momentum and torch's own L2 penalty; the weights of the linear layers decayed alone."""
    weights = [module.weight for module in model if isinstance(module, torch.nn.Linear)]
    others = [p for p in model.parameters() if all(p is not w for w in weights)]
    groups = [{"params": weights, "weight_decay": hyper.weight_decay}, {"params": others, "weight_decay": 0.0}]
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

    affines, losses, training = train(architecture, recipe, hyper, batches)

    model = in_torch(torch, architecture, affines, hyper)
    optimizer = torch_optimizer(torch, model, recipe, hyper)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    expected = []
    for x, y in batches:
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x).double()), torch.tensor(y).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recipe.schedule == "cosine":
            schedule.step()
        expected.append(loss.item())
    np.testing.assert_allclose(losses, expected, rtol=1e-4)

    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    for weight, linear in zip(weight_matrices(training.network), linears, strict=True):
        np.testing.assert_allclose(weight, linear.weight.detach().numpy().T, rtol=1e-3, atol=2e-4)

    norms = [module for module in model if isinstance(module, torch.nn.BatchNorm1d)]
    statistics = []
    normalized = training.network.hidden if place else ()
    for layer, running, norm in zip(normalized, training.running, norms, strict=True):
        np.testing.assert_allclose(layer.batch_norm.scale, norm.weight.detach().numpy(), rtol=1e-3, atol=2e-4)
        np.testing.assert_allclose(layer.batch_norm.shift, norm.bias.detach().numpy(), rtol=1e-3, atol=2e-4)
        # torch's running variance starts from 1 and is not corrected; goru's starts from 0.
        start = hyper.batch_norm_momentum**STEPS
        variance = running.variance + start
        np.testing.assert_allclose(variance, norm.running_var.numpy(), rtol=1e-3, atol=1e-3)
        if place == "after":  # before, the mean contains a bias without a gradient
            np.testing.assert_allclose(running.mean, norm.running_mean.numpy(), rtol=1e-3, atol=1e-3)
        statistics.append(Statistics(running.mean, variance))

    model.eval()
    x = make_batches(seed=1)[0][0]
    np.testing.assert_allclose(
        forward_inference(architecture, training.network, tuple(statistics), hyper, jnp.asarray(x)),
        model(torch.tensor(x).double()).detach().numpy(),
        rtol=5e-3,
        atol=5e-3,
    )


# What a step returns


def one_step(recipe, hyper, architecture=ARCHITECTURE, affines=None):
    """The network before and after its first step, and the loss that the step returned."""
    affines = affines or init_affines(architecture, np.random.default_rng(0))
    before = init_training(architecture, recipe, hyper, affines)
    after, loss = take_step(architecture, recipe, hyper, before, make_batches()[0])
    return before.network, after.network, loss


@pytest.mark.parametrize("decay", ["decoupled", "l2_squared", "l2_norm"])
def test_the_loss_is_that_of_the_batch_before_the_step_and_without_the_penalty(decay):
    before, _, loss = one_step(Recipe(decay=decay), HYPER)
    reference = NumPyNetwork(ARCHITECTURE, HYPER, (*(h.affine for h in before.hidden), before.output))
    x, y = make_batches()[0]
    expected, _ = reference.loss_and_gradient(x.astype(np.float64), y, masks=None)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_with_sgd_the_squared_penalty_and_decoupled_decay_are_one_thing():
    """-η (g + λ W), written in two ways."""
    recipes = [Recipe(optimizer="sgd", decay=decay) for decay in ("l2_squared", "decoupled")]
    _, penalised, _ = one_step(recipes[0], HYPER)
    _, decayed, _ = one_step(recipes[1], HYPER)
    for a, b in zip(jax.tree.leaves(penalised), jax.tree.leaves(decayed), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_with_adam_they_are_two():
    """The penalty's gradient is divided by √v̂ with the rest of it; that is why AdamW was made."""
    penalised = weight_matrices(one_step(Recipe(decay="l2_squared"), HYPER)[1])
    decayed = weight_matrices(one_step(Recipe(decay="decoupled"), HYPER)[1])
    assert np.abs(penalised[0] - decayed[0]).max() > 1e-3


@pytest.mark.parametrize(
    ("decay", "pull"),
    [("l2_squared", lambda w: 0.4 * w), ("l2_norm", lambda w: 0.4 * w / np.sqrt((w**2).sum()))],
)
def test_a_penalty_pulls_weights_alone_by_its_own_gradient(decay, pull):
    """A step of SGD with the penalty, minus one without it, is -η times the penalty's gradient."""
    recipe = Recipe(optimizer="sgd", schedule="constant", decay=decay)
    architecture = make_architecture("before", None)
    start, with_penalty, _ = one_step(recipe, HYPER, architecture)
    _, without, _ = one_step(recipe, HYPER._replace(weight_decay=0.0), architecture)
    difference = jax.tree.map(jnp.subtract, with_penalty, without)

    for actual, weight in zip(weight_matrices(difference), weight_matrices(start), strict=True):
        np.testing.assert_allclose(actual, -0.02 * pull(np.asarray(weight, np.float64)), atol=1e-6)
    for layer in difference.hidden:
        np.testing.assert_array_equal(layer.affine.bias, np.zeros_like(layer.affine.bias))
        np.testing.assert_array_equal(layer.batch_norm.scale, np.zeros_like(layer.batch_norm.scale))
        np.testing.assert_array_equal(layer.batch_norm.shift, np.zeros_like(layer.batch_norm.shift))
    np.testing.assert_array_equal(difference.output.bias, np.zeros(CLASSES))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_network_of_zero_weights_takes_a_step_under_the_norm_penalty_without_nan(optimizer):
    affines = init_affines(ARCHITECTURE, np.random.default_rng(0), 0.0)
    assert all((layer.weight == 0).all() for layer in affines)
    _, after, loss = one_step(Recipe(optimizer=optimizer, decay="l2_norm"), HYPER, affines=affines)
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
    affines, losses, _ = train(ARCHITECTURE, recipe, hyper, [(x, y)] * STEPS)

    h = x.astype(np.float64)
    for layer in affines[:-1]:
        h = np.maximum(h @ np.asarray(layer.weight, np.float64), 0)
    z = h @ np.asarray(affines[-1].weight, np.float64)
    assert losses[0] == pytest.approx(formula(z, y.astype(np.float64)).mean(), rel=1e-4)
    assert losses[-1] < 0.8 * losses[0]


def test_dropout_masks_of_a_step_are_those_of_the_networks_id_and_the_step():
    """Given back its id and step, a network trained later takes the very step it took."""
    architecture = make_architecture("before", "inverted")
    training = init_training(architecture, Recipe(), HYPER, init_affines(architecture, np.random.default_rng(0)))

    def loss(network_id, step):
        return float(take_step(architecture, Recipe(), HYPER, training, make_batches()[0], network_id, step)[1])

    assert loss(3, 4) == loss(3, 4)
    assert len({loss(network_id, step) for network_id, step in product(range(3), range(3))}) == 9
