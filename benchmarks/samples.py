"""Do studies of disjoint samples of one table agree, and do their intervals hold what all of them say together?

    python benchmarks/samples.py --data DIR            # 31 samples of 800 rows, some ten minutes on 2 cores
    python benchmarks/samples.py --data DIR --most 6   # of each table
    python benchmarks/samples.py --data DIR --write    # into benchmarks/README.md

Each sample is a table of its own to `goru fit`, with its own test rows, folds and configurations. The mean of an effect
over all samples of a table is the truth to within its standard error. Finished runs in the --work folder are kept.
"""

import argparse
import math
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import page
import pandas as pd
from command_runs import fit

ROWS, NETWORKS = 800, 240
SAMPLES = {"cal-housing": 20, "phoneme": 6, "waveform5000": 5}


def samples(data: Path, table: str, count: int, work: Path) -> Iterator[dict[str, Any]]:
    """The answers of studies of disjoint samples."""
    frame = pd.read_csv(data / f"{table}.csv", keep_default_na=False, na_values=[""])
    order = np.random.default_rng(0).permutation(len(frame))
    for place in range(count):
        source = work / f"{table}-{place:02d}.csv"
        if not source.exists():
            work.mkdir(parents=True, exist_ok=True)
            frame.iloc[order[ROWS * place : ROWS * (place + 1)]].to_csv(source, index=False)
        yield fit(
            source, source.with_suffix(""), "--target", "target", "--networks", str(NETWORKS), "--seed", str(place)
        )


def effects(answers: list[dict[str, Any]]) -> pd.DataFrame:
    """Of every sample, as shares of its plain loss; those that are known."""
    rows = []
    for place, answer in enumerate(answers):
        plain = answer["judgement"]["plain_loss"]
        for effect in answer["effects"]:
            if effect["change"] is not None and effect["low"] is not None and plain:
                numbers = {name: effect[name] / plain for name in ("change", "low", "high")}
                best = effect is answer["effects"][-1]
                rows.append(
                    {"sample": place, "name": effect["name"], "verdict": effect["verdict"], "best": best, **numbers}
                )
    return pd.DataFrame(rows)


def contradictions(verdicts: Iterable[str]) -> int:
    """Pairs of answers to one question of which one says that a technique helps, and the other that it hurts."""
    return sum(set(pair) == {"helps", "hurts"} for pair in combinations(verdicts, 2))


def held(found: pd.DataFrame) -> tuple[int, int, int]:
    """Of main effects how many intervals hold the mean over the other samples, how many there are, and pairs of samples
    of which one says helps and the other hurts.

    The mean of the others is not exact: an interval is widened by its standard error, in quadrature.
    """
    holding = intervals = contradicting = 0
    for _, group in found[~found["best"]].groupby("name"):
        contradicting += contradictions(group["verdict"])
        for place, one in group.iterrows():
            others = group.drop(index=place)["change"]
            error = 1.96 * others.std(ddof=1) / math.sqrt(len(others))
            half = math.hypot((one["high"] - one["low"]) / 2, error)
            holding += abs(one["change"] - others.mean()) <= half
            intervals += 1
    return holding, intervals, contradicting


def lines(by_table: dict[str, pd.DataFrame]) -> Iterator[str]:
    yield "| table | samples | main effects: held by | decided | contradictions of two | half an interval, median |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for table, found in by_table.items():
        holding, intervals, contradicting = held(found)
        main = found[~found["best"]]
        decided = (main["verdict"] != "inconclusive").mean()
        half = ((main["high"] - main["low"]) / 2).median()
        yield (
            f"| {table} | {found['sample'].nunique()} | {holding} of {intervals} ({holding / intervals:.1%}) "
            f"| {decided:.0%} | {contradicting} | {half:.1%} |"
        )
    yield ""
    yield "| table | effect | mean over samples | ± standard error |"
    yield "| --- | --- | --- | --- |"
    for table, found in by_table.items():
        for name, group in found.groupby("name", sort=False):
            error = group["change"].std(ddof=1) / math.sqrt(len(group))
            yield f"| {table} | {name} | {group['change'].mean():+.1%} | {error:.1%} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of CSV files with a column `target`")
    parser.add_argument("--work", type=Path, default=Path("samples"), help="a folder for samples and runs")
    parser.add_argument("--most", type=int, default=max(SAMPLES.values()), help="samples of a table")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    asked = parser.parse_args()
    by_table = {
        table: effects(list(samples(asked.data, table, min(count, asked.most), asked.work)))
        for table, count in SAMPLES.items()
    }
    text = "\n".join(lines(by_table))
    print(text)
    if asked.write:
        page.write("samples", text)


if __name__ == "__main__":
    main()
