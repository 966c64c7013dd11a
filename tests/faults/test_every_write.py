"""A study that is killed at any of its writes, and again while it goes on, ends as if it had never been killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def test_killed_at_every_single_write(tmp_path):
    x = np.random.default_rng(0).normal(size=(90, 2))
    table = pd.DataFrame(x, columns=["a", "b"]).assign(kind=np.digitize(x.sum(axis=1), [-0.6, 0.6]).astype(str))
    table.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "runs").mkdir()
    command = [sys.executable, Path(__file__).with_name("dying.py"), tmp_path / "table.csv", "kind", tmp_path / "runs"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == [], done.stderr
    assert found["writes"] > 60
    assert found["deaths"] > found["writes"] + 20
