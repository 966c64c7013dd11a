"""Small tables, networks and programs for these tests, and a network's function written in NumPy."""

from functools import cache

import jax
import numpy as np
import optax

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe, Shape
from goru.nn.layers.batch_norm import RunningStatistics
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.optimizers import learning_rate, optimizer
from goru.nn.training import Batch, Training, train_step
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member, PreparedRows
from goru.population.program import BlockShape
from goru.population.trained import TrainedBlock
from goru.population.trainer import Trainer

ROWS, INPUTS, HIDDEN, CLASSES, TARGETS, PARTS = 120, 6, (10, 8), 3, 2, 4

# 90 training rows: an epoch has 5 or 6 steps, so that batches cross from one epoch into the next; and the 33 and 30
# scored rows fill neither one chunk nor two.
SHAPE = BlockShape(networks=4, batch=16, epochs=3, steps=17, eval_chunks=2, eval_rows=20, parts=PARTS)

CLASSIFY = Recipe()
REGRESS = Recipe(loss="squared_error", optimizer="momentum", schedule="constant", decay="l2_squared")

# No usual value, so that a forgotten one shows.
HYPER = Hyperparameters(
    learning_rate=0.02,
    weight_decay=0.3,
    dropout_rate=0.2,
    momentum=0.8,
    beta1=0.85,
    beta2=0.98,
    weight_std=0.9,
    batch_norm_epsilon=1e-3,
    batch_norm_momentum=0.8,
    batch_norm_scale=1.1,
    batch_norm_shift=0.1,
)

PLAIN = Architecture(INPUTS, HIDDEN, CLASSES)
BEFORE_DROPOUT = Architecture(INPUTS, HIDDEN, CLASSES, batch_norm="before", dropout=True)
AFTER = Architecture(INPUTS, HIDDEN, CLASSES, batch_norm="after")
ARCHITECTURES = {
    "none": PLAIN,
    "none-dropout": Architecture(INPUTS, HIDDEN, CLASSES, dropout=True),
    "before": Architecture(INPUTS, HIDDEN, CLASSES, batch_norm="before"),
    "before-dropout": BEFORE_DROPOUT,
    "after": AFTER,
    "after-dropout": Architecture(INPUTS, HIDDEN, CLASSES, batch_norm="after", dropout=True),
}
THREE = {"none": PLAIN, "before-dropout": BEFORE_DROPOUT, "after": AFTER}
REGRESSION = Architecture(INPUTS, HIDDEN, TARGETS, activation="tanh", batch_norm="before", dropout=True)


def cpus(count: int) -> list[jax.Device]:
    devices = jax.local_devices(backend="cpu")
    assert len(devices) >= count, "tests/conftest.py asks JAX for two devices"
    return devices[:count]


@cache
def trainer(architecture: Shape, recipe: Recipe = CLASSIFY, shape: BlockShape = SHAPE, devices: int = 2):
    """A program, compiled once for all tests."""
    targets = TARGETS if recipe.loss == "squared_error" else 0
    return Trainer(architecture, recipe, shape, ROWS, targets, devices=cpus(devices))


@cache
def table(targets: int = 0, seed: int = 0, weighted: bool = False) -> PreparedRows:
    """Rows whose class is that of the nearest of three centres, or whose targets are a smooth function of them.

    With weights, every fifth row, fitted or not, has a weight of zero; of the training rows the mean is 1. The rows
    belong to parts by turns.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, INPUTS)).astype(np.float32)
    if targets:
        y = np.tanh(x @ rng.normal(size=(INPUTS, targets))).astype(np.float32)
    else:
        centres = rng.normal(size=(CLASSES, INPUTS))
        y = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1).astype(np.int32)
    shuffled = rng.permutation(ROWS)
    fit, weight = shuffled[:90], None
    if weighted:
        weight = rng.exponential(size=ROWS) * (np.arange(ROWS) % 5 > 0)
        weight = (weight / weight[fit].mean()).astype(np.float32)
    return PreparedRows(
        x,
        y,
        training=fit,
        training_scored=shuffled[:33],
        validation=shuffled[90:],
        weight=weight,
        part=np.arange(ROWS, dtype=np.int32) % PARTS,
    )


def member(number: int, **changes) -> Member:
    """A network of its own: id, seed and learning rate are those of its number."""
    hyper = HYPER._replace(learning_rate=0.01 * (1 + number))
    return Member(id=100 + number, seed=(7, number), hyper=hyper._replace(**changes))


def block(*members: Member, rows: PreparedRows | None = None, order=(5,), epochs=4, schedule_epochs=None) -> Block:
    return Block(tuple(members), table() if rows is None else rows, order, epochs, schedule_epochs)


def five_blocks() -> list[Block]:
    """More than two or three devices take at a time, and an odd number."""
    return [block(member(number), member(number + 1), order=(number,), epochs=4) for number in range(5)]


def train(program: Trainer, *blocks: Block) -> list[TrainedBlock]:
    return list(program.train(blocks, keep_networks=True))


def alone(program: Trainer, one: Member, **of_block) -> dict[str, np.ndarray]:
    """The outcome of one network in a block of its own."""
    (trained,) = train(program, block(one, **of_block))
    return outcome(trained, 0)


def outcome(trained: TrainedBlock, index: int) -> dict[str, np.ndarray]:
    """All that is left of one network: its curves, and every number of its state by name."""
    assert trained.training is not None
    curves = {"curves": trained.curves[index], "parts": trained.parts[index]}
    return curves | by_name(jax.tree.map(lambda leaf: leaf[index], trained.training))


def by_name(training) -> dict[str, np.ndarray]:
    leaves = jax.tree_util.tree_leaves_with_path(training)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def different_bits(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> list[str]:
    """The names of what is not equal, bit for bit; a NaN equals itself."""
    assert one.keys() == other.keys()
    return [
        name
        for name in one
        if one[name].shape != other[name].shape
        or one[name].dtype != other[name].dtype
        or one[name].tobytes() != other[name].tobytes()
    ]


def relative_error(ours: np.ndarray, reference: np.ndarray) -> float:
    """The largest difference, relative to the largest number of the array."""
    ours, reference = np.float64(ours), np.float64(reference)
    return np.abs(ours - reference).max() / max(np.abs(reference).max(), 1e-30)


@cache
def plain_step(architecture: Shape, recipe: Recipe):
    def step(hyper, training, batch, network_id, index, total):
        rate = learning_rate(recipe.schedule, hyper.learning_rate, index, total)

        def update(gradient, state, learned):
            updates, state = optimizer(recipe, hyper, rate).update(gradient, state, learned)
            return optax.apply_updates(learned, updates), state

        context = Context(hyper, network_id, index)
        of_recipe = LOSSES[recipe.loss], recipe.decay, update
        return train_step(architecture.layers, *of_recipe, training, batch, context, hyper.weight_decay)

    return jax.jit(step)


def begin_plainly(architecture: Shape, recipe: Recipe, one: Member) -> Training:
    """One network before its first step."""
    generator = np.random.default_rng(np.random.SeedSequence(one.seed))
    learned = jax.tree.map(np.float32, network.init(architecture.layers, generator, one.hyper))
    state = optimizer(recipe, one.hyper, 0.0).init(learned)
    return Training(learned, network.running(architecture.layers), state)


@cache
def train_plainly(architecture, recipe, one, rows, order, epochs):
    """One network by a loop over `goru.nn`'s step: the state before the first, and those after every epoch."""
    training, step = begin_plainly(architecture, recipe, one), plain_step(architecture, recipe)
    weight = np.ones(len(rows.x), np.float32) if rows.weight is None else rows.weight
    batches = BatchOrder(order, rows.training, SHAPE.batch)
    states, index, total = [training], 0, batches.steps(epochs)
    for epoch in range(epochs):
        for chosen in batches.batches(index, batches.steps(epoch + 1)):
            batch = Batch(rows.x[chosen].T, rows.y[chosen].T, weight[chosen] / SHAPE.batch)
            training, _ = step(one.hyper, training, batch, one.id, index, total)
            index += 1
        states.append(training)
    return states


FUNCTIONS = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}


def outputs_in_numpy(layers, learned, statistics, hyper, x) -> np.ndarray:
    """One network at test time, in float64: the rows of `x` are columns, as those of what it gives."""
    x = np.float64(x)
    for layer, numbers, of_layer in zip(layers, jax.tree.map(np.float64, learned), statistics, strict=True):
        match layer.kind:
            case "affine":
                x = numbers.weight @ x + (0 if numbers.bias is None else numbers.bias[:, None])
            case "activation":
                x = FUNCTIONS[layer.name](x)
            case "batch_norm":
                mean, variance = (np.float64(number)[:, None] for number in of_layer)
                x_hat = (x - mean) / np.sqrt(variance + hyper.batch_norm_epsilon)
                x = numbers.scale[:, None] * x_hat + numbers.shift[:, None]
            case "layer_norm":
                x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + layer.epsilon)
                x = numbers.scale[:, None] * x_hat + numbers.shift[:, None]
            case "rms_norm":
                x = numbers.scale[:, None] * x / np.sqrt(np.mean(x**2, axis=0) + layer.epsilon)
            case "residual":
                x = x + outputs_in_numpy(layer.layers, numbers, of_layer, hyper, x)
            case "prelu":
                x = np.where(x > 0, x, numbers.slope[:, None] * x)
            case "dropout":
                x = x * (1 - hyper.dropout_rate) if layer.form == "classic" else x
            case other:
                raise ValueError(other)
    return x


def figures_in_numpy(architecture, training, hyper, x, y, weight=None) -> list[float]:
    """Mean loss and, for classes, accuracy of one network, by its running statistics without their start at zero."""
    weight = None if weight is None else np.float64(weight)
    return [np.average(figure, weights=weight) for figure in rows_in_numpy(architecture, training, hyper, x, y)]


def rows_in_numpy(architecture, training, hyper, x, y) -> list[np.ndarray]:
    """The same of every row."""
    statistics = jax.tree.map(
        lambda running: (np.float64(running.mean) / running.weight, np.float64(running.variance) / running.weight),
        training.running,
        is_leaf=lambda node: isinstance(node, RunningStatistics),
    )
    outputs = outputs_in_numpy(architecture.layers, training.learned, statistics, hyper, x.T).T
    if y.ndim == 2:
        return [np.mean((outputs - y) ** 2, axis=1)]
    log_total = np.log(np.exp(outputs).sum(axis=1))
    return [log_total - outputs[np.arange(len(y)), y], outputs.argmax(axis=1) == y]
