"""`goru effects`: what a table of runs says."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def runs(goru, write):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "norm": rng.choice(["off", "on"], 80),
            "dropout": rng.choice([False, True], 80),
            "a=b": rng.choice(["x", "y"], 80),
            "rate": 10 ** rng.uniform(-4, 0, 80),
            "seed": rng.integers(0, 3, 80),
        }
    )
    frame["val_loss"] = 1 - 0.3 * (frame["norm"] == "on") + 0.02 * rng.normal(size=80)
    write(frame, "runs.csv")
    return goru


COLUMNS = ("--loss", "val_loss", "--factor", "dropout", "--knob", "rate", "--block", "seed")


def test_it_says_what_helps(runs):
    outcome = runs("effects", "runs.csv", *COLUMNS, "--factor", "norm=off,on")
    assert outcome.code == 0, outcome
    (line,) = [line for line in outcome.stdout.splitlines() if line.startswith("norm") and "and" not in line]
    assert "helps" in line
    assert "Weaker than a study" in outcome.stdout


def test_the_first_level_is_the_reference(runs):
    outcome = runs("effects", "runs.csv", *COLUMNS, "--factor", "norm=on,off")
    assert "hurts" in outcome.stdout


def test_for_other_programs(runs):
    found = json.loads(runs("effects", "runs.csv", *COLUMNS, "--factor", "norm", "--json").stdout)
    assert found["runs"] == 80
    assert {effect["verdict"] for effect in found["effects"]} >= {"helps"}


def test_a_column_with_an_equals_sign_is_one(runs):
    assert runs("effects", "runs.csv", *COLUMNS, "--factor", "a=b").code == 0
    assert runs("effects", "runs.csv", *COLUMNS, "--factor", "a=b=x,y").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--loss", "loss", "--factor", "norm"), "loss"),
        (("--loss", "val_loss", "--factor", "nrom"), "Did you mean 'norm'"),
        (("--loss", "val_loss", "--factor", "norm=off,maybe"), "maybe"),
        (("--loss", "val_loss", "--factor", "dropout", "--knob", "norm"), "norm"),
        (("--factor", "norm"), "--loss"),
        (("--loss", "val_loss"), "--factor"),
    ],
)
def test_what_makes_no_sense_is_refused(runs, refused, words, said):
    refused(runs("effects", "runs.csv", *words), said)


def test_a_missing_file_is_refused(runs, refused):
    refused(runs("effects", "missing.csv", *COLUMNS), "missing.csv")
