"""The trial of the method: its figures, that it can be resumed, and (slowly) that the method passes a small one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import verdicts

SCRIPT = Path(verdicts.__file__)


def entry(kind: str, number: int, change: float, truth: float, verdict: str, half: float = 0.1) -> dict[str, Any]:
    """A study of one effect."""
    effect = {
        "name": "dropout",
        "verdict": verdict,
        "truth": truth,
        "change": change,
        "low": change - half,
        "high": change + half,
    }
    return {"kind": kind, "number": number, "setting": "tables", "effects": [effect]}


class TestFigures:
    def test_an_interval_is_to_hold_the_mean_truth_of_all_studies_of_a_setting(self) -> None:
        # The mean truth is -0.3: the first interval ends at -0.35, the second begins at -0.35.
        entries = [
            entry("coverage", 0, change=-0.45, truth=-0.4, verdict="helps"),
            entry("coverage", 1, change=-0.25, truth=-0.2, verdict="helps"),
        ]
        found = verdicts.frame(entries)
        assert list(found["covered"]) == [False, True]
        assert list(found["own_covered"]) == [True, True]

    def test_all_figures_of_a_small_trial(self) -> None:
        entries = [
            entry("coverage", 0, -0.45, -0.3, "helps"),
            entry("coverage", 1, -0.30, -0.3, "helps"),
            entry("copies", 0, +0.01, +0.05, "undecided"),
            entry("copies", 1, +0.20, +0.05, "hurts"),
            entry("copies", 2, -0.20, -0.05, "helps"),
            entry("copies", 3, 0.00, +0.05, "no effect worth having"),
            entry("planted", 0, -0.20, -0.15, "helps"),
            entry("planted", 1, -0.05, -0.15, "undecided"),
        ]
        assert verdicts.summary(verdicts.frame(entries)) == {
            "coverage": 0.5,
            "coverage_of_all_together": 0.5,
            "coverage_of_the_networks_compared": 0.5,
            "false_verdicts": 0.5,
            "power": 0.5,
            "sign_reversals": 0.0,
        }

    def test_hurts_where_the_truth_is_that_it_helps_is_reversed_and_not_found(self) -> None:
        entries = [entry("planted", number, +0.2, -0.15, "hurts") for number in range(2)]
        figures = verdicts.summary(verdicts.frame(entries))
        assert figures["sign_reversals"] == 2
        assert figures["power"] == 0

    def test_a_copy_has_no_true_effect_whatever_its_networks_happen_to_do(self) -> None:
        found = verdicts.frame([entry("copies", 0, +0.2, +0.2, "hurts")])
        assert found["truth"].item() == 0
        assert not found["reversed"].item()


class TestTables:
    def test_are_drawn_by_the_number_of_the_study(self) -> None:
        setting = verdicts.Setting("regression", 300, 2, 3, 0.5)
        first, again, other = (setting.table(seed).y_development for seed in (1, 1, 2))
        assert (first == again).all()
        assert not (first == other).all()

    def test_have_four_fifths_of_their_rows_for_development_and_fresh_rows_to_know_the_truth_by(self) -> None:
        table = verdicts.Setting("classification", 300, 2, 3, 0.5).table(0)
        assert len(table.y_development) == 240
        assert len(table.y_test) == verdicts.FRESH
        assert table.n_features == 5


def test_studies_of_a_trial_with_other_settings_are_refused(tmp_path: Path) -> None:
    work = tmp_path / "work.jsonl"
    work.write_text(json.dumps({**entry("coverage", 0, 0, 0, "helps"), "trial": "another"}) + "\n")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--studies", "1", "--work", str(work)], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "other settings" in done.stderr


@pytest.mark.slow
def test_the_method_passes_a_small_trial_and_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    work, figures = tmp_path / "work.jsonl", tmp_path / "figures.json"

    def run(studies: int) -> dict[str, float]:
        command = [sys.executable, str(SCRIPT), "--studies", str(studies), "--work", str(work), "--json", str(figures)]
        subprocess.run(command, check=True, capture_output=True)
        return json.loads(figures.read_text())

    run(8)
    lines = work.read_text().splitlines(keepends=True)
    work.write_text("".join(lines[:-1]) + lines[-1][:40])  # killed while it wrote
    found = run(20)
    kept = work.read_text().splitlines()
    assert kept[: len(lines) - 1] == [line.rstrip("\n") for line in lines[:-1]]
    assert found["coverage"] >= 0.9
    assert found["false_verdicts"] <= 0.15
    assert found["power"] >= 0.6  # 20 studies; the trial proper asks for 0.8
    assert found["sign_reversals"] == 0
