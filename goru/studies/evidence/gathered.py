"""Everything that a study's pictures are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from goru.data.dataset import Dataset
from goru.experiment.candidates import Candidate
from goru.experiment.findings.evidence import Activations, ClassPredictions, Evidence, Of, ValuePredictions
from goru.experiment.findings.gathering import Raced, gather
from goru.studies.asked.design import architecture
from goru.studies.evidence import activations, predictions
from goru.studies.laboratory import NetworkLaboratory


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of rows that nothing was fitted on.

    - `of`: `"test"` rows, or `"validation"` ones: development rows, each predicted by networks not fitted on it.
    - `y`: what they are, `(rows,)`.
    - `predicted`: by model, the final model first.
    - `decision_weights`: of the final model.
    """

    of: Of
    y: np.ndarray
    predicted: Mapping[str, np.ndarray]
    decision_weights: tuple[float, ...] = ()


def gather_all(
    laboratory: NetworkLaboratory,
    raced: Raced,
    best: Mapping[str, Candidate],
    stages: Mapping[str, activations.Stages],
    predicted: Predictions,
) -> Evidence:
    """With activations and predictions.

    **Arguments:**

    - `best`: the candidates named `plain` and `recommended`.
    - `stages`: of both, a network on all development rows while it was trained.
    """
    dataset = laboratory.dataset
    return replace(
        gather(raced, best["plain"], best["recommended"]),
        activations=_activations(laboratory, best, stages),
        predictions=_predictions(dataset, predicted, laboratory.seed),
    )


def _activations(
    laboratory: NetworkLaboratory, best: Mapping[str, Candidate], stages: Mapping[str, activations.Stages]
) -> Activations | None:
    """Of some development rows, prepared as they are for the networks of the final model; `None` where all networks
    have diverged."""
    if not all(stages.get(name) for name in best):
        return None
    n = len(laboratory.dataset.y_development)
    chosen = np.sort(np.random.default_rng(laboratory.seed).permutation(n)[: activations.MOST_ROWS])
    preparation, _ = laboratory.fit_preparation(np.arange(n))
    x = preparation.transform(laboratory.dataset.encoded_development.take(chosen))
    outputs = {
        name: {
            epoch: activations.hidden_activations(
                architecture(candidate.arm, laboratory.base), candidate.values["batch_norm_epsilon"], network, x
            )
            for epoch, network in stages[name].items()
        }
        for name, candidate in best.items()
    }
    return activations.describe_activations(outputs, len(chosen))


def _predictions(
    dataset: Dataset, row_predictions: Predictions, seed: int
) -> ClassPredictions | ValuePredictions | None:
    known = {name: values for name, values in row_predictions.predicted.items() if np.isfinite(values).all()}
    if not known or next(iter(known)) != next(iter(row_predictions.predicted)) or len(row_predictions.y) == 0:
        return None
    if dataset.classes is None:
        return predictions.describe_values(row_predictions.of, row_predictions.y, known, seed)
    return predictions.describe_classes(
        row_predictions.of,
        row_predictions.y,
        known,
        tuple(str(label) for label in dataset.classes),
        row_predictions.decision_weights,
    )
