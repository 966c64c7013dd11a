"""A trial: the training of one network in one split, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from goru.nn.architecture import Hyperparameters
from goru.study.design import Arm

Ended = Literal["finished", "diverged"]


@dataclass(frozen=True, eq=False)
class Trial:
    """One trained network.

    - `arm`, `draw`, `split`: which draw of which arm, in which split; draws and splits count from 0.
    - `hyper`: its numbers.
    - `id`: what its dropout masks are a function of.
    - `seed`: what its initial weights are a function of.
    - `curves`: `(epochs, 2, figures)` float32: after every epoch, on fit rows and on score rows, the mean loss and,
      for classes, the accuracy.
    - `parts`: `(epochs, parts)` float32: after every epoch, what each part of the score rows adds to their mean loss.
    - `ended`: why its training ended.
    """

    arm: Arm
    draw: int
    split: int
    hyper: Hyperparameters
    id: int
    seed: tuple[int, ...]
    curves: np.ndarray = field(repr=False)
    parts: np.ndarray = field(repr=False)
    ended: Ended

    @property
    def best(self) -> float:
        """The lowest loss on score rows."""
        losses = self.curves[:, 1, 0]
        return float(np.min(losses, where=np.isfinite(losses), initial=np.inf))


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of an arm's draws, or of several arms'. NaN where a draw was not trained.

    - `score`: `(draws, splits, epochs)`, on score rows; infinite from where a network diverged.
    - `fit`: the same on fit rows.
    - `parts`: `(draws, splits, epochs, parts)`: what each part of the score rows adds to `score`; see `Parts`.
    - `shares`: `(splits, parts)`: the share of the score rows that is in each part.
    """

    score: np.ndarray
    fit: np.ndarray
    parts: "Parts | np.ndarray"
    shares: np.ndarray


class Parts:
    """What each part of the score rows adds to the losses of draws: an array that is not made unless somebody wants all
    of it. It would be large, and is looked at in a few places, one epoch of a draw in each split.

    **Arguments:**

    - `draws`: of each draw, by split, `(epochs, parts)`: an array, or what reads a row of it when it is asked for.
    - `shape`: `(splits, epochs, parts)`.
    """

    def __init__(self, draws: Sequence[Mapping[int, Any]], shape: tuple[int, int, int]) -> None:
        self._draws, self._shape = tuple(draws), shape

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(draws, splits, epochs, parts)`."""
        return (len(self._draws), *self._shape)

    def __getitem__(self, places: Any) -> Any:
        """As of an array; of three arrays, `(n,)` draws, splits and epochs, nothing else is read."""
        if isinstance(places, list):
            return Parts([self._draws[draw] for draw in places], self._shape)
        if not (isinstance(places, tuple) and len(places) == 3 and all(np.ndim(each) == 1 for each in places)):
            return np.asarray(self)[places]
        found = np.full((len(places[0]), self._shape[2]), np.nan, np.float32)
        for row, (draw, split, epoch) in zip(found, zip(*places, strict=True), strict=True):
            if int(split) in self._draws[draw]:
                row[:] = self._draws[draw][int(split)][int(epoch)]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.full(self.shape, np.nan, np.float32)  # NaN where a draw was not trained
        for draw, by_split in enumerate(self._draws):
            for split, parts in by_split.items():
                found[draw, split] = parts
        return found if dtype is None else found.astype(dtype)

    @staticmethod
    def joined(arms: Sequence["Parts | np.ndarray"]) -> "Parts | np.ndarray":
        """All draws of several arms as those of one."""
        known = [arm for arm in arms if isinstance(arm, Parts)]
        if len(known) < len(arms):
            return np.concatenate([np.asarray(arm) for arm in arms])
        return Parts([draw for arm in known for draw in arm._draws], known[0]._shape)


def losses(trials: Sequence[Trial], shares: np.ndarray) -> dict[Arm, Losses]:
    """The losses of all trials by arm.

    **Arguments:**

    - `shares`: `(splits, parts)`: the share of every split's score rows that is in each part.
    """
    splits, draws = (1 + max(numbers) for numbers in zip(*[(trial.split, trial.draw) for trial in trials], strict=True))
    epochs, width = trials[0].parts.shape
    found: dict[Arm, Losses] = {}
    by_draw: dict[Arm, list[dict[int, Any]]] = {}
    for trial in trials:
        if trial.arm not in found:
            by_draw[trial.arm] = [{} for _ in range(draws)]
            found[trial.arm] = Losses(
                score=np.full((draws, splits, epochs), np.nan),
                fit=np.full((draws, splits, epochs), np.nan),
                parts=Parts(by_draw[trial.arm], (splits, epochs, width)),
                shares=shares[:splits],
            )
        place, own = (trial.draw, trial.split), found[trial.arm]
        own.score[place] = np.where(np.isfinite(trial.curves[:, 1, 0]), trial.curves[:, 1, 0], np.inf)
        own.fit[place] = np.where(np.isfinite(trial.curves[:, 0, 0]), trial.curves[:, 0, 0], np.inf)
        by_draw[trial.arm][trial.draw][trial.split] = trial.parts
    return found


def pooled(arms: Sequence[Losses]) -> Losses:
    """All draws of several arms as those of one."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(arm, name) for arm in arms])

    return Losses(joined("score"), joined("fit"), Parts.joined([arm.parts for arm in arms]), arms[0].shares)
