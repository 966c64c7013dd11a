"""Small learners whose networks have random numbers everywhere, and what they learn from."""

import jax
import numpy as np

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.affine import Affine
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.optimizers import Adam, Momentum
from goru.population.immediate.learner import Learner, Order

INPUTS, HIDDEN, OUTPUTS, ROWS, SIZE = 5, (7, 6), 3, 48, 12
IDS = np.array([3, 4_000_000_000], np.uint32)

# No usual value, so that a forgotten one shows.
HYPER = Hyperparameters(dropout_rate=0.3, batch_norm_epsilon=1e-3, batch_norm_momentum=0.8)
OPTIMIZERS = {
    "adam": lambda numbers: Adam(numbers, 0.85, 0.98, 1e-4),
    "momentum": lambda numbers: Momentum(numbers, 0.8, nesterov=False),
    "nesterov": lambda numbers: Momentum(numbers, 0.8, nesterov=True),
    "sgd": lambda numbers: Momentum(numbers, 0.0, nesterov=False),
}


def make_architecture(place=None, dropout=False, activation="relu", hidden=HIDDEN) -> Architecture:
    return Architecture(INPUTS, hidden, OUTPUTS, activation, place, dropout)


#: Layers of other kinds than an `Architecture` has.
NORMED = (
    Affine(INPUTS, 7),
    LayerNorm(7),
    *make_architecture("before", dropout=True, activation="silu").layers[2:4],
    Residual((Affine(7, 7, bias=False), *make_architecture("before").layers[1:3])),
    RMSNorm(7),
    Affine(7, OUTPUTS),
)


def make_learned(layers, dtype=np.float64, networks=2, seed=0):
    """Networks whose every number is another, also those that would begin alike."""
    rng = np.random.default_rng(seed)
    new = [network.init(layers, rng, Hyperparameters()) for _ in range(networks)]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *new)
    return jax.tree.map(lambda leaf: (leaf + rng.uniform(-0.3, 0.3, leaf.shape)).astype(dtype), stacked)


def make_learner(layers, loss="softmax_cross_entropy", dtype=np.float64, optimizer="sgd", ids=IDS, **hyper) -> Learner:
    learner = Learner(layers, loss, HYPER._replace(**hyper), make_learned(layers, dtype, len(ids)), ids)
    learner.optimizer = OPTIMIZERS[optimizer](learner.numbers.flat)
    return learner


def make_x(dtype=np.float64, rows=ROWS) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(rows, INPUTS)).astype(dtype)


def make_y(loss="softmax_cross_entropy", dtype=np.float64, rows=ROWS) -> np.ndarray:
    """Class indices `(rows,)`, or targets `(rows, outputs)`."""
    rng = np.random.default_rng(2)
    match loss:
        case "softmax_cross_entropy":
            return rng.integers(OUTPUTS, size=rows).astype(np.int32)
        case "binary_cross_entropy":
            return rng.integers(2, size=(rows, OUTPUTS)).astype(dtype)
        case "squared_error":
            return rng.normal(size=(rows, OUTPUTS)).astype(dtype)
        case "poisson":
            return rng.poisson(2, size=(rows, OUTPUTS)).astype(dtype)


def make_orders(rate=0.02, l2=0.0) -> list[Order]:
    """Mini-batches of one size, one after the other."""
    return [Order(slice(start, start + SIZE), np.full(SIZE, 1 / SIZE), rate, l2) for start in range(0, ROWS, SIZE)]
