"""Arms compared by a score of somebody's own instead of the loss: that of each arm's best configuration on validation
rows."""

from collections.abc import Callable, Sequence

import numpy as np

from goru.data.splitting import Split
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.studies.final.refits import predict_validation
from goru.studies.laboratory import NetworkLaboratory

#: Of development rows, `(rows,)` positions, and of predictions for them; higher is better.
Scoring = Callable[[np.ndarray, np.ndarray], float]


def score_arms(
    laboratory: NetworkLaboratory,
    ranked: Sequence[Candidate],
    splits: Sequence[Split],
    scoring: Scoring,
) -> dict[Arm, float]:
    """The score of every arm, by its best configuration.

    **Arguments:**

    - `ranked`: configurations of every arm, the best first.
    - `splits`: of one partition; a network is trained on the training rows of each, to predict its validation rows.
    - `scoring`: is given all these rows, in order, and probabilities `(rows, classes)` or values `(rows,)`.

    **Returns:** the arm with the lowest loss first; minus infinity where a network diverged or a score is no number.
    """
    firsts: dict[Arm, Candidate] = {}
    for candidate in ranked:
        firsts.setdefault(candidate.arm, candidate)
    rows = np.sort(np.concatenate([split.validation_rows for split in splits]))
    predicted = predict_validation(laboratory, dict.fromkeys(firsts.values(), 1), splits)[:, rows]
    scores = {}
    for arm, predicted_by_arm in zip(firsts, predicted, strict=True):
        score = float(scoring(rows, predicted_by_arm)) if np.isfinite(predicted_by_arm).all() else -np.inf
        scores[arm] = -np.inf if np.isnan(score) else score
    return scores


def by_score(ranked: Sequence[Candidate], scores: dict[Arm, float]) -> list[Candidate]:
    """The candidates, those of the arm with the best score first; of equal ones, that with the lower loss."""
    best = max(scores, key=lambda arm: scores[arm])  # the first of equals, which has the lower loss
    return sorted(ranked, key=lambda candidate: candidate.arm != best)
