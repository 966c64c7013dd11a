"""Everything that a study's pictures are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goru.data.dataset import Dataset
from goru.nn.architecture import Hyperparameters
from goru.study import answer
from goru.study.candidates import Candidate
from goru.study.design import PLAIN, Arm
from goru.study.evidence import activations, arms, predictions
from goru.study.evidence.curves import epochs_shown, learning_curves
from goru.study.evidence.draws import describe_draws
from goru.study.laboratory import Laboratory
from goru.study.trial import Losses, Trial


@dataclass(frozen=True, eq=False)
class Raced:
    """What the race has left.

    - `trials`, `drawn`: its networks, and the numbers of all draws.
    - `losses`: of every arm.
    - `folds`: of its first partition.
    - `score_to_fit`: rows that are scored for every row that is fitted on.
    - `draws`: of every arm.
    - `steps`: of the learning rate's schedule.
    - `searched`: whether batch norm's hyperparameters were drawn.
    """

    trials: Sequence[Trial]
    drawn: Mapping[Arm, list[Hyperparameters]]
    losses: dict[Arm, Losses]
    folds: int
    score_to_fit: float
    draws: int
    steps: int
    searched: bool


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of rows that nothing was fitted on.

    - `of`: `"test"` rows, or `"held_out"` ones: development rows, each predicted by networks not fitted on it.
    - `y`: what they are, `(rows,)`.
    - `predicted`: by model, what is handed over first.
    """

    of: str
    y: np.ndarray
    predicted: Mapping[str, np.ndarray]


def gather(
    laboratory: Laboratory,
    raced: Raced,
    best: Mapping[str, Candidate],
    stages: Mapping[str, activations.Stages],
    predicted: Predictions,
) -> dict[str, Any]:
    """Plain JSON types, in which what is not finite is null.

    **Arguments:**

    - `best`: the candidates named `plain` and `recommended`.
    - `stages`: of both, a network on all development rows while it was trained.
    """
    margin = answer.margin(raced.losses, raced.folds)
    pairs = answer.decided(arms.interactions(raced.losses, raced.folds, margin), raced.draws)
    return answer.finite(
        {
            "curves": {
                "epochs": epochs_shown(raced.losses[PLAIN].score.shape[2]).tolist(),
                **{name: _curves(raced, candidate) for name, candidate in best.items()},
            },
            "arms": arms.describe_arms(raced.losses, raced.folds),
            "interactions": [answer.describe_effect(pair, laboratory.dataset.n_rows) for pair in pairs],
            **describe_draws(raced.losses, raced.drawn, raced.folds, raced.steps, raced.searched, best["recommended"]),
            "activations": _activations(laboratory, best, stages),
            "predictions": {"of": predicted.of, **_predictions(laboratory.dataset, predicted, laboratory.seed)},
        }
    )


def _curves(raced: Raced, candidate: Candidate) -> dict[str, Any]:
    arm = raced.losses[candidate.arm]
    # The arm's best draw may have diverged on all rows: what is shown is what is handed over.
    own = replace(arm, **{name: getattr(arm, name)[[candidate.draw]] for name in ("score", "fit", "parts")})
    return {
        "arm": candidate.arm.name,
        "draw": candidate.draw,
        "stops": candidate.epochs,
        **answer.describe_plain(own, raced.folds, raced.score_to_fit),
        "curves": learning_curves(raced.trials, candidate.arm, candidate.draw),
    }


def _activations(
    laboratory: Laboratory, best: Mapping[str, Candidate], stages: Mapping[str, activations.Stages]
) -> dict[str, Any] | None:
    """Of some development rows, prepared as they are for the networks that are handed over; `None` where all networks
    have diverged."""
    if not all(stages.get(name) for name in best):
        return None
    n = len(laboratory.dataset.y_development)
    chosen = np.sort(np.random.default_rng(laboratory.seed).permutation(n)[: activations.MOST_ROWS])
    preparation, _ = laboratory.fit_preparation(np.arange(n))
    x = preparation.transform(laboratory.dataset.encoded_development.take(chosen))
    found = {
        name: {
            epoch: activations.hidden_activations(
                candidate.arm.architecture(laboratory.base), float(candidate.hyper.batch_norm_epsilon), network, x
            )
            for epoch, network in stages[name].items()
        }
        for name, candidate in best.items()
    }
    return {"rows": len(chosen), **activations.describe_activations(found)}


def _predictions(dataset: Dataset, given: Predictions, seed: int) -> dict[str, Any]:
    known = {name: values for name, values in given.predicted.items() if np.isfinite(values).all()}
    if not known or next(iter(known)) != next(iter(given.predicted)) or len(given.y) == 0:
        return {"rows": 0}
    if dataset.classes is None:
        return predictions.describe_values(given.y, known, seed)
    return predictions.describe_classes(given.y, known, tuple(str(label) for label in dataset.classes))
