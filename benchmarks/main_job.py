"""The main job, measured: how long `goru fit` takes, how much memory, how good what it hands over is.

    python benchmarks/main_job.py --data DIR            # everything, about 8 minutes on 2 cores
    python benchmarks/main_job.py --data DIR digits     # one part: time, digits, same

DIR holds credit-g.csv, cal-housing.csv and splice.csv with a column `target`.
Every figure comes from the command line, run as a user runs it.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GORU = (sys.executable, "-m", "goru.cli")


def fit(source: str, folder: Path, *options: str) -> dict:
    """Run `goru fit`; returns its answer, with wall seconds and peak memory in MB of the whole process."""
    began = time.monotonic()
    command = [*GORU, "fit", source, "--out", str(folder), "--overwrite", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    answer = json.loads((folder / "answer.json").read_text())
    return {**answer, "wall": wall, "memory": used.ru_maxrss / 1024}


def scores(answer: dict, figure: str) -> dict[tuple[str, bool], float]:
    """A figure on the test rows, by arm and by whether it is the ensemble's."""
    return {(entry["arm"], entry["networks"] > 1): entry["figures"][figure] for entry in answer["test"]}


def measure_time(data: Path, work: Path) -> None:
    print(
        "| table | wall s | peak MB | networks | folds x partitions x configurations x epochs |\n| --- | --- | --- | "
        "--- | --- |"
    )
    for name in ("credit-g", "cal-housing", "splice"):
        got = fit(str(data / f"{name}.csv"), work / name, "--budget", "60s")
        plan = got["plan"]
        print(
            f"| {name} | {got['wall']:.1f} | {got['memory']:,.0f} | {got['trained']['networks']:,} "
            f"| {plan['folds']} x {plan['partitions']} x {plan['configurations']} x {plan['epochs']} |",
            flush=True,
        )


def measure_digits(data: Path, work: Path) -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    print("| seed | plain ensemble | recommended ensemble | scikit-learn MLP |\n| --- | --- | --- | --- |")
    figures = []
    for seed in range(3):
        got = scores(fit("digits", work / "digits", "--budget", "60s", "--seed", str(seed)), "accuracy")
        x, y = load_digits(return_X_y=True)
        x_fit, x_test, y_fit, y_test = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
        network = MLPClassifier((256, 256), early_stopping=True, random_state=seed, max_iter=500)
        rival = make_pipeline(StandardScaler(), network).fit(x_fit, y_fit).score(x_test, y_test)
        figures.append((got["plain", True], got["recommended", True], rival))
        print(f"| {seed} | " + " | ".join(f"{figure:.4f}" for figure in figures[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{figure:.4f}" for figure in np.mean(figures, axis=0)) + " |")


def measure_same(data: Path, work: Path) -> None:
    def digest(folder: Path) -> str:
        files = sorted(path for path in (folder / "model").iterdir())
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    digests = set()
    for attempt in ("first", "second"):
        fit(str(data / "credit-g.csv"), work / attempt, "--networks", "60", "--seed", "7")
        digests.add(digest(work / attempt))
    print(f"two runs with the same seed and --networks 60: {'the same bits' if len(digests) == 1 else 'DIFFERENT'}")


PARTS = {"time": measure_time, "digits": measure_digits, "same": measure_same}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; by default all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for part in asked.parts or PARTS:
            print(f"\n### {part}\n", flush=True)
            PARTS[part](asked.data, Path(work))


if __name__ == "__main__":
    main()
