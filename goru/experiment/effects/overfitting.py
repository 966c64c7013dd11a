"""Overfitting: from which epoch on, and how much of the validation loss it is."""

from dataclasses import dataclass

import numpy as np

from goru.experiment.effects.crossfit import choose
from goru.experiment.trial import Losses


@dataclass(frozen=True)
class Overfitting:
    """How a network's loss on rows that it is fitted on and on validation rows develops; means over the splits.

    - `training`, `validation`: the losses after the last epoch.
    - `best`: the validation loss after the epoch that is best on the other folds.
    - `epoch`: that epoch, from 1; the median over the splits.
    - `gap`, `gap_low`, `gap_high`: by how much the last validation loss is above the last training loss, with an
      interval.
    - `rise`, `rise_low`, `rise_high`: by how much it is above the best validation loss, with an interval.
    - `overfits`: `"rises"` if the rise is above zero for sure and above the margin; else `"gap"` if the gap is; else
      `None`.
    """

    training: float
    validation: float
    best: float
    epoch: int
    gap: float
    gap_low: float
    gap_high: float
    rise: float
    rise_low: float
    rise_high: float
    overfits: str | None


def overfitting(
    losses: Losses, folds: int, validation_to_training: float, margin: float, confidence: float
) -> Overfitting:
    """Of an arm's best configuration, by the loss that networks are trained by; the epoch to compare with is in every
    split the one that is best on the other folds.

    **Arguments:**

    - `margin`: a share of the validation loss; less is not worth a word.
    """
    means = losses.validation.mean(axis=1).min(axis=1)  # NaN where a configuration has not seen every split
    configuration = int(np.nanargmin(means))
    curves, training = losses.curves[configuration], losses.training[configuration][:, -1]
    choice = choose(curves[None], folds)
    best, validation = choice.of(curves[None]), curves[:, -1]
    with np.errstate(invalid="ignore"):  # where a network diverged, the losses are infinite, and so their means
        rise, gap = validation - best, validation - training
    infinite = (float("-inf"), float("inf"))
    intervals = [
        corrected_interval(differences, validation_to_training, confidence)
        if np.isfinite(differences).all()
        else infinite
        for differences in (rise, gap)
    ]

    def certain(differences: np.ndarray, interval: tuple[float, float], of: np.ndarray) -> bool:
        return interval[0] > 0 and differences.mean() > margin * abs(of.mean())

    rises, above = certain(rise, intervals[0], best), certain(gap, intervals[1], validation)
    return Overfitting(
        training=float(training.mean()),
        validation=float(validation.mean()),
        best=float(best.mean()),
        epoch=int(np.median(choice.stops)) + 1,
        gap=float(gap.mean()),
        gap_low=intervals[1][0],
        gap_high=intervals[1][1],
        rise=float(rise.mean()),
        rise_low=intervals[0][0],
        rise_high=intervals[0][1],
        overfits="rises" if rises else "gap" if above else None,
    )


def corrected_interval(
    differences: np.ndarray, validation_to_training: float, confidence: float, comparisons: int = 1
) -> tuple[float, float]:
    """The corrected resampled t interval of a mean over splits (Nadeau & Bengio 2003, equation 9 and section 4).

    The training rows of two splits overlap, so their differences are not independent: the variance of the mean is
    taken as s² (1/R + n_validation / n_training) instead of s² / R, with R - 1 degrees of freedom.

    **Arguments:**

    - `differences`: `(R,)`, one a split, R at least 2.
    - `validation_to_training`: rows scored over rows fitted in a split.
    - `confidence`: of all intervals together (Bonferroni).
    - `comparisons`: how many intervals there are.
    """
    from scipy.stats import t

    n = len(differences)
    standard_error = np.sqrt(np.var(differences, ddof=1) * (1 / n + validation_to_training))
    half = t.ppf(1 - (1 - confidence) / (2 * comparisons), n - 1) * standard_error
    mean = differences.mean()
    return float(mean - half), float(mean + half)
