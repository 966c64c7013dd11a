"""The trial of the method: are the verdicts of a study right, where the truth is known?

    python benchmarks/verdicts.py                              # 200 studies a kind, under 30 minutes on 2 cores
    python benchmarks/verdicts.py --studies 20 --json out.json
    python benchmarks/verdicts.py --write                      # into benchmarks/README.md

Tables are drawn from generators with unlimited rows, so that the true effect of every technique is known: it is the
difference of the losses, on fresh rows, of the very networks that a study compares, averaged over all studies of a
setting. The networks are small; the study is the one that `goru fit` does, from the race to the verdicts.

Three kinds of study:

- coverage: all arms and all contrasts; does the interval hold the true effect?
- copies: an arm against itself, with configurations, initial weights, orders and masks of its own; is it called
  different?
- planted: tables on which a technique changes the loss by about 15 %, 1,000 rows; is it found, and with which sign?

A finished study is written to the --work file at once; the next run goes on from there. Tables are drawn by the study's
number, so that more studies begin with the same ones.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

import numpy as np
import page
import pandas as pd

from goru.data.dataset import Dataset, load_dataset
from goru.data.splitting import Split
from goru.experiment.arms import Arm
from goru.experiment.effects.crossfit import choose, judge
from goru.experiment.effects.effects import effect
from goru.experiment.racing.plan import Plan
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.trial import Losses, losses_by_arm, pooled
from goru.experiment.watcher import Silent
from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.population.member import PreparedRows
from goru.population.program import BlockShape
from goru.studies import defaults, laboratory
from goru.studies.blocks import Blocks
from goru.studies.design import ARMS, BEFORE, CONTRASTS, PLAIN, arm_of, design, hyperparameters
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.splits import partitions

STUDIES = 200
# What the method's own numbers were found on had other seeds.
SEEDS = {"coverage": 100_000, "copies": 200_000, "planted": 300_000}
SECOND_SEARCHES = 400_000
FRESH = 512  # rows a table, to know the truth by
PLAN = Plan(configurations=16, epochs=30)
HIDDEN = (32,)
NETWORKS = 16  # in a block


@dataclass(frozen=True)
class Setting:
    """A population of tables.

    - `rows`: of the table; a fifth of them is set aside, as `goru fit` does.
    - `informative`, `useless`: columns.
    - `noise`: for numbers, the standard deviation of what cannot be known, against 1 of what can; for classes, how
      much the log-odds are flattened.
    """

    task: str
    rows: int
    informative: int
    useless: int
    noise: float

    @property
    def name(self) -> str:
        return f"{self.task}, {self.rows:,} rows, {self.informative}+{self.useless} columns, noise {self.noise:g}"

    def table(self, seed: int) -> Dataset:
        """A table, with fresh rows as its test rows."""
        rng = np.random.default_rng((seed, self.rows, self.informative, self.useless))
        n = self.rows * 4 // 5
        x = rng.normal(size=(n + FRESH, self.informative + self.useless))
        y = self._target(x[:, : self.informative], rng)
        frame = pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])]).assign(y=y)
        return load_dataset(frame[:n], target="y", task=self.task, test=frame[n:].reset_index(drop=True), seed=seed)

    def _target(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same smooth function in all tables of a setting."""
        fixed = np.random.default_rng((1, self.informative))
        inner = fixed.normal(size=(self.informative, 8)) / math.sqrt(self.informative)
        bias, outer = fixed.normal(size=8) / 2, fixed.normal(size=8) / 1.8
        signal = np.tanh(2 * x @ inner + bias) @ outer
        if self.task == "regression":
            return signal + self.noise * rng.normal(size=len(x))
        return np.where(rng.random(len(x)) < 1 / (1 + np.exp(-signal / self.noise)), "yes", "no")


COVERAGE = (
    Setting("classification", 1000, 3, 17, 0.125),
    Setting("classification", 300, 5, 5, 0.33),
    Setting("regression", 1000, 3, 17, 0.3),
    Setting("regression", 300, 5, 5, 0.8),
)
COPIES = (
    PLAIN,
    arm_of(dropout=True),
    arm_of(weight_decay=True),
    BEFORE,
    arm_of("after", dropout=True, weight_decay=True),
)
PLANTED = (  # found by trying settings on tables of other seeds
    (Setting("classification", 1000, 3, 97, 0.15), arm_of(weight_decay=True)),
    (Setting("regression", 1000, 3, 17, 0.38), arm_of(weight_decay=True)),
    (Setting("regression", 1000, 2, 18, 0.3), arm_of(dropout=True)),
)

TRIAL = hashlib.sha256(
    repr((PLAN, HIDDEN, FRESH, SEEDS, SECOND_SEARCHES, COVERAGE, COPIES, PLANTED, CONTRASTS)).encode()
).hexdigest()[:12]


class FreshRows(NetworkLaboratory):
    """A laboratory that watches the loss on fresh rows where others watch it on training rows."""

    def rows(self, split: Split) -> PreparedRows:
        prepared = super().rows(split)
        preparation, scaling = laboratory.fit_preparation(self.dataset, split.training_rows)
        y = self.dataset.y_test if scaling is None else scaling.transform(self.dataset.y_test)[:, None]
        n = len(prepared.x)
        return PreparedRows(
            x=np.concatenate([prepared.x, preparation.transform(self.dataset.encoded_test)]),
            y=np.concatenate([prepared.y, y.astype(prepared.y.dtype)]),
            training=prepared.training,
            training_scored=np.arange(n, n + FRESH),
            validation=prepared.validation,
            part=np.concatenate([self.parts, np.zeros(FRESH, np.int32)]),
        )


class Laboratories:
    """One for every shape of table; it is compiled once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int, int], FreshRows] = {}

    def of(self, setting: Setting, dataset: Dataset, seed: int) -> NetworkLaboratory:
        key = (setting.task, setting.rows, dataset.n_features)
        if key not in self._made:
            n = len(dataset.y_development)
            batch = 64 if n >= 500 else 32
            shape = BlockShape(
                networks=NETWORKS,
                batch=batch,
                epochs=PLAN.epochs,
                steps=-(-PLAN.epochs * n // batch),
                eval_chunks=1,
                eval_rows=max(FRESH, n // PLAN.folds + 1),
                parts=defaults.PARTS,
            )
            recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
            base = Architecture(dataset.n_features, HIDDEN, dataset.n_outputs)
            self._made[key] = FreshRows(dataset, base, recipe, shape, seed, rows=n + FRESH)
            self._made[key].wait()
        return self._made[key].for_table(dataset, seed)


def run(laboratory: NetworkLaboratory, splits: list[list[Split]], arms: tuple[Arm, ...]) -> dict[Arm, Losses]:
    """The race, as a study runs it."""
    flat = [split for partition in splits for split in partition]
    steps = laboratory.steps(PLAN.epochs, int(np.mean([len(split.training_rows) for split in flat])))
    count = max(PLAN.configurations, defaults.MOST_CONFIGURATIONS)
    configurations = {}
    for arm in arms:
        drawn = design().configurations(arm, count, laboratory.seed)
        configurations[arm] = [hyperparameters(values, steps)._asdict() for values in drawn]
    blocks = Blocks(laboratory, flat, PLAN.epochs)
    race = Race(blocks, configurations, len(flat), PLAN, Record(), Silent(), laboratory.seed, places=ARMS)
    race.run()
    return losses_by_arm(race.trials, laboratory.shares(flat))


def compare(name: str, arm: Losses, against: Losses, plain: float) -> dict[str, Any]:
    """An effect as a study finds it, and as it truly is of the networks compared; in shares of the plain loss."""
    found = effect(
        name,
        judge(arm, PLAN.folds),
        judge(against, PLAN.folds),
        defaults.MARGIN * plain,
        defaults.CONFIDENCE,
        len(CONTRASTS),
    )
    truth = fresh(arm) - fresh(against)
    shares = {key: getattr(found, key) / plain for key in ("change", "low", "high", "rows", "networks", "search")}
    return {"name": name, "verdict": found.verdict, "truth": truth / plain, **shares}


def fresh(arm: Losses) -> float:
    """The mean loss on fresh rows of the networks that stand for an arm."""
    return float(choose(arm.validation, PLAN.folds).of(arm.training).mean())


def coverage(laboratories: Laboratories, number: int) -> dict[str, Any]:
    """A whole study."""
    setting = COVERAGE[number % len(COVERAGE)]
    seed = SEEDS["coverage"] + number
    dataset = setting.table(seed)
    laboratory = laboratories.of(setting, dataset, seed)
    found = run(laboratory, partitions(dataset, PLAN.folds, seed), ARMS)
    plain = float(judge(found[PLAIN], PLAN.folds).losses.mean())
    return {
        "setting": setting.name,
        "effects": [
            compare(
                contrast.name,
                pooled([found[arm] for arm in contrast.arms]),
                pooled([found[arm] for arm in contrast.against]),
                plain,
            )
            for contrast in CONTRASTS
        ],
    }


def copies(laboratories: Laboratories, number: int) -> dict[str, Any]:
    """An arm against itself, searched a second time."""
    arm = COPIES[number % len(COPIES)]
    setting = COVERAGE[number // len(COPIES) % len(COVERAGE)]
    seed = SEEDS["copies"] + number
    dataset = setting.table(seed)
    splits = partitions(dataset, PLAN.folds, seed)
    first = laboratories.of(setting, dataset, seed)
    second = first.for_table(dataset, SECOND_SEARCHES + number)
    second.parts = first.parts
    one, other = (run(laboratory, splits, (arm,))[arm] for laboratory in (first, second))
    plain = float(judge(one, PLAN.folds).losses.mean())
    return {"setting": setting.name, "effects": [compare(arm.name, one, other, plain)]}


def planted(laboratories: Laboratories, number: int) -> dict[str, Any]:
    """A technique that changes the loss by about 15 %."""
    setting, arm = PLANTED[number % len(PLANTED)]
    seed = SEEDS["planted"] + number
    dataset = setting.table(seed)
    laboratory = laboratories.of(setting, dataset, seed)
    found = run(laboratory, partitions(dataset, PLAN.folds, seed), (PLAIN, arm))
    plain = float(judge(found[PLAIN], PLAN.folds).losses.mean())
    return {"setting": setting.name, "effects": [compare(arm.name, found[arm], found[PLAIN], plain)]}


KINDS = {"coverage": coverage, "copies": copies, "planted": planted}


def studies(count: int, work: Path) -> Iterator[dict[str, Any]]:
    """All studies: those that the file has, and those that are still to do."""
    done: dict[tuple[str, int], dict[str, Any]] = {}
    if work.exists():
        for line in work.read_text().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # the last line of a run that was killed
                continue
            if entry["trial"] != TRIAL:
                raise SystemExit(f"{work}: of a trial with other settings. Remove it, or name another with --work.")
            done[entry["kind"], entry["number"]] = entry
    cut = work.exists() and not work.read_text().endswith("\n")
    laboratories = Laboratories()
    for kind, study in KINDS.items():
        began, new = time.monotonic(), 0
        for number in range(count):
            if (kind, number) not in done:
                done[kind, number] = {"kind": kind, "number": number, "trial": TRIAL, **study(laboratories, number)}
                with work.open("a") as file:
                    file.write("\n" * cut + json.dumps(done[kind, number]) + "\n")
                cut = False
                new += 1
                if new % 20 == 0:
                    each = (time.monotonic() - began) / new
                    print(f"{kind}: {number + 1} of {count}, {each:.1f} s each", file=sys.stderr, flush=True)
            yield done[kind, number]


def frame(entries: list[dict[str, Any]]) -> pd.DataFrame:
    """One row an effect. `truth` is the mean over the studies that ask the same of the same population of tables."""
    found = pd.DataFrame(
        {"kind": entry["kind"], "number": entry["number"], "setting": entry["setting"], **effect}
        for entry in entries
        for effect in entry["effects"]
    )
    found["own_truth"] = found["truth"]
    found["truth"] = found.groupby(["kind", "setting", "name"])["truth"].transform("mean")
    found.loc[found["kind"] == "copies", "truth"] = 0.0  # the two are the same arm
    found["covered"] = (found["low"] <= found["truth"]) & (found["truth"] <= found["high"])
    found["own_covered"] = (found["low"] <= found["own_truth"]) & (found["own_truth"] <= found["high"])
    found["called"] = found["verdict"].isin(["helps", "hurts"])
    right = np.where(found["truth"] < 0, "helps", "hurts")
    # What is truly next to nothing has no sign to reverse.
    found["reversed"] = found["called"] & (found["verdict"] != right) & (found["truth"].abs() > 0.005)
    return found


def summary(found: pd.DataFrame) -> dict[str, float]:
    """The figures of the trial."""
    whole, copy, plant = (found[found["kind"] == kind] for kind in KINDS)
    return {
        "coverage": float(whole["covered"].mean()),
        "coverage_of_all_together": float(whole.groupby("number")["covered"].all().mean()),
        "coverage_of_the_networks_compared": float(whole["own_covered"].mean()),
        "false_verdicts": float(copy["called"].mean()),
        "power": float((plant["called"] & ~plant["reversed"]).mean()),
        "sign_reversals": float(found.loc[found["kind"] != "copies", "reversed"].sum()),
    }


def tables(found: pd.DataFrame, count: int) -> Iterator[str]:
    """The trial as Markdown."""
    figures = summary(found)
    yield f"{count} studies a kind."
    yield ""
    yield "| what | measured | wanted |"
    yield "| --- | --- | --- |"
    error = 1.96 * math.sqrt(0.05 * 0.95 / count)
    yield f"| intervals that hold the true effect | {figures['coverage']:.1%} | at least 90 % |"
    yield f"| studies whose intervals all hold it | {figures['coverage_of_all_together']:.1%} | |"
    held = figures["coverage_of_the_networks_compared"]
    yield f"| intervals that hold the true effect of the very networks compared | {held:.1%} | |"
    false = f"{figures['false_verdicts']:.1%} | at most {0.05 + error:.1%}"
    yield f"| an arm against a copy of itself: helps or hurts | {false} |"
    one = (1 - defaults.CONFIDENCE) / len(CONTRASTS)
    yield f"| (that of one interval among {len(CONTRASTS)} that hold together should be {one:.1%}) | | |"
    yield f"| a planted effect of about 15 %: found | {figures['power']:.1%} | at least 80 % |"
    yield f"| signs reversed, coverage and planted studies together | {figures['sign_reversals']:.0f} | 0 |"
    for kind in KINDS:
        own = found[found["kind"] == kind]
        yield ""
        yield f"### {kind}"
        yield ""
        yield "| tables | effect | studies | truth | spread | half an interval | holds the truth | called |"
        yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
        for (setting, name), group in own.groupby(["setting", "name"], sort=False):
            half = (group["high"] - group["low"]).mean() / 2
            yield (
                f"| {setting} | {name} | {len(group)} | {group['truth'].mean():+.3f} | {group['change'].std():.3f} "
                f"| {half:.3f} | {group['covered'].mean():.2f} | {group['called'].mean():.2f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, help="of each kind")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--work", type=Path, default=Path("verdicts.jsonl"), help="finished studies")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    asked = parser.parse_args()
    if asked.studies < 1:
        parser.error("--studies: at least 1")
    devices.prepare()
    found = frame(list(studies(asked.studies, asked.work)))
    text = "\n".join(tables(found, asked.studies))
    print(text)
    if asked.json:
        asked.json.write_text(json.dumps(summary(found), indent=1) + "\n")
    if asked.write:
        page.write("verdicts", text)


if __name__ == "__main__":
    main()
