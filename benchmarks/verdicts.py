"""The trial of the method: are the verdicts of a study right, where the truth is known?

    python benchmarks/verdicts.py                              # 120 studies a kind, some 25 minutes on 2 cores
    python benchmarks/verdicts.py --studies 24 --json out.json
    python benchmarks/verdicts.py --write                      # into benchmarks/README.md

Tables are drawn from generators with unlimited rows, so that the true effect of every technique is known: it is the
difference of the losses, on fresh rows, of the very networks that a study compares, averaged over all studies of a
setting. The networks are small; the study is the one that `goru fit` does, from the race to the verdicts. Sixteen
configurations of each arm are trained in two partitions; smaller plans are parts of that, as many as do not overlap.

- whole: goru's twelve arms and all questions. Does the interval hold the true effect? Is what is called likely true as
  often as is said?
- placebo: dropout, and a factor that changes nothing but the seed. Is it called different?
- planted: the same trials, with 10 % taken off the losses of all arms that have the placebo: a main effect; or of those
  that have dropout too: an interaction. Are they found?

A finished study is written to the --work folder at once; the next run goes on from there. Tables are drawn by the
study's number, so that more studies begin with the same ones.
"""

import argparse
import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

import numpy as np
import page
import pandas as pd

from goru.data.dataset import Dataset, load_dataset
from goru.data.splitting import Split
from goru.experiment import defaults as experiment_defaults
from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer
from goru.experiment.effects.standings import Standings
from goru.experiment.effects.weights import weights
from goru.experiment.findings.answer import EffectFound
from goru.experiment.plan import Plan
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent
from goru.experiment.trial import Losses, losses_by_arm
from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.population.member import PreparedRows
from goru.population.program import BlockShape
from goru.studies import defaults, laboratory
from goru.studies.asked.design import ARMS, KNOBS, PLAIN, arm_of, design, hyperparameters
from goru.studies.blocks import Blocks
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.splits import partitions

STUDIES = 120
# What the method's own numbers were found on had other seeds.
SEEDS = {"whole": 100_000, "placebo": 200_000}
OTHER_SEEDS = 400_000  # of the placebo
FRESH = 512  # rows a table, to know the truth by
TRAINED = Plan(configurations=16, epochs=30)
HIDDEN = (32,)
NETWORKS = 16  # in a block
PLANTED = 0.1  # of the loss
RACED = experiment_defaults.KEPT  # of configurations: what a race trains in the second partition
TOO_SMALL = 0.005  # of the plain loss: what is truly next to nothing has no sign to reverse


@dataclass(frozen=True)
class Shape:
    """A plan that a budget pays for: configurations, folds, partitions."""

    configurations: int
    folds: int
    partitions: int

    @property
    def name(self) -> str:
        return f"{self.configurations} in {self.partitions} x {self.folds}"

    @property
    def splits(self) -> list[int]:
        return [TRAINED.folds * partition + fold for partition in range(self.partitions) for fold in range(self.folds)]

    def subsets(self) -> Iterator[list[int]]:
        """Configurations that make a search each."""
        for first in range(0, TRAINED.configurations - self.configurations + 1, self.configurations):
            yield list(range(first, first + self.configurations))


SHAPES = (Shape(3, 3, 1), Shape(4, 5, 1), Shape(6, 5, 2), Shape(16, 5, 2))


@dataclass(frozen=True)
class Setting:
    """A population of tables.

    - `rows`: of the table; a fifth of them is set aside, as `goru fit` does.
    - `informative`, `useless`: columns of numbers.
    - `noise`: for numbers, the standard deviation of what cannot be known, against 1 of what can; for classes, how
      much the log-odds are flattened.
    - `rare`: the log-odds of the rarer class are lower by this.
    - `tails`: degrees of freedom of Student's t, of which the noise is; without, it is normal.
    - `categories`: columns of eight categories each, which shift the signal.
    """

    task: str
    rows: int
    informative: int
    useless: int
    noise: float
    rare: float = 0.0
    tails: float = math.inf
    categories: int = 0

    @property
    def name(self) -> str:
        words = f"{self.task}, {self.rows:,} rows, {self.informative}+{self.useless} columns, noise {self.noise:g}"
        words += ", one in twenty" * (self.rare > 0) + ", heavy tails" * (self.tails < math.inf)
        return words + f", {self.categories} of categories" * (self.categories > 0)

    def table(self, seed: int) -> Dataset:
        """A table, with fresh rows as its test rows."""
        rng = np.random.default_rng((seed, self.rows, self.informative, self.useless))
        n = self.rows * 4 // 5
        x = rng.normal(size=(n + FRESH, self.informative + self.useless))
        kinds = rng.integers(0, 8, size=(n + FRESH, self.categories))
        frame = pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])])
        for column, kind in enumerate(kinds.T):
            frame[f"c{column}"] = np.array(list("abcdefgh"))[kind]
        frame["y"] = self._target(x[:, : self.informative], kinds, rng)
        return load_dataset(frame[:n], target="y", task=self.task, test=frame[n:].reset_index(drop=True), seed=seed)

    def _target(self, x: np.ndarray, kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same smooth function in all tables of a setting."""
        fixed = np.random.default_rng((1, self.informative))
        inner = fixed.normal(size=(self.informative, 8)) / math.sqrt(self.informative)
        bias, outer = fixed.normal(size=8) / 2, fixed.normal(size=8) / 1.8
        signal = np.tanh(2 * x @ inner + bias) @ outer
        shifts = fixed.normal(size=(self.categories, 8)) / 2
        signal = signal + sum((shift[kind] for shift, kind in zip(shifts, kinds.T, strict=True)), np.zeros(len(x)))
        if self.task == "regression":
            noise = rng.normal(size=len(x)) if self.tails == math.inf else rng.standard_t(self.tails, size=len(x))
            return signal + self.noise * noise
        return np.where(rng.random(len(x)) < 1 / (1 + np.exp(self.rare - signal / self.noise)), "yes", "no")


SETTINGS = (
    Setting("classification", 1000, 3, 17, 0.125),
    Setting("classification", 300, 5, 5, 0.33),
    Setting("regression", 1000, 3, 17, 0.3),
    Setting("regression", 300, 5, 5, 0.8),
    Setting("classification", 200, 4, 4, 0.25),
    Setting("classification", 1000, 4, 6, 0.33, rare=3.7),
    Setting("regression", 1000, 4, 6, 0.3, tails=3.0),
    Setting("classification", 1000, 3, 5, 0.25, categories=4),
    Setting("regression", 5000, 4, 16, 0.4),
)
# The placebo's arms are twice those of another factor.
REAL = (PLAIN, arm_of(dropout=True))
TUNED = {name: KNOBS[name] for name in ("learning_rate", "dropout_rate")}
PLACEBO = Design({"placebo": (False, True), "dropout": (False, True)}, TUNED)
KINDS = ("whole", "placebo")

TRIAL = hashlib.sha256(
    repr((TRAINED, HIDDEN, FRESH, SEEDS, OTHER_SEEDS, SETTINGS, SHAPES, PLANTED, REAL)).encode()
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
                epochs=TRAINED.epochs,
                steps=-(-TRAINED.epochs * n // batch),
                eval_chunks=1,
                eval_rows=max(FRESH, n // TRAINED.folds + 1),
                parts=defaults.PARTS,
            )
            recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
            base = Architecture(dataset.n_features, HIDDEN, dataset.n_outputs)
            self._made[key] = FreshRows(dataset, base, recipe, shape, seed, rows=n + FRESH)
            self._made[key].wait()
        return self._made[key].for_table(dataset, seed)


def run(laboratory: NetworkLaboratory, splits: Sequence[Split], arms: Sequence[Arm], search: int) -> dict[Arm, Losses]:
    """The race, as a study runs it; but all configurations are trained in the second partition too.

    **Arguments:**

    - `search`: the seed of the configurations.
    """
    steps = laboratory.steps(TRAINED.epochs, int(np.mean([len(split.training_rows) for split in splits])))
    count = max(TRAINED.configurations, defaults.MOST_CONFIGURATIONS)
    configurations = {
        arm: [hyperparameters(values, steps)._asdict() for values in design().configurations(arm, count, search)]
        for arm in arms
    }
    blocks = Blocks(laboratory, splits, TRAINED.epochs)
    seed = laboratory.seed
    Race(blocks, configurations, len(splits), TRAINED, record := Record(), Silent(), seed, places=ARMS).run()
    return losses_by_arm(record.trials, laboratory.shares(splits))


@dataclass(frozen=True)
class Studied:
    """What was trained on a table, whatever part of it is looked at."""

    design: Design
    losses: Mapping[Arm, Losses]

    def effects(self, shape: Shape) -> Iterator[dict[str, Any]]:
        """All effects of all searches of such a shape; in shares of the plain loss."""
        for search, subset in enumerate(shape.subsets()):
            arms = {arm: _part(own, subset, shape) for arm, own in self.losses.items()}
            answers = answer(self.design, arms, shape.folds, shape.configurations)
            standings = Standings(arms, shape.folds)
            fresh = standings.chosen([own.training for own in arms.values()])
            families = zip(("main", "interaction", "removal"), self.design.asked, strict=True)
            for (family, questions), found in zip(
                families, (answers.contrasts, answers.interactions, answers.removals), strict=True
            ):
                for asked, effect in zip(questions, found, strict=True):
                    by_split = weights(asked, standings, standings.all)
                    truth = float((by_split.T * fresh).sum(axis=0).mean())
                    numbers = ("change", "low", "high", "rows", "networks", "search")
                    likely = EffectFound.of(effect, 1).likely
                    yield {
                        "shape": shape.name,
                        "search": search,
                        "family": "best" if getattr(asked, "kind", "mean") == "best" else family,
                        "name": asked.name,
                        "verdict": effect.verdict,
                        "likely": likely and likely[0],
                        "helps": effect.helps,
                        "truth": truth / answers.plain_loss,
                        **{name: getattr(effect, name) / answers.plain_loss for name in numbers},
                    }


def _part(arm: Losses, subset: list[int], shape: Shape) -> Losses:
    """Some configurations in some splits; past the first partition the better ones alone, as in a race."""
    score, fit = (losses[np.ix_(subset, shape.splits)].copy() for losses in (arm.validation, arm.training))
    first = score[:, : shape.folds].mean(axis=1)
    order = np.argsort(np.where(np.isnan(first), np.inf, first).min(axis=1), kind="stable")
    kept = max(defaults.FEWEST_CONFIGURATIONS, math.ceil(RACED * shape.configurations))
    score[order[kept:], shape.folds :] = np.nan
    return Losses(score, fit, np.asarray(arm.parts)[np.ix_(subset, shape.splits)], arm.shares[shape.splits])


def whole(laboratories: Laboratories, number: int) -> Iterator[dict[str, Any]]:
    """A study of goru's own arms."""
    setting, seed = SETTINGS[number % len(SETTINGS)], SEEDS["whole"] + number
    dataset = setting.table(seed)
    splits = [split for partition in partitions(dataset, TRAINED.folds, seed) for split in partition]
    studied = Studied(design(), run(laboratories.of(setting, dataset, seed), splits, ARMS, seed))
    for shape in SHAPES:
        for effect in studied.effects(shape):
            yield {"setting": setting.name, "planted": "", **effect}


def placebo(laboratories: Laboratories, number: int) -> Iterator[dict[str, Any]]:
    """A study of dropout and of another seed; as it is, and with effects that are planted."""
    setting, seed = SETTINGS[number % len(SETTINGS)], SEEDS["placebo"] + number
    dataset = setting.table(seed)
    splits = [split for partition in partitions(dataset, TRAINED.folds, seed) for split in partition]
    first = laboratories.of(setting, dataset, seed)
    second = first.for_table(dataset, OTHER_SEEDS + number)
    second.parts = first.parts
    trained = [run(each, splits, REAL, seed) for each in (first, second)]
    arms = {
        PLACEBO.arm(placebo=bool(place), dropout=arm["dropout"]): trained[place][arm]
        for place in (0, 1)
        for arm in REAL
    }
    for planted in ("", "main", "interaction"):
        changed = {
            arm: _lower(own) if planted and arm["placebo"] and (planted == "main" or arm["dropout"]) else own
            for arm, own in arms.items()
        }
        for shape in SHAPES:
            for effect in Studied(PLACEBO, changed).effects(shape):
                yield {"setting": setting.name, "planted": planted, **effect}


def _lower(own: Losses) -> Losses:
    """With the planted share taken off."""
    left = 1 - PLANTED
    return replace(own, **{name: left * np.asarray(getattr(own, name)) for name in ("validation", "training", "parts")})


def studies(count: int, work: Path) -> Iterator[pd.DataFrame]:
    """All studies: those that the folder has, and those that are still to do."""
    work.mkdir(parents=True, exist_ok=True)
    laboratories = Laboratories()
    for kind, study in zip(KINDS, (whole, placebo), strict=True):
        began, new = time.monotonic(), 0
        for number in range(count):
            path = work / f"{TRIAL}-{kind}-{number:04d}.parquet"
            if not path.exists():
                frame = pd.DataFrame(study(laboratories, number)).assign(kind=kind, number=number)
                frame.to_parquet(path.with_suffix(".part"))
                path.with_suffix(".part").replace(path)
                new += 1
                if new % 20 == 0:
                    seconds = (time.monotonic() - began) / new
                    print(f"{kind}: {number + 1} of {count}, {seconds:.1f} s each", file=sys.stderr, flush=True)
            yield pd.read_parquet(path)


def judged(effects: pd.DataFrame) -> pd.DataFrame:
    """Effects beside the truth: the mean over the studies that ask the same of the same population of tables."""
    questions = ["kind", "planted", "setting", "shape", "name", "family"]
    effects["truth"] = effects.groupby(questions)["truth"].transform("mean")
    nothing = (effects["kind"] == "placebo") & effects["name"].str.contains("placebo")
    effects.loc[nothing & (effects["planted"] == ""), "truth"] = 0.0
    effects["covered"] = (effects["low"] <= effects["truth"]) & (effects["truth"] <= effects["high"])
    effects["called"] = effects["verdict"].isin(["helps", "hurts"])
    right = np.where(effects["truth"] < 0, "helps", "hurts")
    large = effects["truth"].abs() > TOO_SMALL
    effects["reversed"] = effects["called"] & (effects["verdict"] != right) & large
    effects["decided"] = effects["verdict"] != "undecided"
    effects["half"] = (effects["high"] - effects["low"]) / 2
    signs = effects["likely"].isin(["helps", "hurts"]) & large
    effects["chance"] = np.where(signs, np.maximum(effects["helps"], 1 - effects["helps"]), np.nan)
    effects["happens"] = effects["likely"] == right
    return effects


def tables(effects: pd.DataFrame, count: int) -> Iterator[str]:
    """The trial as Markdown."""
    yield f"{count} studies a kind, {len(SETTINGS)} kinds of table."
    of = effects[effects["kind"] == "whole"]
    yield ""
    yield "| plan | questions | holds the truth | decided | decided or likely | half an interval, median | reversed |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (shape, family), group in of.groupby(["shape", "family"], sort=False):
        either = (group["decided"] | group["likely"].notna()).mean()
        yield (
            f"| {shape} | {family} | {group['covered'].mean():.1%} | {group['decided'].mean():.0%} | {either:.0%} "
            f"| {group['half'].replace(np.inf, np.nan).median():.3f} | {int(group['reversed'].sum())} of {len(group)} |"
        )
    yield ""
    placebos = effects[(effects["kind"] == "placebo") & effects["name"].str.contains("placebo")]
    main, pair = (
        placebos[(placebos["planted"] == planted) & (placebos["family"] == family)]
        for planted, family in (("main", "main"), ("interaction", "interaction"))
    )
    yield f"| plan | a placebo is called different | {PLANTED:.0%} off: found | {PLANTED:.0%} off with dropout: found |"
    yield "| --- | --- | --- | --- |"
    for shape in (shape.name for shape in SHAPES):
        nothing = placebos[(placebos["planted"] == "") & (placebos["shape"] == shape)]
        found = [(group["called"] & ~group["reversed"])[group["shape"] == shape].mean() for group in (main, pair)]
        yield f"| {shape} | {nothing['called'].mean():.1%} | {found[0]:.0%} | {found[1]:.0%} |"
    yield ""
    yield "What is called likely to help or to hurt, by how likely (all questions, all plans):"
    yield ""
    yield "| said | is so | of |"
    yield "| --- | --- | --- |"
    bins = pd.cut(of["chance"], [0.8, 0.85, 0.9, 0.95, 0.98, 1.0], include_lowest=True)
    for interval, group in of.groupby(bins, observed=True):
        yield f"| {interval.left:.0%} to {interval.right:.0%} | {group['happens'].mean():.0%} | {len(group)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, help="of each kind")
    parser.add_argument("--json", type=Path, help="write all effects to this file")
    parser.add_argument("--work", type=Path, default=Path("verdicts"), help="a folder for finished studies")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    asked = parser.parse_args()
    if asked.studies < 1:
        parser.error("--studies: at least 1")
    devices.prepare()
    experiment_defaults.KEPT = 1.0  # in the race; `_part` leaves out what it would leave out
    effects = judged(pd.concat(studies(asked.studies, asked.work), ignore_index=True))
    text = "\n".join(tables(effects, asked.studies))
    print(text)
    if asked.json:
        asked.json.write_text(json.dumps(effects.to_dict("records")) + "\n")
    if asked.write:
        page.write("verdicts", text)


if __name__ == "__main__":
    main()
