"""The models that are no networks, on the test rows, and how they compare with the networks there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.study import baselines, defaults
from goru.study.scores import Difference, compare, guess, row_losses

GUESS = "guess"
BOOSTING = "boosted trees"


@dataclass(frozen=True)
class Rival:
    """A model that is no network, against what is handed over, on the test rows.

    - `name`: in words.
    - `difference`: its loss less that of the networks, with an interval; below zero it is better.
    - `loss`: its own.
    """

    name: str
    difference: Difference
    loss: float


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


def against(dataset: Dataset, predicted: Mapping[str, np.ndarray], networks: np.ndarray, balanced: bool) -> list[Rival]:
    """Every model but the guess, compared with the networks on the test rows.

    **Arguments:**

    - `predicted`: predictions of the test rows by name.
    - `networks`: the predictions of what is handed over.
    - `balanced`: whether every class counts alike, however many rows it has.
    """
    own, weights = row_losses(dataset, networks), _weights(dataset) if balanced else None
    theirs = {name: row_losses(dataset, values) for name, values in predicted.items() if name != GUESS}
    return [
        Rival(name, compare(losses, own, defaults.CONFIDENCE, weights), float(np.average(losses, weights=weights)))
        for name, losses in theirs.items()
    ]


def _weights(dataset: Dataset) -> np.ndarray:
    """Of the test rows, so that the rows of every class weigh as much together."""
    y = dataset.y_test
    return 1 / np.bincount(y)[y]
