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

from goru.nn.architecture import Hyperparameters, Recipe, Shape
from goru.nn.training import Training
from goru.population.batches import BatchOrder
from goru.population.devices import compiler_options, devices_to_train_on, out_of_memory
from goru.population.final_networks import FinalNetworks, with_exact_statistics
from goru.population.initial import initial
from goru.population.member import Block, Member
from goru.population.program import (
    DEVICES,
    BlockData,
    BlockShape,
    Members,
    Orders,
    RecordedCurves,
    advance,
    over_devices,
)
from goru.population.settings import each_by_own_settings, own_settings
from goru.population.trained import TrainedBlock, stack_hyper

OnEpochs = Callable[[int], bool]
FEWEST_DEVICES = 2  # of which the bits are those of more; see `goru.population.devices.prepare`
T = TypeVar("T")


class Trainer:
    """One compiled program: an architecture, a recipe and a block shape, on some devices.

    **Arguments:**

    - `architecture`, `recipe`, `shape`: what is compiled; of the architecture, its layers.
    - `rows`, `targets`: rows of a table at most, and columns of a numeric target (0 for class indices).
    - `devices`: by default all.

    **Raises:** `InputError` if there are none.
    """

    def __init__(
        self,
        architecture: Shape,
        recipe: Recipe,
        shape: BlockShape,
        rows: int,
        targets: int = 0,
        devices: Sequence[jax.Device] | None = None,
    ) -> None:
        self.architecture, self.recipe, self.shape = architecture, recipe, shape
        self.devices = tuple(devices) if devices else devices_to_train_on()
        mesh = Mesh(np.array(self.devices), (DEVICES,))
        self._sharding = NamedSharding(mesh, PartitionSpec(DEVICES))
        self._advance = jax.jit(
            over_devices(partial(advance, architecture.layers, recipe, shape.parts, judge=shape.judge), mesh),
            donate_argnums=0,
        )
        self._compiling = threading.Lock()
        self._program: Any = None
        self._table = (rows, targets)
        self._fewer: Trainer | None = None  # on fewer devices, once there was not enough memory

    def compile(self) -> Any:
        """Compile the program, if that has not been done; may be called from another thread beforehand."""
        with self._compiling, own_settings():
            if self._program is None:
                members = self._padded([])
                rows, targets = self._table
                array = jax.ShapeDtypeStruct
                y = array((rows, targets), jnp.float32) if targets else array((rows,), jnp.int32)
                x, weight = (array((rows, *more), jnp.float32) for more in ((self.architecture.inputs,), ()))
                scored = self._eval_rows(np.empty(0, int))
                data = BlockData(x, y, weight, array((rows,), jnp.int32), scored, scored)
                given = (self._initial(members), _members_of(members), data, self._idle)
                lowered = self._advance.lower(*(self._shapes(part) for part in given))
                self._program = lowered.compile(compiler_options(self.devices))
            return self._program

    def train(
        self,
        blocks: Sequence[Block],
        keep_networks: bool = False,
        on_epochs: OnEpochs | None = None,
        points_in_a_call: int | None = None,
    ) -> Iterator[TrainedBlock]:
        """Train blocks, as many at a time as there are devices, and hand each over when it is done.

        Where there is not enough memory for so many, the rest is trained on half of the devices from then on: the bits
        of a block do not depend on how many there are.

        **Arguments:**

        - `blocks`: in the order in which they are to be done.
        - `keep_networks`: whether the trained networks are wanted, or the curves alone.
        - `on_epochs`: told from time to time how many network-epochs have been done since it was last told; where it
          returns False, training stops and the blocks under way are not returned; the devices still finish the call
          that they have been given.
        - `points_in_a_call`: how many times rows are scored in a call of the program, if less often than they may be.

        **Raises:** `MemoryError` if there is not enough memory on the fewest devices either.
        """
        if self._fewer is None:
            handed_over = 0
            try:
                for trained in each_by_own_settings(self._train(blocks, keep_networks, on_epochs, points_in_a_call)):
                    handed_over += 1
                    yield trained
                return
            except Exception as error:
                if not out_of_memory(error):
                    raise
                if len(self.devices) <= FEWEST_DEVICES:
                    raise MemoryError("not enough memory for a block of networks on every device") from error
            blocks = blocks[handed_over:]
            fewer = self.devices[: max(len(self.devices) // 2, FEWEST_DEVICES)]
            self._fewer = Trainer(self.architecture, self.recipe, self.shape, *self._table, devices=fewer)
        yield from self._fewer.train(blocks, keep_networks, on_epochs, points_in_a_call)

    def _train(
        self, blocks: Sequence[Block], keep_networks: bool, on_epochs: OnEpochs | None, points_in_a_call: int | None
    ) -> Iterator[TrainedBlock]:
        points = min(points_in_a_call or self.shape.epochs, self.shape.epochs)
        launches = (
            self._launch(blocks[index : index + len(self.devices)], keep_networks, points)
            for index in range(0, len(blocks), len(self.devices))
        )
        # The devices are given their next call before what they found in the last one is looked at.
        for done, launched in _one_ahead(itertools.chain.from_iterable(launches)):
            launched.collect()
            if on_epochs is not None and not on_epochs(done):
                return
            yield from launched.finished()

    def with_exact_statistics(self, trained: TrainedBlock, rows: int | None = None) -> FinalNetworks:
        """See [`with_exact_statistics`][goru.population.final_networks.with_exact_statistics]; one program serves all
        of this trainer's blocks, `trained` by it."""
        return with_exact_statistics(trained, self.architecture.layers, self.shape.networks, rows)

    def _launch(self, blocks: Sequence[Block], keep_networks: bool, points: int) -> Iterator[tuple[int, "_Launched"]]:
        """Call the program again and again, until the blocks are done.

        **Returns:** for every call how many network-epochs it does, as soon as the devices have been given it.
        """
        program = self.compile()
        # A device without a block of its own gets a copy of the last one, and nothing to do.
        placed = [blocks[min(index, len(blocks) - 1)] for index in range(len(self.devices))]
        orders = [BatchOrder(block.order, block.rows.training, self.shape.batch) for block in placed]
        of_blocks = [self._padded(block.members) for block in placed]
        members = self._put([_members_of(each) for each in of_blocks])
        data = self._data(placed)
        training = self._put([self._initial(each) for each in of_blocks])
        longest = max(max(block.points for block in blocks), 1)
        # What a device holds can be copied between calls only: they end where any of the blocks wants its networks.
        wanted = {epoch // block.every for block in blocks for epoch in block.snapshots}
        ends = sorted({*range(points, longest, points), *wanted, longest} - {0})
        launched = _Launched(blocks, ends, keep_networks)
        for first, last in itertools.pairwise([0, *ends]):
            calls = [
                self._orders(block, order, first, last) if index < len(blocks) else self._idle
                for index, (block, order) in enumerate(zip(placed, orders, strict=True))
            ]
            given = self._put(calls)
            # This waits for the call before, so all else is ready by now; the next call takes the networks' memory.
            if first in wanted:
                launched.kept[first] = _home(training)
            training, recorded = program(training, members, data, given)
            launched.recorded.append(recorded)
            if last == longest and (keep_networks or last in wanted):
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
        return initial(self.architecture.layers, self.recipe, members)

    def _data(self, placed: Sequence[Block]) -> BlockData:
        def spread(name: str) -> jax.Array:
            parts = [
                block.rows.on(device, name, self._table[0]) for block, device in zip(placed, self.devices, strict=True)
            ]
            shape = (len(parts), *parts[0].shape[1:])
            return jax.make_array_from_single_device_arrays(shape, self._sharding, parts)

        scored = [
            (self._eval_rows(block.rows.training_scored), self._eval_rows(block.rows.validation)) for block in placed
        ]
        return BlockData(*(spread(name) for name in ("x", "y", "weight", "part")), *self._put(scored))

    def _eval_rows(self, rows: np.ndarray) -> np.ndarray:
        padded = np.full(self.shape.eval_chunks * self.shape.eval_rows, -1, np.int32)
        padded[: len(rows)] = rows
        return padded.reshape(self.shape.eval_chunks, self.shape.eval_rows)

    def _orders(self, block: Block, order: BatchOrder, first: int, last: int) -> Orders:
        n_epochs = max(min(last, block.points) - first, 0)
        step = order.steps(first * block.every)
        steps = [order.steps((first + 1 + index) * block.every) for index in range(n_epochs)]
        ends = np.array(steps, np.int32) - step
        batches = np.zeros_like(self._idle.batches)
        if n_epochs:
            batches[: ends[-1]] = order.batches(step, step + int(ends[-1]))
        return Orders(
            batches=batches,
            ends=np.pad(ends, (0, self.shape.epochs - n_epochs)),
            n_epochs=np.int32(n_epochs),
            first_step=np.int32(step),
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

    - `ends`: how many times rows have been scored at the end of every call of the program.
    - `keep_networks`: whether the trained networks are returned.
    - `recorded`: of every call that the devices have been given, what it records: of those that have been collected, as
      NumPy arrays.
    - `kept`: the networks after some calls but the last, by those ends, as NumPy arrays; 0 is before the first.
    - `training`: the networks after the last call, if they are wanted.
    """

    def __init__(self, blocks: Sequence[Block], ends: Sequence[int], keep_networks: bool) -> None:
        self.blocks, self.ends, self.keep_networks = blocks, ends, keep_networks
        self.recorded: list[RecordedCurves] = []
        self.kept: dict[int, Training] = {}
        self.training: Training | None = None
        self._collected = 0

    def collect(self) -> None:
        """Wait for the next call, and copy what it records."""
        self.recorded[self._collected] = jax.tree.map(np.asarray, self.recorded[self._collected])
        self._collected += 1

    def finished(self) -> list[TrainedBlock]:
        """The blocks, once all calls have been collected; before, none."""
        if self._collected < len(self.ends):
            return []
        points = np.diff(self.ends, prepend=0)
        whole: RecordedCurves = jax.tree.map(
            lambda *calls: np.concatenate([call[:, :own] for call, own in zip(calls, points, strict=True)], axis=1),
            *self.recorded,
        )
        kept = dict(self.kept)
        if self.training is not None:
            kept[self.ends[-1]] = _home(self.training)

        def of(block: Block, index: int, recorded: np.ndarray) -> np.ndarray:
            return np.moveaxis(recorded[index, : block.points, ..., : len(block.members)], -1, 0)

        def own(block: Block, index: int, point: int) -> Training:
            return jax.tree.map(lambda leaf: leaf[index, : len(block.members)], kept[point])

        return [
            TrainedBlock(
                block,
                curves=of(block, index, whole.figures),
                parts=of(block, index, whole.parts),
                training=own(block, index, self.ends[-1]) if self.keep_networks else None,
                snapshots={epoch: own(block, index, epoch // block.every) for epoch in sorted(block.snapshots)},
            )
            for index, block in enumerate(self.blocks)
        ]


def _home(training: Training) -> Training:
    """Networks of a program as NumPy arrays of their own."""
    return jax.tree.map(lambda leaf: np.array(leaf, order="C"), training)


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
