"""From losses to verdicts: what a technique changes, and how sure that is.

All functions are plain NumPy and SciPy. The losses of an arm are an array `(draws, splits, epochs)`: mean losses on the
score rows of each split after each epoch; infinite where a network diverged, NaN where a draw was not trained. The
splits are whole partitions of the rows, one after the other, each of `folds` folds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from goru.study.trial import Losses

Verdict = Literal["helps", "hurts", "no effect worth having", "undecided"]


@dataclass(frozen=True)
class Choice:
    """The draw and the epoch (both from 0) that stand for an arm in each split, `(splits,)` each."""

    draws: np.ndarray
    epochs: np.ndarray

    def of(self, losses: np.ndarray) -> np.ndarray:
        """What an array `(draws, splits, epochs, ...)` holds of them, `(splits, ...)`."""
        return losses[self.draws, np.arange(len(self.draws)), self.epochs]


def choose(losses: np.ndarray, folds: int, without: np.ndarray | None = None) -> Choice:
    """For every split the draw and the epoch that are best on the *other* folds of its partition.

    So no row that judges has chosen. Only draws that were trained in the whole partition are looked at.

    **Arguments:**

    - `without`: a draw for every split, `(splits,)`, that is not to be looked at.
    """
    n_draws, n_splits, _ = losses.shape
    draws, epochs = np.zeros(n_splits, int), np.zeros(n_splits, int)
    for split in range(n_splits):
        first = split - split % folds
        partition = np.arange(first, min(first + folds, n_splits))
        eligible = ~np.isnan(losses[:, partition, -1]).any(axis=1)
        if without is not None:
            eligible &= np.arange(n_draws) != without[split]
        candidates = np.flatnonzero(eligible)
        others = losses[np.ix_(candidates, partition[partition != split])].sum(axis=1)
        best, epochs[split] = np.unravel_index(np.argmin(others), others.shape)
        draws[split] = candidates[best]
    return Choice(draws, epochs)


@dataclass(frozen=True)
class Judged:
    """An arm, or several, represented in each split by what is best on the other folds.

    - `losses`: `(splits,)`.
    - `parts`: `(splits, parts)`: what each part of the rows adds to them.
    - `shares`: `(splits, parts)`: the share of the score rows that is in each part.
    - `search`: by how much the mean loss would be higher if the best draw had not been drawn; 0 at least.
    """

    losses: np.ndarray
    parts: np.ndarray
    shares: np.ndarray
    search: float


def judge(losses: Losses, folds: int) -> Judged:
    """Cross-fitted: chosen on the other folds, judged on the split's own score rows."""
    choice = choose(losses.score, folds)
    judged = choice.of(losses.score)
    search = 0.0
    if len(losses.score) > 1:
        second = choose(losses.score, folds, without=choice.draws).of(losses.score)
        comparable = np.isfinite(second) & np.isfinite(judged)  # a network that diverged is no measure of distance
        distance = second[comparable] - judged[comparable]
        search = max(float(np.mean(distance)), 0.0) if len(distance) else float("inf")
    return Judged(judged, choice.of(losses.parts), losses.shares, search)


@dataclass(frozen=True)
class Error:
    """What an estimated effect may be wrong by: standard errors, from three sources that add up as variances.

    - `rows`: other rows might have judged. The standard error of a mean over rows, each judged once a partition by
      networks that were not fitted on it (Bayle, Bayle, Janson, Mackey 2020, theorem 1), here over parts of the rows.
    - `networks`: other networks might have been trained, on other fit rows and from other initial weights: by how much
      the R splits differ more than their rows explain, √((s² - w)/R), with s² the variance between splits and w that
      of a split's mean over its rows: the estimate of a variance component.
    - `search`: other hyperparameters might have been drawn. How much the best of n draws varies shows in its distance d
      to the second best: were draws independent and their excess losses exponential, as for two hyperparameters near an
      optimum, the variance would be d²/2 on average. Draws of a Sobol sequence are spread more evenly, and vary less:
      d²/4, as arms searched twice show.
    - `freedom`: degrees of freedom, after Satterthwaite (1946), of the first two.
    """

    rows: float
    networks: float
    search: float
    freedom: float

    @property
    def total(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.rows**2 + self.networks**2 + self.search**2))


def error(arm: Judged, against: Judged) -> Error:
    """Of the mean difference of two arms."""
    parts = arm.parts.astype(np.float64) - against.parts
    n_splits = len(parts)
    rows, n_parts = _variance_over_parts(parts.mean(axis=0), arm.shares.mean(axis=0))
    between = float(np.var(arm.losses - against.losses, ddof=1)) / n_splits
    within = np.mean([_variance_over_parts(*split)[0] for split in zip(parts, arm.shares, strict=True)]) / n_splits
    networks = max(between - float(within), 0.0)
    search = (arm.search**2 + against.search**2) / 4
    both = rows**2 / max(n_parts - 1, 1) + between**2 / (n_splits - 1) * (networks > 0)
    freedom = (rows + networks) ** 2 / both if both > 0 else float(n_splits - 1)
    sources = [float(np.sqrt(variance)) for variance in (rows, networks, search)]
    return Error(sources[0], sources[1], sources[2], max(float(freedom), n_splits - 1.0))


def _variance_over_parts(parts: np.ndarray, shares: np.ndarray) -> tuple[float, int]:
    """The variance of a mean that is the sum of what parts add to it, and how many parts have a share in it.

    By the residuals from the share of the mean that a part's size explains, so that parts may differ in size.
    """
    there = shares > 0
    count = int(there.sum())
    if count < 2:
        return 0.0, count
    residuals = parts[there] - shares[there] * parts[there].sum()
    return float(count / (count - 1) * np.sum(residuals**2)), count


def verdict(low: float, high: float, margin: float) -> Verdict:
    """One of four words for an interval: within the margin, wholly on one side of zero, or neither."""
    if not np.isfinite([low, high, margin]).all():
        return "undecided"
    if -margin < low and high < margin:
        return "no effect worth having"
    if high < 0:
        return "helps"
    if low > 0:
        return "hurts"
    return "undecided"


@dataclass(frozen=True)
class Effect:
    """The change of the held-out loss that a technique makes, with an interval; below zero is better.

    - `rows`, `networks`, `search`: where the interval's width comes from; see `Error`.
    - `factor`: of an undecided effect, by how much the number of rows would have to grow for an interval narrow enough
      to decide, if the change is what it seems to be; infinite if rows alone would not do, for more draws are needed;
      otherwise `None`.
    """

    name: str
    change: float
    low: float
    high: float
    margin: float
    verdict: Verdict
    rows: float
    networks: float
    search: float
    factor: float | None


def effect(
    name: str,
    arm: Judged,
    against: Judged,
    margin: float,
    confidence: float,
    comparisons: int,
) -> Effect:
    """What one arm changes against another.

    **Arguments:**

    - `margin`: a smaller change is not worth having.
    - `confidence`: of all intervals together (Bonferroni).
    - `comparisons`: how many intervals there are.
    """
    from scipy.stats import t

    infinite = float("inf")
    if not np.isfinite([arm.losses, against.losses]).all():
        # An arm of which no draw survives in some split: nothing can be said about its size.
        return Effect(name, infinite, -infinite, infinite, margin, "undecided", infinite, infinite, infinite, None)
    found = error(arm, against)
    change = float(np.mean(arm.losses - against.losses))
    quantile = float(t.ppf(1 - (1 - confidence) / (2 * comparisons), found.freedom))
    half = quantile * found.total
    said = verdict(change - half, change + half, margin)
    needed = (max(abs(change), margin - abs(change)) / quantile) ** 2  # the variance with which it would be decided
    shrinking = found.rows**2 + found.networks**2  # with more rows; that of the search is not
    factor = shrinking / (needed - found.search**2) if needed > found.search**2 else infinite
    return Effect(
        name,
        change,
        change - half,
        change + half,
        margin,
        said,
        found.rows,
        found.networks,
        found.search,
        factor if said == "undecided" else None,
    )


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
    standard_error = np.sqrt(np.var(differences, ddof=1) * (1 / n + score_to_fit))
    half = t.ppf(1 - (1 - confidence) / (2 * comparisons), n - 1) * standard_error
    mean = differences.mean()
    return float(mean - half), float(mean + half)
