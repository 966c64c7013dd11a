"""The trial of the method: its figures, that it can be resumed, and (slowly) that the method passes a small one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trial
import verdicts

from goru.experiment.trial import Losses

SCRIPT = Path(verdicts.__file__)


def effect(kind: str = "whole", change: float = -0.1, truth: float = -0.1, **more: Any) -> dict[str, Any]:
    """An answer of a study."""
    return {
        "kind": kind,
        "number": 0,
        "setting": "tables",
        "planted": "",
        "shape": "4 in 1 x 5",
        "search": 0,
        "family": "main",
        "name": "dropout",
        "verdict": "inconclusive",
        "likely": None,
        "helps": 0.9,
        "truth": truth,
        "change": change,
        "low": change - 0.1,
        "high": change + 0.1,
        **more,
    }


def judged(*effects: dict[str, Any]) -> pd.DataFrame:
    return verdicts.judged(pd.DataFrame(effects))


class TestFigures:
    def test_an_interval_is_to_hold_the_mean_truth_of_all_studies_of_a_setting(self) -> None:
        # The mean truth is -0.3: the first interval ends at -0.35, the second begins at -0.35.
        effects = judged(effect(change=-0.45, truth=-0.4), effect(change=-0.25, truth=-0.2))
        assert list(effects["truth"]) == pytest.approx([-0.3, -0.3])
        assert list(effects["covered"]) == [False, True]

    def test_plans_have_truths_of_their_own(self) -> None:
        effects = judged(effect(truth=-0.4), effect(truth=-0.2, shape="3 in 1 x 3"))
        assert list(effects["truth"]) == [-0.4, -0.2]

    def test_hurts_where_the_truth_is_that_it_helps_is_reversed(self) -> None:
        effects = judged(
            effect(change=0.2, truth=-0.15, verdict="hurts"),
            effect(change=0.2, truth=-0.004, verdict="hurts", setting="next to nothing"),
            effect(change=-0.2, truth=-0.2, verdict="helps", setting="others"),
        )
        assert list(effects["reversed"]) == [True, False, False]
        assert list(effects["called"]) == [True, True, True]

    def test_a_placebo_has_no_true_effect_whatever_its_networks_happen_to_do(self) -> None:
        effects = judged(
            effect("placebo", 0.2, 0.2, name="placebo", verdict="hurts"),
            effect("placebo", 0.2, 0.2, name="placebo", planted="main", verdict="hurts"),
        )
        assert list(effects["truth"]) == [0.0, 0.2]
        assert not effects["reversed"].any()

    def test_what_is_likely_is_so_or_not(self) -> None:
        effects = judged(
            effect(truth=-0.1, likely="helps", helps=0.85),
            effect(truth=-0.1, likely="hurts", helps=0.05),
            effect(truth=-0.1, likely="negligible", helps=0.6),
            effect(truth=-0.001, likely="helps", helps=0.85, setting="next to nothing"),
        )
        assert list(effects["chance"])[:2] == pytest.approx([0.85, 0.95])
        assert effects["chance"].isna().sum() == 2
        assert list(effects["happens"])[:2] == [True, False]

    def test_are_written_as_tables(self) -> None:
        effects = judged(
            effect(verdict="helps"),
            effect("placebo", 0.0, name="placebo"),
            *(effect("placebo", name="placebo", planted=kind, verdict="helps") for kind in ("main", "interaction")),
        )
        lines = list(verdicts.tables(effects, 1))
        assert "| 4 in 1 x 5 | main | 100.0% | 100% | 100% | 0.100 | 0 of 1 |" in lines
        assert any(line.startswith("| 4 in 1 x 5 | 0.0% | 100% |") for line in lines)


class TestShapes:
    def test_a_search_is_a_part_of_the_configurations_and_no_two_share_one(self) -> None:
        for shape in trial.SHAPES:
            subsets = list(shape.subsets())
            assert all(len(subset) == shape.configurations for subset in subsets)
            assert len({place for subset in subsets for place in subset}) == len(subsets) * shape.configurations

    def test_splits_are_whole_partitions_or_the_first_folds_of_one(self) -> None:
        assert trial.Shape(3, 3, 1).splits == [0, 1, 2]
        assert trial.Shape(6, 5, 2).splits == list(range(10))

    def test_past_the_first_partition_the_better_half_is_left(self) -> None:
        validation = np.repeat(np.arange(16.0)[:, None, None], 10, axis=1)
        losses = Losses(validation, validation, validation[..., None], np.ones((10, 1)))
        part = trial.part_of(losses, list(range(6, 12)), trial.Shape(6, 5, 2))
        assert part.validation[:, 0, 0].tolist() == [6, 7, 8, 9, 10, 11]
        assert np.isnan(part.validation[3:, 5:]).all()
        assert not np.isnan(part.validation[:3]).any()

    def test_a_planted_effect_is_a_tenth_of_the_loss(self) -> None:
        ones = np.ones((2, 5, 3))
        lower = verdicts.lower(Losses(ones, ones, ones[..., None], np.ones((5, 1))))
        for losses in (lower.validation, lower.training, lower.parts):
            np.testing.assert_allclose(losses, 0.9)


class TestTables:
    def test_are_drawn_by_the_number_of_the_study(self) -> None:
        setting = trial.Setting("regression", 300, 2, 3, 0.5)
        first, again, other = (setting.table(seed).y_development for seed in (1, 1, 2))
        assert (first == again).all()
        assert not (first == other).all()

    def test_have_four_fifths_of_their_rows_for_development_and_fresh_rows_to_know_the_truth_by(self) -> None:
        table = trial.Setting("classification", 300, 2, 3, 0.5, categories=2).table(0)
        assert len(table.y_development) == 240
        assert len(table.y_test) == trial.FRESH
        assert table.column_counts["categorical"] == 2

    def test_a_class_may_be_one_in_twenty(self) -> None:
        (setting,) = (setting for setting in trial.SETTINGS if setting.rare)
        assert 0.03 < np.mean([setting.table(seed).y_development.mean() for seed in range(5)]) < 0.08


@pytest.mark.slow
def test_the_method_passes_a_small_trial_and_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    work, figures = tmp_path / "work", tmp_path / "figures.json"

    def run(studies: int) -> pd.DataFrame:
        command = [sys.executable, str(SCRIPT), "--studies", str(studies), "--work", str(work), "--json", str(figures)]
        subprocess.run(command, check=True, capture_output=True)
        return pd.DataFrame(json.loads(figures.read_text()))

    run(2)
    before = {path: path.stat().st_mtime_ns for path in work.iterdir()}
    killed = next(iter(before))
    killed.rename(killed.with_suffix(".part"))  # while it was written
    effects = run(4)
    kept = {path: path.stat().st_mtime_ns for path in before}
    assert [path for path in before if kept[path] != before[path]] == [killed]
    whole, placebo = (effects[effects["kind"] == kind] for kind in ("whole", "placebo"))
    nothing = placebo[(placebo["planted"] == "") & placebo["name"].str.contains("placebo")]
    assert whole["covered"].mean() >= 0.85  # four studies: the truth is hardly known; the trial proper asks for 93 %
    assert nothing["called"].mean() <= 0.1
    assert whole["reversed"].mean() <= 0.02
