"""A trial: one training of a configuration in one split, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
      loss; or `(epochs, temperatures, parts)`, to the loss that they are judged by, at every temperature.
    - `ended`: why its training ended.
    - `seconds`: that it took; 0 where it was not taken alone.
    - `output`: what it printed, and the traceback of one that failed.
    - `judged`: `(epochs, temperatures)` float32, what `parts` add up to where there are temperatures; else `None`, and
      it is the loss of `curves` that judges.
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
    judged: np.ndarray | None = field(default=None, repr=False)

    @property
    def validation(self) -> np.ndarray:
        """`(epochs, temperatures)`: the loss that validation rows are judged by, after every epoch."""
        return self.curves[:, 1, :1] if self.judged is None else self.judged

    @property
    def best(self) -> float:
        """The lowest loss that validation rows are judged by."""
        return float(np.min(self.validation, where=np.isfinite(self.validation), initial=np.inf))


def judged(parts: np.ndarray) -> np.ndarray | None:
    """`Trial.judged`, of its parts: their sum at every temperature, `(epochs, temperatures)`; `None` without any."""
    return np.ascontiguousarray(parts).sum(axis=-1) if parts.ndim == 3 else None  # in one order, and so the same bits


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of an arm's configurations, or of several arms'. NaN where a configuration was not trained.

    A *stop* is where a configuration is judged: after an epoch, at a temperature. Stops are numbered epoch by epoch,
    and within one in the order of the temperatures.

    - `validation`: `(configurations, splits, stops)`, what validation rows are judged by; infinite from where a network
      diverged.
    - `training`: `(configurations, splits, epochs)`, on training rows, the loss that networks are trained by.
    - `parts`: `(configurations, splits, stops, parts)`: what each part of the validation rows adds to `validation`;
      see `Parts`.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `temperatures`: of the stops after one epoch.
    - `learning`: as `training`, on validation rows, where that is not `validation`.
    """

    validation: np.ndarray
    training: np.ndarray
    parts: "Parts | np.ndarray"
    shares: np.ndarray
    temperatures: tuple[float, ...] = (1.0,)
    learning: np.ndarray | None = None

    @property
    def curves(self) -> np.ndarray:
        """`(configurations, splits, epochs)`: on validation rows, the loss that networks are trained by."""
        return self.validation if self.learning is None else self.learning

    def epoch(self, stop: int) -> int:
        """Of a stop, from 0."""
        return int(stop) // len(self.temperatures)

    def temperature(self, stop: int) -> float:
        """Of a stop."""
        return self.temperatures[int(stop) % len(self.temperatures)]

    def of(self, configurations: list[int]) -> "Losses":
        """Those of some of the configurations."""
        return replace(
            self,
            validation=self.validation[configurations],
            training=self.training[configurations],
            parts=self.parts[configurations],
            learning=None if self.learning is None else self.learning[configurations],
        )


class Parts:
    """What each part of the validation rows adds to the losses of configurations: an array that is not made unless
    somebody wants all of it. It would be large, and is looked at in a few places, one stop of a configuration in each
    split.

    **Arguments:**

    - `configurations`: of each configuration, by split, the `parts` of a trial: an array, or what reads it when it is
      asked for.
    - `shape`: `(splits, stops, parts)`.
    """

    def __init__(self, configurations: Sequence[Mapping[int, Any]], shape: tuple[int, int, int]) -> None:
        self._configurations, self._shape = tuple(configurations), shape

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(configurations, splits, stops, parts)`."""
        return (len(self._configurations), *self._shape)

    def __getitem__(self, places: Any) -> Any:
        """As of an array; of three arrays, `(n,)` configurations, splits and stops, nothing else is read."""
        if isinstance(places, list):
            return Parts([self._configurations[configuration] for configuration in places], self._shape)
        if not (isinstance(places, tuple) and len(places) == 3 and all(np.ndim(axis) == 1 for axis in places)):
            return np.asarray(self)[places]
        rows = np.full((len(places[0]), self._shape[2]), np.nan, np.float32)
        for row, (configuration, split, stop) in zip(rows, zip(*places, strict=True), strict=True):
            if int(split) in self._configurations[configuration]:
                parts = self._configurations[configuration][int(split)]
                if parts.shape[0]:
                    epoch, *hot = np.unravel_index(int(stop), (self._shape[1], *parts.shape[1:-1]))
                    row[:] = parts[(min(int(epoch), parts.shape[0] - 1), *hot)]
        return rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.full(self.shape, np.nan, np.float32)  # NaN where a configuration was not trained
        _, stops, width = self._shape
        for configuration, by_split in enumerate(self._configurations):
            for split, parts in by_split.items():
                if parts.shape[0]:
                    epochs = stops // int(np.prod(parts.shape[1:-1]))
                    array[configuration, split] = carried_on(np.asarray(parts), epochs).reshape(stops, width)
        return array if dtype is None else array.astype(dtype)


def losses_by_arm(
    trials: Sequence[Trial], shares: np.ndarray, temperatures: tuple[float, ...] = (1.0,)
) -> dict[Arm, Losses]:
    """The losses of all trials by arm. A trial with fewer epochs than others stays where it ended.

    **Arguments:**

    - `shares`: `(splits, parts)`: the share of every split's validation rows that is in each part.
    - `temperatures`: that validation rows were judged at, see [`Trial.parts`][goru.experiment.trial.Trial].
    """
    splits, configurations = (
        1 + max(numbers) for numbers in zip(*[(trial.split, trial.configuration) for trial in trials], strict=True)
    )
    epochs, width = (max(trial.parts.shape[axis] for trial in trials) for axis in (0, -1))
    stops, judged_apart = epochs * len(temperatures), any(trial.judged is not None for trial in trials)
    losses: dict[Arm, Losses] = {}
    by_configuration: dict[Arm, list[dict[int, Any]]] = {}
    for trial in trials:
        if trial.arm not in losses:
            by_configuration[trial.arm] = [{} for _ in range(configurations)]
            losses[trial.arm] = Losses(
                validation=np.full((configurations, splits, stops), np.nan),
                training=np.full((configurations, splits, epochs), np.nan),
                parts=Parts(by_configuration[trial.arm], (splits, stops, width)),
                shares=shares[:splits],
                temperatures=temperatures,
                learning=np.full((configurations, splits, epochs), np.nan) if judged_apart else None,
            )
        losses_of_arm, place = losses[trial.arm], (trial.configuration, trial.split)
        by_configuration[trial.arm][trial.configuration][trial.split] = trial.parts
        if trial.ended == "failed":  # as if it had not been made
            continue
        training, learning = trial.curves[:, 0, 0], trial.curves[:, 1, 0]
        unknown = np.nan if np.isnan(training).all() else np.inf  # a training loss that nobody measures did not diverge
        losses_of_arm.validation[place] = carried_on(_finite(trial.validation), epochs).reshape(stops)
        losses_of_arm.training[place] = carried_on(_finite(training, unknown), epochs)
        if losses_of_arm.learning is not None:
            losses_of_arm.learning[place] = carried_on(_finite(learning), epochs)
    return losses


def _finite(losses: np.ndarray, otherwise: float = np.inf) -> np.ndarray:
    return np.where(np.isfinite(losses), losses, otherwise)


def carried_on(by_epoch: np.ndarray, epochs: int) -> np.ndarray:
    """An array `(epochs, ...)` of so many epochs: where it has fewer, the last one goes on."""
    return by_epoch[np.minimum(np.arange(epochs), len(by_epoch) - 1)]
