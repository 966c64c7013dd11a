"""Which class is predicted, given probabilities: where a score asks for rare classes, not always the likeliest one."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.studies.final.final_model import FinalModel

POWERS = np.linspace(0, 1.5, 16)
MOST_ROWS = 20_000  # that judge: a score may take long

#: Of development rows, `(rows,)` positions, of probabilities for them, and of decision weights, `(classes,)`; higher is
#: better.
DecisionScoring = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def decided(
    final: FinalModel,
    dataset: Dataset,
    splits: Sequence[Split],
    scoring: DecisionScoring | None,
    single: bool = False,
) -> FinalModel:
    """The final model with decision weights, where they raise the score of its predictions of validation rows.

    **Arguments:**

    - `splits`: in which validation rows were predicted; those that were not reached are left out.
    - `single`: whether the first network alone is to predict.
    """
    if scoring is None or dataset.classes is None:
        return final
    model = final.model.single if single else final.model
    predicted = model.calibrated(final.validation[0] if single else final.validation.mean(axis=0))
    folds = [split.validation_rows for split in splits if np.isfinite(predicted[split.validation_rows]).all()]
    weights = decision_weights(predicted, dataset.y_development, scoring, folds)
    return replace(final, model=replace(final.model, decision_weights=weights))


def decision_weights(
    predicted: np.ndarray, y: np.ndarray, scoring: DecisionScoring, folds: Sequence[np.ndarray]
) -> tuple[float, ...]:
    r"""Weights by which probabilities are multiplied before the largest one is taken; empty: they are left alone.

    They are $\pi_k^{-a}$ with the share $\pi_k$ of class $k$. With $a = 0$ the most probable class is predicted, with 1
    the one that is most probable beside its share, which is best for balanced accuracy (Menon et al. 2013, section 5).
    Of two classes this moves the threshold from one half to $\pi_1$ and beyond.

    **Arguments:**

    - `predicted`: probabilities `(rows, classes)`.
    - `y`: codes of all rows, `(rows,)`.
    - `folds`: rows, cut so that each fold can judge what is best on the others: only a gain that is larger than its
      standard error is taken.
    """
    if len(folds) < 2:
        return ()
    rng, most = np.random.default_rng(0), MOST_ROWS // len(folds)
    folds = [np.sort(rng.permutation(fold)[:most]) for fold in folds]
    everything = np.sort(np.concatenate(folds))
    shares = np.bincount(y, minlength=predicted.shape[1]) / len(y)
    candidates = np.maximum(shares, 1 / len(y)) ** -POWERS[:, None]

    def scores(rows: np.ndarray) -> np.ndarray:
        """Of every candidate."""
        return np.array([scoring(rows, predicted[rows], weights) for weights in candidates])

    some = everything[:: max(len(everything) // 2_000, 1)]
    if np.ptp([scoring(some, predicted[some], weights) for weights in (candidates[0], candidates[-1])]) == 0:
        return ()  # the score is not one of predicted classes
    gains = []
    for index, fold in enumerate(folds):
        others = np.sort(np.concatenate([*folds[:index], *folds[index + 1 :]]))
        on_fold = scores(fold)
        gains.append(on_fold[scores(others).argmax()] - on_fold[0])
    if not np.mean(gains) > np.std(gains, ddof=1) / np.sqrt(len(gains)):  # NaN is no gain
        return ()
    best = candidates[scores(everything).argmax()]
    return tuple((best / best.min()).tolist())
