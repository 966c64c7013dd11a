"""What is trained: networks, the rows they see, and the blocks in which they are trained together."""

from dataclasses import dataclass, field

import jax
import numpy as np

from goru.nn.architecture import Hyperparameters


@dataclass(frozen=True)
class Member:
    """One network of a population.

    **Arguments:**

    - `id`: 32 bits; its dropout masks are a function of it.
    - `seed`: integers; its initial weights are a function of them. Networks that share a seed share the weights.
    - `hyper`: its numbers.
    """

    id: int
    seed: tuple[int, ...]
    hyper: Hyperparameters


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """A prepared table, which of its rows are fitted, and which are scored after every epoch.

    **Arguments:**

    - `x`: `(n, inputs)` float32.
    - `y`: class indices `(n,)` int32, or targets `(n, outputs)` float32.
    - `training`: the rows to train on.
    - `training_scored`, `validation`: rows to score; `training_scored` are some of `training`.
    - `weight`: `(n,)` float32, at least 0, of mean 1 over the training rows: what a row counts for in the training loss
      and in the scores. All ones if not given.
    - `part`: `(n,)` int32, from 0: the loss on validation rows is also recorded by parts of the rows. All one part if
      not given.
    """

    x: np.ndarray
    y: np.ndarray
    training: np.ndarray
    training_scored: np.ndarray
    validation: np.ndarray
    weight: np.ndarray | None = None
    part: np.ndarray | None = None
    _on_device: dict[tuple[jax.Device, str, int], jax.Array] = field(default_factory=dict, init=False, repr=False)

    def on(self, device: jax.Device, name: str, rows: int) -> jax.Array:
        """`x`, `y`, `weight` or `part` on a device, copied there once: `(1, rows, ...)`, with an axis for the device.

        **Arguments:**

        - `device`: where; `name`: which of the four.

        - `rows`: of a program's tables, at least as many as there are: what is too much is zero, and never counts.
        """
        key = (device, name, rows)
        if key not in self._on_device:
            array = getattr(self, name)
            if array is None:
                array = np.ones(len(self.x), np.float32) if name == "weight" else np.zeros(len(self.x), np.int32)
            if len(array) < rows:
                array = np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)])
            self._on_device[key] = jax.device_put(array[None], device)
        return self._on_device[key]


@dataclass(frozen=True, eq=False)
class Block:
    """Networks that are trained together, on the same mini-batches.

    **Arguments:**

    - `members`: at most as many as the program's block holds.
    - `rows`: the table.
    - `order`: integers; the order of the rows is a function of them.
    - `epochs`: passes over the training rows.
    - `schedule_epochs`: the length of the learning rate's schedule, if it is not `epochs`.
    - `every`: rows are scored after every so many epochs; `epochs` is a multiple of it.
    - `snapshots`: epochs after which its networks are wanted too; 0 is before training, and after the others rows are
      scored.

    **Raises:** `ValueError` for epochs that are no multiple of `every`, and a snapshot where no rows are scored.
    """

    members: tuple[Member, ...]
    rows: PreparedRows
    order: tuple[int, ...]
    epochs: int
    schedule_epochs: int | None = None
    every: int = 1
    snapshots: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.epochs % self.every:
            raise ValueError(f"{self.epochs} epochs cannot be scored after every {self.every}")
        for epoch in self.snapshots:
            if epoch not in range(0, self.epochs + 1, self.every):
                raise ValueError(
                    f"no snapshot after epoch {epoch}: there is one after every {self.every} of {self.epochs}"
                )

    @property
    def points(self) -> int:
        """How many times rows are scored."""
        return self.epochs // self.every
