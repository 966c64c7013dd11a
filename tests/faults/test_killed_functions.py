"""Thirty times SIGKILL at random moments, of a study of a training function and of its workers: nothing is lost."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import goru
from goru.studies.runs.manifest import MANIFEST
from goru.studies.runs.run import is_unfinished

KILLS, MOST_OF_DRIVER = 30, 4  # of a study's own process, in a row
STUDY = """
import sys, time
import numpy as np
import goru

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
design = goru.Design(
    {"scaled": [False, True], "placebo": ["no", "yes"]}, {"rate": goru.log_uniform(0.05, 1)}
)


def train(fit, validation, config, seed):
    weights = np.random.default_rng(seed).normal(size=3)
    for _ in range(3):
        p = 1 / (1 + np.exp(-fit.X @ weights))
        weights = weights - config.rate * (3 if config.scaled else 1) * fit.X.T @ (p - fit.y) / len(fit)
        time.sleep(0.02)
        yield 1 / (1 + np.exp(-validation.X @ weights))
    with open(sys.argv[2], "a") as log:
        log.write(f"{sorted(config.items())} {seed}\\n")


goru.study(train, X, y, design=design, n_trials=80, workers=2, folder=sys.argv[1], seed=5)
"""


def children(pid: int) -> list[int]:
    """Those of a process that train: it has others that clean up."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return [child for child in found if b"loky.backend.popen_loky_posix" in command(child)]


def command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("killed") / "study.py"
    path.write_text(STUDY)
    return path


def begin(script: Path, run: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, script, run, f"{run}.log"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


def recorded(run: Path) -> int:
    """Trials that are safe."""
    path = run / ".making" / "study.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as study, contextlib.suppress(sqlite3.OperationalError):
        return study.execute("select count(*) from trials").fetchone()[0]
    return 0


def test_a_study_is_in_the_end_as_if_nobody_had_ever_been_killed(script, tmp_path):
    began = time.monotonic()
    assert ended(begin(script, tmp_path / "whole")) == 0
    seconds, rng = time.monotonic() - began, np.random.default_rng(1)
    whole, kills, number = goru.load(tmp_path / "whole"), 0, 0
    columns = ["arm", "configuration", "split"]
    while kills < KILLS:
        run, of_driver, safe, finished, number = tmp_path / f"run {number}", 0, 0, False, number + 1
        while not finished:
            process = begin(script, run)
            for _ in range(rng.integers(1, 3)):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(rng.uniform(0.2, 0.6) * seconds)
                if process.poll() is not None or kills >= KILLS:
                    break
                workers = children(process.pid)
                if workers and rng.random() < 0.5:
                    os.kill(int(rng.choice(workers)), signal.SIGKILL)
                    kills += 1
                elif of_driver < MOST_OF_DRIVER:
                    process.kill()
                    kills, of_driver = kills + 1, of_driver + 1
                    gone = time.monotonic() + 60
                    while any(command(worker) for worker in workers) and time.monotonic() < gone:
                        time.sleep(0.1)
                    assert not any(command(worker) for worker in workers), "workers outlive the study"
                    break
            ended(process)  # it may have been killed when all was done
            finished = not is_unfinished(run) and (run / MANIFEST).is_file()
            if not finished:
                assert recorded(run) >= safe, "trials were lost"
                safe = recorded(run)
        found = goru.load(run)
        assert found.answer.effects == whole.answer.effects
        assert found.answer.recommended == whole.answer.recommended
        assert found.answer.test == whole.answer.test
        assert found.answer.failures == ()
        assert found.evidence == whole.evidence
        one, other = (of.trials.sort_values(columns).reset_index(drop=True) for of in (found, whole))
        assert one.equals(other)
        trained = Path(f"{run}.log").read_text().splitlines()
        assert set(trained) == set(Path(f"{tmp_path / 'whole'}.log").read_text().splitlines())
