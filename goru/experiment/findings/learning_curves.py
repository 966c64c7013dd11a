"""Learning curves of one configuration: the mean over the splits, and between which values the splits lie."""

from collections.abc import Iterable

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.findings.evidence import Band, LearningCurves, RowsCurves
from goru.experiment.trial import Trial

MOST_POINTS = 400  # of a curve: a screen shows no more


def epochs_shown(epochs: int) -> np.ndarray:
    """The epochs of a curve, from 1: all of them, or as many as a picture shows, the last one always among them."""
    return np.unique(np.linspace(1, epochs, min(epochs, MOST_POINTS)).round().astype(int))


def learning_curves(trials: Iterable[Trial], arm: Arm, configuration: int, epochs: int | None = None) -> LearningCurves:
    """Of the trials of a configuration, one a split, after each of `epochs_shown`.

    **Arguments:**

    - `epochs`: how many there are in all; those of the longest trial, unless others have more. A trial with fewer stays
      where it ended.
    """
    curves = [trial.curves for trial in trials if trial.arm == arm and trial.configuration == configuration]
    shown = epochs_shown(epochs or max(map(len, curves))) - 1
    figures = np.stack([curve[np.minimum(shown, len(curve) - 1)] for curve in curves]).astype(np.float64)
    training, validation = (
        RowsCurves(*[_band(figures[:, :, place, figure]) for figure in range(figures.shape[3])]) for place in range(2)
    )
    return LearningCurves(training, validation)


def _band(values: np.ndarray) -> Band:
    mean, low, high = (short(summary(values, axis=0)) for summary in (np.mean, np.min, np.max))
    return Band(mean, low, high)


def short(values: np.ndarray) -> tuple[float, ...]:
    """Numbers with as many digits as a picture can show."""
    return tuple(float(f"{value:.5g}") for value in values)
