"""One step of training."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Num

from goru.nn import penalties
from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.batch_norm import RunningStatistics
from goru.nn.losses import LOSSES
from goru.nn.network import (
    Counter,
    Network,
    forward_train,
    init_network,
    init_running,
    weight_matrices,
)
from goru.nn.optimizers import learning_rate, optimizer


class Training(NamedTuple):
    """A network in training: what changes from step to step."""

    network: Network
    running: tuple[RunningStatistics, ...]
    optimizer: Any  # Optax's own state


def init_training(
    architecture: Architecture, recipe: Recipe, hyper: Hyperparameters, affines: tuple[Affine, ...]
) -> Training:
    """A network before its first step; `affines` are those of `init_affines`."""
    network = init_network(architecture, hyper, affines)
    return Training(network, init_running(architecture), optimizer(recipe, hyper, 0.0).init(network))


def train_step(
    architecture: Architecture,
    recipe: Recipe,
    hyper: Hyperparameters,
    training: Training,
    x: Float[Array, "rows inputs"],
    y: Num[Array, "rows ..."],
    network_id: Counter,
    step: int | Int[Array, ""],
    total_steps: int | Int[Array, ""],
    weight: Float[Array, " rows"] | None = None,
    forward: Callable = forward_train,
) -> tuple[Training, Float[Array, ""]]:
    """One mini-batch: loss and penalty, gradient, optimiser.

    **Arguments:**

    - `x`, `y`: the mini-batch; `y` is class indices `(rows,)` or targets `(rows, outputs)`.
    - `network_id`, `step`: what the dropout masks are a function of.
    - `total_steps`: the length of the learning rate's schedule.
    - `weight`: what each row's loss is multiplied by; all ones if not given. Batch norm's statistics are those of all
      rows alike.
    - `forward`: what computes the outputs: `forward_train`, or the same of a network in another layout.

    **Returns:** the network after the step, and the mean loss of the batch before it, without the penalty. The mean is
    that of weight times loss, over the number of rows and not over the sum of their weights: so every batch is an
    unbiased estimate of the weighted mean over all rows, if their weights have mean 1.
    """

    def objective(network):
        outputs, running = forward(architecture, network, training.running, hyper, x, network_id, step)
        losses = LOSSES[recipe.loss](outputs, y)
        loss = jnp.mean(losses if weight is None else weight * losses)
        penalized = loss
        if recipe.decay != "decoupled":
            penalty = getattr(penalties, recipe.decay)
            penalized = loss + penalty(weight_matrices(network), hyper.weight_decay)
        return penalized, (loss, running)

    (_, (loss, running)), gradient = jax.value_and_grad(objective, has_aux=True)(training.network)
    rate = learning_rate(recipe.schedule, hyper.learning_rate, step, total_steps)
    updates, state = optimizer(recipe, hyper, rate).update(gradient, training.optimizer, training.network)
    return Training(optax.apply_updates(training.network, updates), running, state), loss
