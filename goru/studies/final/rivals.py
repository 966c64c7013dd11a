"""Non-neural baselines: on the test rows, in cross-validation, and beside the networks of the final model."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.experiment.effects.comparison import CLASS_PRIOR, CONSTANTS, MEAN, Rival, compare
from goru.experiment.effects.effects import Compared
from goru.nn.judge import Measure
from goru.studies import defaults
from goru.studies.final import baselines
from goru.studies.final.baselines import Stopwatch
from goru.studies.final.scores import constant_predictions, losses_at, row_losses

BOOSTING = "boosted trees"
CROSS_SHARE, CROSS_SECONDS = 0.5, 20.0  # of what is left of their time, and the most: for cross-validation


def constant_name(dataset: Dataset) -> str:
    """What the model that looks at no column is called."""
    return MEAN if dataset.classes is None else CLASS_PRIOR


def linear_name(dataset: Dataset) -> str:
    """What the linear model is called."""
    return "ridge regression" if dataset.classes is None else "logistic regression"


@dataclass(frozen=True, eq=False)
class Baseline:
    """A model that was fitted on all development rows.

    - `predicted`: of the test rows.
    - `fit_seconds`, `predict_seconds`: what that took.
    - `again`: what fits it on another table's development rows and predicts that one's test rows; `None` where all
      splits of a partition would take too long.
    """

    predicted: np.ndarray
    fit_seconds: float
    predict_seconds: float
    again: Callable[[Dataset], np.ndarray] | None = None


def baseline_models(
    dataset: Dataset, splits: Sequence[Split], seed: int, balanced: bool, seconds: float, slowness: float = 1.0
) -> dict[str, Baseline]:
    """By name, the simplest model first, without those that would take too long.

    **Arguments:**

    - `splits`: of one partition.
    - `seconds`: for all of them.
    - `slowness`: of this machine; see [`Clock.slowness`][goru.experiment.clock.Clock.slowness].
    """
    until, count = time.monotonic() + seconds, max(len(splits), 1)

    def constant(table: Dataset, _: Stopwatch | None = None) -> np.ndarray:
        return constant_predictions(table, balanced)

    def left() -> float:
        return (until - time.monotonic()) / slowness

    models = {constant_name(dataset): replace(_fitted(dataset, constant), again=constant)}
    choosing = baselines.affordable_splits(dataset, len(splits), seconds / slowness)
    if choosing is not None:
        import sklearn.linear_model  # before the watch runs

        models[linear_name(dataset)] = _fitted(
            dataset, lambda table, watch: baselines.linear(table, splits[:choosing], balanced, watch)
        )
    rounds = baselines.affordable_rounds(dataset, left())
    if rounds is not None:
        import sklearn.ensemble  # noqa: F401

        models[BOOSTING] = _fitted(
            dataset, lambda table, watch: baselines.boosting(table, seed, balanced, rounds, watch)
        )
    # In cross-validation each is fitted once a split, in what is left of the time; the penalty is chosen inside of it.
    room = min(CROSS_SHARE * left(), CROSS_SECONDS) / count
    inner = min(choosing or 0, 1)
    if choosing is not None and baselines.affordable_splits(dataset, inner, room) == inner:
        models[linear_name(dataset)] = replace(
            models[linear_name(dataset)],
            again=lambda table: baselines.linear(table, _inside(table, seed)[:inner], balanced),
        )
    if rounds is not None and (baselines.affordable_rounds(dataset, room) or 0) >= rounds:
        models[BOOSTING] = replace(
            models[BOOSTING], again=lambda table: baselines.boosting(table, seed, balanced, rounds)
        )
    return models


def _fitted(dataset: Dataset, model: Callable[[Dataset, Stopwatch], np.ndarray]) -> Baseline:
    watch, began = Stopwatch(), time.monotonic()
    predicted = model(dataset, watch)
    return Baseline(predicted, max(time.monotonic() - began - watch.predicting, 0.0), watch.predicting)


def _inside(table: Dataset, seed: int) -> list[Split]:
    """One split of the development rows by lot, four fifths to fit on."""
    rows = np.random.default_rng((seed, len(table.y_development))).permutation(len(table.y_development))
    return [Split(np.sort(rows[len(rows) // 5 :]), np.sort(rows[: len(rows) // 5]))]


def cross_validated(
    dataset: Dataset,
    splits: Sequence[Split],
    again: Callable[[Dataset], np.ndarray],
    weights: Callable[[np.ndarray], np.ndarray | None],
    part: np.ndarray,
    measure: Measure | None = None,
) -> Compared:
    """The validation loss of a model in every split, by what the networks are judged by.

    **Arguments:**

    - `again`: see [`Baseline`][goru.studies.final.rivals.Baseline].
    - `weights`: by a split's training rows, what every development row counts for.
    - `part`: that each development row belongs to.
    """
    losses, parts = np.zeros(len(splits)), np.zeros((len(splits), defaults.PARTS))
    for place, (training, validation) in enumerate(splits):
        of_rows = losses_at(
            dataset, dataset.y_development[validation], again(_of_split(dataset, training, validation)), measure
        )
        counts = weights(training)
        share = np.ones(len(validation)) if counts is None else counts[validation].astype(np.float64)
        adds = of_rows * share / share.sum()
        losses[place] = adds.sum()
        np.add.at(parts[place], part[validation], adds)
    return Compared(losses, parts, np.empty(0))


def _of_split(dataset: Dataset, training: np.ndarray, validation: np.ndarray) -> Dataset:
    """A split's training rows as development rows, its validation rows as test rows."""
    encoded, y = dataset.encoded_development, dataset.y_development
    return replace(
        dataset,
        encoded_development=encoded.take(training),
        y_development=y[training],
        encoded_test=encoded.take(validation),
        y_test=y[validation],
        groups=None,
        time=None,
        weights=None if dataset.weights is None else dataset.weights[training],
        test_groups=None,
    )


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
