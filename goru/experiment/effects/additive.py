"""Losses of arms as a sum of what their levels contribute."""

from collections.abc import Sequence

import numpy as np

from goru.experiment.arms import Arm


def levels_model(arms: Sequence[Arm]) -> np.ndarray:
    """`(arms, 1 + levels)`: 1, and for each level whether the arm has it. Losses are fitted by it with least squares
    where the factors' effects are to add up."""
    levels = dict.fromkeys(pair for arm in arms for pair in arm.levels)
    return np.array([[1.0, *(pair in arm.levels for pair in levels)] for arm in arms])
