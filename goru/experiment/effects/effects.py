"""From losses that were judged to verdicts: what a technique changes, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from goru.experiment.effects.crossfit import Judged

Verdict = Literal["helps", "hurts", "no effect worth having", "undecided"]


@dataclass(frozen=True)
class Error:
    """What an estimated effect may be wrong by: standard errors, from three sources that add up as variances.

    - `rows`: other rows might have judged. The standard error of a mean over rows, each judged once a partition by
      networks that were not fitted on it (Bayle, Bayle, Janson, Mackey 2020, theorem 1), here over parts of the rows.
    - `networks`: other networks might have been trained, on other training rows and from other initial weights: by how
      much the R splits differ more than their rows explain, √((s² - w)/R), with s² the variance between splits and w
      that of a split's mean over its rows: the estimate of a variance component.
    - `search`: other hyperparameters might have been drawn. How much the best of n configurations varies shows in its
      distance d to the second best: were configurations independent and their excess losses exponential, as for two
      hyperparameters near an optimum, the variance would be d²/2 on average. Configurations of a Sobol sequence are
      spread more evenly, and vary less: d²/4, as arms searched twice show.
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


def error(arm: Judged, against: Judged, search: float | None = None) -> Error:
    """Of the mean difference of two arms.

    **Arguments:**

    - `search`: the standard error of the search, where it is known otherwise than by what both arms say of it.
    """
    parts = arm.parts.astype(np.float64) - against.parts
    n_splits = len(parts)
    rows, n_parts = _variance_over_parts(parts.mean(axis=0), arm.shares.mean(axis=0))
    between = float(np.var(arm.losses - against.losses, ddof=1)) / n_splits
    within = np.mean([_variance_over_parts(*split)[0] for split in zip(parts, arm.shares, strict=True)]) / n_splits
    networks = max(between - float(within), 0.0)
    searched = (arm.search**2 + against.search**2) / 4 if search is None else search**2
    both = rows**2 / max(n_parts - 1, 1) + between**2 / (n_splits - 1) * (networks > 0)
    freedom = (rows + networks) ** 2 / both if both > 0 else float(n_splits - 1)
    sources = [float(np.sqrt(variance)) for variance in (rows, networks, searched)]
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
    """The change of the validation loss that a technique makes, with an interval; below zero is better.

    - `rows`, `networks`, `search`: where the interval's width comes from; see `Error`.
    - `factor`: of an undecided effect, by how much the number of rows would have to grow for an interval narrow enough
      to decide, if the change is what it seems to be; infinite if rows alone would not do, for more configurations are
      needed; otherwise `None`.
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
    search: float | None = None,
) -> Effect:
    """What one arm changes against another.

    **Arguments:**

    - `margin`: a smaller change is not worth having.
    - `confidence`: of all intervals together (Bonferroni).
    - `comparisons`: how many intervals there are.
    - `search`: see `error`.
    """
    from scipy.stats import t

    infinite = float("inf")
    if not np.isfinite([arm.losses, against.losses]).all():
        # An arm of which no configuration survives in some split: nothing can be said about its size.
        return Effect(name, infinite, -infinite, infinite, margin, "undecided", infinite, infinite, infinite, None)
    found = error(arm, against, search)
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
