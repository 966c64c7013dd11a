"""Small tables, cells and networks for these tests."""

import struct
from functools import cache

import jax
import numpy as np

from goru.claims.claim import Setup
from goru.claims.table import ClaimTable
from goru.claims.training import SGD, Cell, TrainedCell
from goru.data.schema.encoding import Encoded
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.batch_norm import RunningStatistics
from goru.nn.training import Training

SEEDS, CLASSES = 3, 3
SQUARED = Recipe(loss="squared_error", optimizer="sgd", schedule="constant", decay="l2_squared")


def numbered(n=300, classes=CLASSES, seed=0) -> ClaimTable:
    """A table whose rows can be told apart after they were prepared: the last `n` columns are their numbers, one-hot.

    Classes are of unequal size; without any, values are predicted. Every tenth row misses a number.
    """
    rng = np.random.default_rng(seed)
    numeric = rng.normal(3, 5, (n, 2))
    numeric[::10, 1] = np.nan
    encoded = Encoded(numeric, np.isnan(numeric[:, 1:]).astype(np.float32), np.arange(n, dtype=np.int32)[:, None], (n,))
    y = rng.choice(classes, n, p=(0.5, 0.3, 0.2)).astype(np.int32) if classes else rng.normal(40, 7, n)
    return ClaimTable("numbered", encoded, y, classes)


def numbers_of(x: np.ndarray, n: int) -> np.ndarray:
    """Which rows of a numbered table these are."""
    one_hot = x[:, -n:]
    assert (one_hot.sum(axis=1) == 1).all()
    return one_hot.argmax(axis=1)


@cache
def table(classes=CLASSES, n=1700) -> ClaimTable:
    """Something that can be learned; more test rows than are watched."""
    rng = np.random.default_rng(1)
    numeric = rng.normal(size=(n, 4))
    none = np.empty((n, 0), np.int32)
    hidden = np.tanh(numeric @ rng.normal(size=(4, max(classes, 1))))
    y = hidden.argmax(axis=1).astype(np.int32) if classes else hidden[:, 0]
    return ClaimTable("blobs" if classes else "waves", Encoded(numeric, none.astype(np.float32), none, ()), y, classes)


def cell(of: ClaimTable | None = None, **given) -> Cell:
    """A cell of few numbers; what is given goes to where it belongs."""
    of = of or table()
    architecture = {"inputs": of.inputs, "hidden": (5, 4), "outputs": of.outputs}
    architecture |= {name: given.pop(name) for name in list(given) if name in Architecture.__dataclass_fields__}
    hyper = {"learning_rate": 0.1}
    hyper |= {name: given.pop(name) for name in list(given) if name in Hyperparameters._fields}
    own = {"rows": 60, "batch": 16, "epochs": 4, "recipe": SGD if of.classes else SQUARED} | given
    return Cell(of, Architecture(**architecture), Hyperparameters(**hyper), **own)


def weights_of(networks) -> list[np.ndarray]:
    """Copies of the weight matrices."""
    return [own.weight.copy() for own in networks._learned if hasattr(own, "weight")]


def random_training(architecture: Architecture, networks=2, seed=0) -> Training:
    """Networks with random numbers everywhere, and running statistics that have seen little."""
    rng, layers = np.random.default_rng(seed), architecture.layers

    def random(leaf):
        return rng.normal(0, 0.7, (networks, *leaf.shape)).astype(np.float32)

    learned = jax.tree.map(random, network.init(layers, rng, Hyperparameters()))
    running = tuple(
        RunningStatistics(
            random(of_layer.mean),
            rng.uniform(0.3, 2, (networks, *of_layer.mean.shape)).astype(np.float32),
            rng.uniform(0.3, 0.9, networks).astype(np.float32),
        )
        if of_layer
        else ()
        for of_layer in network.running(layers)
    )
    return Training(learned, running, None)


def trained_by_hand(of: Cell, points=2, seed=0) -> TrainedCell:
    """A cell's outcome, all numbers different."""
    numbers = np.random.default_rng(seed).uniform(size=(SEEDS, 2 * points + 1, 2))
    fit, test, final = numbers[:, :points], numbers[:, points:-1], numbers[:, -1]
    return TrainedCell(of, np.arange(1, points + 1) * of.every, fit, test, final)


def setup(of: ClaimTable | None = None, **given) -> Setup:
    return Setup(of or table(), **{"seeds": SEEDS} | given)


def write_images(folder, images: np.ndarray, labels: np.ndarray) -> str:
    """An IDX folder."""
    for role, array in (("images", images), ("labels", labels)):
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (folder / f"train-{role}-idx{array.ndim}-ubyte").write_bytes(header + array.astype(np.uint8).tobytes())
    return str(folder)
