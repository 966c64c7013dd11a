"""Clocks that go backwards, stand still, or start over with the machine: no result depends on them."""

import contextlib
import itertools
import os
import time
from pathlib import Path

import pytest
from commands import assert_same

from goru.experiment.racing.store import Store
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.manifest import check_files
from goru.studies.runs.run import open_run

IRIS = TableOptions("iris")
FEW = Options(networks=36, hidden=(4,), epochs=3)
DAY = 86_400


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return fit_table(IRIS, FEW, tmp_path_factory.mktemp("whole") / "run").folder


@pytest.fixture
def backwards(monkeypatch):
    """The time of day goes back by a minute whenever somebody asks for it."""
    minutes = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1e9 - 60 * next(minutes))
    monkeypatch.setattr(time, "time_ns", lambda: int(1e18) - 60 * 10**9 * next(minutes))


def stopped(folder: Path, options=FEW, blocks: int = 7) -> Path:
    add, done = Store.add, []

    def watched(store, trials):
        if len(done) == blocks:
            raise KeyboardInterrupt
        done.append(1)
        return add(store, trials)

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Store, "add", watched)
        fit_table(IRIS, options, folder)
    return folder


def test_the_time_of_day_goes_backwards(whole, tmp_path, backwards):
    fit_table(IRIS, FEW, tmp_path / "run")
    assert_same(tmp_path / "run", whole)


def test_and_a_study_goes_on(whole, tmp_path, backwards):
    fit_table(IRIS, FEW, stopped(tmp_path / "run"), resume=True)
    assert_same(tmp_path / "run", whole)


@pytest.mark.parametrize("days", [-365, 365])
def test_files_are_older_or_newer_than_they_can_be(whole, tmp_path, days):
    folder = stopped(tmp_path / "run")
    when = time.time() + days * DAY
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (when, when))
    fit_table(IRIS, FEW, folder, resume=True)
    assert_same(folder, whole)
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (when, when))
    check_files(folder)


@pytest.mark.parametrize("hours", [-100, 100])
def test_the_machine_was_started_again_so_that_its_own_clock_is_another(whole, tmp_path, monkeypatch, hours):
    """Seconds that were spent count, and neither those in between nor a clock that has gone back."""
    folder, monotonic = stopped(tmp_path / "run"), time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 3600 * hours)
    fit_table(IRIS, FEW, folder, resume=True)
    assert_same(folder, whole)
    assert 0 < open_run(folder).answer.seconds < 600


@pytest.mark.parametrize("hours", [-100, 100])
def test_so_it_is_with_a_budget(tmp_path, monkeypatch, hours):
    options = Options(budget=3.0, hidden=(4,), epochs=8)
    folder, monotonic = stopped(tmp_path / "run", options, blocks=5), time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 3600 * hours)
    fit_table(IRIS, options, folder, resume=True)
    check_files(folder)
    assert 0 < open_run(folder).answer.seconds < 600
    assert open_run(folder).answer.plan.configurations >= 1
