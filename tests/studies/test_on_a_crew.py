"""A study whose networks are trained elsewhere is the one that is trained here, bit for bit."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cluster"))  # `crews` is imported by its name

from crews import Machines, once, turns

from goru.cluster.crew import Crew
from goru.data.dataset import load_dataset
from goru.experiment.racing.record import Record
from goru.studies.asked.options import Options
from goru.studies.study import Study


def studied(name: str, options: Options, crew: Crew | None = None, record: Record | None = None):
    """Its trials, its answer but for clocks and machines, its networks, and what its pictures are drawn from."""
    record = Record() if record is None else record
    result = Study(load_dataset(name), options, crew=crew).run(record)
    trials = {(trial.arm, trial.configuration, trial.split): trial.curves for trial in record.trials}
    answer = replace(result.answer, seconds=0.0, environment={})
    return trials, answer, result.trained, result.evidence, result.answer.environment["devices"]


@cache
def studied_here(name: str):
    return studied(*STUDIES[name])


def assert_same(found, expected) -> None:
    trials, answer, trained, evidence, _ = found
    assert trials.keys() == expected[0].keys()
    assert all(np.array_equal(curves, expected[0][key], equal_nan=True) for key, curves in trials.items())
    assert answer == expected[1]
    assert all(np.array_equal(array, expected[2][name]) for name, array in trained.items())
    assert evidence == expected[3]


# Interpreted, and compiled; the latter looks whether numbers are better in pieces.
STUDIES = {
    "interpreted": ("iris", Options(networks=24, hidden=(4,), epochs=4)),
    "compiled": ("diabetes", Options(networks=24, hidden=(24, 24), epochs=30)),
}


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("fate", [once(), once(0, 3, 7, 11)], ids=["nobody is lost", "some are lost"])
def test_it_finds_the_same(name, fate):
    machines = Machines((2, 1), fate, turns())
    found = studied(*STUDIES[name], crew=Crew(machines))
    assert_same(found, studied_here(name))
    assert found[4] == "2 workers"
    assert len(machines.lost) == (4 if fate(0) else 0)


def test_in_whatever_order_the_workers_are_done():
    machines = Machines((2,) * 5, order=max)
    assert_same(studied(*STUDIES["interpreted"], crew=Crew(machines)), studied_here("interpreted"))


def test_under_a_budget_it_ends_in_time_and_says_what_it_found():
    trials, answer, *_ = studied("iris", Options(budget=2.0, hidden=(4,), epochs=4), Crew(Machines()))
    assert len(trials) >= 24
    assert answer.effects
