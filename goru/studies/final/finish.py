"""After the race: which networks are handed over, trained on all development rows, calibrated on validation rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.experiment.candidates import Candidate
from goru.model.model import Model
from goru.nn.layers.kinds import to_json
from goru.studies import defaults
from goru.studies.budget.extent import Extent
from goru.studies.final import ensemble
from goru.studies.final.handover import Bag, Late, predict_held_out, train_bag
from goru.studies.final.scores import losses_at
from goru.studies.final.shortlist import rivals, shares, shortlist
from goru.studies.laboratory import Laboratory


@dataclass(frozen=True, eq=False)
class Finished:
    """Networks on all development rows, and the model that predicts with them.

    - `held_out`: what the same draws predict of development rows that they are not fitted on: `(networks, rows, ...)`,
      NaN for rows that no split scores, or all of them where there was no time or no need.
    - `selection`: `"greedy"` if the networks were selected by their held-out predictions, else `"uniform"`.
    """

    bag: Bag = field(repr=False)
    model: Model
    held_out: np.ndarray = field(repr=False)
    selection: Literal["uniform", "greedy"]

    @property
    def shares(self) -> dict[Candidate, int]:
        """How many networks of each candidate."""
        return {candidate: self.bag.candidates.count(candidate) for candidate in self.bag.candidates}


def finish(
    laboratory: Laboratory,
    ranked: Sequence[Candidate],
    splits: Sequence[Split],
    schedule_epochs: int,
    extent: Extent,
    late: Late | None = None,
) -> Finished:
    """An ensemble of the best draws, its probabilities calibrated by predictions on validation rows.

    **Arguments:**

    - `ranked`: all that may be taken, the best first; the ensemble is of the first one's arm.
    - `splits`: of one partition; networks are trained on their training rows too, to predict their validation rows.
    - `extent`: how many networks, in how many of the splits, and whether a greedy selection from several arms may take
      the uniform bag's place, if it is better.
    - `late`: whether there is no time any more; what is trained by then is the ensemble.
    """
    taken = shares(shortlist(ranked)[: extent.networks], extent.networks)
    selection: Literal["uniform", "greedy"] = "uniform"
    if extent.greedy:
        chosen = _select(laboratory, ranked, taken, splits, schedule_epochs, _Judge(laboratory, splits), late)
        taken, selection = (taken, selection) if chosen is None else (chosen, "greedy")
    bag = train_bag(laboratory, taken, schedule_epochs, late)
    scored = splits[: extent.folds] if needs_held_out(laboratory.dataset) else []
    held_out = predict_held_out(laboratory, taken, scored, schedule_epochs, late)
    judge = _Judge(laboratory, scored)
    model = as_model(laboratory, bag, judge.temperature(held_out.mean(axis=0)), judge.temperature(held_out[0]))
    return Finished(bag, model, held_out, selection)


def needs_held_out(dataset: Dataset) -> bool:
    """Whether validation rows are predicted: probabilities are calibrated by them, and they are shown where there "
    "are no
    test rows."""
    return dataset.classes is not None or not dataset.has_test_rows


def _select(
    laboratory: Laboratory,
    ranked: Sequence[Candidate],
    uniform: dict[Candidate, int],
    splits: Sequence[Split],
    schedule_epochs: int,
    judge: "_Judge",
    late: Late | None,
) -> dict[Candidate, int] | None:
    """The greedy selection, by one network of each candidate; `None` if the uniform bag is as good."""
    pool = dict.fromkeys([*uniform, *rivals(ranked, list(uniform))], 1)
    predicted = predict_held_out(laboratory, pool, splits, schedule_epochs, late)
    rows = np.concatenate(judge.folds)
    well = np.isfinite(predicted[:, rows]).all(axis=tuple(range(1, predicted.ndim)))
    counts = np.array([uniform.get(candidate, 0) for candidate in pool])
    if not well[counts > 0].all():
        return None
    candidates = [candidate for candidate, good in zip(pool, well, strict=True) if good]
    chosen = ensemble.select(predicted[well], counts[well], judge.losses, judge.folds, judge.weights, defaults.BAG)
    if (chosen == counts[well]).all():
        return None
    return {candidate: int(count) for candidate, count in zip(candidates, chosen, strict=True) if count}


def as_model(laboratory: Laboratory, bag: Bag, temperature: float = 1.0, single_temperature: float = 1.0) -> Model:
    """The ensemble as a model that predicts from a table."""
    dataset = laboratory.dataset
    preparation, scaling = laboratory.fit_preparation(np.arange(len(dataset.y_development)))
    members = tuple(
        {"arm": one.arm.name, "epochs": one.epochs, **one.values, "layers": to_json(layers)}
        for one, layers in zip(bag.candidates, bag.trained_layers, strict=True)
    )
    return Model(
        dataset.target,
        dataset.schema,
        preparation,
        scaling,
        bag.networks,
        members,
        temperature,
        single_temperature,
    )


class _Judge:
    """Row losses of development rows, the folds that are scored, and what every row counts for."""

    def __init__(self, laboratory: Laboratory, splits: Sequence[Split]) -> None:
        self._dataset = laboratory.dataset
        self.folds = [split.score_rows for split in splits]
        n = len(self._dataset.y_development)
        weights = laboratory.weights(np.arange(n))
        self.weights = np.ones(n) if weights is None else weights.astype(np.float64)

    def losses(self, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return losses_at(self._dataset, self._dataset.y_development[rows], predicted)

    def temperature(self, predicted: np.ndarray) -> float:
        if self._dataset.classes is None or not self.folds:
            return 1.0
        if not np.isfinite(predicted[np.concatenate(self.folds)]).all():
            return 1.0
        return ensemble.temperature(predicted, self.losses, self.folds, self.weights)
