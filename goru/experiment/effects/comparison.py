"""Two models on the same rows: by how much the losses of one are lower."""

from dataclasses import dataclass

import numpy as np

CLASS_PRIOR, MEAN = "class prior", "mean"  # of the development rows: what these predict looks at no column
CONSTANTS = (CLASS_PRIOR, MEAN)


@dataclass(frozen=True)
class Difference:
    """By how much losses differ on average, with an interval; below zero is better."""

    change: float
    low: float
    high: float


def compare(
    losses: np.ndarray,
    against: np.ndarray,
    confidence: float = 0.95,
    weights: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> Difference:
    """The mean paired difference of two models' row losses, with Student's interval over the rows.

    It says how far the difference may be a matter of which rows are in the test; both models are taken as they are.
    Rows of one group are alike, and say less than as many others: with groups the error is that of sums over whole
    groups (Liang & Zeger 1986), with as many degrees of freedom as there are groups, but one.

    **Arguments:**

    - `losses`, `against`: `(rows,)`, of the same rows.
    - `weights`: how much each row counts, on any scale; the error is then that of linearisation.
    - `groups`: `(rows,)`, the group of each row; without, every row is one.
    """
    from scipy.stats import t

    differences, rows = losses - against, len(losses)
    shares = np.ones(rows) if weights is None else weights / np.mean(weights)
    change = float(np.mean(shares * differences))
    residuals = shares * (differences - change)
    if groups is not None:
        residuals = np.bincount(np.unique(groups, return_inverse=True)[1], weights=residuals)
    n = len(residuals)
    if n < 2:
        return Difference(change, float("-inf"), float("inf"))
    error = np.sqrt(n / (n - 1) * np.sum(residuals**2)) / rows
    half = float(t.ppf((1 + confidence) / 2, n - 1) * error)
    return Difference(change, change - half, change + half)


@dataclass(frozen=True)
class Rival:
    """Another model against the final model, on the test rows.

    - `name`: in words.
    - `difference`: its loss less that of the networks, with an interval; below zero it is better.
    - `loss`: its own.
    """

    name: str
    difference: Difference
    loss: float

    @property
    def networks_loss(self) -> float:
        """The loss of the final model."""
        return self.loss - self.difference.change

    @property
    def shares(self) -> Difference:
        """The difference as a share of the networks' loss; infinite ends where there is no share to speak of."""
        of, difference = self.networks_loss, self.difference
        if not of > 0:
            return Difference(0.0, float("-inf"), float("inf"))
        return Difference(difference.change / of, difference.low / of, difference.high / of)
