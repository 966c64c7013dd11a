"""What stands for every arm in every split, and what would if a configuration had not been tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.additive import levels_model
from goru.experiment.effects.crossfit import OtherFolds
from goru.experiment.trial import Losses

EXPLODED = 1e4  # times the median arm's: a network that is on its way to infinity
FEWEST_DEGREES = 3  # of freedom, for what main effects leave unexplained; with fewer it is an interaction or two


@dataclass(frozen=True)
class Standing:
    """What stands for each arm in each split, chosen on the other folds.

    - `losses`: `(arms, splits)`, on the split's own validation rows; infinite where nothing stands for an arm.
    - `elsewhere`: `(arms, splits)`: on the rows that have chosen it.
    """

    losses: np.ndarray
    elsewhere: np.ndarray


class Standings:
    """All arms, each represented in each split by what is best on the other folds.

    **Arguments:**

    - `losses`: of every arm, all with as many configurations.
    - `folds`: of a partition.
    - `tuned`: whether there is anything to search for; otherwise no other configuration could have been tried.
    """

    def __init__(self, losses: Mapping[Arm, Losses], folds: int, tuned: bool = True) -> None:
        self.places = {arm: place for place, arm in enumerate(losses)}
        self.shares = next(iter(losses.values())).shares
        self._losses = list(losses.values())
        self._score = np.stack([arm.validation for arm in self._losses])
        self._others = OtherFolds.of(self._score, folds)
        self.all = self._standing()
        self.without = tuple(self._standing(left_out) for left_out in range(self._score.shape[1])) if tuned else ()

    def _places(self, left_out: int | None) -> tuple[np.ndarray, ...]:
        elsewhere = self._others.losses
        if left_out is not None:
            elsewhere = np.delete(elsewhere, left_out, axis=1)
        if not elsewhere.shape[1]:
            return ()
        chosen = elsewhere.argmin(axis=1)
        if left_out is not None:
            chosen = chosen + (chosen >= left_out)
        arms, splits = np.ogrid[: len(chosen), : chosen.shape[1]]
        return arms, chosen, splits, self._others.stops[arms, chosen, splits]

    def _standing(self, left_out: int | None = None) -> Standing:
        places = self._places(left_out)
        if not places:
            nothing = np.full((len(self.places), self._score.shape[2]), np.inf)
            return Standing(nothing, nothing)
        losses = self._score[places]
        trained = self._others.trained[places[:3]]
        known = np.where(trained & ~np.isnan(losses), losses, np.inf)
        return Standing(known, self._others.losses[places[:3]])

    def chosen(self, arrays: Sequence[Any]) -> np.ndarray:
        """What arrays, one an arm, `(configurations, splits, stops, ...)`, hold of what stands for the arms: `(arms,
        splits, ...)`."""
        _, configurations, splits, stops = self._places(None)
        places = zip(arrays, configurations, stops, strict=True)
        return np.stack([np.asarray(array[chosen, splits[0], at]) for array, chosen, at in places])

    @property
    def parts(self) -> np.ndarray:
        """`(arms, splits, parts)`: what each part of the rows adds to the losses; 0 where nothing stands for an arm."""
        parts = self.chosen([arm.parts for arm in self._losses])
        return np.where(np.isfinite(self.all.losses)[..., None], parts, 0.0).astype(np.float64)

    @cached_property
    def unexplained(self) -> tuple[float, int]:
        """What the factors' main effects leave unexplained of the arms' losses in all splits alike: a standard
        deviation, and its degrees of freedom; 0 and 0 where there are too few.

        What they leave unexplained in some splits alone is of these splits' rows and networks: as much of the mean over
        splits is taken off, as a component of variance.
        """
        arms, known = list(self.places), self.whole[1]
        model = levels_model(arms)[known]
        freedom = int(known.sum() - np.linalg.matrix_rank(model)) if known.any() else 0
        if freedom < FEWEST_DEGREES:
            return 0.0, 0
        losses = self.all.losses[known]
        residuals = losses - model @ np.linalg.lstsq(model, losses, rcond=None)[0]
        lasting, splits = residuals.mean(axis=1), residuals.shape[1]
        passing = np.sum((residuals - lasting[:, None]) ** 2) / max(splits - 1, 1) / splits
        return float(np.sqrt(max(lasting @ lasting - passing, 0.0) / freedom)), freedom

    def indices(self, arms: Sequence[Arm]) -> np.ndarray:
        """Of some arms, the places on the first axis."""
        return np.array([self.places[arm] for arm in arms])

    @cached_property
    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """`(arms,)` twice: whether something stands for an arm in every split, and would whichever configuration had
        not been tried; and whether something stands for it as it is. A network whose loss has exploded is none."""
        now = _there(self.all.losses)
        always = [_there(standing.losses) for standing in self.without]
        return np.all([now, *always], axis=0), now


def _there(losses: np.ndarray) -> np.ndarray:
    """Of losses `(arms, splits)`, which arms have one in every split that is not out of all proportion."""
    known = np.isfinite(losses)
    typical = np.median(np.where(known, losses, np.inf), axis=0)
    return (known & (losses <= EXPLODED * typical)).all(axis=1)
