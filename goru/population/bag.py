"""A bag of networks that learn from the same mini-batches, as one compiled program.

The counterpart of `goru.direct.learner.Learner.learn`: the same steps from the same numbers, `goru.nn`'s one network
made many by `jax.vmap`, and the many spread over the devices.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goru.direct.learner import Batch, Learner
from goru.direct.losses import factor_of_nn
from goru.direct.network import Form
from goru.direct.parameters import Layout
from goru.direct.rows import Features
from goru.nn.architecture import ActivationName, Architecture, BatchNormPlace, Hyperparameters
from goru.nn.batch_norm import RunningStatistics
from goru.nn.losses import LOSSES
from goru.nn.network import forward_train
from goru.population import devices
from goru.population.flat import network_of

#: Floating-point operations below which compiling takes longer than the NumPy of `goru.direct`.
WORTH_COMPILING = 4e11


class _State(NamedTuple):
    """What changes from step to step; every array has the networks as first axis."""

    flat: Any
    moments: tuple[Any, ...]
    running: tuple[RunningStatistics, ...]


class _Batches(NamedTuple):
    """Mini-batches of one size: `rows` and `shares` are `(batches, size)`, the others `(batches,)`.

    `step` counts the steps of the networks from 0. `corrections` are what the optimiser divides its moments by,
    `(batches, moments)`; a float32 could not hold what they are computed from.
    """

    rows: Any
    shares: Any
    l2: Any
    rate: Any
    step: Any
    corrections: Any


class CompiledBag:
    """Stands in for a learner while it learns; `write_back` brings home what was learned.

    **Arguments:**

    - `learner`: in single precision, its optimiser set.
    - `x`, `targets`: the rows, `(rows, features)` and `(rows, outputs)`.
    """

    def __init__(self, learner: Learner, x: np.ndarray, targets: np.ndarray) -> None:
        assert learner.optimizer is not None
        devices.prepare()
        self.form, self.parameters = learner.form, learner.parameters
        self._learner, self._optimizer = learner, learner.optimizer
        mesh = _mesh(len(learner))
        split, whole = (NamedSharding(mesh, spec) for spec in (PartitionSpec("networks"), PartitionSpec()))
        labels = self.form.loss == "softmax_cross_entropy"
        self._x = jax.device_put(x, whole)
        self._y = jax.device_put(targets.argmax(axis=1).astype(np.int32) if labels else targets, whole)
        self._ids = jax.device_put(learner.ids, split)
        self._program = _compiled(self.form, self.parameters.layout, learner.weight_decay, self._optimizer.settings)
        running: tuple[RunningStatistics, ...] = ()
        if learner.running is not None:
            weight = jnp.full(len(learner), learner.running.weight)
            running = tuple(
                RunningStatistics(jnp.asarray(mean), jnp.asarray(variance), weight)
                for mean, variance in zip(learner.running.means, learner.running.variances, strict=True)
            )
        state = _State(learner.parameters.flat, tuple(self._optimizer.moments), running)
        self._state: _State = jax.device_put(jax.tree.map(np.array, state), split)

    def learn(self, x: Any, targets: Any, batches: Sequence[Batch]) -> np.ndarray:
        """As `Learner.learn`, the rows being those given at first."""
        size = len(batches[0].shares)
        whole = [batch for batch in batches if len(batch.shares) == size]
        losses = []
        for part in (whole, batches[len(whole) :]):  # the last batch may be smaller, and is a program of its own
            if part:
                self._state, found = self._program(self._state, self._ids, self._x, self._y, self._stack(part))
                self._learner.steps += len(part)
                self._optimizer.steps += len(part)
                losses.append(np.asarray(found))
        return np.concatenate(losses)

    def outputs(self, x: Features) -> np.ndarray:
        """As `Learner.outputs`."""
        self.write_back()
        return self._learner.outputs(x)

    def write_back(self) -> None:
        """Bring the learned numbers to the learner."""
        self.parameters.flat[:] = np.asarray(self._state.flat)
        for own, moment in zip(self._optimizer.moments, self._state.moments, strict=True):
            own[:] = np.asarray(moment)
        if (home := self._learner.running) is not None:
            for layer, running in enumerate(self._state.running):
                home.means[layer][:] = np.asarray(running.mean)
                home.variances[layer][:] = np.asarray(running.variance)
                home.weight = float(running.weight[0])

    def _stack(self, batches: Sequence[Batch]) -> _Batches:
        every, steps = np.arange(len(self._x), dtype=np.int32), np.arange(len(batches), dtype=np.int32)
        return _Batches(
            rows=np.stack([every[batch.rows] for batch in batches]),
            shares=np.stack([batch.shares for batch in batches]).astype(np.float32),
            l2=np.array([self._learner.l2 / batch.weight for batch in batches], np.float32),
            rate=np.array([batch.rate for batch in batches], np.float32),
            step=steps + np.int32(self._learner.steps),
            corrections=self._optimizer.corrections(len(batches)).astype(np.float32),
        )


def _mesh(networks: int) -> Mesh:
    """As many devices as the networks can be shared out on evenly."""
    found = jax.local_devices()
    count = max(n for n in range(1, len(found) + 1) if networks % n == 0)
    return Mesh(np.array(found[:count]), ("networks",))


@lru_cache(maxsize=32)
def _compiled(form: Form, layout: Layout, weight_decay: float, optimizer: tuple) -> Any:
    """The program that takes a bag through mini-batches: its new state, and `(batches, networks)` losses."""
    architecture = Architecture(
        inputs=layout.widths[0],
        hidden=layout.widths[1:-1],
        outputs=layout.widths[-1],
        activation=cast(ActivationName, form.activation),
        batch_norm=cast(BatchNormPlace | None, form.batch_norm),
        dropout=form.drops,
    )
    hyper = Hyperparameters(
        dropout_rate=form.dropout,
        batch_norm_epsilon=form.batch_norm_epsilon,
        batch_norm_momentum=form.batch_norm_momentum,
    )
    factor = 1 / factor_of_nn(form.loss, layout.widths[-1])
    decayed = layout.weights_only()

    def step(state: _State, network_id: Any, x: Any, y: Any, batch: _Batches) -> tuple[_State, Any]:
        def objective(flat):
            outputs, running = forward_train(
                architecture, network_of(layout, flat), state.running, hyper, x, network_id, batch.step
            )
            loss = factor * jnp.sum(batch.shares * LOSSES[form.loss](outputs, y))
            return loss + 0.5 * batch.l2 * jnp.sum(jnp.where(decayed, flat, 0) ** 2), running

        (loss, running), gradient = jax.value_and_grad(objective, has_aux=True)(state.flat)
        flat = state.flat * jnp.where(decayed, 1 - batch.rate * weight_decay, 1)
        flat, moments = _update(optimizer, flat, state.moments, gradient, batch.rate, batch.corrections)
        return _State(flat, moments, running), loss

    many = jax.vmap(step, in_axes=(0, 0, None, None, None))

    @partial(jax.jit, donate_argnums=0)
    def run(state, ids, x, y, batches):
        def one(state, batch):
            return many(state, ids, x[batch.rows], y[batch.rows], batch)

        return jax.lax.scan(one, state, batches)

    return run


def _update(
    settings: tuple, flat: Any, moments: tuple, gradient: Any, rate: Any, corrections: Any
) -> tuple[Any, tuple]:
    """The steps of `goru.direct.optimizers`."""
    match settings:
        case ("adam", beta1, beta2, epsilon):
            first = beta1 * moments[0] + (1 - beta1) * gradient
            second = beta2 * moments[1] + (1 - beta2) * gradient**2
            rate = rate * jnp.sqrt(corrections[1]) / corrections[0]
            return flat - rate * first / (jnp.sqrt(second) + epsilon), (first, second)
        case ("momentum", momentum, nesterov):
            velocity = momentum * moments[0] - rate * gradient
            return flat + (momentum * velocity - rate * gradient if nesterov else velocity), (velocity,)
    raise ValueError(f"unknown optimiser {settings}")
