"""A trial: the training of one network in one split, and what came of it."""

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
    - `ended`: why its training ended.
    """

    arm: Arm
    draw: int
    split: int
    hyper: Hyperparameters
    id: int
    seed: tuple[int, ...]
    curves: np.ndarray
    ended: Ended

    @property
    def best(self) -> float:
        """The lowest loss on score rows."""
        losses = self.curves[:, 1, 0]
        return float(np.min(losses, where=np.isfinite(losses), initial=np.inf))


def score_losses(trials: list[Trial]) -> dict[Arm, np.ndarray]:
    """The losses on score rows by arm, `(draws, splits, epochs)`; infinite from where a network diverged."""
    return {arm: np.where(np.isfinite(curves), curves, np.inf) for arm, curves in _by_arm(trials, 1).items()}


def fit_losses(trials: list[Trial]) -> dict[Arm, np.ndarray]:
    """The losses on fit rows by arm, `(draws, splits, epochs)`."""
    return _by_arm(trials, 0)


def _by_arm(trials: list[Trial], rows: int) -> dict[Arm, np.ndarray]:
    arms = dict.fromkeys(trial.arm for trial in trials)
    splits = 1 + max(trial.split for trial in trials)
    result = {}
    for arm in arms:
        own = [trial for trial in trials if trial.arm == arm]
        draws = 1 + max(trial.draw for trial in own)
        losses = np.full((draws, splits, len(own[0].curves)), np.nan)
        for trial in own:
            losses[trial.draw, trial.split] = trial.curves[:, rows, 0]
        result[arm] = losses
    return result
