"""From differences of losses to verdicts: what a technique changes, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from goru.experiment.effects.simultaneous import quantiles

Verdict = Literal["helps", "hurts", "negligible", "inconclusive"]
# What looks large is so by luck too: in the trial of the method, where the true effects are known, what was likely to
# help or to hurt by t was so as often as t times this says, from 80 to 99 %.
LIKELIHOOD = 0.77
MOST_MODERATING = 4  # degrees of freedom that other main effects add to the networks' error of one, at most


@dataclass(frozen=True)
class Compared:
    """What a question compares: the losses of one side less those of the other.

    - `losses`: `(splits,)`.
    - `parts`: `(splits, parts)`: what each part of the rows adds to them.
    - `without`: `(configurations,)`: the mean difference if a configuration had not been tried, in any arm; empty where
      nothing is tuned.
    - `unexplained`: `(arms,)`: residuals from what the factors' main effects leave unexplained of the arms' losses; the
      sum of their squares is a second estimate of the error of the search, with so many degrees of freedom as `freedom`
      says, 0 where there is none.
    - `is_main`: whether it is a main effect.
    """

    losses: np.ndarray
    parts: np.ndarray
    without: np.ndarray
    unexplained: np.ndarray = field(default_factory=lambda: np.empty(0))
    freedom: int = 0
    is_main: bool = False

    @property
    def change(self) -> float:
        """The mean."""
        return float(np.mean(self.losses))

    @property
    def between(self) -> np.ndarray:
        """Residuals of the mean by which splits differ: the sum of their squares is its variance."""
        splits = len(self.losses)
        return (self.losses - self.losses.mean()) / np.sqrt((splits - 1) * splits)

    def within(self, shares: np.ndarray) -> float:
        """The variance of the mean that the rows of every split explain; `shares` as in `error`."""
        splits = zip(self.parts, shares, strict=True)
        return sum(float(np.sum(_residuals(*split)[0] ** 2)) for split in splits) / len(shares) ** 2


@dataclass(frozen=True)
class Error:
    """What an estimated effect may be wrong by: standard errors, from three sources that add up as variances.

    Each is the length of a vector of residuals: those of two effects, multiplied, are their covariance.

    - `rows`: other rows might have judged. The standard error of a mean over rows, each judged once a partition by
      networks that were not fitted on it (Bayle, Bayle, Janson, Mackey 2020, theorem 1), here over parts of the rows.
    - `networks`: other networks might have been trained, on other training rows and from other initial weights: by how
      much the R splits differ more than their rows explain, √((s² - w)/R), with s² the variance between splits and w
      that of a split's mean over its rows: the estimate of a variance component. Of few splits s² is hardly known.
      Where there are other main effects it is moderated (Smyth 2004): mixed with w times the mean s²/w of these, which
      counts as many degrees of freedom as they are, and no more than four.
    - `search`: other configurations might have been tried. The jackknife (Tukey 1958) leaves one of n after the other
      out of all arms: (n - 1)/n Σ (θ₋ₖ - θ̄)². For the lowest of n losses it is twice too large (the distance to the
      second lowest is all that it sees: if excess losses are exponential, its square is twice the variance), and is
      halved. Of a main effect, what all main effects leave unexplained of the arms' losses is a second estimate, as in
      an analysis of variance (Fisher 1935, chapter VI): too large where techniques do more together, but of a few
      configurations the first one says little. The two are pooled, each with the weight of its degrees of freedom.
    - `freedom`: degrees of freedom, after Satterthwaite (1946).
    """

    of_rows: np.ndarray
    of_networks: np.ndarray
    of_search: np.ndarray
    freedom: float

    @cached_property
    def rows(self) -> float:
        """From which rows judge."""
        return float(np.linalg.norm(self.of_rows))

    @cached_property
    def networks(self) -> float:
        """From which networks were trained."""
        return float(np.linalg.norm(self.of_networks))

    @cached_property
    def search(self) -> float:
        """From which configurations were tried."""
        return float(np.linalg.norm(self.of_search))

    @property
    def total(self) -> float:
        """The standard error."""
        return float(np.linalg.norm(self.residuals))

    @property
    def residuals(self) -> np.ndarray:
        """Of all sources."""
        return np.concatenate([self.of_rows, self.of_networks, self.of_search])


class Prior(NamedTuple):
    """What other main effects say of the variance between the splits of one.

    - `ratio`: how many times as large as what rows explain it is expected to be.
    - `freedom`: degrees of freedom that this counts.
    """

    ratio: float = 0.0
    freedom: int = 0


NO_PRIOR = Prior()


def error(difference: Compared, shares: np.ndarray, prior: Prior = NO_PRIOR) -> Error:
    """Of a mean difference.

    **Arguments:**

    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `prior`: by which the variance between splits is moderated.
    """
    without, splits, configurations = difference.without, len(difference.losses), len(difference.without)
    rows, part_count = _residuals(difference.parts.mean(axis=0), shares.mean(axis=0))
    between, within = difference.between, difference.within(shares)
    observed, freedom = float(between @ between), splits - 1 + prior.freedom
    variance = ((splits - 1) * observed + prior.freedom * prior.ratio * within) / freedom
    explained = max(1 - within / variance, 0.0) if variance > 0 else 0.0
    networks = np.sqrt(explained * variance / observed) * between if observed > 0 else between
    search, unexplained = np.zeros(configurations), np.zeros(len(difference.unexplained))
    counted = configurations - 1 + difference.freedom
    if configurations > 1:
        share = (configurations - 1) / counted
        search = np.sqrt(share * (configurations - 1) / configurations / 2) * (without - without.mean())
        unexplained = np.sqrt(1 - share) * difference.unexplained
    search = np.concatenate([search, unexplained])
    sources = [
        (float(rows @ rows), max(part_count - 1, 1)),
        # The variance component is a difference of two: it is as uncertain as the larger one.
        *([(variance, freedom)] if explained else []),
        *([(float(search @ search), counted)] if configurations > 1 else []),
    ]
    total = float(rows @ rows) + float(networks @ networks) + float(search @ search)
    spread = sum(variance**2 / degrees for variance, degrees in sources)
    if not spread > 0:
        return Error(rows, networks, search, float(splits - 1))
    # A sum has no fewer degrees of freedom than its least sure source, even where most of a variance is explained.
    fewest = min(degrees for variance, degrees in sources if variance > 0)
    return Error(rows, networks, search, max(total**2 / spread, float(fewest)))


def priors(differences: Sequence[Compared], shares: np.ndarray) -> list[Prior]:
    """For each what the others that are main effects say; `shares` as in `error`."""

    def ratio(one: Compared) -> float | None:
        known = one.is_main and np.isfinite(one.losses).all()
        return float(one.between @ one.between) / within if known and (within := one.within(shares)) > 0 else None

    def prior(others: list[float]) -> Prior:
        return Prior(float(np.mean(others)), min(len(others), MOST_MODERATING)) if others else NO_PRIOR

    ratios = [ratio(one) for one in differences]
    return [
        prior([other for other in (*ratios[:place], *ratios[place + 1 :]) if other is not None])
        for place in range(len(ratios))
    ]


def _residuals(parts: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, int]:
    """Of a mean that is the sum of what parts add to it: the sum of their squares is its variance; and how many parts
    have a share in it.

    From the share of the mean that a part's size explains, so that parts may differ in size.
    """
    there = shares > 0
    count = int(there.sum())
    if count < 2:
        return np.zeros(len(parts)), count
    return np.where(there, np.sqrt(count / (count - 1)) * (parts - shares * parts[there].sum()), 0.0), count


def verdict(low: float, high: float, margin: float) -> Verdict:
    """One of four words for an interval: within the margin, wholly on one side of zero, or neither."""
    if not np.isfinite([low, high, margin]).all():
        return "inconclusive"
    if -margin < low and high < margin:
        return "negligible"
    if high < 0:
        return "helps"
    if low > 0:
        return "hurts"
    return "inconclusive"


@dataclass(frozen=True)
class Effect:
    """The change of the validation loss that a technique makes, with an interval; below zero is better.

    - `rows`, `networks`, `search`: where the interval's width comes from; see `Error`.
    - `factor`: of an inconclusive effect, by how much the number of rows would have to grow for an interval narrow
      enough to decide, if the change is what it seems to be; infinite if rows alone would not do, for more
      configurations are needed; otherwise `None`.
    - `helps`, `negligible`: how likely it is that the change is below zero, and that it is less than the margin: what
      Student's t says of this effect alone, the one with `LIKELIHOOD`, the other as if all changes were equally likely
      beforehand; `None` where nobody knows.
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
    helps: float | None = None
    negligible: float | None = None


def judge_effects(
    differences: Sequence[tuple[str, Compared]], shares: np.ndarray, margin: float, confidence: float
) -> tuple[Effect, ...]:
    """What the answers to several questions are; their intervals hold together.

    **Arguments:**

    - `differences`: each with its name.
    - `shares`: `(splits, parts)`: the share of the validation rows that is in each part.
    - `margin`: a smaller change is negligible.
    - `confidence`: of all intervals together.
    """
    compared = [difference for _, difference in differences]
    errors = [
        error(one, shares, prior) if np.isfinite([*one.losses, *one.without]).all() else None
        for one, prior in zip(compared, priors(compared, shares), strict=True)
    ]
    widths = iter(quantiles([one for one in errors if one is not None], confidence))
    return tuple(
        unknown(name, difference.change, margin)
        if one is None
        else _effect(name, difference.change, one, margin, next(widths))
        for (name, difference), one in zip(differences, errors, strict=True)
    )


def unknown(name: str, change: float, margin: float) -> Effect:
    """Nothing is known about the size of an effect, or about its error."""
    infinite = float("inf")
    if not np.isfinite(change):  # nothing stands for an arm in some split
        return Effect(name, infinite, -infinite, infinite, margin, "inconclusive", *(infinite,) * 3, None)
    return Effect(name, change, -infinite, infinite, margin, "inconclusive", *(infinite,) * 3, infinite)


def _effect(name: str, change: float, source: Error, margin: float, quantile: float) -> Effect:
    from scipy.stats import t

    total = source.total
    low, high = change - quantile * total, change + quantile * total
    word = verdict(low, high, margin)
    needed = (max(abs(change), margin - abs(change)) / quantile) ** 2  # the variance with which it would be decided
    shrinking = source.rows**2 + source.networks**2  # with more rows; that of the search is not
    factor = shrinking / (needed - source.search**2) if needed > source.search**2 else float("inf")
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = (t.cdf((end - change) / np.float64(total), source.freedom) for end in (-margin, margin))
        zero = t.cdf(-LIKELIHOOD * change / np.float64(total), source.freedom)
    known = total > 0 and np.isfinite(margin)
    return Effect(
        name,
        change,
        low,
        high,
        margin,
        word,
        source.rows,
        source.networks,
        source.search,
        factor if word == "inconclusive" and np.isfinite(margin) else None,
        float(zero) if known else None,
        float(above - below) if known else None,
    )
