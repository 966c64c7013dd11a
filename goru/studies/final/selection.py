"""Which networks make the best ensemble, and how sure its probabilities may be: by predictions on rows not fitted on.

Plain NumPy and SciPy. Predictions are probabilities `(rows, classes)` or values `(rows,)`, and their losses are those
of rows, so that all rows of a development set judge, each by networks that have not seen it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from goru.model.networks import tempered

RowLosses = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of rows, and of predictions for them
HOTTEST = 5.0  # the highest temperature, and one over the lowest


def greedy(predictions: np.ndarray, losses: RowLosses, rows: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Forward selection with replacement (Caruana et al. 2004): add, again and again, what makes the mean best.

    It starts with the first candidate, which the others may outnumber and not replace.

    **Arguments:**

    - `predictions`: `(candidates, rows, ...)`, those of the best candidate first.
    - `losses`: the row losses of predictions.
    - `rows`: those that judge.
    - `weights`: `(rows,)` of all rows.
    - `size`: how many are taken.

    **Returns:** how often each candidate was taken, `(candidates,)`.
    """
    judging = predictions[:, rows]
    counts = np.zeros(len(predictions), int)
    counts[0] = 1
    total = judging[0].copy()
    for taken in range(2, size + 1):
        means = [np.average(losses(rows, (total + candidate) / taken), weights=weights[rows]) for candidate in judging]
        best = int(np.argmin(means))
        counts[best] += 1
        total = total + judging[best]
    return counts


def select(
    predictions: np.ndarray,
    uniform: np.ndarray,
    losses: RowLosses,
    folds: Sequence[np.ndarray],
    weights: np.ndarray,
    size: int,
) -> np.ndarray:
    """The better of two ensembles, a uniform one and a greedy one, by rows that the selection did not use.

    **Arguments:**

    - `uniform`: how often the uniform ensemble takes each candidate, `(candidates,)`.
    - `folds`: rows, cut so that each fold can judge what the others have selected.

    **Returns:** how often each candidate is taken.
    """

    def mean_loss(counts: np.ndarray, rows: np.ndarray) -> float:
        mixed = np.average(predictions[:, rows], axis=0, weights=counts)
        return float(np.average(losses(rows, mixed), weights=weights[rows]))

    everything = np.concatenate(folds)
    gains = []
    for fold in folds:
        training_rows = np.setdiff1d(everything, fold)
        chosen = greedy(predictions, losses, training_rows, weights, size)
        gains.append(mean_loss(uniform, fold) - mean_loss(chosen, fold))
    # A gain no larger than its standard error may be noise, and the simpler ensemble is the better choice then.
    if not np.mean(gains) > np.std(gains, ddof=1) / np.sqrt(len(gains)):
        return uniform
    return greedy(predictions, losses, everything, weights, size)


def best_temperature(probabilities: np.ndarray, losses: RowLosses, rows: np.ndarray, weights: np.ndarray) -> float:
    """The temperature with the lowest loss on the given rows."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        return float(
            np.average(losses(rows, tempered(probabilities[rows], np.exp(log_temperature))), weights=weights[rows])
        )

    bound = float(np.log(HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def temperature(
    probabilities: np.ndarray, losses: RowLosses, folds: Sequence[np.ndarray], weights: np.ndarray
) -> float:
    """The best temperature where one that was fitted on other rows lowers the loss; else 1."""
    everything = np.concatenate(folds)
    gain = 0.0
    for fold in folds:
        fitted = best_temperature(probabilities, losses, np.setdiff1d(everything, fold), weights)
        changed = losses(fold, tempered(probabilities[fold], fitted)) - losses(fold, probabilities[fold])
        gain -= float(np.sum(weights[fold] * changed))
    return best_temperature(probabilities, losses, everything, weights) if gain > 0 else 1.0
