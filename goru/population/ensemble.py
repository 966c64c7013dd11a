"""Networks that learn from the same mini-batches, as one compiled program, shared out among the devices.

What [`Learner`][goru.population.immediate.learner.Learner] does in NumPy: the same step from the same numbers.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goru.nn import network
from goru.nn.architecture import DecayForm, Hyperparameters
from goru.nn.layers.batch_norm import corrected
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.network import Layers
from goru.nn.optimizers import compiled
from goru.nn.rows import Features, columns, targets
from goru.nn.training import Batch, Training, train_step
from goru.population import devices
from goru.population.immediate.learner import Learner, Order
from goru.population.settings import own_settings

#: Numbers of the networks that a program is given, where they are above zero: others need no other program.
_DATA = ("dropout_rate", "weight_decay")
#: Floating-point operations below which compiling takes longer than NumPy.
WORTH_COMPILING = 4e11


class _Orders(NamedTuple):
    """Mini-batches of one size: `rows` and `shares` are `(batches, size)`, the others `(batches,)`.

    `step` counts the steps of the networks from 0, `taken` those of the optimiser, from 1.
    """

    rows: Any
    shares: Any
    l2: Any
    rate: Any
    step: Any
    taken: Any


class CompiledEnsemble:
    """Stands in for a learner while it learns; `write_back` brings home what was learned.

    **Arguments:**

    - `learner`: in single precision, its optimiser set.
    - `x`, `y`: the rows; see `Learner.learn`.
    """

    @own_settings()
    def __init__(self, learner: Learner, x: np.ndarray, y: np.ndarray) -> None:
        assert learner.optimizer is not None
        devices.prepare()
        self.loss, self.numbers = learner.loss, learner.numbers
        self._learner, self._optimizer = learner, learner.optimizer
        mesh = _mesh(len(learner))
        split, whole = (NamedSharding(mesh, spec) for spec in (PartitionSpec("networks"), PartitionSpec()))
        self._x, self._y = jax.device_put((x, y), whole)
        self._ids = jax.device_put(learner.ids, split)
        self._numbers = {name: np.float32(number) for name in _DATA if (number := getattr(learner.hyper, name))}
        self._fixed = learner.hyper._replace(**dict.fromkeys(self._numbers, -1.0))  # which no program uses
        self._program = _program(learner.layers, learner.loss, self._fixed, self._optimizer.settings, learner.penalty)
        moments = tuple(map(self.numbers.tree_of, self._optimizer.moments))
        given = Training(self.numbers.tree, learner.running, moments)
        self._training: Training = jax.device_put(jax.tree.map(np.array, given), split)

    @own_settings()
    def learn(self, x: Any, y: Any, orders: Sequence[Order]) -> np.ndarray:
        """As `Learner.learn`, the rows being those given at first."""
        size = len(orders[0].shares)
        whole = [order for order in orders if len(order.shares) == size]
        losses = []
        for part in (whole, orders[len(whole) :]):  # the last batch may be smaller, and is a program of its own
            if part:
                given = self._training, self._ids, self._x, self._y, self._stack(part), self._numbers
                self._training, found = self._program(*given)
                self._learner.steps += len(part)
                self._optimizer.steps += len(part)
                losses.append(np.asarray(found))
        return np.concatenate(losses)

    def outputs(self, x: Features) -> np.ndarray:
        """As `Learner.outputs`."""
        self.write_back()
        return self._learner.outputs(x)

    @own_settings()
    def outputs_on_devices(self, x: np.ndarray) -> np.ndarray:
        """The same by a program of its own, for rows that are asked about again and again."""
        infer = _inference(self._learner.layers, self._fixed)
        return np.asarray(infer(self._training.learned, self._training.running, x, self._numbers))

    @own_settings()
    def write_back(self) -> None:
        """Bring the learned numbers to the learner."""
        home = self.numbers.tree, *map(self.numbers.tree_of, self._optimizer.moments)
        jax.tree.map(np.copyto, home, (self._training.learned, *self._training.optimizer))
        self._learner.running = jax.tree.map(np.array, self._training.running)

    def _stack(self, orders: Sequence[Order]) -> _Orders:
        every, steps = np.arange(len(self._x), dtype=np.int32), np.arange(len(orders), dtype=np.int32)
        return _Orders(
            rows=np.stack([every[order.rows] for order in orders]),
            shares=np.stack([order.shares for order in orders]).astype(np.float32),
            l2=np.array([order.l2 for order in orders], np.float32),
            rate=np.array([order.rate for order in orders], np.float32),
            step=steps + np.int32(self._learner.steps),
            taken=steps + np.int32(self._optimizer.steps + 1),
        )


def _mesh(networks: int) -> Mesh:
    """As many devices as the networks can be shared out on evenly."""
    found = devices.devices_to_train_on()
    count = max(n for n in range(1, len(found) + 1) if networks % n == 0)
    return Mesh(np.array(found[:count]), ("networks",))


@lru_cache(maxsize=32)
def _program(layers: Layers, loss: str, fixed: Hyperparameters, settings: tuple, penalty: DecayForm) -> Any:
    """What takes networks through mini-batches: as they are then, and `(batches, networks)` losses.

    **Arguments:**

    - `fixed`: the networks' numbers, but for those that the program is given.
    """

    @partial(jax.jit, donate_argnums=0)
    def run(training, ids, x, y, orders, numbers):
        hyper = fixed._replace(**numbers)

        def step(training: Training, network_id: Any, x: Any, y: Any, order: _Orders) -> tuple[Training, Any]:
            update = compiled(settings, hyper.weight_decay, order.rate, order.taken)
            batch, context = Batch(x, y, order.shares), Context(hyper, network_id, order.step)
            return train_step(layers, LOSSES[loss], penalty, update, training, batch, context, order.l2)

        many = jax.vmap(step, in_axes=(0, 0, None, None, None))

        def one(training, order):
            return many(training, ids, columns(x[order.rows]), targets(y[order.rows]), order)

        return jax.lax.scan(one, training, orders)

    return run


@lru_cache(maxsize=32)
def _inference(layers: Layers, fixed: Hyperparameters) -> Any:
    """What networks put out at inference, `(networks, outputs, rows)`; `fixed` as of `_program`."""

    def one(learned: Any, running: Any, x: Any, numbers: dict[str, Any]) -> Any:
        return network.infer(layers, learned, corrected(running), fixed._replace(**numbers), columns(x))

    return jax.jit(jax.vmap(one, in_axes=(0, 0, None, None)))


def forget_programs() -> None:
    """Drop all programs that are kept for the next ensemble; ensembles that there are keep theirs."""
    _program.cache_clear()
    _inference.cache_clear()
