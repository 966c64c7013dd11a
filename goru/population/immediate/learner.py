"""Networks in training without a compiler: their numbers, running statistics and optimiser, from batch to batch."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from goru.nn import network
from goru.nn.architecture import DecayForm, Hyperparameters
from goru.nn.arrays import along
from goru.nn.fold import fold
from goru.nn.layers.batch_norm import corrected
from goru.nn.layers.layer import Context, Learned
from goru.nn.losses import LOSSES
from goru.nn.network import Layers
from goru.nn.optimizers import Adam, Momentum
from goru.nn.rows import Features, columns, targets
from goru.nn.training import Batch, Training, average, train_step
from goru.population.immediate.flat import Numbers
from goru.population.initial import zeros


class Order(NamedTuple):
    """A mini-batch to be taken, the same for all networks.

    - `rows`: which rows.
    - `shares`: what the loss of each is multiplied by, `(rows,)`; if they sum to one, the batch's loss is a mean.
    - `rate`: the learning rate; may be of each network, `(networks,)`.
    - `l2`: λ of the penalty, ½ λ ‖W‖² unless the learner has another.
    """

    rows: np.ndarray | slice
    shares: np.ndarray
    rate: Any
    l2: float = 0.0


class Learner:
    """Some networks that learn from the same mini-batches, in NumPy.

    **Arguments:**

    - `layers`, `loss`: what is computed.
    - `hyper`: numbers for all networks, or arrays `(networks,)`; of them `weight_decay` is the λ of decoupled decay.
    - `learned`: the initial numbers, the networks as first axis.
    - `ids`: `(networks,)` uint32; dropout masks are a function of them.

    `optimizer` has to be set before anything is learned; `steps` counts those taken; `penalty` is the form of the one
    that orders have.
    """

    def __init__(self, layers: Layers, loss: str, hyper: Hyperparameters, learned: Learned, ids: np.ndarray) -> None:
        self.layers, self.loss, self.hyper, self.ids = layers, loss, hyper, ids
        self.numbers = Numbers(learned)
        dtype = self.numbers.flat.dtype
        self.running = jax.tree.map(lambda leaf: leaf.astype(dtype), zeros(network.running(layers), len(ids)))
        self.optimizer: Adam | Momentum | None = None
        self.steps = 0
        self.penalty: DecayForm = "l2_squared"
        self.averaged: Any = ()  # as of `Training`, where `hyper.averaging` is above 0

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, places: np.ndarray, new: np.ndarray) -> None:
        """Read other features from now on, and keep what has been learned; see `Numbers.with_inputs`."""
        before, self.numbers = self.numbers, self.numbers.with_inputs(places, new)
        self.averaged = ()
        if self.optimizer is not None:
            none, moments = np.zeros_like(new), map(before.tree_of, self.optimizer.moments)
            self.optimizer.moments = [Numbers(moment).with_inputs(places, none).flat for moment in moments]

    # A network that diverges shows it by its numbers; warnings at every step would say no more.
    @np.errstate(all="ignore")
    def learn(self, x: Features, y: np.ndarray, orders: Iterable[Order]) -> np.ndarray:
        """Take a step on every mini-batch.

        **Arguments:**

        - `x`, `y`: the rows, `(rows, features)`; their class indices `(rows,)` or targets `(rows, outputs)`.

        **Returns:** the loss of every network on every batch before its step, penalty included, `(batches, networks)`.
        """
        numbers, loss = self.numbers, LOSSES[self.loss]
        decayed = bool(np.any(self.hyper.weight_decay))
        gradient, out = numbers.gradient
        losses = []
        for order in orders:
            rates = np.zeros(len(self)) + order.rate

            def update(found: Learned, state: Any, learned: Learned, rates: np.ndarray = rates) -> tuple[Learned, Any]:
                assert self.optimizer is not None
                if decayed:
                    self._decay(rates)
                self.optimizer.step(numbers.flat, gradient, rates.astype(numbers.flat.dtype))
                return learned, state

            training, of_batch = train_step(
                self.layers,
                loss,
                self.penalty if order.l2 else "decoupled",
                update,
                Training(numbers.tree, self.running, None),
                Batch(columns(x[order.rows]), targets(y[order.rows]), order.shares.astype(gradient.dtype)),
                Context(self.hyper, self.ids, self.steps),
                order.l2,
                out,
            )
            self.running = training.running
            self._average()
            self.steps += 1
            losses.append(of_batch)
        return np.array(losses)

    def _decay(self, rates: np.ndarray) -> None:
        """Shrink every weight matrix by rate times λ (Loshchilov & Hutter 2019, algorithm 2); before the step."""
        kept = 1 - rates * self.hyper.weight_decay
        for weight in self.numbers.weights:
            weight *= along(kept, weight)

    def _average(self) -> None:
        """Bring the average up to date; at first, and where other features are read, it is the networks themselves."""
        if not self.hyper.averaging:
            return
        if self.averaged == ():
            self.averaged = jax.tree.map(np.copy, (self.numbers.tree, self.running))
        self.averaged = average(self._training, float(self.hyper.averaging), self.steps).averaged

    @property
    def _training(self) -> Training:
        return Training(self.numbers.tree, self.running, None, self.averaged)

    @property
    def watched(self) -> Training:
        """What is predicted with: the networks, or their averages."""
        return self._training.watched

    @np.errstate(all="ignore")
    def outputs(self, x: Features) -> np.ndarray:
        """Outputs while training is watched: batch norm by its running statistics, `(networks, outputs, rows)`."""
        watched = self.watched
        return network.infer(self.layers, watched.learned, corrected(watched.running), self.hyper, columns(x))

    def folded(self, statistics: Any = None) -> tuple[Layers, Learned]:
        """The same networks at inference, see [`fold`][goru.nn.fold.fold].

        **Arguments:**

        - `statistics`: of batch norm's layers; by default the running ones.
        """
        with np.errstate(all="ignore"):
            watched = self.watched
            statistics = corrected(watched.running) if statistics is None else statistics
            layers, learned = fold(self.layers, watched.learned, statistics, self.hyper)
        return layers, jax.tree.map(np.array, learned)

    def exact_statistics(self, x: Features) -> Any:
        """Exact statistics of every batch norm layer over all rows, the networks one after the other."""
        return statistics_one_by_one(self.layers, self.watched.learned, self.hyper, self.ids, columns(x))


def statistics_one_by_one(layers: Layers, learned: Learned, hyper: Hyperparameters, ids: Any, x: Any) -> Any:
    """[`goru.nn.network.exact_statistics`][] of networks one after the other: all rows pass through one at a time.

    **Arguments:**

    - `ids`: `(networks,)`, or `None`: no unit is deleted.
    """
    if not jax.tree.leaves(network.running(layers)):
        return network.running(layers)
    count = len(jax.tree.leaves(learned)[0])
    found = []
    for index in range(count):
        one = slice(index, index + 1)
        context = Context(only(hyper, index), None if ids is None else ids[one])
        found.append(network.exact_statistics(layers, jax.tree.map(lambda leaf: leaf[one], learned), x, context))  # noqa: B023
    return stacked(found)


def only(hyper: Hyperparameters, index: int) -> Hyperparameters:
    """The numbers of one of the networks, as those of a population of one."""
    return Hyperparameters(*(np.asarray(number)[index : index + 1] if np.ndim(number) else number for number in hyper))


def stacked(trees: Sequence[Any]) -> Any:
    """Trees of networks behind one another."""
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *trees)
