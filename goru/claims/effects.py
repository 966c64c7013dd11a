"""From what every seed found to an effect with an interval and one of four words."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from goru.data.numbers import estimate, numbers
from goru.experiment.effects.effects import Verdict, verdict
from goru.language import kept

CONFIDENCE = 0.95
UNITS = (
    *(kept("{value} % ({low} to {high})"), kept("{value} points ({low} to {high})")),
    *(kept("{value} scales ({low} to {high})"), kept("{value} ({low} to {high})")),
    *(
        kept("{value} % ({low} to {high}; mostly {setting})"),
        kept("{value} points ({low} to {high}; mostly {setting})"),
    ),
    *(kept("points"), kept("scales"), kept("correlation"), kept("higher"), kept("lower")),
)
MARGIN_PERCENT = 2.0  # of a loss: what is inside is negligible, as in a study
MARGIN_POINTS = 2.0  # of a score, in percentage points


@dataclass(frozen=True)
class ClaimEffect:
    """What a technique changes, on average over the seeds, with an interval.

    - `what`: of which quantity, against what.
    - `unit`: of all the numbers.
    - `change`, `low`, `high`: the mean over the seeds, and Student's interval for it.
    - `margin`: a smaller change is negligible.
    - `higher_is_better`: whether the quantity is; else a change below zero is good.
    - `verdict`: one of the four words.
    - `neutral`: whether the quantity is neither good nor bad, as a correlation is: then it is `higher` or `lower`.
    """

    what: str
    unit: str
    change: float
    low: float
    high: float
    margin: float
    higher_is_better: bool
    verdict: Verdict
    neutral: bool = False

    def word(self, verdict: Verdict) -> str:
        """What a verdict is called, of this quantity."""
        if not self.neutral or verdict not in ("helps", "hurts"):
            return verdict
        return "higher" if (verdict == "helps") == self.higher_is_better else "lower"

    @property
    def numbers(self) -> str:
        """The change and its interval in words: `-12.3 % (-15.1 to -9.5)`."""
        unit = f" {self.unit}" if self.unit else ""
        ends = (self.change, self.low, self.high)
        decimals = 1 if max(map(abs, ends)) >= 1 else 2
        change, interval = estimate(ends, partial(numbers, sign=True, decimals=decimals))
        return minus(f"{change}{unit} ({interval})")

    def numbers_at(self, setting: str) -> str:
        """The same with the setting that is mostly the best: `-12.3 % (-15.1 to -9.5; mostly λ = 0.1)`."""
        return f"{self.numbers.removesuffix(')')}; mostly {setting})"


def minus(text: str) -> str:
    """Numbers in a text with the sign that belongs before them, not a hyphen."""
    return text.replace("-", "−")


def mean_percent(shares: np.ndarray) -> str:
    """The mean of some shares, in percent."""
    return minus(f"{shares.mean():.1%}")


def mean_effect(
    what: str,
    changes: np.ndarray,
    margin: float,
    unit: str,
    higher_is_better: bool = False,
    comparisons: int = 1,
    neutral: bool = False,
) -> ClaimEffect:
    """The mean of what each seed found, with a 95 % interval.

    **Arguments:**

    - `changes`: `(seeds,)`, differences of paired networks.
    - `comparisons`: effects that one claim decides on together (Bonferroni).
    - `neutral`: whether the quantity is neither good nor bad.
    """
    from scipy.stats import t

    changes = np.asarray(changes, np.float64)
    n, mean = len(changes), float(np.mean(changes))
    quantile = float(t.ppf(1 - (1 - CONFIDENCE) / (2 * comparisons), n - 1))
    half = quantile * float(np.std(changes, ddof=1)) / n**0.5
    low, high = mean - half, mean + half
    said = verdict(-high, -low, margin) if higher_is_better else verdict(low, high, margin)
    return ClaimEffect(what, unit, mean, low, high, margin, higher_is_better, said, neutral)


def row(found: ClaimEffect) -> dict[str, Any]:
    """What of an effect stands in a frame."""
    return {"change": found.change, "low": found.low, "high": found.high, "verdict": found.verdict}


def loss_effect(what: str, losses: np.ndarray, against: np.ndarray, comparisons: int = 1) -> ClaimEffect:
    """Of a loss, `(seeds,)` each, in percent of the mean loss that it is compared with."""
    return mean_effect(what, 100 * (losses - against) / np.mean(against), MARGIN_PERCENT, "%", comparisons=comparisons)


def points_effect(
    what: str, scores: np.ndarray, against: np.ndarray, higher_is_better: bool = True, comparisons: int = 1
) -> ClaimEffect:
    """Of a score or a gap between scores, `(seeds,)` each, in percentage points."""
    return mean_effect(what, 100 * (scores - against), MARGIN_POINTS, "points", higher_is_better, comparisons)


def best_on_others(losses: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """For every seed, which setting has the lowest mean loss over the *other* seeds, `(seeds,)`.

    So no seed that judges has chosen.

    **Arguments:**

    - `losses`: `(settings, seeds)`.
    """
    found = np.asarray(losses, np.float64)
    # Not the sum of all without the own loss: what is infinite with one seed would leave no number.
    others = [np.delete(found, seed, axis=1).mean(axis=1) for seed in range(found.shape[1])]
    return np.argmin(np.nan_to_num(others, nan=np.inf, posinf=np.inf), axis=1)


def tuned(
    values: Sequence[np.ndarray] | np.ndarray, losses: Sequence[np.ndarray] | np.ndarray | None = None
) -> np.ndarray:
    """What every seed has at the setting that is best on the other seeds, `(seeds,)`.

    **Arguments:**

    - `values`, `losses`: `(settings, seeds)`; what is wanted, and what is tuned by, if that is another.
    """
    chosen = best_on_others(values if losses is None else losses)
    return np.asarray(values, np.float64)[chosen, np.arange(len(chosen))]
