"""A block after its training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.nn.training import Training
from goru.population.member import Block


@dataclass(frozen=True, eq=False)
class TrainedBlock:
    """A block after its training.

    - `curves`: `(networks, points, 2, figures)`: after every epoch that is scored, on training rows and on validation
      rows, the weighted mean loss and, for classes, the accuracy, weighted too.
    - `parts`: `(networks, points, [temperatures], parts)`: at the same points, what each part of the validation rows
      adds to their mean loss; with temperatures where there is a judge, see `BlockShape`.
    - `training`: the networks themselves, stacked along a first axis, as NumPy arrays; `None` if not asked for.
    - `snapshots`: the same after the epochs that the block asks for, by the epoch.
    """

    block: Block
    curves: np.ndarray
    parts: np.ndarray
    training: Training | None
    snapshots: dict[int, Training] = field(default_factory=dict)

    @property
    def learned(self) -> Any:
        """What the networks have learned, stacked along a first axis."""
        if self.training is None:
            raise ValueError("the networks were not kept")
        return self.training.watched.learned

    @property
    def hyper(self) -> Hyperparameters:
        """The members' hyperparameters, `(networks,)` float32 each."""
        return stack_hyper([member.hyper for member in self.block.members])

    @property
    def validation_losses(self) -> np.ndarray:
        """`(networks, points, temperatures)`, one temperature where there is no judge; infinite from where a network
        diverged on."""
        losses = self.parts.sum(axis=-1)
        losses = losses.reshape(*losses.shape[:2], -1)
        return np.where(np.isfinite(losses), losses, np.inf)

    @cached_property
    def diverged(self) -> np.ndarray:
        """`(networks,)`: the first epoch, from 0, whose loss on the training rows is not finite; -1 if there is
        none."""
        finite = np.isfinite(self.curves[:, :, 0, 0])
        well = np.logical_and.accumulate(finite, axis=1).sum(axis=1)
        return np.where(well < finite.shape[1], well, -1)


def stack_hyper(hyper: Sequence[Hyperparameters]) -> Hyperparameters:
    """Many networks' hyperparameters as one tuple of arrays."""
    return Hyperparameters(*np.array(hyper, np.float32).T)
