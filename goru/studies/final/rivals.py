"""Other models on the test rows, and how they compare with the networks of the final model there."""

import time
from collections.abc import Mapping, Sequence

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.experiment.effects.comparison import CLASS_PRIOR, CONSTANTS, MEAN, Rival, compare
from goru.nn.judge import Measure
from goru.studies import defaults
from goru.studies.final import baselines
from goru.studies.final.scores import constant_predictions, row_losses

BOOSTING = "boosted trees"


def constant_name(dataset: Dataset) -> str:
    """What the model that looks at no column is called."""
    return MEAN if dataset.classes is None else CLASS_PRIOR


def linear_name(dataset: Dataset) -> str:
    """What the linear model is called."""
    return "ridge regression" if dataset.classes is None else "logistic regression"


def baseline_predictions(
    dataset: Dataset, splits: Sequence[Split], seed: int, balanced: bool, seconds: float, slowness: float = 1.0
) -> dict[str, np.ndarray]:
    """Predictions of the test rows by name, the simplest model first, without those that would take too long.

    **Arguments:**

    - `seconds`: for all of them.
    - `slowness`: of this machine; see [`Clock.slowness`][goru.experiment.clock.Clock.slowness].
    """
    until = time.monotonic() + seconds
    predicted = {constant_name(dataset): constant_predictions(dataset, balanced)}
    choosing = baselines.affordable_splits(dataset, len(splits), seconds / slowness)
    if choosing is not None:
        predicted[linear_name(dataset)] = baselines.linear(dataset, splits[:choosing], balanced)
    rounds = baselines.affordable_rounds(dataset, (until - time.monotonic()) / slowness)
    if rounds is not None:
        predicted[BOOSTING] = baselines.boosting(dataset, seed, balanced, rounds)
    return predicted


def against(
    dataset: Dataset,
    predicted: Mapping[str, np.ndarray],
    networks: np.ndarray,
    balanced: bool,
    measure: Measure | None = None,
) -> list[Rival]:
    """Every model but the constant one, compared with the networks on the test rows; the intervals hold together
    (Bonferroni).

    **Arguments:**

    - `predicted`: predictions of the test rows by name.
    - `networks`: the predictions of the final model.
    - `balanced`: whether every class counts alike, however many rows it has.
    - `measure`: that judges; see [`losses_at`][goru.studies.final.scores.losses_at].
    """
    losses_of_networks, weights = row_losses(dataset, networks, measure), _weights(dataset) if balanced else None
    losses_of_baselines = {
        name: row_losses(dataset, values, measure) for name, values in predicted.items() if name not in CONSTANTS
    }
    confidence = 1 - (1 - defaults.CONFIDENCE) / max(len(losses_of_baselines), 1)
    return [
        Rival(
            name,
            compare(losses, losses_of_networks, confidence, weights, dataset.test_groups),
            float(np.average(losses, weights=weights)),
        )
        for name, losses in losses_of_baselines.items()
    ]


def _weights(dataset: Dataset) -> np.ndarray:
    """Of the test rows, so that the rows of every class weigh as much together."""
    y = dataset.y_test
    return 1 / np.bincount(y)[y]
