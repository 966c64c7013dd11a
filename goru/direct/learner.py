"""Networks in training: their numbers, running statistics and the optimiser's moments, from epoch to epoch."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from goru.direct.network import Form, Running, Statistics, fold, gradient, outputs, population_statistics
from goru.direct.optimizers import Optimizer, add_l2, decay
from goru.direct.parameters import Parameters
from goru.direct.rows import Features


class Batch(NamedTuple):
    """A mini-batch, the same for all networks.

    - `rows`: which rows.
    - `shares`: what the loss of each is multiplied by, `(rows,)`; if they sum to one, the batch's loss is a mean.
    - `weight`: the sum of the rows' weights.
    - `rate`: the learning rate; may be of each network, `(networks,)`.
    """

    rows: np.ndarray | slice
    shares: np.ndarray
    weight: float
    rate: Any


class Learner:
    """Some networks that learn from the same mini-batches.

    **Arguments:**

    - `form`, `parameters`: what they are.
    - `l2`: α; the penalty of a batch is ½ α ‖W‖² over the sum of its rows' weights.
    - `weight_decay`: λ of decoupled decay; may be of each network, `(networks,)`.
    - `ids`: `(networks,)` uint32; dropout masks are a function of them.

    `optimizer` has to be set before anything is learned; `steps` counts those taken.
    """

    def __init__(
        self,
        form: Form,
        parameters: Parameters,
        l2: float,
        weight_decay: Any,
        ids: np.ndarray,
    ) -> None:
        self.form, self.parameters = form, parameters
        self.optimizer: Optimizer | None = None
        self.l2, self.weight_decay, self.ids = l2, weight_decay, ids
        self.running = Running(parameters) if form.batch_norm else None
        self._gradient = parameters.like()
        self.steps = 0

    def __len__(self) -> int:
        return len(self.parameters)

    # A network that diverges shows it by its numbers; warnings at every step would say no more.
    @np.errstate(all="ignore")
    def learn(self, x: Features, targets: np.ndarray, batches: Iterable[Batch]) -> np.ndarray:
        """Take a step on every batch.

        **Returns:** the loss of every network on every batch before its step, penalty included, `(batches, networks)`.
        """
        assert self.optimizer is not None
        losses = []
        for batch in batches:
            loss = gradient(
                self.form,
                self.parameters,
                self.running,
                x[batch.rows],
                targets[batch.rows],
                batch.shares,
                self.ids,
                self.steps,
                self._gradient,
            )
            if self.l2:
                loss = loss + add_l2(self.parameters, self._gradient, self.l2 / batch.weight)
            rates = np.broadcast_to(np.asarray(batch.rate, np.float64), len(self))
            if np.any(self.weight_decay):
                decay(self.parameters, rates, self.weight_decay)
            self.optimizer.step(self.parameters, self._gradient, rates.astype(self.parameters.flat.dtype))
            losses.append(loss)
            self.steps += 1
        return np.array(losses)

    @np.errstate(all="ignore")
    def outputs(self, x: Features) -> np.ndarray:
        """Outputs while training is watched: batch norm by its running statistics, `(networks, rows, outputs)`."""
        return outputs(self.form, self.parameters, self._running_statistics(), x)

    def plain(self, statistics: Statistics | None = None) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights and biases of the same networks without batch norm, `(networks, inputs, units)` and so on.

        **Arguments:**

        - `statistics`: of batch norm's layers; by default the running ones.
        """
        return fold(self.form, self.parameters, self._running_statistics() if statistics is None else statistics)

    def _running_statistics(self) -> Statistics:
        return self.running.statistics() if self.running else []

    def settle(self, x: Features) -> Statistics:
        """Exact statistics of every batch norm layer over all rows, the networks one after the other."""
        layout, flat = self.parameters.layout, self.parameters.flat
        found = [
            population_statistics(self.form.of(i), Parameters(layout, flat[i : i + 1]), x, self.ids[i : i + 1])
            for i in range(len(self))
        ]
        return [
            (np.concatenate([own[layer][0] for own in found]), np.concatenate([own[layer][1] for own in found]))
            for layer in range(len(found[0]))
        ]
