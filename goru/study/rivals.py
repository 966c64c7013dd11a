"""The models that are no networks, on the test rows."""

from collections.abc import Sequence

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.study import baselines
from goru.study.scores import guess

GUESS = "guess"
BOOSTING = "boosted trees"


def linear_name(dataset: Dataset) -> str:
    """What the linear model is called."""
    return "ridge regression" if dataset.classes is None else "logistic regression"


def predictions(
    dataset: Dataset, splits: Sequence[Split], seed: int, balanced: bool, seconds: float
) -> dict[str, np.ndarray]:
    """Predictions of the test rows by name, the simplest model first; only the guess where the others take longer."""
    found = {GUESS: guess(dataset, balanced)}
    if baselines.affordable(dataset, seconds):
        found[linear_name(dataset)] = baselines.linear(dataset, splits, balanced)
        found[BOOSTING] = baselines.boosting(dataset, seed, balanced)
    return found
