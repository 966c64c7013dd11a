"""Networks in the middle of their training; a small task that can be learned, and steps of learning it."""

import jax
import numpy as np
import optax

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.batch_norm import RunningStatistics, Statistics
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.optimizers import learning_rate, optimizer
from goru.nn.training import Batch, Training, train_step

INPUTS, HIDDEN, CLASSES, ROWS, STEPS = 8, (16, 12), 4, 32, 20
NETWORK_ID = 123
ARCHITECTURE = Architecture(INPUTS, HIDDEN, CLASSES)

# No usual value, so that a forgotten one shows.
HYPER = Hyperparameters(
    learning_rate=0.02,
    weight_decay=0.4,
    dropout_rate=0.25,
    momentum=0.85,
    beta1=0.9,
    beta2=0.99,
    batch_norm_epsilon=1e-4,
    batch_norm_momentum=0.8,
)

# Every place of batch norm and both forms of dropout; the blocks without dropout stand beside PyTorch's.
BLOCKS = [
    (None, "inverted"),
    (None, "classic"),
    ("before", None),
    ("before", "inverted"),
    ("after", "inverted"),
    ("after", "classic"),
]


def midway(layers, networks=(), seed=0):
    """Learned numbers and statistics of a network, or of some, none of them what it starts with."""
    rng = np.random.default_rng(seed)
    initial = network.init(layers, rng, Hyperparameters())
    learned = jax.tree.map(lambda leaf: leaf + rng.normal(0.2, 0.3, (*networks, *leaf.shape)), initial)

    def statistics(running):
        if not isinstance(running, RunningStatistics):
            return tuple(map(statistics, running))
        shape = *networks, *running.mean.shape
        return Statistics(rng.normal(size=shape), rng.uniform(0.2, 4, shape))

    return learned, statistics(network.running(layers))


def make_architecture(place, form, hidden=HIDDEN, **settings):
    form, dropout = form or "inverted", form is not None
    return Architecture(INPUTS, hidden, CLASSES, batch_norm=place, dropout=dropout, dropout_form=form, **settings)


def make_batches(seed=0):
    """Mini-batches of a task that can be learned: the class is that of the nearest of four centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(CLASSES, INPUTS))
    batches = []
    for _ in range(STEPS):
        x = rng.normal(size=(ROWS, INPUTS)).astype(np.float32)
        distance = ((x[:, None, :] - centres) ** 2).sum(axis=2)
        batches.append((x, distance.argmin(axis=1).astype(np.int32)))
    return batches


def as_batch(x, y, weight=None):
    """Rows, and their classes or targets, as columns; each row weighs one, or its weight, over their number."""
    shares = np.ones(len(x)) if weight is None else np.asarray(weight)
    return Batch(x.T, y if y.ndim == 1 else y.T, np.float32(shares / len(x)))


def step_of(layers, recipe, hyper, training, batch, network_id, step, steps):
    """One step of goru's, by Optax, as populations take it; and its loss, penalty included."""
    rate = learning_rate(recipe.schedule, hyper.learning_rate, step, steps)

    def update(gradient, state, learned):
        updates, state = optimizer(recipe, hyper, rate).update(gradient, state, learned)
        return optax.apply_updates(learned, updates), state

    context, loss = Context(hyper, network_id, step), LOSSES[recipe.loss]
    return train_step(layers, loss, recipe.decay, update, training, batch, context, hyper.weight_decay)


compiled_step = jax.jit(step_of, static_argnums=(0, 1))


def begin(layers, recipe, hyper, seed=0):
    """A network before its first step."""
    learned = jax.tree.map(np.float32, network.init(layers, np.random.default_rng(seed), hyper))
    return Training(learned, network.running(layers), optimizer(recipe, hyper, 0.0).init(learned))


def train(layers, recipe, hyper, batches):
    """What was learned at first, the losses of goru's steps, compiled, and what is left at the end."""
    training = begin(layers, recipe, hyper)
    initial, losses = training.learned, []
    for step, batch in enumerate(batches):
        training, loss = compiled_step(
            layers, recipe, hyper, training, as_batch(*batch), NETWORK_ID, step, len(batches)
        )
        losses.append(float(loss))
    return initial, losses, training


def weights(learned):
    """The matrices that weight decay acts on, from the first layer to the last."""
    numbers = zip(jax.tree.leaves(learned), network.weights_in(learned), strict=True)
    return [np.asarray(leaf, np.float64) for leaf, is_weight in numbers if is_weight]


def others(learned):
    """Biases, γ and β."""
    numbers = zip(jax.tree.leaves(learned), network.weights_in(learned), strict=True)
    return [leaf for leaf, is_weight in numbers if not is_weight]


def of_batch_norm(layers, tree):
    """What a tree holds for every batch norm layer."""
    return [own for layer, own in zip(layers, tree, strict=True) if layer.kind == "batch_norm"]
