"""Blocks of networks trained without a compiler: for work that is done sooner than a program is compiled.

`Interpreter` does what `Trainer` does, by the same text of `goru.nn` on NumPy arrays: the same initial weights,
mini-batches, masks, schedule and scores.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from goru.nn.architecture import Recipe, Shape
from goru.nn.judge import Judge
from goru.nn.optimizers import Adam, cosine
from goru.nn.rows import targets
from goru.nn.training import Training
from goru.population.batches import BatchOrder
from goru.population.final_networks import FinalNetworks
from goru.population.immediate.learner import Learner, Order, statistics_one_by_one
from goru.population.immediate.threads import one_thread
from goru.population.initial import initial
from goru.population.member import Block, PreparedRows
from goru.population.program import BlockShape, of_recipe, sums
from goru.population.trained import TrainedBlock, stack_hyper
from goru.population.trainer import OnEpochs


def interpretable(recipe: Recipe) -> bool:
    """Whether networks can be trained so without a compiler."""
    usual = (recipe.optimizer, recipe.schedule, recipe.decay) == ("adam", "cosine", "decoupled")
    return usual and not recipe.averaging and not recipe.sharpness


class Interpreter:
    """Trains blocks as a `Trainer` does.

    **Arguments:**

    - `architecture`, `recipe`, `shape`: what a program would be compiled for.
    """

    def __init__(self, architecture: Shape, recipe: Recipe, shape: BlockShape) -> None:
        if not interpretable(recipe):
            raise ValueError(f"only Adam under a cosine schedule with decoupled decay is interpreted, not {recipe}")
        self.architecture, self.recipe, self.shape = architecture, recipe, shape
        judge = shape.judge
        self._by_part = (shape.parts,) if judge is None else (len(judge.temperatures), shape.parts)
        self._figures = 2 if recipe.loss == "softmax_cross_entropy" else 1  # loss and, for classes, accuracy

    def compile(self) -> None:
        """There is nothing to compile."""

    def train(
        self, blocks: Sequence[Block], keep_networks: bool = False, on_epochs: OnEpochs | None = None
    ) -> Iterator[TrainedBlock]:
        """Train blocks, one after the other; see `Trainer.train`."""
        for block in blocks:
            with one_thread():  # with more, sums are in another order, and the bits others
                trained = self._train(block, keep_networks, on_epochs)
            if trained is None:
                return
            yield trained

    def with_exact_statistics(self, trained: TrainedBlock, rows: int | None = None) -> FinalNetworks:
        """See `goru.population.final_networks.with_exact_statistics`."""
        block = trained.block
        x = block.rows.x[block.rows.training[:rows]].T
        with np.errstate(all="ignore"):
            statistics = statistics_one_by_one(self.architecture.layers, trained.learned, trained.hyper, _ids(block), x)
        return FinalNetworks(trained.learned, statistics, trained.hyper)

    def _train(self, block: Block, keep_networks: bool, on_epochs: OnEpochs | None) -> TrainedBlock | None:
        learner = self._learner(block)
        order = BatchOrder(block.order, block.rows.training, self.shape.batch)
        total = max(order.steps(block.schedule_epochs or block.epochs), 1)
        rates = np.array([member.hyper.learning_rate for member in block.members])
        weight = np.ones(len(block.rows.x), np.float32) if block.rows.weight is None else block.rows.weight
        figures, parts = [], []
        snapshots = {0: _snapshot(learner)} if 0 in block.snapshots else {}
        for epoch in range(0, block.epochs, block.every):
            first, last = order.steps(epoch), order.steps(epoch + block.every)
            orders = [
                Order(rows, weight[rows] / self.shape.batch, rates * cosine(min((first + step) / total, 1)))
                for step, rows in enumerate(order.batches(first, last))
            ]
            learner.learn(block.rows.x, block.rows.y, orders)
            training, _ = self._score(learner, block.rows, weight, block.rows.training_scored, None)
            validation, by_part = self._score(learner, block.rows, weight, block.rows.validation, self.shape.judge)
            figures.append([training, validation])
            parts.append(by_part)
            if epoch + block.every in block.snapshots:
                snapshots[epoch + block.every] = _snapshot(learner)
            if on_epochs is not None and not on_epochs(len(block.members) * block.every):
                return None
        members = len(block.members)
        return TrainedBlock(
            block,
            curves=np.moveaxis(np.array(figures, np.float32).reshape(block.points, 2, self._figures, members), -1, 0),
            parts=np.moveaxis(np.array(parts, np.float32).reshape(block.points, *self._by_part, members), -1, 0),
            training=_snapshot(learner) if keep_networks else None,
            snapshots=snapshots,
        )

    def _learner(self, block: Block) -> Learner:
        layers, members = self.architecture.layers, block.members
        begun, hyper = initial(layers, self.recipe, members), stack_hyper([member.hyper for member in members])
        hyper = of_recipe(self.recipe, hyper)
        learner = Learner(layers, self.recipe.loss, hyper, begun.learned, _ids(block))
        betas = {(float(member.hyper.beta1), float(member.hyper.beta2)) for member in members}
        if len(betas) > 1:
            raise ValueError("networks of one block that differ in Adam's β cannot be interpreted")
        ((beta1, beta2),) = betas
        learner.optimizer = Adam(learner.numbers.flat, beta1, beta2, 1e-8)
        return learner

    def _score(
        self, learner: Learner, rows: PreparedRows, weight: np.ndarray, chosen: np.ndarray, judge: Judge | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `goru.population.program.score`: figures `(figures, networks)`, and `([temperatures], parts,
        networks)`."""
        y, counts = targets(rows.y[chosen]), weight[chosen]
        part = np.zeros(len(chosen), int) if rows.part is None else rows.part[chosen]
        with np.errstate(all="ignore"):  # a network that diverged has infinite losses
            found = sums(self.recipe.loss, learner.outputs(rows.x[chosen]), y, counts, part, self.shape.parts, judge)
            return found[0] / counts.sum(), found[1] / counts.sum()


def _ids(block: Block) -> np.ndarray:
    return np.array([member.id for member in block.members], np.uint32)


def _snapshot(learner: Learner) -> Training:
    """The networks as they are; steps change the learner's own numbers in place."""
    return Training(learner.numbers.tree_of(learner.numbers.flat.copy()), learner.running, None)
