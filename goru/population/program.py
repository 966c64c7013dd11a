"""The compiled program: a block of networks on every device, trained epoch by epoch.

`goru.nn` says what one network does in one step. Here `jax.vmap` adds the axis of the networks in a block, two loops
add steps and epochs, and `jax.shard_map` gives every device a block of its own. Nothing passes from one block to
another, so a block's numbers do not depend on how many devices there are.

The weights of a block's networks, `(networks, outputs, inputs)`, are one matrix as they lie, and all read the same
rows: so the first layer is one large product, and its gradient another.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, PartitionSpec

from goru.nn import network
from goru.nn.architecture import Hyperparameters, LossName, Recipe
from goru.nn.arrays import namespace
from goru.nn.judge import Judge
from goru.nn.layers.batch_norm import corrected
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.network import Layers
from goru.nn.optimizers import learning_rate, optimizer
from goru.nn.rows import columns, targets
from goru.nn.training import Batch, Training, average, train_step

DEVICES = "devices"  # the name of the one mesh axis


@dataclass(frozen=True)
class BlockShape:
    """What a program is compiled for. Every block is padded to it, so that one program serves them all.

    - `networks`: networks in a block. The bits of a result depend on it (the compiler orders sums by it).
    - `batch`: rows in a mini-batch.
    - `epochs`, `steps`: the most epochs that are scored, and the most steps, in one call of the program.
    - `eval_chunks`, `eval_rows`: rows are scored in so many chunks of so many rows.
    - `parts`: into so many parts the loss on the validation rows is taken apart.
    - `judge`: by what they are judged, if not by the loss that networks are trained by: then it is that, at each of its
      temperatures, which is taken apart.
    """

    networks: int
    batch: int
    epochs: int
    steps: int
    eval_chunks: int
    eval_rows: int
    parts: int = 1
    judge: Judge | None = None


class BlockData(NamedTuple):
    """The rows that a block is trained and scored on, shared by its networks.

    `training` and `validation` are the rows to be scored after every epoch, as `(eval_chunks, eval_rows)` indices into
    `x`; -1 stands for no row.
    """

    x: Any  # Float[rows inputs]
    y: Any  # Int[rows] or Float[rows outputs]
    weight: Any  # Float[rows]
    part: Any  # Int[rows]
    training: Any
    validation: Any


class Orders(NamedTuple):
    """What one call of the program does to a block.

    - `batches`: `(steps, batch)`, the rows of every mini-batch.
    - `ends`: `(epochs,)`, the number of steps, counted from the start of the call, after which each epoch ends that is
      scored.
    - `n_epochs`: how many of them to do; the loops are that long, whatever the shapes are.
    - `first_step`, `total_steps`: where in the schedule the call begins, and how long the schedule is.
    """

    batches: Any
    ends: Any
    n_epochs: Any
    first_step: Any
    total_steps: Any


class RecordedCurves(NamedTuple):
    """What is recorded of a block after every epoch.

    - `figures`: `(epochs, 2, figures, networks)`: on training rows and on validation rows, loss and, for classes,
      accuracy.
    - `parts`: `(epochs, [temperatures], parts, networks)`: the loss on validation rows, taken apart; with temperatures
      where there is a judge.
    """

    figures: Any
    parts: Any


class Members(NamedTuple):
    """The networks of a block: ids (for dropout masks) and numbers."""

    ids: Any
    hyper: Hyperparameters


def sums(
    loss: LossName, outputs: Any, y: Any, weight: Any, part: Any, parts: int, judge: Judge | None = None
) -> tuple[Any, Any]:
    """What rows add to the figures of a network, or of many of NumPy's, and to the loss of each part of the rows.

    **Returns:** `(figures, *networks)`, loss and, for classes, the rows that are right; and `(parts, *networks)`, or
    with a judge `(temperatures, parts, *networks)`.
    """
    xp = namespace(outputs)
    # Not a product alone: a row that does not count may have an infinite loss, and zero times that is no number.
    losses = xp.where(weight != 0, weight * LOSSES[loss].of_rows(outputs, y), 0)
    figures = [losses.sum(axis=-1)]
    if loss == "softmax_cross_entropy":
        figures.append(xp.where(outputs.argmax(axis=-2) == y, weight, 0).sum(axis=-1))
    # A comparison instead of an indexed sum: it fuses, and a row's infinite loss stays in its part.
    if judge is None:
        inside = part == xp.arange(parts).reshape(parts, *[1] * losses.ndim)
        return xp.stack(figures), xp.where(inside, losses, 0).sum(axis=-1)
    # At many temperatures a product is sooner done; what is infinite is added after it.
    losses = xp.where(weight != 0, weight * judge.of_rows(outputs, y), 0)
    inside = (part[:, None] == np.arange(parts)).astype(losses.dtype)
    finite = xp.isfinite(losses)
    exactly = {} if xp is np else {"precision": "highest"}  # a sum of losses: an accelerator would round them first
    infinite = xp.matmul((~finite).astype(losses.dtype), inside) > 0
    by_part = xp.where(infinite, np.inf, xp.matmul(xp.where(finite, losses, 0), inside, **exactly))
    return xp.stack(figures), xp.moveaxis(by_part, -1, 1)


def score(
    layers: Layers,
    recipe: Recipe,
    parts: int,
    hyper: Hyperparameters,
    training: Training,
    data: BlockData,
    judge: Judge | None = None,
) -> tuple[jax.Array, jax.Array]:
    """One network on the training rows and the validation rows of the data.

    **Returns:** of both, `(2, figures)`: the weighted mean loss and, for classes, the accuracy; and the loss on
    validation rows taken apart, `(parts,)`, or with a judge `(temperatures, parts)`: what the rows of each part add to
    the mean.
    """
    training = training.watched
    statistics = corrected(training.running)
    # One after the other in one loop, so that what scores is compiled once.
    rows = jnp.concatenate([data.training, data.validation])
    weights = jnp.where(rows >= 0, data.weight[rows], 0)

    def chunk(_, chosen):
        rows, weight = chosen
        outputs = network.infer(layers, training.learned, statistics, hyper, columns(data.x[rows]))
        return None, sums(recipe.loss, outputs, targets(data.y[rows]), weight, data.part[rows], parts, judge)

    _, (figures, by_part) = jax.lax.scan(chunk, None, (rows, weights))

    def of_both(of_chunks):
        return of_chunks.reshape(2, len(data.training), *of_chunks.shape[1:]).sum(axis=1)

    totals = of_both(weights.sum(axis=1))
    return of_both(figures) / totals[:, None], of_both(by_part)[1] / totals[1]


def advance(
    layers: Layers,
    recipe: Recipe,
    parts: int,
    training: Training,
    members: Members,
    data: BlockData,
    orders: Orders,
    judge: Judge | None = None,
) -> tuple[Training, RecordedCurves]:
    """Train a block for some epochs and score it after each."""
    score_all = jax.vmap(partial(score, layers, recipe, parts, judge=judge), in_axes=(0, 0, None), out_axes=-1)

    def one_step(index, training):
        rows, step = orders.batches[index], orders.first_step + index
        shares = data.weight[rows] / len(rows)
        batch = Batch(columns(data.x[rows]), targets(data.y[rows]), shares)

        def of_one(hyper, training, network_id):
            rate = learning_rate(recipe.schedule, hyper.learning_rate, step, orders.total_steps)
            after, _ = train_step(
                layers,
                LOSSES[recipe.loss],
                recipe.decay,
                partial(_update, optimizer(recipe, hyper, rate)),
                training,
                batch,
                Context(of_recipe(recipe, hyper), network_id, step),
                hyper.weight_decay,
                sharpness=recipe.sharpness,
            )
            return average(after, hyper.averaging, step) if recipe.averaging else after

        return jax.vmap(of_one)(members.hyper, training, members.ids)

    def one_epoch(index, carry):
        training, curves = carry
        begin = jnp.where(index == 0, 0, orders.ends[index - 1])
        training = jax.lax.fori_loop(begin, orders.ends[index], one_step, training)
        figures, by_part = score_all(members.hyper, training, data)
        return training, RecordedCurves(curves.figures.at[index].set(figures), curves.parts.at[index].set(by_part))

    n_epochs, n_networks = orders.ends.shape[0], members.ids.shape[0]
    n_figures = 2 if recipe.loss == "softmax_cross_entropy" else 1
    apart = (parts,) if judge is None else (len(judge.temperatures), parts)
    curves = RecordedCurves(
        jnp.full((n_epochs, 2, n_figures, n_networks), jnp.nan), jnp.full((n_epochs, *apart, n_networks), jnp.nan)
    )
    return jax.lax.fori_loop(0, orders.n_epochs, one_epoch, (training, curves))


def of_recipe(recipe: Recipe, hyper: Hyperparameters) -> Hyperparameters:
    """Numbers of networks, or of one, without what the recipe leaves out: a compiler then leaves it out too."""
    return hyper._replace(
        smoothing=hyper.smoothing if recipe.label_smoothing else 0.0,
        averaging=hyper.averaging if recipe.averaging else 0.0,
    )


def _update(optimizer: Any, gradient: Any, state: Any, learned: Any) -> tuple[Any, Any]:
    updates, state = optimizer.update(gradient, state, learned)
    return optax.apply_updates(learned, updates), state


def over_devices(function: Any, mesh: Mesh) -> Any:
    """A function of blocks made a function of one block a device; every array gets the devices as first axis."""

    def local(*arguments):
        squeezed = jax.tree.map(lambda leaf: leaf[0], arguments)
        return jax.tree.map(lambda leaf: leaf[None], function(*squeezed))

    return jax.shard_map(
        local, mesh=mesh, in_specs=PartitionSpec(DEVICES), out_specs=PartitionSpec(DEVICES), check_vma=False
    )
