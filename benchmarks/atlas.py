"""What helps how often, and by how much: every technique on every table, and on average over tables.

    python benchmarks/atlas.py --data DIR                # 15 tables and scikit-learn's own, under an hour on 2 cores
    python benchmarks/atlas.py --data DIR --budget 5m --write

DIR holds CSV files with a column `target`. Every figure comes from `goru fit TABLE --factors all`, run as a user runs
it. Finished runs in the --work folder are kept: the next call goes on from there. `--write` makes docs/atlas.md and its
picture. Of large tables a sample of the rows is studied: all techniques on all of its rows would take hours.
"""

import argparse
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import page
import pandas as pd
from command_runs import fit
from scipy.optimize import brentq
from scipy.stats import t

from goru.experiment.arms import technique
from goru.experiment.findings.answer import Answer
from goru.experiment.forms import from_json
from goru.experiment.questions import name_of
from goru.studies.asked.techniques import parsed

MOST_ROWS = 2_500
OWN = ("iris", "wine", "breast_cancer", "diabetes", "digits")  # scikit-learn's
DOCS = Path(__file__).resolve().parent.parent / "docs"
MARKS = {
    "helps": "**{}**",
    "likely helps": "{}",
    "no effect": "{} =",
    "inconclusive": "*{}* ?",
    "likely hurts": "{}",
    "hurts": "**{}**",
}
COUNTED = ("helps", "likely helps", "no effect", "inconclusive", "likely hurts", "hurts")


@dataclass(frozen=True)
class Effect:
    """Of a technique on a table: the change and its standard error, as shares of the plain loss, and what is said."""

    change: float
    error: float
    said: str


@dataclass(frozen=True)
class Mean:
    """Over tables, each a draw from a population of tables (a random-effects model).

    - `low`, `high`: of the mean, at 95 %.
    - `spread`: the standard deviation of true effects between tables.
    - `median`: of the changes.
    """

    change: float
    low: float
    high: float
    spread: float
    median: float


def random_effects(changes: Sequence[float], errors: Sequence[float]) -> Mean:
    """The variance between tables is that of Paule & Mandel (1982): with it, the weighted squares of the deviations are
    as many as there are degrees of freedom. The interval is that of Hartung & Knapp (2001), by Student's t, which holds
    for few tables too.

    **Arguments:**

    - `changes`, `errors`: of two tables or more.
    """
    y, variances, freedom = np.asarray(changes), np.square(errors), len(changes) - 1

    def mean(between: float) -> tuple[float, np.ndarray]:
        weights = 1 / (variances + between)
        return float(weights @ y / weights.sum()), weights

    def excess(between: float) -> float:
        centre, weights = mean(between)
        return float(weights @ np.square(y - centre)) - freedom

    largest = float(np.square(y - y.mean()).sum()) + 1e-12
    between = brentq(excess, 0.0, largest) if excess(0.0) > 0 else 0.0
    centre, weights = mean(between)
    scale = max(float(weights @ np.square(y - centre)) / freedom, 1.0)  # never narrower than by the errors alone
    half = float(t.ppf(0.975, freedom)) * math.sqrt(scale / weights.sum())
    return Mean(centre, centre - half, centre + half, math.sqrt(between), float(np.median(y)))


def sample(source: Path, work: Path) -> Path:
    """The table, or so many of its rows as are studied."""
    frame = pd.read_csv(source, keep_default_na=False, na_values=[""])
    if len(frame) <= MOST_ROWS:
        return source
    work.mkdir(parents=True, exist_ok=True)
    path = work / source.name
    frame.sample(MOST_ROWS, random_state=0).to_csv(path, index=False)
    return path


def effects_of(answer: Answer) -> dict[str, Effect]:
    """Of every level against the reference."""
    factors = parsed(["all"], answer.data.classes is not None)
    names = {
        name_of(factor, level, levels[0], levels[0], technique): f"{factor}: {level}"
        for factor, levels in factors.items()
        for level in levels[1:]
    }
    plain, effects = answer.judgement.plain_loss, {}
    for effect in answer.effects:
        if effect.name in names and plain and effect.change is not None and effect.low is not None:
            error = math.sqrt(sum((part or 0.0) ** 2 for part in (effect.rows, effect.networks, effect.search)))
            likely = effect.likely
            said = (
                effect.verdict
                if likely is None
                else f"likely {likely[0]}"
                if likely[0] != "negligible"
                else "no effect"
            )
            said = "no effect" if said == "negligible" else said
            effects[effect.name] = Effect(effect.change / plain, error / plain, said)
    return effects


def atlas(by_table: Mapping[str, Mapping[str, Effect]]) -> dict[str, tuple[Mean, Counter[str]]]:
    """Over tables: the mean effect of a technique, and on how many tables what is said; what helps most comes first."""
    names = dict.fromkeys(name for effects in by_table.values() for name in effects)
    means = {}
    for name in names:
        there = [effects[name] for effects in by_table.values() if name in effects]
        if len(there) > 1:
            mean = random_effects([one.change for one in there], [one.error for one in there])
            means[name] = mean, Counter(one.said for one in there)
    return dict(sorted(means.items(), key=lambda entry: entry[1][0].change))


def lines(by_table: Mapping[str, Mapping[str, Effect]]) -> list[str]:
    """The atlas as Markdown."""
    means = atlas(by_table)
    text = [
        "| technique | change of the validation loss, mean over tables | 95% interval | between tables | median | "
        + " | ".join(COUNTED)
        + " |",
        "| --- " * (5 + len(COUNTED)) + "|",
    ]
    for name, (mean, said) in means.items():
        counts = " | ".join(str(said[word]) if said[word] else "" for word in COUNTED)
        text.append(
            f"| {name} | {mean.change:+.1%} | {mean.low:+.1%} to {mean.high:+.1%} | ±{mean.spread:.1%} "
            f"| {mean.median:+.1%} | {counts} |"
        )
    text += [
        "",
        "On each table, in percent of the plain network's loss (bold: decided; =: no effect; ?: inconclusive):",
        "",
    ]
    text += [f"| table | {' | '.join(means)} |", "| --- " * (1 + len(means)) + "|"]
    for table, effects in by_table.items():
        cells = [
            MARKS[one.said].format(f"{100 * one.change:+.0f}") if (one := effects.get(name)) else "" for name in means
        ]
        text.append(f"| {table} | {' | '.join(cells)} |")
    return text


def draw(by_table: Mapping[str, Mapping[str, Effect]], path: Path) -> None:
    """A row a technique: the tables as dots, the mean over them with its interval."""
    from matplotlib.figure import Figure

    means = atlas(by_table)
    figure = Figure(figsize=(9, 0.36 * len(means) + 1.2), layout="constrained")
    axes = figure.subplots()
    for place, (name, (mean, _)) in enumerate(means.items()):
        dots = [100 * effects[name].change for effects in by_table.values() if name in effects]
        axes.plot(dots, [place] * len(dots), "o", color="#9aa5b1", markersize=4, alpha=0.7, clip_on=True)
        colour = "#0072b2" if mean.high < 0 else "#d55e00" if mean.low > 0 else "#333333"
        axes.plot([100 * mean.low, 100 * mean.high], [place, place], color=colour, linewidth=3, solid_capstyle="round")
        axes.plot(100 * mean.change, place, "D", color=colour, markersize=6)
    axes.axvline(0, color="#666666", linewidth=1)
    axes.set_yticks(range(len(means)), list(means))
    axes.invert_yaxis()
    axes.set_xlim(-40, 60)
    axes.set_xlabel("change of the validation loss, % of the plain network's (left is better)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of CSV files with a column `target`")
    parser.add_argument("--budget", default="150s", help="of a table")
    parser.add_argument("--work", type=Path, default=Path("atlas"), help="a folder for runs")
    parser.add_argument("--write", action="store_true", help="make docs/atlas.md and its picture")
    asked = parser.parse_args()
    files = sorted(asked.data.glob("*.csv"))
    if not files:
        parser.error(f"--data: no CSV files in {asked.data}")
    by_table: dict[str, dict[str, Effect]] = {}
    for source in [*files, *map(Path, OWN)]:
        of_file = source in files
        options: tuple[Any, ...] = ("--factors", "all", "--budget", asked.budget)
        options += ("--target", "target") if of_file else ()
        table = sample(source, asked.work) if of_file else source
        answer = from_json(Answer, fit(table, asked.work / source.stem, *options), source.stem)
        by_table[source.stem] = effects_of(answer)
        print(f"{source.stem}: {len(by_table[source.stem])} effects", flush=True)
    known = {table: effects for table, effects in by_table.items() if effects}
    text = [*lines(known), "", *(f"{table}: nothing is known, for want of time." for table in by_table.keys() - known)]
    print("\n".join(text))
    if asked.write:
        draw(known, DOCS / "atlas.svg")
        page.write("atlas", "\n".join(text), DOCS / "atlas.md")


if __name__ == "__main__":
    main()
