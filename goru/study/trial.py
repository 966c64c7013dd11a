"""A trial: the training of one network in one split, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
    curves: np.ndarray
    parts: np.ndarray
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
    - `parts`: `(draws, splits, epochs, parts)`: what each part of the score rows adds to `score`.
    - `shares`: `(splits, parts)`: the share of the score rows that is in each part.
    """

    score: np.ndarray
    fit: np.ndarray
    parts: np.ndarray
    shares: np.ndarray


def losses(trials: Sequence[Trial], shares: np.ndarray) -> dict[Arm, Losses]:
    """The losses of all trials by arm.

    **Arguments:**

    - `shares`: `(splits, parts)`: the share of every split's score rows that is in each part.
    """
    splits, draws = (1 + max(numbers) for numbers in zip(*[(trial.split, trial.draw) for trial in trials], strict=True))
    epochs, parts = trials[0].parts.shape
    found: dict[Arm, Losses] = {}
    for trial in trials:
        if trial.arm not in found:
            found[trial.arm] = Losses(
                score=np.full((draws, splits, epochs), np.nan),
                fit=np.full((draws, splits, epochs), np.nan),
                parts=np.full((draws, splits, epochs, parts), np.nan, np.float32),
                shares=shares[:splits],
            )
        place, own = (trial.draw, trial.split), found[trial.arm]
        own.score[place] = np.where(np.isfinite(trial.curves[:, 1, 0]), trial.curves[:, 1, 0], np.inf)
        own.fit[place] = np.where(np.isfinite(trial.curves[:, 0, 0]), trial.curves[:, 0, 0], np.inf)
        own.parts[place] = trial.parts
    return found


def pooled(arms: Sequence[Losses]) -> Losses:
    """All draws of several arms as those of one."""

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(arm, name) for arm in arms])

    return Losses(joined("score"), joined("fit"), joined("parts"), arms[0].shares)
