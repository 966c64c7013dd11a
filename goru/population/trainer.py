"""Train blocks of networks on the devices there are."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.training import Training
from goru.population import columns
from goru.population.batches import BatchOrder
from goru.population.devices import compiler_options
from goru.population.initial import initial
from goru.population.member import Block, Member
from goru.population.program import DEVICES, BlockData, BlockShape, Curves, Members, Orders, advance, over_devices
from goru.population.settle import Settled, settle
from goru.population.trained import TrainedBlock, stack_hyper

OnEpochs = Callable[[int], bool]
T = TypeVar("T")


class Trainer:
    """One compiled program: an architecture, a recipe and a block shape, on some devices.

    **Arguments:**

    - `architecture`, `recipe`, `shape`: what is compiled.
    - `rows`, `targets`: rows of a table at most, and columns of a numeric target (0 for class indices).
    - `devices`: by default all.
    """

    def __init__(
        self,
        architecture: Architecture,
        recipe: Recipe,
        shape: BlockShape,
        rows: int,
        targets: int = 0,
        devices: Sequence[jax.Device] | None = None,
    ) -> None:
        self.architecture, self.recipe, self.shape = architecture, recipe, shape
        self.devices = tuple(devices or jax.local_devices())
        mesh = Mesh(np.array(self.devices), (DEVICES,))
        self._sharding = NamedSharding(mesh, PartitionSpec(DEVICES))
        self._advance = jax.jit(
            over_devices(partial(advance, architecture, recipe, shape.parts), mesh), donate_argnums=0
        )
        self._y = (
            jax.ShapeDtypeStruct((rows, targets), jnp.float32) if targets else jax.ShapeDtypeStruct((rows,), jnp.int32)
        )
        self._x = jax.ShapeDtypeStruct((rows, architecture.inputs), jnp.float32)
        self._weight, self._part = (jax.ShapeDtypeStruct((rows,), dtype) for dtype in (jnp.float32, jnp.int32))
        self._compiling = threading.Lock()
        self._program: Any = None

    def compile(self) -> Any:
        """Compile the program, if that has not been done; may be called from another thread beforehand."""
        with self._compiling:
            if self._program is None:
                members = self._padded([])
                data = BlockData(self._x, self._y, self._weight, self._part, *[self._eval_rows(np.empty(0, int))] * 2)
                given = (self._initial(members), _members_of(members), data, self._idle)
                lowered = self._advance.lower(*(self._shapes(part) for part in given))
                self._program = lowered.compile(compiler_options(self.devices))
            return self._program

    def train(
        self,
        blocks: Sequence[Block],
        keep_networks: bool = False,
        on_epochs: OnEpochs | None = None,
        snapshots: bool = False,
        points_in_a_call: int | None = None,
    ) -> Iterator[TrainedBlock]:
        """Train blocks, as many at a time as there are devices, and hand each over when it is done.

        **Arguments:**

        - `blocks`: in the order in which they are to be done.
        - `keep_networks`: whether the trained networks are wanted, or the curves alone.
        - `on_epochs`: told from time to time how many network-epochs have been done since it was last told; where it
          returns False, training stops and the blocks under way are not handed over; the devices still finish the call
          that they have been given.
        - `snapshots`: whether the networks are wanted before training and after every call of the program too.
        - `points_in_a_call`: how many times rows are scored in a call of the program, if less often than they may be.
        """
        points = min(points_in_a_call or self.shape.epochs, self.shape.epochs)
        launches = (
            self._launch(blocks[index : index + len(self.devices)], keep_networks, snapshots, points)
            for index in range(0, len(blocks), len(self.devices))
        )
        # The devices are given their next call before what they found in the last one is looked at.
        for done, launched in _one_ahead(itertools.chain.from_iterable(launches)):
            launched.collect()
            if on_epochs is not None and not on_epochs(done):
                return
            yield from launched.finished()

    def settle(self, trained: TrainedBlock, rows: int | None = None) -> Settled:
        """See [`settle`][goru.population.settle.settle]; one program serves all of this trainer's blocks."""
        return settle(trained, self.architecture, self.shape.networks, rows)

    def _launch(
        self, blocks: Sequence[Block], keep_networks: bool, snapshots: bool, points: int
    ) -> Iterator[tuple[int, "_Launched"]]:
        """Call the program again and again, until the blocks are done.

        **Returns:** for every call how many network-epochs it does, as soon as the devices have been given it.
        """
        program = self.compile()
        # A device without a block of its own gets a copy of the last one, and nothing to do.
        placed = [blocks[min(index, len(blocks) - 1)] for index in range(len(self.devices))]
        orders = [BatchOrder(block.order, block.rows.fit, self.shape.batch) for block in placed]
        of_blocks = [self._padded(block.members) for block in placed]
        members = self._put([_members_of(each) for each in of_blocks])
        data = self._data(placed)
        training = self._put([self._initial(each) for each in of_blocks])
        longest = max(max(block.points for block in blocks), 1)
        launched = _Launched(blocks, points, calls=-(-longest // points))
        if snapshots:
            launched.keep(0, training)
        for point in range(0, longest, points):
            calls = [
                self._orders(block, order, point, points) if index < len(blocks) else self._idle
                for index, (block, order) in enumerate(zip(placed, orders, strict=True))
            ]
            training, recorded = program(training, members, data, self._put(calls))
            launched.recorded.append(recorded)
            if snapshots:
                launched.keep(point + points, training)
            if keep_networks and len(launched.recorded) == launched.calls:
                launched.training = training
            yield (
                sum(
                    len(block.members) * block.every * int(call.n_epochs)
                    for block, call in zip(blocks, calls, strict=False)
                ),
                launched,
            )

    def _padded(self, members: Sequence[Member]) -> list[Member]:
        """As many as a block holds: with networks that learn nothing."""
        if len(members) > self.shape.networks:
            raise ValueError(f"a block holds {self.shape.networks} networks, not {len(members)}")
        idle = Member(0, members[0].seed if members else (0,), Hyperparameters(learning_rate=0.0))
        return [*members, *[idle] * (self.shape.networks - len(members))]

    def _initial(self, members: Sequence[Member]) -> Training:
        return columns.transposed(initial(self.architecture, self.recipe, members))

    def _data(self, placed: Sequence[Block]) -> BlockData:
        def spread(name: str) -> jax.Array:
            parts = [
                block.rows.on(device, name, self._x.shape[0])
                for block, device in zip(placed, self.devices, strict=True)
            ]
            shape = (len(parts), *parts[0].shape[1:])
            return jax.make_array_from_single_device_arrays(shape, self._sharding, parts)

        scored = [(self._eval_rows(block.rows.fit_scored), self._eval_rows(block.rows.score)) for block in placed]
        return BlockData(*(spread(name) for name in ("x", "y", "weight", "part")), *self._put(scored))

    def _eval_rows(self, rows: np.ndarray) -> np.ndarray:
        padded = np.full(self.shape.eval_chunks * self.shape.eval_rows, -1, np.int32)
        padded[: len(rows)] = rows
        return padded.reshape(self.shape.eval_chunks, self.shape.eval_rows)

    def _orders(self, block: Block, order: BatchOrder, point: int, points: int) -> Orders:
        n_epochs = min(points, max(block.points - point, 0))
        first = order.steps(point * block.every)
        steps = [order.steps((point + 1 + index) * block.every) for index in range(n_epochs)]
        ends = np.array(steps, np.int32) - first
        batches = np.zeros_like(self._idle.batches)
        if n_epochs:
            batches[: ends[-1]] = order.batches(first, first + int(ends[-1]))
        return Orders(
            batches=batches,
            ends=np.pad(ends, (0, self.shape.epochs - n_epochs)),
            n_epochs=np.int32(n_epochs),
            first_step=np.int32(first),
            total_steps=np.int32(max(order.steps(block.schedule_epochs or block.epochs), 1)),
        )

    @cached_property
    def _idle(self) -> Orders:
        return Orders(
            batches=np.zeros((self.shape.steps, self.shape.batch), np.int32),
            ends=np.zeros(self.shape.epochs, np.int32),
            n_epochs=np.int32(0),
            first_step=np.int32(0),
            total_steps=np.int32(1),
        )

    def _put(self, parts: Sequence[Any]) -> Any:
        """Give every device its part."""
        return jax.device_put(jax.tree.map(lambda *leaves: np.stack(leaves), *parts), self._sharding)

    def _shapes(self, tree: Any) -> Any:
        """What `_put` makes of such parts, without the numbers."""
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((len(self.devices), *leaf.shape), leaf.dtype, sharding=self._sharding),
            tree,
        )


class _Launched:
    """Blocks that the devices are at work on, one a device, and what is known of them so far.

    - `points`: how many times rows are scored in a call.
    - `calls`: of the program, until they are done.
    - `recorded`: of every call that the devices have been given, what it records: of those that have been collected, as
      NumPy arrays.
    - `training`: the networks after the last call, if they are wanted.
    """

    def __init__(self, blocks: Sequence[Block], points: int, calls: int) -> None:
        self.blocks, self.points, self.calls = blocks, points, calls
        self.recorded: list[Curves] = []
        self.training: Training | None = None
        self._collected = 0
        self._kept: dict[int, Training] = {}

    def keep(self, point: int, training: Training) -> None:
        """Copy the networks as they are at a point; the next call would take their memory."""
        self._kept[point] = _home(training)

    def collect(self) -> None:
        """Wait for the next call, and copy what it records."""
        self.recorded[self._collected] = jax.tree.map(np.asarray, self.recorded[self._collected])
        self._collected += 1

    def finished(self) -> list[TrainedBlock]:
        """The blocks, once all calls have been collected; before, none."""
        if self._collected < self.calls:
            return []
        whole: Curves = jax.tree.map(
            lambda *calls: np.concatenate([call[:, : self.points] for call in calls], axis=1), *self.recorded
        )
        training = None if self.training is None else _home(self.training)

        def of(block: Block, index: int, recorded: np.ndarray) -> np.ndarray:
            return np.moveaxis(recorded[index, : block.points, ..., : len(block.members)], -1, 0)

        def own(block: Block, index: int, training: Any) -> Any:
            return jax.tree.map(lambda leaf: leaf[index, : len(block.members)], training)

        return [
            TrainedBlock(
                block,
                curves=of(block, index, whole.figures),
                parts=of(block, index, whole.parts),
                training=own(block, index, training),
                snapshots={
                    min(point, block.points) * block.every: own(block, index, kept)
                    for point, kept in self._kept.items()
                },
            )
            for index, block in enumerate(self.blocks)
        ]


def _home(training: Training) -> Training:
    """Networks of a program as NumPy arrays of their own, as `goru.nn` has them."""
    return jax.tree.map(lambda leaf: np.array(leaf, order="C"), columns.transposed(jax.tree.map(np.asarray, training)))


def _one_ahead(things: Iterable[T]) -> Iterator[T]:
    """The same things; while one is looked at, the next has been made already."""
    waiting: list[T] = []
    for thing in things:
        if waiting:
            yield waiting.pop()
        waiting.append(thing)
    yield from waiting


def _members_of(members: Sequence[Member]) -> Members:
    """A block's members as arrays."""
    return Members(
        ids=np.array([member.id for member in members], np.uint32),
        hyper=stack_hyper([member.hyper for member in members]),
    )
