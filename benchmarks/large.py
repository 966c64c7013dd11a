"""Large tables: what a minute, or ten, make of them.

    python benchmarks/large.py --data DIR --write
    python benchmarks/large.py --data DIR --rows 50000 --budgets 60 600

A made table (21 columns: an effect that bends, one that is a product, a category, noise) and cal-housing drawn again
and again, with noise of a hundredth of each column's deviation. Each study is a process of its own, and is tested on
4,000 more rows. What has been measured stays in the file that is named, so that the benchmark goes on where it ended.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import page
import pandas as pd

TABLES = ("made", "cal-housing")
TEST_ROWS = 4_000
FIELDS = ("table", "rows", "budget", "loss", "seconds", "memory", "searched", "plan", "final")


def made(rows: int) -> tuple[pd.DataFrame, pd.Series]:
    """A bent effect, a product and a category; the best there could be is a log loss of about 0.32."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(rows, 20)).astype(np.float32), columns=[f"x{column}" for column in range(20)])
    X["kind"] = rng.choice(list("abcdefgh"), rows)
    score = 2 * np.sin(2 * X["x0"]) + X["x1"] * X["x2"] + 1.5 * X["kind"].isin(["a", "b"])
    return X, pd.Series(np.where(score + rng.normal(size=rows) > 0, "yes", "no"))


def repeated(data: Path, rows: int) -> tuple[pd.DataFrame, pd.Series]:
    """The last rows are of a part of the table that the others are not of."""
    rng, table = np.random.default_rng(0), pd.read_csv(data / "cal-housing.csv")
    test = table.sample(TEST_ROWS, random_state=0)
    drawn = table.drop(test.index).sample(rows - TEST_ROWS, replace=True, random_state=0)
    drawn += 0.01 * rng.normal(size=drawn.shape) * drawn.std().to_numpy() * (drawn.columns != "target")
    whole = pd.concat([drawn, test], ignore_index=True)
    return whole.drop(columns="target"), whole["target"]


def measure(data: Path, table: str, rows: int, budget: float) -> dict[str, object]:
    """One study, in this process."""
    from sklearn.metrics import log_loss, r2_score

    import goru

    X, y = made(rows + TEST_ROWS) if table == "made" else repeated(data, rows + TEST_ROWS)
    model = (goru.MLPClassifierCV if table == "made" else goru.MLPRegressorCV)(budget=budget, random_state=0)
    began = time.perf_counter()
    model.fit(X[:rows], y[:rows])
    seconds = time.perf_counter() - began
    X, y = X[rows:], y[rows:]
    loss = log_loss(y, model.predict_proba(X)) if table == "made" else 1 - r2_score(y, model.predict(X))
    answer = model.study_.answer
    plan, samples = answer.plan, [one for one in answer.plan.shortfalls if "sample" in one]
    final = answer.recommended[0]
    return {
        "table": table,
        "rows": rows,
        "budget": budget,
        "loss": loss,
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "searched": samples[0].split(" of ")[1] if samples else "all",
        "plan": f"{plan.configurations} x {plan.folds} x {plan.epochs}",
        "final": f"{len(model.model_.networks)} x {final.epochs}",
    }


def report(found: pd.DataFrame) -> str:
    """A line a study."""
    lines = [
        "| table | rows | budget, s | log loss, 1 - R² | seconds | peak memory, GB | rows searched "
        "| configurations x folds x epochs | networks x epochs of the final model |",
        "| --- |" + " --- |" * 8,
    ]
    for one in found.sort_values(["table", "rows", "budget"]).itertuples():
        lines.append(
            f"| {one.table} | {one.rows:,} | {one.budget:g} | {one.loss:.4f} | {one.seconds:.0f} | {one.memory:.1f} "
            f"| {one.searched} | {one.plan} | {one.final} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with cal-housing.csv, column target")
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 300_000, 1_000_000])
    parser.add_argument("--budgets", type=float, nargs="+", default=[60.0])
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--out", type=Path, default=Path("large.csv"))
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.data, asked.tables[0], asked.rows[0], asked.budgets[0])))
        return
    new = not asked.out.exists()
    keys = ["table", "rows", "budget"]
    done = set() if new else set(pd.read_csv(asked.out)[keys].itertuples(index=False, name=None))
    with asked.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        for table in asked.tables:
            for rows in asked.rows:
                for budget in asked.budgets:
                    if (table, rows, budget) in done:
                        continue
                    given = [
                        "--tables",
                        table,
                        "--rows",
                        str(rows),
                        "--budgets",
                        str(budget),
                        "--data",
                        str(asked.data),
                    ]
                    own = subprocess.run(
                        [sys.executable, __file__, *given, "--one"], stdout=subprocess.PIPE, check=True
                    )
                    writer.writerow(json.loads(own.stdout.splitlines()[-1]))
                    file.flush()
    text = report(pd.read_csv(asked.out))
    print(text)
    if asked.write:
        page.write("large", text)


if __name__ == "__main__":
    main()
