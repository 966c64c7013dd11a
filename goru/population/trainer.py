"""Train blocks of networks on the devices there are."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member
from goru.population.program import (
    DEVICES,
    BlockData,
    BlockShape,
    Curves,
    Members,
    Orders,
    advance,
    draw,
    over_devices,
    start,
)
from goru.population.settle import Settled, settle
from goru.population.trained import TrainedBlock, stack_hyper

OnEpochs = Callable[[int], bool]


class Trainer:
    """One compiled program: an architecture, a recipe and a block shape, on some devices.

    **Arguments:**

    - `architecture`, `recipe`, `shape`: what is compiled.
    - `rows`, `targets`: rows of the table, and columns of a numeric target (0 for class indices).
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
        mesh = _mesh(self.devices)
        self._sharding = NamedSharding(mesh, PartitionSpec(DEVICES))
        self._start = jax.jit(over_devices(partial(start, architecture, recipe), mesh))
        self._advance = jax.jit(
            over_devices(partial(advance, architecture, recipe, shape.parts), mesh), donate_argnums=0
        )
        self._y = (
            jax.ShapeDtypeStruct((rows, targets), jnp.float32) if targets else jax.ShapeDtypeStruct((rows,), jnp.int32)
        )
        self._x = jax.ShapeDtypeStruct((rows, architecture.inputs), jnp.float32)
        self._weight, self._part = (jax.ShapeDtypeStruct((rows,), dtype) for dtype in (jnp.float32, jnp.int32))
        self._compiling = threading.Lock()
        self._program: tuple[Any, Any, Any] | None = None

    def compile(self) -> tuple[Any, Any, Any]:
        """Compile the program, if that has not been done; may be called from another thread beforehand."""
        with self._compiling:
            if self._program is None:
                members = self._shapes(self._members([]))
                draw = _compile_draw(self.architecture, self.shape.networks, self.devices)
                start = self._start.lower(members, self._sharded(draw.out_info))
                data = BlockData(self._x, self._y, self._weight, self._part, *[self._eval_rows(np.empty(0, int))] * 2)
                advance = self._advance.lower(
                    self._sharded(start.out_info), members, self._shapes(data), self._shapes(self._idle)
                )
                self._program = draw, start.compile(), advance.compile()
            return self._program

    def train(
        self,
        blocks: Sequence[Block],
        keep_networks: bool = False,
        on_epochs: OnEpochs | None = None,
        snapshots: bool = False,
    ) -> Iterator[TrainedBlock]:
        """Train blocks, as many at a time as there are devices, and hand each over when it is done.

        **Arguments:**

        - `blocks`: in the order in which they are to be done.
        - `keep_networks`: whether the trained networks are wanted, or the curves alone.
        - `on_epochs`: told from time to time how many network-epochs have been done since it was last told; where it
          returns False, training stops and the blocks under way are not handed over.
        - `snapshots`: whether the networks are wanted before training and after every call of the program too.
        """
        for index in range(0, len(blocks), len(self.devices)):
            launched = self._launch(blocks[index : index + len(self.devices)], keep_networks, on_epochs, snapshots)
            if launched is None:
                return
            yield from launched

    def settle(self, trained: TrainedBlock, rows: int | None = None) -> Settled:
        """See [`settle`][goru.population.settle.settle]; one program serves all of this trainer's blocks."""
        return settle(trained, self.architecture, self.shape.networks, rows)

    def _launch(
        self, blocks: Sequence[Block], keep_networks: bool, on_epochs: OnEpochs | None, snapshots: bool
    ) -> list[TrainedBlock] | None:
        draw, start, advance = self.compile()
        # A device without a block of its own gets a copy of the last one, and nothing to do.
        placed = [blocks[min(index, len(blocks) - 1)] for index in range(len(self.devices))]
        orders = [BatchOrder(block.order, block.rows.fit, self.shape.batch) for block in placed]
        members = self._put([self._members(block.members) for block in placed])
        data = self._data(placed)
        training = start(members, draw(members))
        curves = []
        kept = {0: jax.tree.map(np.asarray, training)} if snapshots else {}
        longest = max(block.points for block in blocks)

        def ordered(point: int) -> list[Orders]:
            return [
                self._orders(block, order, point) if index < len(blocks) else self._idle
                for index, (block, order) in enumerate(zip(placed, orders, strict=True))
            ]

        calls = ordered(0)
        for point in range(0, max(longest, 1), self.shape.epochs):
            training, recorded = advance(training, members, data, self._put(calls))
            # The devices are at work: time to prepare what they are to do next.
            following = ordered(point + self.shape.epochs)
            curves.append(jax.tree.map(np.asarray, recorded))
            if snapshots:
                kept[point + self.shape.epochs] = jax.tree.map(np.asarray, training)
            done = sum(
                len(block.members) * block.every * int(call.n_epochs)
                for block, call in zip(blocks, calls, strict=False)
            )
            if on_epochs is not None and not on_epochs(done):
                return None
            calls = following
        networks = jax.tree.map(np.asarray, training) if keep_networks else None
        whole: Curves = jax.tree.map(lambda *calls: np.concatenate(calls, axis=1), *curves)

        def of(block: Block, index: int, recorded: np.ndarray) -> np.ndarray:
            return np.moveaxis(recorded[index, : block.points, ..., : len(block.members)], -1, 0)

        def own(block: Block, index: int, training: Any) -> Any:
            return jax.tree.map(lambda leaf: leaf[index, : len(block.members)], training)

        return [
            TrainedBlock(
                block,
                curves=of(block, index, whole.figures),
                parts=of(block, index, whole.parts),
                training=own(block, index, networks),
                snapshots={
                    min(point, block.points) * block.every: own(block, index, training)
                    for point, training in kept.items()
                },
            )
            for index, block in enumerate(blocks)
        ]

    def _members(self, members: Sequence[Member]) -> Members:
        return _stack(members, self.shape.networks)

    def _data(self, placed: Sequence[Block]) -> BlockData:
        def spread(name: str) -> jax.Array:
            parts = [block.rows.on(device, name) for block, device in zip(placed, self.devices, strict=True)]
            shape = (len(parts), *parts[0].shape[1:])
            return jax.make_array_from_single_device_arrays(shape, self._sharding, parts)

        scored = [(self._eval_rows(block.rows.fit_scored), self._eval_rows(block.rows.score)) for block in placed]
        return BlockData(*(spread(name) for name in ("x", "y", "weight", "part")), *self._put(scored))

    def _eval_rows(self, rows: np.ndarray) -> np.ndarray:
        padded = np.full(self.shape.eval_chunks * self.shape.eval_rows, -1, np.int32)
        padded[: len(rows)] = rows
        return padded.reshape(self.shape.eval_chunks, self.shape.eval_rows)

    def _orders(self, block: Block, order: BatchOrder, point: int) -> Orders:
        n_epochs = min(self.shape.epochs, max(block.points - point, 0))
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
        return jax.tree.map(lambda *leaves: jax.device_put(np.stack(leaves), self._sharding), *parts)

    def _sharded(self, tree: Any) -> Any:
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=self._sharding), tree)

    def _shapes(self, tree: Any) -> Any:
        """What `_put` makes of such parts, without the numbers."""
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((len(self.devices), *leaf.shape), leaf.dtype, sharding=self._sharding),
            tree,
        )


def _stack(members: Sequence[Member], networks: int) -> Members:
    """A block's members as arrays, padded with networks that learn nothing."""
    if len(members) > networks:
        raise ValueError(f"a block holds {networks} networks, not {len(members)}")
    idle = Member(0, (0,), Hyperparameters(learning_rate=0.0))
    padded = [*members, *[idle] * (networks - len(members))]
    return Members(
        ids=np.array([member.id for member in padded], np.uint32),
        keys=np.stack([np.random.SeedSequence(member.seed).generate_state(2) for member in padded]),
        hyper=stack_hyper([member.hyper for member in padded]),
    )


def _mesh(devices: tuple[jax.Device, ...]) -> Mesh:
    return Mesh(np.array(devices), (DEVICES,))


_drawing = threading.Lock()


def _compile_draw(architecture: Architecture, networks: int, devices: tuple[jax.Device, ...]) -> Any:
    """The program that draws initial weights: costly to compile, and one for all that share the widths."""
    plain = replace(architecture, activation="relu", batch_norm=None, dropout=False, dropout_form="inverted")
    with _drawing:  # so that threads which compile side by side do not compile the same
        return _compile_plain_draw(plain, networks, devices)


@lru_cache(maxsize=64)
def _compile_plain_draw(architecture: Architecture, networks: int, devices: tuple[jax.Device, ...]) -> Any:
    mesh = _mesh(devices)
    sharding = NamedSharding(mesh, PartitionSpec(DEVICES))
    members = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((len(devices), *leaf.shape), leaf.dtype, sharding=sharding),
        _stack([], networks),
    )
    return jax.jit(over_devices(partial(draw, architecture), mesh)).lower(members).compile()
