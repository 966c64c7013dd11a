"""What a worker of a cluster does: it trains blocks as this process would, and holds on to programs and tables."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goru.nn.training import Training
from goru.population import devices
from goru.population.member import Block, Member, PreparedRows
from goru.population.spec import AnyTrainer, TrainerSpec
from goru.population.timing import block_seconds
from goru.population.trained import TrainedBlock
from goru.population.trainer import Trainer
from goru.versions import versions

ROWS_HELD = 8  # prepared tables, one a split; of any other, a copy is fetched again


@dataclass(frozen=True)
class BlockTask:
    """A block on its way to a worker: `rows` is where its table is, all else is as a block has it."""

    members: tuple[Member, ...]
    rows: Any
    order: tuple[int, ...]
    epochs: int
    schedule_epochs: int | None
    every: int
    snapshots: tuple[int, ...]

    @staticmethod
    def of(block: Block, rows: Any) -> "BlockTask":
        """The task of a block whose table is there."""
        return BlockTask(
            block.members, rows, block.order, block.epochs, block.schedule_epochs, block.every, block.snapshots
        )

    def block(self, rows: PreparedRows) -> Block:
        """The block, with its table."""
        return Block(self.members, rows, self.order, self.epochs, self.schedule_epochs, self.every, self.snapshots)


@dataclass(frozen=True, eq=False)
class BlockOutcome:
    """A block on its way back: what [`TrainedBlock`][goru.population.trained.TrainedBlock] holds but the block."""

    curves: np.ndarray
    parts: np.ndarray
    training: Training | None
    snapshots: dict[int, Training]

    @staticmethod
    def of(trained: TrainedBlock) -> "BlockOutcome":
        """Of a block after its training."""
        return BlockOutcome(trained.curves, trained.parts, trained.training, trained.snapshots)

    def trained(self, block: Block) -> TrainedBlock:
        """The block after its training."""
        return TrainedBlock(block, self.curves, self.parts, self.training, self.snapshots)


class Worker:
    """Trains what it is given, on so many cores or on the accelerators that it is shown.

    **Arguments:**

    - `cores`: of this machine.
    - `fetch`: brings a table from where a task says that it is.
    """

    def __init__(self, cores: int, fetch: Callable[[Any], PreparedRows]) -> None:
        devices.prepare(cores)
        self._fetch = fetch
        self._trainers: dict[TrainerSpec, AnyTrainer] = {}
        self._rows: OrderedDict[Any, PreparedRows] = OrderedDict()
        self._stopped = -1

    def describe(self) -> dict[str, str]:
        """Versions of what computes."""
        return versions()

    def train(
        self, spec: TrainerSpec, tasks: Sequence[BlockTask], keep_networks: bool, call: int
    ) -> list[BlockOutcome]:
        """Train blocks, as many at a time as there are devices; nothing comes back of a call that is stopped."""
        blocks = [task.block(self._table(task.rows)) for task in tasks]
        trained = self._trainer(spec).train(blocks, keep_networks, lambda done: call > self._stopped)
        return [BlockOutcome.of(one) for one in trained]

    def block_seconds(self, spec: TrainerSpec, where: tuple[Any]) -> float:
        """See [`block_seconds`][goru.population.timing.block_seconds]; the program is compiled before.

        **Arguments:**

        - `where`: the table is.
        """
        trainer = self._trainer(spec)
        assert isinstance(trainer, Trainer)
        trainer.compile()
        return block_seconds(trainer, self._table(where[0]))

    def stop(self, call: int) -> None:
        """Nobody waits any more for what this call, or one before it, finds."""
        self._stopped = max(self._stopped, call)

    def _trainer(self, spec: TrainerSpec) -> AnyTrainer:
        if spec not in self._trainers:
            self._trainers[spec] = spec.build()
        return self._trainers[spec]

    def _table(self, where: Any) -> PreparedRows:
        if where not in self._rows:
            self._rows[where] = self._fetch(where)
            if len(self._rows) > ROWS_HELD:
                self._rows.popitem(last=False)
        self._rows.move_to_end(where)
        return self._rows[where]
