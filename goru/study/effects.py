"""From losses to verdicts: what a technique changes, and how sure that is.

All functions are plain NumPy. Losses of an arm are an array `(draws, splits, epochs)` of mean losses on the score rows
of each split; a network that diverged has infinite losses.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["helps", "hurts", "no effect worth having", "undecided"]


@dataclass(frozen=True)
class Effect:
    """The change of the held-out loss that a technique makes, with an interval; below zero is better."""

    name: str
    change: float
    low: float
    high: float
    margin: float
    verdict: Verdict


def cross_fitted(losses: np.ndarray) -> np.ndarray:
    """An arm's loss in every split, `(splits,)`, by the draw and epoch that are best in the *other* splits.

    So no row that judges has chosen.
    """
    n_splits = losses.shape[1]
    total = losses.sum(axis=1)
    judged = np.empty(n_splits)
    for split in range(n_splits):
        others = losses.sum(axis=1, where=np.arange(n_splits)[:, None] != split) if n_splits > 1 else total
        draw, epoch = np.unravel_index(np.argmin(others), others.shape)
        judged[split] = losses[draw, split, epoch]
    return judged


def corrected_interval(
    differences: np.ndarray, score_to_fit: float, confidence: float, comparisons: int = 1
) -> tuple[float, float]:
    """The corrected resampled t interval of a mean over splits (Nadeau & Bengio 2003, equation 9 and section 4).

    The fit rows of two splits overlap, so their differences are not independent: the variance of the mean is
    taken as s² (1/R + n_score / n_fit) instead of s² / R, with R - 1 degrees of freedom.

    **Arguments:**

    - `differences`: `(R,)`, one a split, R at least 2.
    - `score_to_fit`: rows scored over rows fitted in a split.
    - `confidence`: of all intervals together (Bonferroni).
    - `comparisons`: how many intervals there are.
    """
    from scipy.stats import t

    n = len(differences)
    error = np.sqrt(np.var(differences, ddof=1) * (1 / n + score_to_fit))
    half = t.ppf(1 - (1 - confidence) / (2 * comparisons), n - 1) * error
    mean = differences.mean()
    return float(mean - half), float(mean + half)


def verdict(low: float, high: float, margin: float) -> Verdict:
    """One of four words for an interval: within the margin, wholly on one side of zero, or neither."""
    if not np.isfinite([low, high]).all():
        return "undecided"
    if -margin < low and high < margin:
        return "no effect worth having"
    if high < 0:
        return "helps"
    if low > 0:
        return "hurts"
    return "undecided"


def effect(
    name: str,
    arm: np.ndarray,
    against: np.ndarray,
    margin: float,
    score_to_fit: float,
    confidence: float,
    comparisons: int,
) -> Effect:
    """What one arm changes against another, from the losses of both in every split, `(splits,)`."""
    if not np.isfinite([arm, against]).all():
        # An arm of which no draw survives in some split: nothing can be said about its size.
        return Effect(name, float("inf"), float("-inf"), float("inf"), margin, "undecided")
    differences = arm - against
    low, high = corrected_interval(differences, score_to_fit, confidence, comparisons)
    return Effect(name, float(differences.mean()), low, high, margin, verdict(low, high, margin))


@dataclass(frozen=True)
class Overfitting:
    """How a network's loss on rows it is fitted on and on held-out rows develop.

    - `fit`, `held_out`: the losses after the last epoch.
    - `best`: the lowest held-out loss.
    - `epoch`: after which it was reached, from 1.
    - `gap`: whether the last held-out loss is above the last fit loss by more than the margin.
    - `rises`: whether the last held-out loss is above the best one by more than the margin.
    """

    fit: float
    held_out: float
    best: float
    epoch: int
    gap: bool
    rises: bool


def overfitting(fit: np.ndarray, held_out: np.ndarray, margin: float) -> Overfitting:
    """Read off curves, `(epochs,)` each, that are means over splits."""
    epoch = int(np.argmin(held_out))
    best = float(held_out[epoch])
    return Overfitting(
        fit=float(fit[-1]),
        held_out=float(held_out[-1]),
        best=best,
        epoch=epoch + 1,
        gap=bool(held_out[-1] > fit[-1] + margin * abs(held_out[-1])),
        rises=bool(held_out[-1] - best > margin * abs(best)),
    )
