"""All networks of a claim, trained with every seed as populations."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np

from goru.claims.networks import ClaimNetworks
from goru.claims.table import ClaimTable
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population import devices
from goru.population.immediate.threads import one_thread
from goru.population.member import Block, Member
from goru.population.program import BlockShape
from goru.population.trained import TrainedBlock, stack_hyper
from goru.population.trainer import Trainer

SGD = Recipe(optimizer="sgd", schedule="constant", decay="l2_squared")
MOST_NETWORKS = 8  # of a block
ROWS_SCORED_AT_ONCE = 512
MOST_WAITING = 4  # trained blocks, for their test rows to be scored
Key = TypeVar("Key", bound=Hashable)
Keep = Literal["nothing", "networks", "snapshots"]


@dataclass(frozen=True)
class Cell:
    """A network that is trained once with every seed.

    **Arguments:**

    - `table`, `rows`: what it learns from, and how many of the rows.
    - `batch`, `epochs`: of gradient descent.
    - `every`: rows are scored after every so many epochs.
    - `replica`: cells that differ in it alone learn from the same rows, from other initial weights and with other
      masks; every eight of them in another order.
    """

    table: ClaimTable
    architecture: Architecture
    hyper: Hyperparameters
    rows: int
    batch: int
    epochs: int
    every: int = 1
    recipe: Recipe = SGD
    replica: int = 0

    @property
    def program(self) -> "Cell":
        """Cells of one program are trained together; it says nothing about the numbers of a network."""
        octet = self.replica // MOST_NETWORKS
        return replace(self, hyper=Hyperparameters(), replica=octet * MOST_NETWORKS)


@dataclass
class TrainedCell:
    """A cell's networks after their training, one a seed. One that diverged is as good as a constant baseline.

    - `epochs`: `(points,)`, after which epochs rows were scored.
    - `training`, `test`: `(seeds, points, figures)`: on the rows to fit on, and on those of the test rows that are
      watched, the mean loss and the score. The score is the accuracy, or the share of the variance that is explained.
    - `final`: `(seeds, figures)`: the same at the end on all test rows.
    - `networks`: of every seed, if they were kept.
    - `snapshots`: of every seed, by the epoch, if they were kept.
    """

    cell: Cell
    epochs: np.ndarray
    training: np.ndarray
    test: np.ndarray
    final: np.ndarray
    networks: dict[int, ClaimNetworks] = field(default_factory=dict)
    snapshots: dict[int, dict[int, ClaimNetworks]] = field(default_factory=dict)

    @property
    def test_loss(self) -> np.ndarray:
        """At the end, on all test rows, `(seeds,)`."""
        return self.final[:, 0]

    @property
    def test_score(self) -> np.ndarray:
        """At the end, on all test rows, `(seeds,)`."""
        return self.final[:, 1]

    @property
    def training_score(self) -> np.ndarray:
        """At the end, on the rows to fit on, `(seeds,)`."""
        return self.training[:, -1, 1]

    @property
    def gap(self) -> np.ndarray:
        """At the end, the score on the rows to fit on without that on test rows, `(seeds,)`."""
        return self.training_score - self.test_score


class Workshop:
    """Compiles the programs of many claims in threads, and trains.

    **Arguments:**

    - `seeds`: how many times every cell is trained.
    - `on_networks`: told how many networks have been trained since it was last told.
    """

    def __init__(self, seeds: int, on_networks: Callable[[int], Any] = lambda _: None) -> None:
        devices.prepare()
        self.seeds, self._told = seeds, on_networks
        self._trainers: dict[Hashable, Trainer] = {}
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._recorder = ThreadPoolExecutor(max_workers=1)

    def close(self) -> None:
        """Compile nothing more."""
        self._pool.shutdown(cancel_futures=True)
        self._recorder.shutdown(cancel_futures=True)

    def prepare(self, cells: Sequence[Cell], keep: Keep) -> None:
        """Begin to compile what these cells need."""
        for program, members in _grouped(cells).items():
            self._trainer(program, len(members), keep)

    def wait(self) -> None:
        """Until every program is compiled."""
        for trainer in self._trainers.values():
            trainer.compile()

    def train(self, cells: Mapping[Key, Cell], keep: Keep = "nothing") -> dict[Key, TrainedCell]:
        """Train every cell with every seed."""
        done = {cell: _empty(cell, self.seeds) for cell in cells.values()}
        for program, members in _grouped(list(done)).items():
            trainer = self._trainer(program, len(members), keep)
            width = trainer.shape.networks
            wanted = tuple(range(0, program.epochs + 1, program.every)) if keep == "snapshots" else ()
            blocks, owners = [], []
            for seed in range(self.seeds):
                drawn = program.table.draw(seed, program.rows)
                for first in range(0, len(members), width):
                    chosen = members[first : first + width]
                    blocks.append(
                        Block(
                            tuple(_member(cell, seed) for cell in chosen),
                            drawn.rows,
                            (seed, program.replica, 1),
                            program.epochs,
                            every=program.every,
                            snapshots=wanted,
                        )
                    )
                    owners.append((seed, chosen))
            trained = trainer.train(blocks, keep_networks=True)
            recording = []
            for (seed, chosen), block in zip(owners, trained, strict=True):
                # All test rows are scored while the next block is trained.
                recording.append(self._recorder.submit(_record, done, seed, chosen, block, keep))
                if len(recording) > MOST_WAITING:
                    recording.pop(0).result()
                self._told(len(chosen))
            for one in recording:
                one.result()
        return {key: done[cell] for key, cell in cells.items()}

    def _trainer(self, program: Cell, members: int, keep: Keep) -> Trainer:
        blocks = -(-members // MOST_NETWORKS)
        watched = len(program.table.draw(0, program.rows).rows.x)
        points = program.epochs // program.every
        in_a_call = 1 if keep == "snapshots" else points
        scored = max(watched - program.rows, min(program.rows, watched))
        chunks = -(-scored // ROWS_SCORED_AT_ONCE)
        shape = BlockShape(
            networks=-(-members // blocks),
            batch=program.batch,
            epochs=in_a_call,
            steps=-(-in_a_call * program.every * program.rows // program.batch),
            eval_chunks=chunks,
            eval_rows=-(-scored // chunks),
        )
        key = (program.architecture, program.recipe, shape, watched)
        if key not in self._trainers:
            targets = 0 if program.table.classes else 1
            self._trainers[key] = Trainer(program.architecture, program.recipe, shape, watched, targets)
            self._pool.submit(self._trainers[key].compile)
        return self._trainers[key]


def _grouped(cells: Sequence[Cell]) -> dict[Cell, list[Cell]]:
    groups = defaultdict(list)
    for cell in dict.fromkeys(cells):
        groups[cell.program].append(cell)
    return groups


def _member(cell: Cell, seed: int) -> Member:
    return Member(
        id=int(np.random.SeedSequence((seed, cell.replica, 2)).generate_state(1)[0]),
        seed=(seed, cell.replica, 0),
        hyper=cell.hyper,
    )


def _empty(cell: Cell, seeds: int) -> TrainedCell:
    points = cell.epochs // cell.every
    return TrainedCell(
        cell,
        np.arange(1, points + 1) * cell.every,
        np.zeros((seeds, points, 2)),
        np.zeros((seeds, points, 2)),
        np.zeros((seeds, 2)),
    )


def _record(done: dict[Cell, TrainedCell], seed: int, chosen: Sequence[Cell], block: TrainedBlock, keep: Keep) -> None:
    table, drawn = chosen[0].table, chosen[0].table.draw(seed, chosen[0].rows)
    ids = np.array([member.id for member in block.block.members], np.uint32)

    def networks(training: Any, index: slice) -> ClaimNetworks:
        import jax

        own = jax.tree.map(lambda leaf: leaf[index], training)
        hyper = stack_hyper([cell.hyper for cell in chosen[index]])
        return ClaimNetworks(chosen[0].architecture, table.loss, hyper, own, ids[index])

    if len(drawn.scored[1]) == len(drawn.y):
        final = block.curves[:, -1, 1]  # all test rows are watched
    else:
        with one_thread():  # the devices are at work on the next block
            final = networks(block.training, slice(None)).figures(drawn.x, drawn.y)
    final = table.judge(final, drawn.y)
    training, test = (
        table.judge(block.curves[:, :, part], drawn.rows.y[rows]) for part, rows in enumerate(drawn.scored)
    )
    for index, cell in enumerate(chosen):
        found, one = done[cell], slice(index, index + 1)
        found.training[seed], found.test[seed], found.final[seed] = training[index], test[index], final[index]
        if keep != "nothing":
            found.networks[seed] = networks(block.training, one)
        if keep == "snapshots":
            found.snapshots[seed] = {epoch: networks(own, one) for epoch, own in block.snapshots.items()}
