"""A small task that can be learned, networks of every kind that can learn it, and steps of their training."""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.network import init_affines
from goru.nn.training import init_training, train_step

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


def make_architecture(place, form):
    return Architecture(
        INPUTS,
        HIDDEN,
        CLASSES,
        batch_norm=place,
        dropout=form is not None,
        dropout_form=form or "inverted",
    )


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


@cache
def compiled_step(architecture, recipe):
    return jax.jit(partial(train_step, architecture, recipe))


def take_step(architecture, recipe, hyper, training, batch, network_id=NETWORK_ID, step=0, steps=STEPS, weight=None):
    """One step of goru's, compiled once for an architecture and a recipe."""
    x, y = (jnp.asarray(a) for a in batch)
    counters = (jnp.int32(number) for number in (network_id, step, steps))
    weight = None if weight is None else jnp.float32(weight)
    return compiled_step(architecture, recipe)(hyper, training, x, y, *counters, weight)


def train(architecture, recipe, hyper, batches, seed=0):
    """The initial affine layers, the losses of goru's steps, and what is left at the end."""
    affines = init_affines(architecture, np.random.default_rng(seed))
    training = init_training(architecture, recipe, hyper, affines)
    losses = []
    for step, batch in enumerate(batches):
        training, loss = take_step(architecture, recipe, hyper, training, batch, step=step, steps=len(batches))
        losses.append(float(loss))
    return affines, losses, training
