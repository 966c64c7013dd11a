"""One step of training, for every engine."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float

from goru.nn import network
from goru.nn.architecture import DecayForm
from goru.nn.layers.batch_norm import follow
from goru.nn.layers.layer import Context, Learned
from goru.nn.losses import Loss
from goru.nn.network import Layers
from goru.nn.penalties import PENALTIES


class Training(NamedTuple):
    """A network in training, or networks: what changes from step to step."""

    learned: Learned
    running: Any
    optimizer: Any  # its state


class Batch(NamedTuple):
    """A mini-batch.

    - `x`: `(inputs, rows)`, or rows that are sparse.
    - `y`: class indices `(rows,)`, or targets `(outputs, rows)`.
    - `shares`: `(rows,)`, what the loss of each row is multiplied by. Weights of mean 1 over all rows, each divided by
      the number of rows in the batch, make every batch an unbiased estimate of the weighted mean. Batch norm's
      statistics are those of all rows alike.
    """

    x: Any
    y: Any
    shares: Float[Array | np.ndarray, " rows"]


class Gradient(NamedTuple):
    """Of a loss and a penalty.

    - `of_learned`: a tree like what is learned.
    - `loss`, `penalty`: themselves.
    - `seen`: the statistics of the batch, in a tree like the running ones.
    """

    of_learned: Learned
    loss: Any
    penalty: Any
    seen: Any


def gradient_of(
    layers: Layers,
    loss: Loss,
    decay: DecayForm,
    learned: Learned,
    batch: Batch,
    context: Context,
    weight_decay: Any,
    out: Learned | None = None,
) -> Gradient:
    """Loss, gradient and penalty of a mini-batch.

    **Arguments:**

    - `decay`, `weight_decay`: the form of the penalty and its λ; decoupled decay is the optimiser's.
    - `context`: the network's numbers, its id, and the step.
    - `out`: NumPy arrays for the gradient to be written into.
    """
    outputs, kept = network.forward(layers, learned, batch.x, context)
    losses, of_outputs = loss.with_gradient(outputs, batch.y)
    of_outputs *= batch.shares
    found, _ = network.backward(layers, learned, kept, of_outputs, out)
    penalty: Any = 0
    if decay != "decoupled":
        found, penalty = _penalised(decay, learned, found, weight_decay)
    return Gradient(found, (losses * batch.shares).sum(axis=-1), penalty, network.seen(layers, kept))


def train_step(
    layers: Layers,
    loss: Loss,
    decay: DecayForm,
    update: Callable[[Learned, Any, Learned], tuple[Learned, Any]],
    training: Training,
    batch: Batch,
    context: Context,
    weight_decay: Any,
    out: Learned | None = None,
) -> tuple[Training, Any]:
    """One mini-batch: loss, gradient, penalty, optimiser.

    **Arguments:**

    - `update`: what the optimiser makes of a gradient, its state, and what has been learned: what is then learned,
      and the new state.
    - the others: see `gradient_of`.

    **Returns:** the network after the step, and the loss of the batch before it, penalty included.
    """
    found = gradient_of(layers, loss, decay, training.learned, batch, context, weight_decay, out)
    rows = batch.shares.shape[-1]
    running = follow(training.running, found.seen, rows, context.hyper.batch_norm_momentum)
    learned, state = update(found.of_learned, training.optimizer, training.learned)
    return Training(learned, running, state), found.loss + found.penalty


def _penalised(decay: DecayForm, learned: Learned, gradient: Learned, weight_decay: Any) -> tuple[Learned, Any]:
    """The gradient with that of the penalty on every weight matrix, and the penalty."""
    total: Any = 0
    found = []
    for own, slopes in zip(learned, gradient, strict=True):
        if hasattr(own, "weight"):
            penalty, of_weight = PENALTIES[decay](own.weight, weight_decay)
            weight = slopes.weight
            weight += of_weight  # where it has been written
            slopes, total = slopes._replace(weight=weight), total + penalty
        elif type(own) is tuple:  # of a layer that holds others
            slopes, penalty = _penalised(decay, own, slopes, weight_decay)
            total = total + penalty
        found.append(slopes)
    return tuple(found), total
