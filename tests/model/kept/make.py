"""How the models that are kept here were made: `python tests/model/kept/make.py` with the version that is to be kept.

A folder a task, with a run as `goru fit` has written it (but for its report and its trials, which are large), new rows
as `new.csv`, and as `predicted.csv` what the run's model said about them. Later versions must still read it and say
the same. It is made anew only where a new version writes another format; then the old one stays, under another name.
"""

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
LEFT_OUT = ("report.html", "study.sqlite")


def make_table(rows: int, seed: int) -> pd.DataFrame:
    """A column of every kind, each with gaps, and two targets that they explain."""
    rng = np.random.default_rng(seed)
    area, age = rng.normal(80, 20, rows), rng.integers(0, 90, rows)
    district = rng.choice(["north", "süd", "east, or west"], rows)
    garden = rng.random(rows) < 0.4
    sold = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1200, rows), unit="D")
    price = 3 * area - age + 40 * garden + 30 * (district == "süd") + rng.normal(0, 10, rows)
    table = pd.DataFrame(
        {
            "area": area.round(1),
            "age": age,
            "district": district,
            "garden": garden,
            "sold": sold.strftime("%Y-%m-%d"),
            "rooms": rng.integers(1, 7, rows),
        }
    )
    for place, name in enumerate(("area", "district", "sold", "garden")):
        table[name] = table[name].astype(object).mask(rng.random(rows) < 0.03 * (place + 1))
    return table.assign(price=price.round(2), dear=np.where(price > np.median(price), "yes", "no"))


def make_new() -> pd.DataFrame:
    """Rows that the model has never seen, and among them what it has never seen either."""
    new = make_table(25, seed=1)
    new.loc[0, "district"] = "moon"
    new.loc[1, "sold"] = "1999-12-31"
    new["area"] = new["area"].astype(float)
    new.loc[2, "area"] = np.inf
    new.loc[3, "area"] = -1e12
    return new


def make(task: str, target: str, other: str) -> None:
    from goru.cli import main

    folder = HERE / task
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        make_table(150, seed=0).drop(columns=other).to_csv("houses.csv", index=False)
        make_new().drop(columns=[target, other]).to_csv("new.csv", index=False)
        fit = ["fit", "houses.csv", "--target", target, "--categorical", "rooms", "--networks", "36", "--hidden", "8"]
        predict = ["predict", "runs/houses", "new.csv", "-o", "predicted.csv"]
        proba = ["--proba"] if task == "classification" else []
        for command in (fit, predict + proba):
            with mock.patch.object(sys, "argv", ["goru", *command]):
                assert main() == 0
        shutil.copytree("runs/houses", folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for name in ("new.csv", "predicted.csv"):
            shutil.copy(name, folder)


if __name__ == "__main__":
    make("classification", target="dear", other="price")
    make("regression", target="price", other="dear")
