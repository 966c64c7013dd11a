"""goru trains the networks of an introductory textbook: the book's arithmetic, layer by layer, in float64."""

from dataclasses import replace
from functools import cache
from itertools import product

import jax
import numpy as np
import pytest

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.batch_norm import batch_norm_train, init_batch_norm, init_running_statistics
from goru.nn.dropout import dropout_key, keep_mask
from goru.nn.network import forward_inference, forward_train, init_affines, init_network
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member, Rows
from goru.population.program import BlockShape
from goru.population.trainer import Trainer

ROWS, INPUTS, HIDDEN, CLASSES, BATCH, EPOCHS = 80, 6, (8, 7), 3, 15, 5
ORDER = (3,)
SHAPE = BlockShape(networks=3, batch=BATCH, epochs=EPOCHS, steps=17, eval_chunks=2, eval_rows=20)

# Sixteen or so steps in float32 beside the same in float64, on one machine: see the measured errors below.
TOLERANCE = 1e-4

# Batch norm, dropout, activation, decay, optimiser. The first nine are a Graeco-Latin square: every two values of the
# first four stand together once. Plain SGD does not tell decoupled decay from the squared penalty; momentum does.
PLACES, FORMS = (None, "before", "after"), (None, "classic", "inverted")
ACTIVATIONS, DECAYS = ("relu", "sigmoid", "tanh"), ("l2_squared", "l2_norm", "decoupled")
SQUARE = [
    (PLACES[i], FORMS[j], ACTIVATIONS[(i + j) % 3], DECAYS[(i + 2 * j) % 3], "sgd")
    for i, j in product(range(3), repeat=2)
]
CASES = [*SQUARE, *((None, None, "tanh", decay, "momentum") for decay in DECAYS)]
each_case = pytest.mark.parametrize("case", CASES, ids=["-".join(map(str, case)) for case in CASES])


class Affine:
    def __init__(self, weight):
        self.params = {"W": np.float64(weight), "b": np.zeros(weight.shape[1])}

    def forward(self, x, train):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads = {"W": self.x.T @ dout, "b": dout.sum(axis=0)}
        return dout @ self.params["W"].T


class Relu:
    params = grads = {}  # noqa: RUF012

    def forward(self, x, train):
        self.positive = x > 0
        return np.where(self.positive, x, 0)

    def backward(self, dout):
        return np.where(self.positive, dout, 0)


class Sigmoid:
    params = grads = {}  # noqa: RUF012

    def forward(self, x, train):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class Tanh:
    params = grads = {}  # noqa: RUF012

    def forward(self, x, train):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class BatchNormalization:
    """Running averages start at zero, and are divided by the weight they have gathered since: 1 - keep^t."""

    def __init__(self, features, gamma, beta, epsilon, keep):
        self.params = {"gamma": np.full(features, float(gamma)), "beta": np.full(features, float(beta))}
        self.epsilon, self.keep, self.mean, self.variance, self.steps = epsilon, keep, 0.0, 0.0, 0

    def population(self):
        gathered = 1 - self.keep**self.steps
        return self.mean / gathered, self.variance / gathered

    def forward(self, x, train):
        if train:
            rows = len(x)
            mean = x.sum(axis=0) / rows
            variance = ((x - mean) ** 2).sum(axis=0) / rows
            self.steps += 1
            self.mean = self.keep * self.mean + (1 - self.keep) * mean
            # The running variance alone is the unbiased one: algorithm 2 of the paper.
            self.variance = self.keep * self.variance + (1 - self.keep) * variance * rows / (rows - 1)
        else:
            mean, variance = self.population()
        self.centred, self.std = x - mean, np.sqrt(variance + self.epsilon)
        self.normalized = self.centred / self.std
        return self.params["gamma"] * self.normalized + self.params["beta"]

    def backward(self, dout):
        rows = len(dout)
        self.grads = {"gamma": (dout * self.normalized).sum(axis=0), "beta": dout.sum(axis=0)}
        dnormalized = dout * self.params["gamma"]
        dstd = -(dnormalized * self.centred / self.std**2).sum(axis=0)
        dvariance = dstd / (2 * self.std)
        dcentred = dnormalized / self.std + 2 / rows * self.centred * dvariance
        return dcentred - dcentred.sum(axis=0) / rows


class Dropout:
    params = grads = {}  # noqa: RUF012

    def __init__(self, rate, form):
        self.kept, self.form, self.mask = 1 - rate, form, None
        self.scale_in_training = 1 if form == "classic" else 1 / self.kept
        self.scale_at_test = self.kept if form == "classic" else 1

    def forward(self, x, train):
        return x * self.mask * self.scale_in_training if train else x * self.scale_at_test

    def backward(self, dout):
        return dout * self.mask * self.scale_in_training


class SoftmaxWithLoss:
    def forward(self, x, t):
        exp = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = exp / exp.sum(axis=1, keepdims=True), np.eye(x.shape[1])[t]
        return -np.mean(np.log((self.y * self.t).sum(axis=1)))

    def backward(self):
        return (self.y - self.t) / len(self.t)


class BookNetwork:
    """The layers in a row, the penalty, and the optimiser."""

    def __init__(self, case, weights, hyper):
        place, form, activation, self.decay, self.optimizer = case
        self.hyper, self.layers, self.last = hyper, [], SoftmaxWithLoss()
        for weight in weights[:-1]:
            norm = BatchNormalization(
                weight.shape[1],
                hyper.batch_norm_scale,
                hyper.batch_norm_shift,
                hyper.batch_norm_epsilon,
                hyper.batch_norm_momentum,
            )
            self.layers += [
                Affine(weight),
                *[norm] * (place == "before"),
                {"relu": Relu, "sigmoid": Sigmoid, "tanh": Tanh}[activation](),
                *[norm] * (place == "after"),
                *[Dropout(hyper.dropout_rate, form)] * (form is not None),
            ]
        self.layers.append(Affine(weights[-1]))
        self.velocity = [{name: 0.0 for name in layer.params} for layer in self.layers]

    def of(self, kind):
        return [layer for layer in self.layers if isinstance(layer, kind)]

    def predict(self, x, train=False, masks=()):
        x = np.float64(x)
        for dropout, mask in zip(self.of(Dropout), masks, strict=train):
            dropout.mask = mask
        for layer in self.layers:
            x = layer.forward(x, train)
        return x

    def loss(self, x, t, masks):
        """What training makes small: the cross-entropy and, unless the decay is decoupled, the penalty."""
        squares = [(layer.params["W"] ** 2).sum() for layer in self.of(Affine)]
        penalty = {"l2_squared": sum(squares) / 2, "l2_norm": sum(np.sqrt(squares)), "decoupled": 0}[self.decay]
        return self.last.forward(self.predict(x, True, masks), t) + self.hyper.weight_decay * penalty

    def gradient(self, x, t, masks):
        self.loss(x, t, masks)
        dout = self.last.backward()
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        for layer in self.of(Affine):
            W = layer.params["W"]
            pull = {"l2_squared": W, "l2_norm": W / np.sqrt((W**2).sum()), "decoupled": 0}[self.decay]
            layer.grads["W"] += self.hyper.weight_decay * pull

    def step(self, x, t, masks):
        self.gradient(x, t, masks)
        rate, keep = self.hyper.learning_rate, self.hyper.momentum if self.optimizer == "momentum" else 0
        for layer, velocity in zip(self.layers, self.velocity, strict=True):
            for name, value in layer.params.items():
                velocity[name] = keep * velocity[name] - rate * layer.grads[name]
                shrink = rate * self.hyper.weight_decay if (self.decay, name) == ("decoupled", "W") else 0
                layer.params[name] = value + velocity[name] - shrink * value

    def figures(self, x, t):
        y = self.predict(x)
        return self.last.forward(y, t), np.mean(y.argmax(axis=1) == t)

    def numbers(self):
        return [value for layer in self.layers for value in layer.params.values()]


@cache
def table() -> Rows:
    """55 fit rows, so that mini-batches of 15 cross from one epoch into the next; 35 of them and 25 others scored."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, INPUTS)).astype(np.float32)
    y = ((x[:, None] - rng.normal(size=(CLASSES, INPUTS))) ** 2).sum(axis=2).argmin(axis=1).astype(np.int32)
    shuffled = rng.permutation(ROWS)
    return Rows(x, y, fit=shuffled[:55], fit_scored=shuffled[:35], score=shuffled[55:])


# Three networks in a block, no usual value among their numbers, so that a forgotten one shows.
MEMBERS = tuple(
    Member(
        id=40 + number,
        seed=(11, number),
        hyper=Hyperparameters(
            learning_rate=(0.2, 0.3, 0.4)[number],
            weight_decay=(0.1, 0.03, 0.06)[number],
            dropout_rate=(0.2, 0.3, 0.6)[number],
            momentum=0.7,
            weight_std=1.2,
            batch_norm_epsilon=(2e-3, 1e-2, 1e-3)[number],
            batch_norm_momentum=(0.9, 0.8, 0.7)[number],
            batch_norm_scale=1.1,
            batch_norm_shift=0.1,
        ),
    )
    for number in range(3)
)


def architecture_of(case) -> Architecture:
    place, form, activation, *_ = case
    return Architecture(INPUTS, HIDDEN, CLASSES, activation, place, form is not None, form or "inverted")


def masks_of(case, one: Member, steps: int) -> list[list[np.ndarray]]:
    """Of every step, the masks of the layers."""
    if case[1] is None:
        return [[]] * steps
    rate = one.hyper.dropout_rate

    def of_layer(layer, units):
        return jax.vmap(lambda step: keep_mask(dropout_key(one.id, step, layer), (BATCH, units), rate))

    layers = [np.asarray(of_layer(index, units)(np.arange(steps))) for index, units in enumerate(HIDDEN)]
    return list(zip(*layers, strict=True))


def train_by_goru(case):
    """The initial weight matrices of the networks, and the trained block."""
    recipe = Recipe(optimizer=case[4], schedule="constant", decay=case[3])
    trainer = Trainer(architecture_of(case), recipe, SHAPE, ROWS, devices=jax.local_devices()[:1])
    block = Block(MEMBERS, table(), ORDER, EPOCHS)
    untrained, trained = trainer.train([replace(block, epochs=0), block], keep_networks=True)
    return [np.asarray(layer.weight) for layer in affines_of(untrained.networks)], trained


def affines_of(network):
    return [layer.affine for layer in network.hidden] + [network.output]


def train_by_the_book(case, one: Member, weights):
    """The network after its last epoch, and its curves: `(epochs, 2, figures)`."""
    network, rows, curves = BookNetwork(case, weights, one.hyper), table(), []
    order = BatchOrder(ORDER, rows.fit, BATCH)
    masks = masks_of(case, one, order.steps(EPOCHS))
    for epoch in range(EPOCHS):
        first, last = order.steps(epoch), order.steps(epoch + 1)
        for batch, of_step in zip(order.batches(first, last), masks[first:last], strict=True):
            network.step(rows.x[batch], rows.y[batch], of_step)
        curves.append([network.figures(rows.x[some], rows.y[some]) for some in (rows.fit_scored, rows.score)])
    return network, np.array(curves)


def error(ours, book) -> float:
    """The largest difference, relative to the larger of 0.1 and the largest number of the array."""
    return np.abs(np.float64(ours) - book).max() / max(np.abs(book).max(), 0.1)
