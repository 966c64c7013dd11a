"""How wide intervals are that hold together."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

DRAWS = 16_384  # of a joint distribution: 95 % of them are 95 % of it to within 0.2 %
SCALES = 128  # of them that differ


class Estimate(Protocol):
    """Whose error is the length of a vector of residuals."""

    @property
    def residuals(self) -> np.ndarray:
        """Those of two estimates, multiplied, are their covariance."""

    @property
    def freedom(self) -> float:
        """Degrees of freedom."""


def quantiles(estimates: Sequence[Estimate], confidence: float) -> list[float]:
    """By how many standard errors each interval reaches to both sides, so that all hold at once so often.

    Estimates from the same networks are correlated, and err together: intervals by their joint distribution, a
    multivariate t, are narrower than by Bonferroni's inequality (Hothorn, Bretz, Westfall 2008, section 3). Every
    interval is as likely to miss as any other. The distribution is sampled, always by the same random numbers.
    """
    from scipy.stats import chi2, t

    known = [estimate for estimate in estimates if np.linalg.norm(estimate.residuals) > 0]
    if len(known) < 2:
        return [float(t.ppf((1 + confidence) / 2, estimate.freedom)) for estimate in estimates]
    residuals = np.stack([estimate.residuals for estimate in known])
    residuals /= np.linalg.norm(residuals, axis=1, keepdims=True)
    # The symmetric root of the correlations: in whatever order configurations were tried, the same draws.
    variances, axes = np.linalg.eigh(residuals @ residuals.T)
    root = axes * np.sqrt(np.maximum(variances, 0)) @ axes.T
    normal = np.abs(np.random.default_rng(0).standard_normal((DRAWS, len(known))) @ root)
    uniform = (np.arange(SCALES) + 0.5) / SCALES
    missed = np.ones(DRAWS)
    for scores, estimate in zip(normal.T, known, strict=True):
        scale = np.sqrt(chi2.ppf(uniform, estimate.freedom) / estimate.freedom)
        student = (scores.reshape(SCALES, -1) / scale[:, None]).ravel()
        missed = np.minimum(missed, 2 * t.sf(student, estimate.freedom))
    level = float(np.quantile(missed, 1 - confidence))
    return [float(t.isf(level / 2, estimate.freedom)) for estimate in estimates]
