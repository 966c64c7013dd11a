"""One step of training, for every engine."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float

from goru.nn import network
from goru.nn.architecture import DecayForm, Hyperparameters
from goru.nn.arrays import along, namespace
from goru.nn.layers.batch_norm import follow
from goru.nn.layers.layer import Context, Learned
from goru.nn.losses import Loss
from goru.nn.network import Layers
from goru.nn.penalties import PENALTIES


class Training(NamedTuple):
    """A network in training, or networks: what changes from step to step.

    - `learned`: what it has learned; `running`: running statistics.
    - `optimizer`: the state of the optimiser.
    - `averaged`: both of the first, averaged over the steps; `()` without averaging.
    """

    learned: Learned
    running: Any
    optimizer: Any
    averaged: Any = ()

    @property
    def watched(self) -> "Training":
        """The network that is scored and returned: the averaged one, if there is one."""
        return self if self.averaged == () else self._replace(learned=self.averaged[0], running=self.averaged[1])


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
    total, of_outputs = _loss(layers, loss, outputs, kept, batch, context.hyper)
    found, _ = network.backward(layers, learned, kept, of_outputs, out)
    penalty: Any = 0
    if decay != "decoupled":
        found, penalty = _penalised(decay, learned, found, weight_decay)
    return Gradient(found, total, penalty, network.seen(layers, kept))


def _loss(
    layers: Layers, loss: Loss, outputs: Any, kept: tuple, batch: Batch, hyper: Hyperparameters
) -> tuple[Any, Any]:
    """The loss of a mini-batch and its gradient; of rows that are mixed, by both targets, each by its own row's
    share."""
    y, shares = batch.y, batch.shares
    losses, gradient = loss.with_gradient(outputs, y, hyper.smoothing)
    own = network.own_share(layers, kept)
    if own is None:
        gradient *= shares
        return (losses * shares).sum(axis=-1), gradient
    xp = namespace(y)
    others, of_others = loss.with_gradient(outputs, xp.roll(y, 1, axis=-1), hyper.smoothing)
    theirs, one, both = xp.roll(shares, 1), along(own, losses, 1), along(own, gradient)
    total = (one * shares * losses + (1 - one) * theirs * others).sum(axis=-1)
    return total, both * shares * gradient + (1 - both) * theirs * of_others


def average(training: Training, share: Any, step: Any) -> Training:
    r"""The network after a step, with the running average of its numbers and statistics:
    $\bar w \leftarrow \beta \bar w + (1 - \beta) w$, β being no larger than $(1 + t) / (10 + t)$ at step t, so that
    what the initial weights were is soon forgotten (Polyak & Juditsky 1992; β as of TensorFlow's
    `ExponentialMovingAverage`).

    **Arguments:**

    - `share`: β, of one network or of all alike.
    - `step`: t, the first being 0.
    """
    import jax

    now = (training.learned, training.running)
    new = 1 - namespace(jax.tree.leaves(now)[0]).minimum(share, (1 + step) / (10 + step))
    averaged = jax.tree.map(lambda old, number: old + new * (number - old), training.averaged, now)
    return training._replace(averaged=averaged)


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
    sharpness: bool = False,
) -> tuple[Training, Any]:
    """One mini-batch: loss, gradient, penalty, optimiser.

    **Arguments:**

    - `update`: what the optimiser makes of a gradient, its state, and what has been learned: what is then learned,
      and the new state.
    - `sharpness`: whether the gradient is taken where the loss is highest nearby, `hyper.sam_radius` from here along
      the gradient: sharpness-aware minimization (Foret et al. 2021, https://arxiv.org/abs/2010.01412, equations 2, 3).
    - the others: see `gradient_of`.

    **Returns:** the network after the step, and the loss of the batch before it, penalty included.
    """
    found = gradient_of(layers, loss, decay, training.learned, batch, context, weight_decay, out)
    if sharpness:
        worse = _uphill(training.learned, found.of_learned, context.hyper.sam_radius)
        there = gradient_of(layers, loss, decay, worse, batch, context, weight_decay, out)
        found = found._replace(of_learned=there.of_learned)
    rows = batch.shares.shape[-1]
    running = follow(training.running, found.seen, rows, context.hyper.batch_norm_momentum)
    learned, state = update(found.of_learned, training.optimizer, training.learned)
    return Training(learned, running, state, training.averaged), found.loss + found.penalty


def _uphill(learned: Learned, gradient: Learned, radius: Any) -> Learned:
    """Numbers so far away along the gradient; of one network."""
    import jax
    import jax.numpy as jnp

    length = jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(gradient)))
    step = radius / jnp.maximum(length, 1e-12)
    return jax.tree.map(lambda number, slope: number + step * slope, learned, gradient)


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
