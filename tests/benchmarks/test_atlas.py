"""The atlas: a mean over tables, what is said how often, and that it is drawn."""

from pathlib import Path

import numpy as np
import pytest
from atlas import Effect, atlas, draw, lines, random_effects
from scipy.stats import t

TABLES = {
    "one": {"dropout": Effect(-0.1, 0.02, "helps"), "mixup": Effect(0.05, 0.01, "hurts")},
    "two": {"dropout": Effect(-0.2, 0.03, "helps"), "mixup": Effect(0.0, 0.05, "inconclusive")},
    "three": {"dropout": Effect(-0.02, 0.04, "likely helps")},
}


class TestRandomEffects:
    def test_of_tables_that_agree_is_their_mean_weighted_by_how_sure_each_is(self) -> None:
        mean = random_effects([-0.1, -0.1], [0.01, 0.02])
        half = t.ppf(0.975, 1) / np.sqrt(1 / 0.01**2 + 1 / 0.02**2)
        assert (mean.change, mean.spread) == (pytest.approx(-0.1), 0)
        assert (mean.low, mean.high) == (pytest.approx(-0.1 - half), pytest.approx(-0.1 + half))

    def test_of_tables_that_are_sure_and_differ_counts_them_alike(self) -> None:
        changes = [-0.3, -0.1, 0.1]
        mean = random_effects(changes, [1e-6] * 3)
        assert mean.change == pytest.approx(0.0 + np.mean(changes))
        assert mean.spread == pytest.approx(np.std(changes, ddof=1), rel=1e-3)
        assert mean.high - mean.change == pytest.approx(
            t.ppf(0.975, 2) * np.std(changes, ddof=1) / np.sqrt(3), rel=1e-3
        )

    def test_holds_the_truth_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(0)
        held = 0
        for _ in range(400):
            errors = rng.uniform(0.01, 0.1, 10)
            changes = -0.05 + 0.05 * rng.normal(size=10) + errors * rng.normal(size=10)
            mean = random_effects(changes, errors)
            held += mean.low <= -0.05 <= mean.high
        assert 0.92 <= held / 400 <= 0.98


def test_what_helps_most_comes_first_and_verdicts_are_counted() -> None:
    means = atlas(TABLES)
    assert list(means) == ["dropout", "mixup"]
    assert means["dropout"][1] == {"helps": 2, "likely helps": 1}


def test_tables_without_a_technique_have_no_cell() -> None:
    assert lines(TABLES)[-1] == "| three | -2 |  |"


def test_the_picture_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(TABLES, tmp_path / name)
    assert b"mixup" in (tmp_path / "a.svg").read_bytes() or (tmp_path / "a.svg").stat().st_size > 5_000
