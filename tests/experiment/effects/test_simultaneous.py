"""How wide intervals are that hold together, against SciPy's distributions."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_t, t

from goru.experiment.effects.simultaneous import quantiles

SAMPLED = {"rel": 0.1}  # 16,384 draws: of those that miss by 5 % a standard error of 3.4 %


class Estimate(NamedTuple):
    residuals: np.ndarray
    freedom: float


def some(count, seed=0, freedom=8.0, width=12):
    """Estimates that share most of their errors."""
    residuals = np.random.default_rng(seed).normal(size=(count, width)) + np.linspace(-2, 2, width)
    return [Estimate(each, freedom) for each in residuals]


def levels(estimates, confidence=0.95):
    """How often each interval alone would miss."""
    widths = quantiles(estimates, confidence)
    return [2 * t.sf(width, each.freedom) for width, each in zip(widths, estimates, strict=True)]


def pointwise(estimates, confidence=0.95):
    return [t.ppf((1 + confidence) / 2, each.freedom) for each in estimates]


def test_one_alone_has_students_interval():
    assert quantiles(some(1), 0.95) == pytest.approx([t.ppf(0.975, 8)])
    assert quantiles([], 0.95) == []


@pytest.mark.parametrize("freedom", [3.0, 8.0, 1e6])
@pytest.mark.parametrize("count", [2, 5])
def test_all_hold_as_often_as_they_say_by_the_multivariate_t(count, freedom):
    estimates = some(count, freedom=freedom)
    residuals = np.stack([each.residuals for each in estimates])
    width = np.array(quantiles(estimates, 0.95))
    residuals /= np.linalg.norm(residuals, axis=1, keepdims=True)
    held = multivariate_t(shape=residuals @ residuals.T, df=freedom, seed=0).cdf(width, lower_limit=-width)
    assert held == pytest.approx(0.95, abs=0.006)


@given(st.integers(0, 1000), st.lists(st.floats(2, 100), min_size=2, max_size=6), st.sampled_from([0.8, 0.95]))
@settings(max_examples=25)
def test_they_are_wider_than_alone_and_narrower_than_bonferronis(seed, freedoms, confidence):
    correlated = some(len(freedoms), seed)
    misses = levels(
        [Estimate(one.residuals, freedom) for one, freedom in zip(correlated, freedoms, strict=True)], confidence
    )
    assert misses == pytest.approx([misses[0]] * len(freedoms))  # each as likely as any other
    assert (1 - confidence) / len(freedoms) * 0.9 <= misses[0] <= (1 - confidence) * 1.1


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (1, 1, -1, 1)])
def test_of_the_same_error_many_times_over_they_are_as_wide_as_of_one(signs):
    (one,) = some(1)
    assert levels([Estimate(sign * one.residuals, 8.0) for sign in signs]) == pytest.approx(
        [0.05] * len(signs), **SAMPLED
    )


@pytest.mark.parametrize("count", [2, 3, 7])
def test_of_independent_errors_they_are_sidaks(count):
    independent = [Estimate(row, 1e6) for row in np.eye(count)]
    assert levels(independent) == pytest.approx([1 - 0.95 ** (1 / count)] * count, **SAMPLED)


def test_how_large_an_error_is_has_no_say():
    scaled = [Estimate(4.0**power * each.residuals, 8.0) for power, each in enumerate(some(4))]
    assert quantiles(scaled, 0.95) == pytest.approx(quantiles(some(4), 0.95))


def test_nor_has_their_order():
    estimates = [Estimate(each.residuals, 3.0 + place) for place, each in enumerate(some(4))]
    backwards = quantiles(estimates[::-1], 0.95)[::-1]
    assert backwards == pytest.approx(quantiles(estimates, 0.95), rel=0.02)  # the distribution is sampled


def test_nor_has_an_estimate_without_error():
    exact = Estimate(np.zeros(12), 8.0)
    assert quantiles([exact, *some(3)], 0.95)[1:] == pytest.approx(quantiles(some(3), 0.95))
    assert quantiles([exact, *some(1), exact], 0.95) == pytest.approx([t.ppf(0.975, 8)] * 3)


def test_nor_has_chance():
    np.random.default_rng().normal()
    assert quantiles(some(4), 0.95) == quantiles(some(4), 0.95)


def test_to_be_surer_they_are_wider():
    sure, surer = quantiles(some(4), 0.9), quantiles(some(4), 0.99)
    assert all(narrow < wide for narrow, wide in zip(sure, surer, strict=True))
