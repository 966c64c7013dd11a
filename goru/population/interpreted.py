"""Blocks of networks trained without a compiler: for work that is done sooner than a program is compiled.

`Interpreter` does what `Trainer` does, by `goru.direct` instead of `goru.nn`: the same initial weights,
mini-batches, masks, schedule and scores.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from goru.direct.learner import Batch, Learner
from goru.direct.losses import factor_of_nn, row_losses
from goru.direct.network import Form
from goru.direct.optimizers import Adam
from goru.direct.parameters import Layout, Parameters
from goru.direct.threads import threads_for
from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Recipe
from goru.nn.batch_norm import Statistics as LayerStatistics
from goru.nn.training import Training
from goru.population.batches import BatchOrder
from goru.population.flat import network_of, parameters_of
from goru.population.initial import initial
from goru.population.member import Block, Rows
from goru.population.program import BlockShape
from goru.population.settle import Settled
from goru.population.trained import TrainedBlock, stack_hyper
from goru.population.trainer import OnEpochs


class Interpreter:
    """Trains blocks as a `Trainer` does.

    **Arguments:**

    - `architecture`, `recipe`, `shape`: what a program would be compiled for.
    """

    def __init__(self, architecture: Architecture, recipe: Recipe, shape: BlockShape) -> None:
        if (recipe.optimizer, recipe.schedule, recipe.decay) != ("adam", "cosine", "decoupled"):
            raise ValueError(f"only Adam under a cosine schedule with decoupled decay is interpreted, not {recipe}")
        self.architecture, self.recipe, self.shape = architecture, recipe, shape
        self._layout = Layout(architecture.widths, architecture.batch_norm is not None)
        self._factor = factor_of_nn(recipe.loss, architecture.outputs)

    def compile(self) -> None:
        """There is nothing to compile."""

    def train(
        self, blocks: Sequence[Block], keep_networks: bool = False, on_epochs: OnEpochs | None = None
    ) -> Iterator[TrainedBlock]:
        """Train blocks, one after the other; see `Trainer.train`."""
        for block in blocks:
            with threads_for(self.architecture.widths, self.shape.batch):
                trained = self._train(block, keep_networks, on_epochs)
            if trained is None:
                return
            yield trained

    def settle(self, trained: TrainedBlock, rows: int | None = None) -> Settled:
        """See `goru.population.settle.settle`."""
        block = trained.block
        learner = self._learner(block, parameters_of(self._layout, trained.networks))
        statistics = learner.settle(block.rows.x[block.rows.fit[:rows]])
        weights, biases = learner.plain(statistics)
        return Settled(
            trained.networks,
            tuple(LayerStatistics(mean, variance) for mean, variance in statistics),  # type: ignore[arg-type]
            tuple(Affine(weight, bias) for weight, bias in zip(weights, biases, strict=True)),
        )

    def _train(self, block: Block, keep_networks: bool, on_epochs: OnEpochs | None) -> TrainedBlock | None:
        learner = self._learner(block, self._draw(block))
        learner.optimizer = Adam(learner.parameters, *self._betas(block), 1e-8)
        order = BatchOrder(block.order, block.rows.fit, self.shape.batch)
        total = max(order.steps(block.schedule_epochs or block.epochs), 1)
        rates = np.array([member.hyper.learning_rate for member in block.members])
        targets = self._targets(block.rows)
        weight = np.ones(len(block.rows.x), np.float32) if block.rows.weight is None else block.rows.weight
        share = self._factor / self.shape.batch
        figures, parts = [], []
        snapshots = {0: self._snapshot(learner)} if 0 in block.snapshots else {}
        for epoch in range(0, block.epochs, block.every):
            first, last = order.steps(epoch), order.steps(epoch + block.every)
            batches = [
                Batch(rows, weight[rows] * share, 1.0, rates * 0.5 * (1 + np.cos(np.pi * (first + step) / total)))
                for step, rows in enumerate(order.batches(first, last))
            ]
            learner.learn(block.rows.x, targets, batches)
            fit, _ = self._score(learner, block.rows, targets, weight, block.rows.fit_scored)
            held_out, by_part = self._score(learner, block.rows, targets, weight, block.rows.score)
            figures.append([fit, held_out])
            parts.append(by_part)
            if epoch + block.every in block.snapshots:
                snapshots[epoch + block.every] = self._snapshot(learner)
            if on_epochs is not None and not on_epochs(len(block.members) * block.every):
                return None
        members = len(block.members)
        return TrainedBlock(
            block,
            curves=np.moveaxis(np.array(figures, np.float32).reshape(block.points, 2, -1, members), -1, 0),
            parts=np.moveaxis(np.array(parts, np.float32).reshape(block.points, self.shape.parts, members), -1, 0),
            training=self._snapshot(learner) if keep_networks else None,
            snapshots=snapshots,
        )

    def _snapshot(self, learner: Learner) -> Training:
        """The networks as they are; steps change the learner's own numbers in place."""
        return Training(network_of(self._layout, learner.parameters.flat.copy()), (), None)

    def _learner(self, block: Block, parameters: Parameters) -> Learner:
        hyper = stack_hyper([member.hyper for member in block.members])
        form = Form(
            activation=self.architecture.activation,
            loss=self.recipe.loss,
            batch_norm=self.architecture.batch_norm,
            batch_norm_epsilon=np.asarray(hyper.batch_norm_epsilon),
            batch_norm_momentum=np.asarray(hyper.batch_norm_momentum),
            dropout=np.asarray(hyper.dropout_rate) if self.architecture.dropout else 0.0,
        )
        ids = np.array([member.id for member in block.members], np.uint32)
        return Learner(form, parameters, 0.0, np.asarray(hyper.weight_decay), ids)

    def _draw(self, block: Block) -> Parameters:
        """The initial numbers: those that the compiled program begins with."""
        return parameters_of(self._layout, initial(self.architecture, self.recipe, block.members).network)

    def _betas(self, block: Block) -> tuple[float, float]:
        found = {(member.hyper.beta1, member.hyper.beta2) for member in block.members}
        if len(found) > 1:
            raise ValueError("networks of one block that differ in Adam's β cannot be interpreted")
        return tuple(map(float, found.pop()))  # type: ignore[return-value]

    def _targets(self, rows: Rows) -> np.ndarray:
        if self.recipe.loss == "softmax_cross_entropy":
            return np.eye(self.architecture.outputs, dtype=np.float32)[rows.y]
        return rows.y.astype(np.float32, copy=False)

    def _score(
        self, learner: Learner, rows: Rows, targets: np.ndarray, weight: np.ndarray, chosen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `goru.population.program.score`: figures `(figures, networks)`, and parts `(parts, networks)`."""
        outputs = learner.outputs(rows.x[chosen])
        counts = weight[chosen]
        with np.errstate(all="ignore"):  # a network that diverged has infinite losses
            found = row_losses(self.recipe.loss, outputs, targets[chosen]) * np.float32(self._factor)
            losses = np.where(counts != 0, counts * found, 0)
            figures = [losses.sum(axis=1)]
            if self.recipe.loss == "softmax_cross_entropy":
                figures.append(((outputs.argmax(axis=2) == rows.y[chosen]) * counts).sum(axis=1))
            part = np.zeros(len(chosen), int) if rows.part is None else rows.part[chosen]
            by_part = [losses[:, part == index].sum(axis=1) for index in range(self.shape.parts)]
            return np.array(figures) / counts.sum(), np.array(by_part) / counts.sum()
