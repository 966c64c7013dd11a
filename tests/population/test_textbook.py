"""goru trains the networks of an introductory textbook: the book's arithmetic, layer by layer, in float64."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Weights
from goru.nn.layers.batch_norm import BatchNorm, RunningStatistics, ScaleShift
from goru.nn.layers.dropout import keep_mask, mask_key
from goru.nn.layers.layer import Context
from goru.nn.network import forward, infer, running
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member, PreparedRows
from goru.population.program import BlockShape
from goru.population.trainer import Trainer

INPUTS, HIDDEN, CLASSES, BATCH, EPOCHS = 6, (8, 7), 3, 15, 5
SHAPE = BlockShape(networks=3, batch=BATCH, epochs=EPOCHS, steps=18, eval_chunks=2, eval_rows=20)

# Batch norm, dropout, activation, decay, optimiser: a Graeco-Latin square, in which every two values of the first four
# stand together once. Plain SGD does not tell decoupled decay from the squared penalty; momentum does.
PLACES, FORMS = (None, "before", "after"), (None, "classic", "inverted")
DECAYS = (("l2_squared", "sgd"), ("l2_norm", "sgd"), ("decoupled", "momentum"))
FUNCTIONS = {  # and their derivatives, by what they give
    "relu": (lambda x: np.maximum(x, 0), lambda y: y > 0),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda y: y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y**2),
}
CASES = [(PLACES[i], FORMS[j], list(FUNCTIONS)[(i + j) % 3], *DECAYS[(i + 2 * j) % 3]) for i, j in np.ndindex(3, 3)]
each_case = pytest.mark.parametrize("case", CASES, ids=["-".join(map(str, case)) for case in CASES])

# Float32 beside float64 over 18 steps: the largest error measured, of any number of any case, is 2.2e-6. Rounding moves
# none across a step: inputs of ReLU are 0 or 2e-5 away from it, the two highest classes' outputs 1.5e-4 apart.
TOLERANCE = 1e-5


class Layer:
    """Learned numbers by name, and their gradients; most layers have none."""

    def __init__(self):
        self.params, self.grads = {}, {}


class Affine(Layer):
    def __init__(self, weight, bias=0.0):
        self.params = {"W": np.float64(weight), "b": np.zeros(weight.shape[1]) + bias}

    def forward(self, x, train):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads = {"W": self.x.T @ dout, "b": dout.sum(axis=0)}
        return dout @ self.params["W"].T


class Activation(Layer):
    def __init__(self, name):
        super().__init__()
        self.function, self.derivative = FUNCTIONS[name]

    def forward(self, x, train):
        self.y = self.function(x)
        return self.y

    def backward(self, dout):
        return dout * self.derivative(self.y)


class BatchNormalization(Layer):
    def __init__(self, features, hyper):
        gamma, beta = hyper.batch_norm_scale, hyper.batch_norm_shift
        self.params = {"gamma": np.full(features, gamma), "beta": np.full(features, beta)}
        self.epsilon, self.keep = hyper.batch_norm_epsilon, hyper.batch_norm_momentum
        self.mean = self.variance = self.steps = 0

    def population(self):
        """Running averages that began at zero, divided by the weight they have gathered since."""
        gathered = 1 - self.keep**self.steps
        return self.mean / gathered, self.variance / gathered

    def forward(self, x, train):
        if train:
            m, mean, variance = len(x), x.mean(axis=0), x.var(axis=0)
            self.steps += 1
            self.mean = self.keep * self.mean + (1 - self.keep) * mean
            # Of the running variance alone the unbiased form, as in the paper's algorithm 2.
            self.variance = self.keep * self.variance + (1 - self.keep) * variance * m / (m - 1)
        else:
            mean, variance = self.population()
        self.centred, self.std = x - mean, np.sqrt(variance + self.epsilon)
        self.normalized = self.centred / self.std
        return self.params["gamma"] * self.normalized + self.params["beta"]

    def backward(self, dout):
        self.grads = {"gamma": (dout * self.normalized).sum(axis=0), "beta": dout.sum(axis=0)}
        dnormalized = dout * self.params["gamma"]
        dvariance = -(dnormalized * self.centred / self.std**2).sum(axis=0) / (2 * self.std)
        dcentred = dnormalized / self.std + 2 / len(dout) * self.centred * dvariance
        return dcentred - dcentred.mean(axis=0)


class Dropout(Layer):
    def __init__(self, rate, form):
        super().__init__()
        kept = 1 - rate
        self.in_training, self.at_test = (1, kept) if form == "classic" else (1 / kept, 1)

    def forward(self, x, train):
        return x * self.mask * self.in_training if train else x * self.at_test

    def backward(self, dout):
        return dout * self.mask * self.in_training


class SoftmaxWithLoss:
    def forward(self, x, t):
        exp = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = exp / exp.sum(axis=1, keepdims=True), np.eye(CLASSES)[t]
        return -np.mean(np.log((self.y * self.t).sum(axis=1)))

    def backward(self):
        return (self.y - self.t) / len(self.t)


class BookNetwork:
    """The layers in a row, the penalty, and the optimiser."""

    def __init__(self, case, affines, hyper):
        place, form, function, self.decay, self.optimizer = case
        self.hyper, self.layers, self.last = hyper, [], SoftmaxWithLoss()
        for affine in affines[:-1]:
            norm = BatchNormalization(len(affine.params["b"]), hyper)
            self.layers += [affine, *[norm] * (place == "before"), Activation(function)]
            self.layers += [*[norm] * (place == "after"), *[Dropout(hyper.dropout_rate, form)] * (form is not None)]
        self.layers.append(affines[-1])
        self.velocity = [dict.fromkeys(layer.params, 0.0) for layer in self.layers]

    def of(self, kind):
        return [layer for layer in self.layers if isinstance(layer, kind)]

    def predict(self, x, train=False, masks=()):
        for dropout, mask in zip(self.of(Dropout), masks, strict=train):
            dropout.mask = mask
        x = np.float64(x)
        for layer in self.layers:
            x = layer.forward(x, train)
        return x

    def loss(self, x, t, masks):
        """What training makes small: the cross-entropy and, unless the decay is decoupled, the penalty."""
        squares = [(layer.params["W"] ** 2).sum() for layer in self.of(Affine)]
        penalty = {"l2_squared": sum(squares) / 2, "l2_norm": sum(np.sqrt(squares)), "decoupled": 0}[self.decay]
        return self.last.forward(self.predict(x, True, masks), t) + self.hyper.weight_decay * penalty

    def gradient(self):
        """Of the loss last computed."""
        dout = self.last.backward()
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        for layer in self.of(Affine):
            W = layer.params["W"]
            pull = {"l2_squared": W, "l2_norm": W / np.sqrt((W**2).sum()), "decoupled": 0}[self.decay]
            layer.grads["W"] += self.hyper.weight_decay * pull

    def step(self, x, t, masks):
        self.loss(x, t, masks)
        self.gradient()
        rate, keep = self.hyper.learning_rate, self.hyper.momentum if self.optimizer == "momentum" else 0
        for layer, velocity in zip(self.layers, self.velocity, strict=True):
            for name, value in layer.params.items():
                velocity[name] = keep * velocity[name] - rate * layer.grads[name]
                shrink = rate * self.hyper.weight_decay if (self.decay, name) == ("decoupled", "W") else 0
                layer.params[name] = value + velocity[name] - shrink * value

    def figures(self, x, t):
        y = self.predict(x)
        return self.last.forward(y, t), np.mean(y.argmax(axis=1) == t)


def some_rows() -> PreparedRows:
    """55 training rows, so that mini-batches of 15 cross from one epoch into the next; 35 of them and 25 others
    scored."""
    rng = np.random.default_rng(11)
    x, shuffled = rng.normal(size=(80, INPUTS)).astype(np.float32), rng.permutation(80)
    y = (x @ rng.normal(size=(INPUTS, CLASSES))).argmax(axis=1).astype(np.int32)
    return PreparedRows(x, y, training=shuffled[:55], training_scored=shuffled[:35], validation=shuffled[55:])


# No usual value among the numbers of the three networks, so that a forgotten one shows.
COMMON = Hyperparameters(momentum=0.7, weight_std=1.2, batch_norm_scale=1.1, batch_norm_shift=0.1)
NUMBERS = {
    "learning_rate": (0.2, 0.3, 0.4),
    "weight_decay": (0.1, 0.03, 0.06),
    "dropout_rate": (0.2, 0.3, 0.6),
    "batch_norm_epsilon": (2e-3, 1e-2, 1e-3),
    "batch_norm_momentum": (0.9, 0.8, 0.7),
}
HYPERS = [COMMON._replace(**dict(zip(NUMBERS, of_one, strict=True))) for of_one in zip(*NUMBERS.values(), strict=True)]
MEMBERS = tuple(Member(40 + number, (11, number), hyper) for number, hyper in enumerate(HYPERS))
ROWS, ORDER = some_rows(), (3,)
BATCHES = BatchOrder(ORDER, ROWS.training, BATCH)


def architecture_of(case) -> Architecture:
    place, form, function, *_ = case
    return Architecture(INPUTS, HIDDEN, CLASSES, function, place, form is not None, form or "inverted")


def some_affines() -> list[Affine]:
    rng = np.random.default_rng(4)
    widths = zip((INPUTS, *HIDDEN), (*HIDDEN, CLASSES), strict=True)
    return [Affine(rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)) for inputs, outputs in widths]


def masks_of(case, one: Member, step: int) -> list[np.ndarray]:
    layers = enumerate(HIDDEN if case[1] else ())
    rate = one.hyper.dropout_rate
    return [keep_mask(mask_key(one.id, step, layer), (units, BATCH), rate).T for layer, units in layers]


@cache
def train_by_goru(case):
    """The block, not trained and trained."""
    recipe = Recipe(optimizer=case[4], schedule="constant", decay=case[3])
    trainer = Trainer(architecture_of(case), recipe, SHAPE, len(ROWS.x), devices=jax.local_devices()[:1])
    block = Block(MEMBERS, ROWS, ORDER, EPOCHS)
    return list(trainer.train([replace(block, epochs=0), block], keep_networks=True))


@cache
def train_by_the_book(case):
    """Every network after its last epoch, and its curves: `(epochs, 2, figures)`."""
    initial, trained = train_by_goru(case)[0].learned, []
    for index, one in enumerate(MEMBERS):
        weights = [layer.weight[index].T for layer in initial if isinstance(layer, Weights)]
        network, curves = BookNetwork(case, [Affine(weight) for weight in weights], one.hyper), []
        for epoch in range(EPOCHS):
            for step in range(BATCHES.steps(epoch), BATCHES.steps(epoch + 1)):
                (rows,) = BATCHES.batches(step, step + 1)
                network.step(ROWS.x[rows], ROWS.y[rows], masks_of(case, one, step))
            curves.append(
                [network.figures(ROWS.x[rows], ROWS.y[rows]) for rows in (ROWS.training_scored, ROWS.validation)]
            )
        trained.append((network, np.array(curves)))
    return trained


def numbers_of(training) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """One network of goru's as the book has it: what is learned, and the statistics of the population."""
    learned, statistics = [], []
    for layer, averages in zip(training.learned, training.running, strict=True):
        if isinstance(layer, Weights):
            # Below batch norm, which takes it away again, goru has no bias; the book's stays at zero.
            learned += [layer.weight.T, np.zeros(len(layer.weight)) if layer.bias is None else layer.bias]
        else:
            learned += layer
        if isinstance(averages, RunningStatistics):
            statistics += [averages.mean / averages.weight, averages.variance / averages.weight]
    return learned, statistics


def error(ours, book) -> float:
    """The largest difference, relative to the largest number, or to 0.1 if that is larger."""
    assert np.shape(ours) == np.shape(book)
    return np.abs(np.float64(ours) - book).max() / max(np.abs(book).max(), 0.1)


@each_case
def test_a_network_trained_by_goru_has_the_curves_and_the_numbers_of_the_book(case):
    trained = train_by_goru(case)[1]
    for index, (book, curves) in enumerate(train_by_the_book(case)):
        np.testing.assert_allclose(trained.curves[index], curves, rtol=TOLERANCE)
        training = jax.tree.map(lambda leaf: leaf[index], trained.training)  # noqa: B023
        ours, statistics = numbers_of(training)
        theirs = [number for layer in book.layers for number in layer.params.values()]
        theirs += [number for norm in book.of(BatchNormalization) for number in norm.population()]
        assert max(error(*pair) for pair in zip(ours + statistics, theirs, strict=True)) < TOLERANCE
        *hidden, output = [layer for layer in training.learned if isinstance(layer, Weights)]
        assert output.bias is not None
        assert all((layer.bias is None) == (case[0] == "before") for layer in hidden)


@each_case
def test_the_gradient_of_the_book_is_that_of_central_differences(case):
    one, h = MEMBERS[1], 1e-5
    network = BookNetwork(case, some_affines(), one.hyper)
    batch = ROWS.x[:BATCH], ROWS.y[:BATCH], masks_of(case, one, 0)
    network.loss(*batch)
    network.gradient()
    for layer in network.layers:
        for name, value in layer.params.items():
            numerical = np.zeros_like(value)
            for index in np.ndindex(value.shape):
                for signed in (h, -h):
                    value[index] += signed
                    numerical[index] += network.loss(*batch) / (2 * signed)
                    value[index] -= signed
            np.testing.assert_allclose(layer.grads[name], numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("place", ["before", "after"])
def test_batch_norm_makes_each_feature_of_each_batch_mean_0_and_variance_1_before_gamma_and_beta(place):
    hyper = MEMBERS[0].hyper._replace(batch_norm_epsilon=1e-9)
    network = BookNetwork((place, None, "tanh", "l2_norm", "sgd"), some_affines(), hyper)
    for rows in BATCHES.batches(0, 5):
        network.predict(ROWS.x[rows], train=True)
        for norm, width in zip(network.of(BatchNormalization), HIDDEN, strict=True):
            x, unit = jnp.float32(norm.centred + 2).T, ScaleShift(jnp.ones(width), jnp.zeros(width))
            ours, _ = BatchNorm(width).forward(unit, x, Context(hyper))
            for normalized in (norm.normalized, np.float64(ours).T):
                np.testing.assert_allclose(normalized.mean(axis=0), 0, atol=TOLERANCE)
                np.testing.assert_allclose(normalized.var(axis=0), 1, atol=TOLERANCE)
            assert error(ours.T, norm.normalized) < TOLERANCE


def test_classic_dropout_is_inverted_with_the_next_weights_times_the_kept_share_and_not_the_deleted_one():
    case, x = CASES[1], jnp.asarray(ROWS.x[:BATCH])
    for index, (one, (book, _)) in enumerate(zip(MEMBERS, train_by_the_book(case), strict=True)):
        learned = jax.tree.map(lambda leaf: jnp.asarray(leaf[index]), train_by_goru(case)[1].learned)  # noqa: B023

        def outputs(form, share, one=one, learned=learned):
            """In training and at test time, by goru."""
            first, *others = learned
            scaled = first, *(layer._replace(weight=layer.weight * share) if layer else () for layer in others)
            layers = replace(architecture_of(case), dropout_form=form).layers
            in_training, _ = forward(layers, scaled, x.T, Context(one.hyper, one.id, 0))
            at_test = infer(layers, scaled, running(layers), one.hyper, x.T)
            return np.stack([in_training.T, at_test.T])

        deleted, of_book = one.hyper.dropout_rate, [book.predict(x, True, masks_of(case, one, 0)), book.predict(x)]
        assert error(outputs("classic", 1.0), of_book) < TOLERANCE
        assert error(outputs("inverted", 1 - deleted), of_book) < TOLERANCE
        mistaken = deepcopy(book)
        for dropout in mistaken.of(Dropout):
            dropout.at_test = deleted
        assert error(outputs("inverted", deleted)[1], mistaken.predict(x)) < TOLERANCE
        assert error(outputs("classic", 1.0)[1], mistaken.predict(x)) > 0.1
