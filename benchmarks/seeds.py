"""The main job on real tables: how much studies decide, whether those with other seeds agree, whether they keep to
their budget, where it goes, and how good their final models are.

    python benchmarks/seeds.py --data DIR --write                # 15 tables, 5 seeds, 60 s each: some 75 minutes
    python benchmarks/seeds.py --data DIR --seeds 0 --budget 300
    python benchmarks/seeds.py --data DIR --seeds 0 --busy 2     # beside two processes that are busy all the time

Every figure comes from `goru fit`, run as a user runs it. A seed changes which rows are the test, the folds, the
configurations and the initial weights. The test rows of seed 0 are those of split 0 in quality.py, and so on: final
models can be compared with what is measured there. Finished runs in the --work folder are kept. What was recommended is
the same to within what is negligible if the mean losses, over all studies of a table, of all combinations that any of
them recommends are within the margin of the lowest of these.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import page
import pandas as pd
from command_runs import fit
from quality import CLASSIFICATION, REGRESSION, answered_by, parts
from samples import contradictions

from goru.experiment.defaults import MARGIN
from goru.studies.runs.run import RunFolder, open_run

RACE = "race"


@dataclass(frozen=True)
class Studied:
    """A finished study, and the seconds that its command took."""

    run: RunFolder
    seconds: float

    @property
    def losses(self) -> dict[str, float]:
        """Of every combination, cross-fitted, as a share of the plain network's."""
        plain = self.run.answer.judgement.plain_loss
        entries = [entry for entry in self.run.evidence.leaderboard if entry.kind == "combination"]
        return {entry.model: entry.loss / plain for entry in entries if entry.loss is not None}

    @property
    def recommended(self) -> str:
        return self.run.answer.recommended[0].arm

    @property
    def race(self) -> float:
        """The race's share of the core-seconds of the whole study; NaN without a race."""
        timings = self.run.answer.timings
        return next((timings.share(phase) for phase in timings.phases if phase.name == RACE), np.nan)

    def test(self, model: str, figure: str, single: bool = False) -> float:
        """A figure on the test rows, of an ensemble or of its first network; NaN where the model was left out."""
        found = sorted((one.networks, one.figures[figure]) for one in self.run.answer.test if one.arm == model)
        return float(found[0 if single else -1][1]) if found else np.nan


def files(data: Path, table: str, seed: int, work: Path) -> list[Path]:
    """A table's training rows and its test rows, each cell as it stands in the table."""
    written = [work / f"{table}-{seed}-{name}.csv" for name in ("training", "test")]
    if not all(path.exists() for path in written):
        whole = pd.read_csv(data / f"{table}.csv", dtype=str, keep_default_na=False)
        for path, targets in zip(written, parts(data, table, seed)[2:], strict=True):
            whole.loc[targets.index].to_csv(path, index=False)
    return written


def study(data: Path, table: str, seed: int, budget: float, work: Path, factors: str | None = None) -> Studied:
    """Made, or found where it was made."""
    folder, kept = work / f"{table}-{seed}", work / f"{table}-{seed}.json"
    training, test = files(data, table, seed, work)
    began = time.perf_counter()
    options = {"--target": "target", "--test": test, "--budget": f"{budget:g}s", "--seed": seed}
    if factors:
        options["--factors"] = factors
    fit(training, folder, *(str(part) for option in options.items() for part in option))
    if not kept.exists():
        kept.write_text(json.dumps(time.perf_counter() - began))
    return Studied(open_run(folder), json.loads(kept.read_text()))


def contradicting(studies: list[Studied]) -> int:
    """Pairs of studies and main effects that contradict each other."""
    effects = [effect for one in studies for effect in one.run.answer.effects[:-1]]
    names = dict.fromkeys(effect.name for effect in effects)
    return sum(contradictions(effect.verdict for effect in effects if effect.name == name) for name in names)


def apart(studies: list[Studied]) -> float:
    """Of the combinations that are recommended, the mean loss of the worst less that of the best, as a share of the
    plain network's."""
    means = [
        float(np.mean([one.losses[arm] for one in studies if arm in one.losses]))
        for arm in {one.recommended for one in studies}
    ]
    return max(means) - min(means)


def decided(studies: Iterable[Studied]) -> tuple[float, float, float]:
    """Of main effects the share that is decided, that is decided or likely, and the median over studies of the median
    half interval, as a share of the plain network's loss."""
    found = pd.DataFrame([answered_by(one.run.answer) for one in studies])
    sure, likely = (found[name].sum() / found["effects"].sum() for name in ("decided", "likely"))
    return sure, sure + likely, found["half"].median()


def on_test_rows(by_table: Mapping[str, list[Studied]], figure: str, linear: str, sign: int) -> Iterator[str]:
    """A figure on the test rows, the mean over the studies of a table; how often the recommended ensemble is better.

    **Arguments:**

    - `linear`: the name of the linear baseline.
    - `sign`: 1 if a higher figure is better, else -1.
    """
    models = {
        **{"plain, one network": ("plain", True), "recommended, one": ("recommended", True)},
        **{"plain, ensemble": ("plain", False), "recommended, ensemble": ("recommended", False)},
        **{linear: (linear, False), "boosted trees": ("boosted trees", False)},
    }
    yield f"| {figure} | {' | '.join(models)} |"
    yield "| --- |" + " --- |" * len(models)
    means = []
    for table, studies in by_table.items():
        of_models = [[one.test(name, figure, single) for one in studies] for name, single in models.values()]
        means.append(np.mean(of_models, axis=1))
        yield f"| {table} | {' | '.join('-' if np.isnan(mean) else f'{mean:.4f}' for mean in means[-1])} |"
    both = [mean for mean in means if not np.isnan(mean[2])]  # of a large table there are no plain networks
    better = sum(sign * (mean[3] - mean[2]) > 0 for mean in both)
    yield ""
    yield f"The recommended ensemble is better than the plain one on {better} of {len(both)} tables."


def by_phase(studies: Sequence[Studied]) -> Iterator[str]:
    """Where the time of studies went, on average; not counted is what a command takes before its clock and after it."""
    yield "| phase | s | processor s | share of the core-seconds | idle cores |"
    yield "| --- | --- | --- | --- | --- |"
    timings = [one.run.answer.timings for one in studies]
    for name in dict.fromkeys(phase.name for one in timings for phase in one.phases):
        found = [(one, phase) for one in timings for phase in one.phases if phase.name == name]
        count = len(timings)  # a phase that a study does not have took no time there
        yield (
            f"| {name} | {sum(phase.seconds for _, phase in found) / count:.1f} "
            f"| {sum(phase.processor for _, phase in found) / count:.1f} "
            f"| {sum(one.share(phase) for one, phase in found) / count:.0%} "
            f"| {np.mean([one.idle(phase) for one, phase in found]):.0%} |"
        )


@contextmanager
def busy(processes: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """That many processes that do nothing but take time."""
    beside = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield beside
    finally:
        for process in beside:
            process.kill()
            process.wait()


def lines(by_table: Mapping[str, list[Studied]], budget: float) -> Iterator[str]:
    yield (
        "| table | decided | decided or likely | half an interval, median | contradictions of two "
        "| recommended, how often | the best and the worst of these differ by | seconds | race, of the core-seconds |"
    )
    yield "| --- |" + " --- |" * 8
    for table, studies in by_table.items():
        sure, likely, half = decided(studies)
        counts = Counter(one.recommended for one in studies).most_common()
        seconds = [one.seconds for one in studies]
        yield (
            f"| {table} | {sure:.0%} | {likely:.0%} | {'unknown' if np.isnan(half) else f'{half:.0%}'} "
            f"| {contradicting(studies)} "
            f"| {', '.join(f'{arm} {count}' for arm, count in counts)} | {apart(studies):.1%} "
            f"| {min(seconds):.0f} to {max(seconds):.0f} | {np.mean([one.race for one in studies]):.0%} |"
        )
    everything = [one for studies in by_table.values() for one in studies]
    sure, likely, half = decided(everything)
    used = [one.seconds / budget for one in everything]
    agreeing = sum(apart(studies) <= MARGIN for studies in by_table.values())
    yield ""
    yield (
        f"Of the main effects of {len(everything)} studies {sure:.0%} are decided and {likely:.0%} decided or likely; "
        f"the median half interval is {half:.0%}. What is recommended is the same, or differs by {MARGIN:.0%} of the "
        f"plain loss at most, on {agreeing} of {len(by_table)} tables. Of a budget of {budget:g} s {min(used):.0%} to "
        f"{max(used):.0%} were used, {np.mean(used):.0%} on average."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with TABLE.csv, column target")
    parser.add_argument("--work", type=Path, default=Path("seeds"), help="a folder for finished runs")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of each study")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--tables", nargs="+", default=[*CLASSIFICATION, *REGRESSION])
    parser.add_argument("--factors", help="techniques to study, as goru fit takes them")
    parser.add_argument("--busy", type=int, default=0, help="busy processes beside the studies")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    by_table: dict[str, list[Studied]] = {table: [] for table in asked.tables}
    with busy(asked.busy):
        for seed in asked.seeds:  # so that what is there after a while is of all tables
            for table in asked.tables:
                by_table[table].append(study(asked.data, table, seed, asked.budget, asked.work, asked.factors))
                print(f"{table} {seed}: {by_table[table][-1].seconds:.1f} s", flush=True)
    text = ["\n".join(lines(by_table, asked.budget))]
    text.append("\n".join(by_phase([one for studies in by_table.values() for one in studies])))
    for of_kind, figure, linear, sign in (
        (CLASSIFICATION, "log loss", "logistic regression", -1),
        (REGRESSION, "R²", "ridge regression", 1),
    ):
        if found := {table: by_table[table] for table in of_kind if table in by_table}:
            text.append("\n".join(on_test_rows(found, figure, linear, sign)))
    print("\n\n".join(text))
    if asked.write:
        page.write("seeds", "\n\n".join(text))


if __name__ == "__main__":
    main()
