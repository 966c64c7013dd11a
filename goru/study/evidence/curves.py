"""Learning curves of one draw: the mean over the splits, and between which values the splits lie."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from goru.study.design import Arm
from goru.study.trial import Trial

MOST_POINTS = 400  # of a curve: a screen shows no more
FIGURES = ("loss", "accuracy")
PARTS = ("fit", "held_out")


def epochs_shown(epochs: int) -> np.ndarray:
    """The epochs of a curve, from 1: all of them, or as many as a picture shows, the last one always among them."""
    return np.unique(np.linspace(1, epochs, min(epochs, MOST_POINTS)).round().astype(int))


def learning_curves(trials: Iterable[Trial], arm: Arm, draw: int) -> dict[str, Any]:
    """Of the networks of a draw, one a split.

    **Returns:** `fit` and `held_out`, each with `loss` and, for classes, `accuracy`: lists `mean`, `low` and `high`,
    an entry for each of `epochs_shown`; low and high are those of the lowest and the highest split.
    """
    own = np.stack([trial.curves for trial in trials if trial.arm == arm and trial.draw == draw]).astype(np.float64)
    own = own[:, epochs_shown(own.shape[1]) - 1]
    return {
        part: {
            figure: {
                name: short(summary(own[:, :, place, index], axis=0))
                for name, summary in (("mean", np.mean), ("low", np.min), ("high", np.max))
            }
            for index, figure in enumerate(FIGURES[: own.shape[3]])
        }
        for place, part in enumerate(PARTS)
    }


def short(values: np.ndarray) -> list[float]:
    """Numbers with as many digits as a picture can show."""
    return [float(f"{value:.5g}") for value in values]
