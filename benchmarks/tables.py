"""The study on real tables: its verdicts, whether a second run gives the same ones, and the final model.

    python benchmarks/tables.py --data DIR                  # 15 tables, twice, a minute each
    python benchmarks/tables.py --data DIR --budget 2m --write

DIR holds CSV files with a column `target`. Every figure comes from `goru fit`, run as a user runs it; the second run
has another seed, and so other test rows, folds, configurations and initial weights. Finished runs in the --work folder
are kept.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import page
from command_runs import fit

CLASSIFICATION = (
    *("credit-g", "vehicle", "segment", "anneal", "car", "sonar"),
    *("ionosphere", "splice", "spambase", "waveform5000", "phoneme"),
)
REGRESSION = ("housing", "kin8nm", "cal-housing", "abalone")
SHORT = {"helps": "helps", "hurts": "hurts", "negligible": "no effect", "inconclusive": "-"}

Answers = dict[str, list[dict[str, Any]]]


def test_figure(answer: dict[str, Any], name: str, networks: int, figure: str) -> float:
    """A figure of a model on the test rows; nan where the model was left out."""
    found = [
        entry["figures"][figure] for entry in answer["test"] if entry["arm"] == name and entry["networks"] == networks
    ]
    return found[0] if found else float("nan")


def verdict_tables(answers: Answers) -> Iterator[str]:
    """What every study says, both times."""
    names = [effect["name"] for effect in next(iter(answers.values()))[0]["effects"]]
    yield f"| table | trained (configurations x folds x partitions x epochs) | {' | '.join(names)} |"
    yield "|" + " --- |" * (len(names) + 2)
    for table, runs in answers.items():
        plans = "; ".join(
            "{configurations} x {folds} x {partitions} x {epochs}".format(**answer["plan"]) for answer in runs
        )
        cells = []
        for index in range(len(names)):
            said = [SHORT[answer["effects"][index]["verdict"]] for answer in runs]
            changes = [effect_share(answer, index) for answer in runs]
            cells.append(f"{', '.join(said)} ({', '.join(changes)})")
        yield f"| {table} | {plans} | {' | '.join(cells)} |"


def effect_share(answer: dict[str, Any], index: int) -> str:
    """A change as a share of the plain network's loss."""
    change = answer["effects"][index]["change"]
    return "diverged" if change is None else f"{change / answer['judgement']['plain_loss']:+.0%}"


def agreement(answers: Answers) -> Iterator[str]:
    """How often two runs say the same."""
    pairs = Counter(
        tuple(sorted((one["verdict"], other["verdict"])))
        for runs in answers.values()
        for one, other in zip(runs[0]["effects"], runs[1]["effects"], strict=True)
    )
    total = sum(pairs.values())
    same = sum(count for pair, count in pairs.items() if pair[0] == pair[1])
    opposite = pairs["helps", "hurts"]
    decided = sum(count for pair, count in pairs.items() if "inconclusive" not in pair)
    near = total - same - opposite
    yield f"Of {total} pairs of verdicts {same} are the same ({same / total:.0%}), {near} are neighbours,"
    yield f"and {opposite} are opposites (helps against hurts). Of {decided} pairs in which both decide,"
    both = sum(count for pair, count in pairs.items() if pair[0] == pair[1] != "inconclusive")
    yield f"{both} are the same."


def quality_tables(answers: Answers) -> Iterator[str]:
    """Every model on the test rows, mean over the runs."""
    for tables, figure, linear, lower in (
        (CLASSIFICATION, "log loss", "logistic regression", True),
        (REGRESSION, "R²", "ridge regression", False),
    ):
        models = (("plain", 1), ("recommended", 1), ("plain", 8), ("recommended", 8), (linear, 0), ("boosted trees", 0))
        labels = [
            "plain single",
            "recommended single",
            "plain ensemble",
            "recommended ensemble",
            linear,
            "boosted trees",
        ]
        yield f"| {figure} | {' | '.join(labels)} |"
        yield "|" + " --- |" * (len(labels) + 1)
        rows = []
        for table in tables:
            if table in answers:
                rows.append([np.mean([test_figure(a, *model, figure) for a in answers[table]]) for model in models])
                yield f"| {table} | {' | '.join(f'{value:.4f}' for value in rows[-1])} |"
        if rows:
            yield f"| mean | {' | '.join(f'{value:.4f}' for value in np.mean(rows, axis=0))} |"
            better = sum((row[3] < row[2]) == lower and row[3] != row[2] for row in rows)
            yield ""
            yield f"The recommended ensemble is better than the plain ensemble on {better} of {len(rows)} tables."
            yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("tables"), help="the runs' folder")
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    parser.add_argument("tables", nargs="*", help="by default all")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    answers: Answers = {}
    for seed in (0, 1):
        for table in asked.tables or (*CLASSIFICATION, *REGRESSION):
            folder = asked.work / f"{table}-{seed}"
            options = ("--budget", asked.budget, "--seed", str(seed))
            answers.setdefault(table, []).append(fit(asked.data / f"{table}.csv", folder, *options))
            print(f"{table}, seed {seed}: {answers[table][-1]['seconds']:.0f} s", file=sys.stderr, flush=True)
    parts = (agreement(answers), verdict_tables(answers), quality_tables(answers))
    text = "\n\n".join("\n".join(part) for part in parts)
    print(text)
    if asked.write:
        page.write("tables", text)


if __name__ == "__main__":
    main()
