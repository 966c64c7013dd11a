"""After the race: the networks of the final model, trained on all development rows, calibrated on validation rows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.experiment.candidates import Candidate
from goru.model.model import Model
from goru.model.networks import mixed
from goru.nn.layers.kinds import layers_to_json
from goru.studies import defaults
from goru.studies.asked.design import architecture
from goru.studies.asked.judging import uniform_share
from goru.studies.budget.extent import Extent, calibrating
from goru.studies.final.refits import Kept, Late, TrainedEnsemble, folded_layers, predict_validation, train_ensemble
from goru.studies.final.scores import losses_at
from goru.studies.final.selection import select, temperature
from goru.studies.final.shortlist import rivals, shares, shortlist
from goru.studies.laboratory import NetworkLaboratory


@dataclass(frozen=True, eq=False)
class FinalModel:
    """Networks on all development rows, and the model that predicts with them.

    - `validation`: what the same configurations predict of development rows that they are not fitted on: `(networks,
      rows, ...)`, NaN for rows that no split scores, or all of them where there was no time or no need.
    - `selection`: `"greedy"` if the networks were selected by their validation predictions, else `"uniform"`.
    - `fit_seconds`: that training the ensemble took.
    """

    ensemble: TrainedEnsemble = field(repr=False)
    model: Model
    validation: np.ndarray = field(repr=False)
    selection: Literal["uniform", "greedy"]
    fit_seconds: float = 0.0

    @property
    def shares(self) -> dict[Candidate, int]:
        """How many networks of each candidate."""
        return {candidate: self.ensemble.candidates.count(candidate) for candidate in self.ensemble.candidates}


def train_final_model(
    laboratory: NetworkLaboratory,
    ranked: Sequence[Candidate],
    splits: Sequence[Split],
    extent: Extent,
    late: Late | None = None,
    kept: Kept | None = None,
) -> FinalModel:
    """An ensemble of the best configurations, its probabilities calibrated by predictions on validation rows.

    **Arguments:**

    - `ranked`: all that may be taken, the best first; the ensemble is of the first one's arm.
    - `splits`: of one partition; networks are trained on their training rows too, to predict their validation rows.
    - `extent`: how many networks, in how many of the splits, and whether a greedy selection from several arms may take
      the uniform ensemble's place, if it is better.
    - `late`: whether there is no time any more; what is trained by then is the ensemble.
    - `kept`: see [`predict_validation`][goru.studies.final.refits.predict_validation].
    """
    kept = {} if kept is None else kept
    ranked = _alike(laboratory, ranked)
    taken = shares(shortlist(ranked)[: extent.networks], extent.networks)
    selection: Literal["uniform", "greedy"] = "uniform"
    if extent.greedy:
        chosen = _select(laboratory, ranked, taken, splits, _Judge(laboratory, splits), late, kept)
        taken, selection = (taken, selection) if chosen is None else (chosen, "greedy")
    began = time.perf_counter()
    ensemble = train_ensemble(laboratory, taken, late)
    fit_seconds = time.perf_counter() - began
    scored = _scored(laboratory.dataset, splits, extent)
    validation = predict_validation(laboratory, taken, scored, late, kept)
    judge = _Judge(laboratory, scored)
    # Without predictions to calibrate by, there is still the temperature at which the race, or a longer schedule, found
    # the best candidate best. An ensemble is less sure than its networks: a half of the logarithm is enough for it.
    single = next(iter(taken)).temperature
    model = as_model(
        laboratory,
        ensemble,
        judge.temperature(validation.mean(axis=0), single if len(ensemble.candidates) == 1 else single**0.5),
        judge.temperature(validation[0], single),
    )
    return FinalModel(ensemble, model, validation, selection, fit_seconds)


def _alike(laboratory: NetworkLaboratory, ranked: Sequence[Candidate]) -> list[Candidate]:
    """Candidates whose networks have the layers of the best one's, when folded: one model predicts by all of them."""
    layers = [folded_layers(architecture(candidate.arm, laboratory.base)) for candidate in ranked]
    return [candidate for candidate, own in zip(ranked, layers, strict=True) if own == layers[0]]


def _scored(dataset: Dataset, splits: Sequence[Split], extent: Extent) -> Sequence[Split]:
    """Those in which validation rows are predicted: all where these are shown, else as many as calibrate."""
    if not needs_validation(dataset):
        return []
    rows = sum(len(split.validation_rows) for split in splits) if dataset.has_test_rows else 0
    return splits[: calibrating(len(splits), rows, extent.folds)]


def needs_validation(dataset: Dataset) -> bool:
    """Whether validation rows are predicted: probabilities are calibrated by them, and they are shown where there are
    no test rows."""
    return dataset.classes is not None or not dataset.has_test_rows


def _select(
    laboratory: NetworkLaboratory,
    ranked: Sequence[Candidate],
    uniform: dict[Candidate, int],
    splits: Sequence[Split],
    judge: "_Judge",
    late: Late | None,
    kept: Kept,
) -> dict[Candidate, int] | None:
    """The greedy selection, by one network of each candidate; `None` if the uniform ensemble is as good."""
    pool = dict.fromkeys([*uniform, *rivals(ranked, list(uniform))], 1)
    predicted = predict_validation(laboratory, pool, splits, late, kept)
    rows = np.concatenate(judge.folds)
    well = np.isfinite(predicted[:, rows]).all(axis=tuple(range(1, predicted.ndim)))
    counts = np.array([uniform.get(candidate, 0) for candidate in pool])
    if not well[counts > 0].all():
        return None
    candidates = [candidate for candidate, good in zip(pool, well, strict=True) if good]
    chosen = select(predicted[well], counts[well], judge.losses, judge.folds, judge.weights, defaults.ENSEMBLE)
    if (chosen == counts[well]).all():
        return None
    return {candidate: int(count) for candidate, count in zip(candidates, chosen, strict=True) if count}


def as_model(
    laboratory: NetworkLaboratory, ensemble: TrainedEnsemble, temperature: float = 1.0, single_temperature: float = 1.0
) -> Model:
    """The ensemble as a model that predicts from a table."""
    dataset = laboratory.dataset
    preparation, scaling = laboratory.fit_preparation(np.arange(len(dataset.y_development)))
    members = tuple(
        {"arm": one.arm.name, "epochs": one.epochs, **one.values, "layers": layers_to_json(layers)}
        for one, layers in zip(ensemble.candidates, ensemble.trained_layers, strict=True)
    )
    return Model(
        dataset.target,
        dataset.schema,
        preparation,
        scaling,
        ensemble.networks,
        members,
        temperature,
        single_temperature,
        _uniform_share(dataset),
    )


def _uniform_share(dataset: Dataset) -> float:
    return 0.0 if dataset.classes is None else uniform_share(len(dataset.y_development))


class _Judge:
    """Row losses of development rows, the folds that are scored, and what every row counts for."""

    def __init__(self, laboratory: NetworkLaboratory, splits: Sequence[Split]) -> None:
        self._dataset, judge = laboratory.dataset, laboratory.shape.judge
        self._measure = None if judge is None else judge.measure
        self._uniform_share = _uniform_share(self._dataset)
        self.folds = [split.validation_rows for split in splits]
        n = len(self._dataset.y_development)
        weights = laboratory.weights(np.arange(n))
        self.weights = np.ones(n) if weights is None else weights.astype(np.float64)

    def losses(self, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """By what the study judges."""
        return losses_at(self._dataset, self._dataset.y_development[rows], self._mixed(predicted), self._measure)

    def log_losses(self, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return losses_at(self._dataset, self._dataset.y_development[rows], self._mixed(predicted))

    def _mixed(self, predicted: np.ndarray) -> np.ndarray:
        """As the final model predicts."""
        return mixed(predicted, self._uniform_share)

    def temperature(self, predicted: np.ndarray, otherwise: float) -> float:
        """By predictions of validation rows; without all of them, as `otherwise` says."""
        if self._dataset.classes is None:
            return 1.0
        if not self.folds or not np.isfinite(predicted[np.concatenate(self.folds)]).all():
            return otherwise
        return temperature(predicted, self.log_losses, self.folds, self.weights)
