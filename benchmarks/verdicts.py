"""The trial of the method: are the verdicts of a study right, where the truth is known?

    python benchmarks/verdicts.py                              # 120 studies a kind, some 40 minutes on 2 cores
    python benchmarks/verdicts.py --studies 24 --json out.json
    python benchmarks/verdicts.py --write                      # into benchmarks/README.md

Tables are drawn from generators with unlimited rows, so that the true effect of every technique is known: it is the
difference of the losses, on fresh rows, of the very networks that a study compares, averaged over all studies of a
setting. The networks are small; the study is the one that `goru fit` does, from the race to the verdicts, and classes
are judged as it judges them: at the temperature that is best on the other folds. Sixteen configurations of each arm are
trained in two partitions; smaller plans are parts of that, as many as do not overlap.

- whole: goru's twelve arms and all questions. Does the interval hold the true effect? Is what is called likely true as
  often as is said?
- placebo: dropout, and a factor that changes nothing but the seed. Is it called different, at once or at any of several
  looks?
- planted: the same trials, with 10 % taken off the losses of all arms that have the placebo: a main effect; or of those
  that have dropout too: an interaction. Are they found?
- techniques: each of the others beside dropout, at the plan of 6 configurations in 5 folds, as it is, and with 10 %
  taken off the losses of all arms that have it.

A finished study is written to the --work folder at once; the next run goes on from there. Tables are drawn by the
study's number, so that more studies begin with the same ones.
"""

import argparse
import hashlib
import inspect
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

import numpy as np
import page
import pandas as pd
import trial
from trial import LOOKS, SETTINGS, SHAPES, TRAINED, Laboratories, Shape, Studied, run

from goru.experiment import defaults as experiment_defaults
from goru.experiment.arms import Level
from goru.experiment.design import Design
from goru.experiment.trial import Losses
from goru.population import devices
from goru.studies.asked.design import KNOBS, design
from goru.studies.splits import partitions

STUDIES = 120
# What the method's own numbers were found on had other seeds.
SEEDS = {"whole": 100_000, "placebo": 200_000, "techniques": 300_000}
OTHER_SEEDS = 400_000  # of the placebo
PLANTED = 0.1  # of the loss
TOO_SMALL = 0.005  # of the plain loss: what is truly next to nothing has no sign to reverse
# The placebo's arms are twice those of dropout.
DROPOUT: dict[str, tuple[Level, ...]] = {"dropout": (False, True)}
REAL = design(factors=DROPOUT)
PLACEBO = Design(
    {"placebo": (False, True), **DROPOUT}, {name: KNOBS[name] for name in ("learning_rate", "dropout_rate")}
)
TECHNIQUES: dict[str, dict[str, tuple[Level, ...]]] = {
    "layer norm": {"norm": (None, "layer norm")},
    "RMS norm": {"norm": (None, "RMS norm")},
    **{
        name.replace("_", " "): {name: (False, True)}
        for name in (
            "input_dropout",
            "label_smoothing",
            "mixup",
            "cutmix",
            "cutout",
            "column_scales",
            "residual",
            "ema",
            "sam",
        )
    },
    "gelu": {"activation": ("relu", "gelu")},
    "momentum": {"optimizer": ("adam", "momentum")},
}
OF_TECHNIQUES = Shape(6, 5, 1)
TABLES = (SETTINGS[1], SETTINGS[3])  # of techniques: classes and numbers
TRIAL = hashlib.sha256(
    repr((inspect.getsource(trial), SEEDS, OTHER_SEEDS, PLANTED, REAL, OF_TECHNIQUES)).encode()
).hexdigest()[:12]


def whole(laboratories: Laboratories, number: int) -> Iterator[dict[str, Any]]:
    """A study of goru's own arms."""
    setting, seed = SETTINGS[number % len(SETTINGS)], SEEDS["whole"] + number
    dataset = setting.table(seed)
    splits = [split for partition in partitions(dataset, TRAINED.folds, seed) for split in partition]
    studied = Studied(
        laboratories.design, run(laboratories.of(setting, dataset, seed), splits, laboratories.design, seed)
    )
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
        for arm in REAL.arms
    }
    for planted in ("", "main", "interaction"):
        changed = {
            arm: lower(own) if planted and arm["placebo"] and (planted == "main" or arm["dropout"]) else own
            for arm, own in arms.items()
        }
        studied = Studied(PLACEBO, changed)
        for shape in SHAPES:
            for effect in studied.effects(shape):
                yield {"setting": setting.name, "planted": planted, **effect}
        if not planted:
            for spending in (False, True):
                called = studied.called_at_any_look("placebo", spending)
                verdict = "helps" if called else "inconclusive"
                shape = "all looks together" if spending else "each look by itself"
                of = {"family": "looks", "name": "placebo", "shape": shape, "search": 0}
                yield {"setting": setting.name, "planted": "", **of, "verdict": verdict, "truth": 0.0}


def technique(laboratories: Laboratories, number: int) -> Iterator[dict[str, Any]]:
    """A study of one technique and dropout; as it is, and with an effect that is planted."""
    asked = laboratories.design
    (factor, *_) = asked.factors
    classes = factor == "label_smoothing"
    setting, seed = TABLES[0 if classes else number % len(TABLES)], SEEDS["techniques"] + number
    dataset = setting.table(seed)
    plan = replace(TRAINED, configurations=OF_TECHNIQUES.configurations, partitions=1)
    splits = list(partitions(dataset, plan.folds, seed)[0])
    losses = run(laboratories.of(setting, dataset, seed), splits, asked, seed, plan)
    reference = asked.plain[factor]
    for planted in ("", "main"):
        arms = {arm: lower(own) if planted and arm[factor] != reference else own for arm, own in losses.items()}
        for effect in Studied(asked, arms).effects(OF_TECHNIQUES):
            if effect["family"] == "main" and effect["name"] != "dropout":
                yield {"setting": setting.name, "planted": planted, **effect}


def lower(own: Losses) -> Losses:
    """With the planted share taken off."""
    left = 1 - PLANTED
    return replace(own, **{name: left * np.asarray(getattr(own, name)) for name in ("validation", "training", "parts")})


KINDS = {
    "whole": (whole, design()),
    "placebo": (placebo, REAL),
    **{name: (technique, design(factors={**factors, **DROPOUT})) for name, factors in TECHNIQUES.items()},
}


def studies(count: int, work: Path) -> Iterator[pd.DataFrame]:
    """All studies: those that the folder has, and those that are still to do."""
    work.mkdir(parents=True, exist_ok=True)
    for kind, (study, asked) in KINDS.items():
        laboratories = Laboratories(asked)
        began, new = time.monotonic(), 0
        for number in range(count):
            path = work / f"{TRIAL}-{kind.replace(' ', '-')}-{number:04d}.parquet"
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
    effects["decided"] = effects["verdict"] != "inconclusive"
    effects["half"] = (effects["high"] - effects["low"]) / 2
    signs = effects["likely"].isin(["helps", "hurts"]) & large
    effects["chance"] = np.where(signs, np.maximum(effects["helps"], 1 - effects["helps"]), np.nan)
    effects["happens"] = effects["likely"] == right
    return effects


def tables(effects: pd.DataFrame, count: int) -> Iterator[str]:
    """The trial as Markdown."""
    yield f"{count} studies a kind, {len(SETTINGS)} kinds of table, those of techniques {len(TABLES)}."
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
    for shape, group in placebos[placebos["family"] == "looks"].groupby("shape"):
        yield f"| until decided, {len(LOOKS)} looks: {shape} at 95% | {group['called'].mean():.1%} | | |"
    yield ""
    yield f"| technique | changes the loss by | held | {PLANTED:.0%} off: changes it by | held | found | reversed |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name in TECHNIQUES:
        cells = []
        for planted in ("", "main"):
            group = effects[(effects["kind"] == name) & (effects["planted"] == planted)]
            cells += [f"{group['truth'].mean():+.1%}", f"{group['covered'].mean():.0%}"]
        found = (group["called"] & ~group["reversed"]).mean()
        yield f"| {name} | {' | '.join(cells)} | {found:.0%} | {int(group['reversed'].sum())} of {len(group)} |"
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
