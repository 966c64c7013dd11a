"""A trial: one training of a configuration in one split, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from goru.experiment.arms import Arm

Ended = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True, eq=False)
class Trial:
    """One trained network.

    - `arm`, `configuration`, `split`: which configuration of which arm, in which split; both count from 0.
    - `values`: its numbers.
    - `id`: what is random in it alone is a function of this (dropout masks).
    - `seed`: what is random in all trials of a split is a function of this (initial weights).
    - `curves`: `(epochs, 2, figures)` float32: after every epoch, on training and on validation rows, the mean loss
      and, for classes, the accuracy; NaN where it is unknown. One that failed may have no epoch at all.
    - `parts`: `(epochs, parts)` float32: after every epoch, what each part of the validation rows adds to their mean
      loss.
    - `ended`: why its training ended.
    - `seconds`: that it took; 0 where it was not taken alone.
    - `output`: what it printed, and the traceback of one that failed.
    """

    arm: Arm
    configuration: int
    split: int
    values: Mapping[str, float]
    id: int
    seed: tuple[int, ...]
    curves: np.ndarray = field(repr=False)
    parts: np.ndarray = field(repr=False)
    ended: Ended
    seconds: float = 0.0
    output: str = field(default="", repr=False)

    @property
    def best(self) -> float:
        """The lowest loss on validation rows."""
        losses = self.curves[:, 1, 0]
        return float(np.min(losses, where=np.isfinite(losses), initial=np.inf))


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of an arm's configurations, or of several arms'. NaN where a configuration was not trained.

    - `validation`: `(configurations, splits, epochs)`, on validation rows; infinite from where a network diverged.
    - `training`: the same on training rows.
    - `parts`: `(configurations, splits, epochs, parts)`: what each part of the validation rows adds to `validation`;
      see `Parts`.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    """

    validation: np.ndarray
    training: np.ndarray
    parts: "Parts | np.ndarray"
    shares: np.ndarray


class Parts:
    """What each part of the validation rows adds to the losses of configurations: an array that is not made unless
    somebody wants all of it. It would be large, and is looked at in a few places, one epoch of a configuration in each
    split.

    **Arguments:**

    - `configurations`: of each configuration, by split, `(epochs, parts)`: an array, or what reads a row of it when it
      is asked for.
    - `shape`: `(splits, epochs, parts)`.
    """

    def __init__(self, configurations: Sequence[Mapping[int, Any]], shape: tuple[int, int, int]) -> None:
        self._configurations, self._shape = tuple(configurations), shape

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(configurations, splits, epochs, parts)`."""
        return (len(self._configurations), *self._shape)

    def __getitem__(self, places: Any) -> Any:
        """As of an array; of three arrays, `(n,)` configurations, splits and epochs, nothing else is read."""
        if isinstance(places, list):
            return Parts([self._configurations[configuration] for configuration in places], self._shape)
        if not (isinstance(places, tuple) and len(places) == 3 and all(np.ndim(axis) == 1 for axis in places)):
            return np.asarray(self)[places]
        rows = np.full((len(places[0]), self._shape[2]), np.nan, np.float32)
        for row, (configuration, split, epoch) in zip(rows, zip(*places, strict=True), strict=True):
            if int(split) in self._configurations[configuration]:
                parts = self._configurations[configuration][int(split)]
                if parts.shape[0]:
                    row[:] = parts[min(int(epoch), parts.shape[0] - 1)]
        return rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.full(self.shape, np.nan, np.float32)  # NaN where a configuration was not trained
        for configuration, by_split in enumerate(self._configurations):
            for split, parts in by_split.items():
                parts_of_trial = np.asarray(parts)
                if len(parts_of_trial):
                    array[configuration, split, : len(parts_of_trial)] = parts_of_trial
                    array[configuration, split, len(parts_of_trial) :] = parts_of_trial[-1]
        return array if dtype is None else array.astype(dtype)


def losses_by_arm(trials: Sequence[Trial], shares: np.ndarray) -> dict[Arm, Losses]:
    """The losses of all trials by arm. A trial with fewer epochs than others stays where it ended.

    **Arguments:**

    - `shares`: `(splits, parts)`: the share of every split's validation rows that is in each part.
    """
    splits, configurations = (
        1 + max(numbers) for numbers in zip(*[(trial.split, trial.configuration) for trial in trials], strict=True)
    )
    epochs, width = (max(sizes) for sizes in zip(*[trial.parts.shape for trial in trials], strict=True))
    losses: dict[Arm, Losses] = {}
    by_configuration: dict[Arm, list[dict[int, Any]]] = {}
    for trial in trials:
        if trial.arm not in losses:
            by_configuration[trial.arm] = [{} for _ in range(configurations)]
            losses[trial.arm] = Losses(
                validation=np.full((configurations, splits, epochs), np.nan),
                training=np.full((configurations, splits, epochs), np.nan),
                parts=Parts(by_configuration[trial.arm], (splits, epochs, width)),
                shares=shares[:splits],
            )
        losses_of_arm, ends = losses[trial.arm], len(trial.curves)
        by_configuration[trial.arm][trial.configuration][trial.split] = trial.parts
        if trial.ended == "failed":  # as if it had not been made
            continue
        training, validation = trial.curves[:, 0, 0], trial.curves[:, 1, 0]
        unknown = np.nan if np.isnan(training).all() else np.inf  # a training loss that nobody measures did not diverge
        place = trial.configuration, trial.split
        losses_of_arm.validation[place][:ends] = np.where(np.isfinite(validation), validation, np.inf)
        losses_of_arm.training[place][:ends] = np.where(np.isfinite(training), training, unknown)
        for curve in (losses_of_arm.validation[place], losses_of_arm.training[place]):
            curve[ends:] = curve[ends - 1]
    return losses
