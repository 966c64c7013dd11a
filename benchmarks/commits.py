"""Two commits beside each other: processor seconds of training, of the perceptron as a tool, of compiling.

    git worktree add ../before COMMIT
    python benchmarks/commits.py ../before                       # all of it; a part: steps, fits, rows, programs

Each commit has a process of its own on the same core, and they do every job in turn, in several rounds: a ratio is that
of a round, and its median is shown. So what else the machine does falls on both. Fits stand beside scikit-learn's too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import page

CORE = 0
LONG: dict[str, Any] = {"max_iter": 200, "tol": 0, "n_iter_no_change": np.inf, "random_state": 0}
PARTS = {
    "steps": {"book": 5, "table": 5, "wide": 5},
    "fits": {"20 small fits of 20 shapes": 7, "digits, 200 epochs of (256, 256)": 3, "with batch norm and dropout": 3},
    "rows": {"one row": 9, "one row, 12 members": 9, "100,000 rows": 5},
    "programs": {"all programs of a study, empty cache": 3},
}


def jobs(part: str, perceptron: Any) -> dict[str, Callable[[], Any]]:
    """What is timed, in the order of `PARTS`; made anew, and warm, in each process."""
    from sklearn.datasets import load_digits, make_classification

    match part:
        case "steps":
            from contenders import trainer_of
            from workloads import WORKLOADS

            def steps(work: Any) -> Callable[[], Any]:
                trainer, blocks = trainer_of(work, -(-64 * work.batch // work.rows))
                list(trainer.train(blocks(1)))
                return lambda: list(trainer.train(blocks(4)))

            made = [steps(WORKLOADS[name]) for name in ("book", "table", "wide")]
        case "fits":
            X, y = load_digits(return_X_y=True)
            both = {} if "sklearn" in perceptron.__module__ else {"batch_norm": "before", "dropout": 0.2}
            small = [make_classification(60 + 5 * i, 8 + i, n_informative=4, random_state=i) for i in range(20)]
            made = [
                lambda: [perceptron(max_iter=50, random_state=0).fit(*table) for table in small],
                lambda: perceptron((256, 256), **LONG).fit(X / 16, y),
                lambda: perceptron((256, 256), **LONG, **both).fit(X / 16, y),
            ]
            made[0]()
        case "rows":
            x = np.random.default_rng(0).normal(size=(100_000, 20))
            y = x[:500, 0] + x[:500, 1] > 0
            one, twelve = (
                perceptron((64, 64), max_iter=5, n_members=n, random_state=0).fit(x[:500], y) for n in (1, 12)
            )
            made = [lambda: [one.predict_proba(x[:1]) for _ in range(150)]]
            made += [lambda: [twelve.predict_proba(x[:1]) for _ in range(150)], lambda: one.predict_proba(x)]
        case _:
            made = [programs]
    return dict(zip(PARTS[part], made, strict=True))


def programs() -> None:
    """Six architectures, and the statistics of batch norm of four; no cache."""
    import jax

    from goru.nn.architecture import Architecture, Hyperparameters, Recipe
    from goru.population import devices
    from goru.population.member import Block, Member, PreparedRows
    from goru.population.program import BlockShape
    from goru.population.trainer import Trainer

    devices.prepare()
    jax.clear_caches()
    jax.config.update("jax_enable_compilation_cache", False)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(120, 4)).astype(np.float32), np.arange(120, dtype=np.int32) % 3
    rows = PreparedRows(x, y, np.arange(96), np.arange(24), np.arange(96, 120))
    block = Block((Member(0, (0,), Hyperparameters()),), rows, (0,), 2)
    for place in (None, "before", "after"):
        for dropout in (False, True):
            architecture = Architecture(4, (128, 128), 3, batch_norm=place, dropout=dropout)
            trainer = Trainer(architecture, Recipe(), BlockShape(8, 32, 2, 6, 1, 96), 120)
            (trained,) = trainer.train([block], keep_networks=True)
            trainer.with_exact_statistics(trained)


def work(part: str) -> None:
    """One process: for every line, a job's name, the processor seconds that it takes."""
    warnings.simplefilter("ignore")
    if os.environ["COMMIT"] == "scikit-learn":
        from sklearn.neural_network import MLPClassifier
    else:
        sys.path.insert(0, os.environ["COMMIT"])
        from goru import MLPClassifier
    made = jobs(part, MLPClassifier)
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.process_time()
        made[line.strip()]()
        print(time.process_time() - began, flush=True)


def beside(part: str, trees: list[str]) -> list[str]:
    """The lines of a part's table."""
    processes = []
    for tree in trees:
        environment = os.environ | {"COMMIT": tree, "XDG_CACHE_HOME": tempfile.mkdtemp(), "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--work", part]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment))
        os.sched_setaffinity(processes[-1].pid, {CORE})
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    lines = []
    for job, rounds in PARTS[part].items():
        seconds = []
        for _ in range(rounds):
            for process in processes:
                process.stdin.write(f"{job}\n")
                process.stdin.flush()
                seconds.append(float(process.stdout.readline()))
        taken = np.reshape(seconds, (rounds, -1))
        ratios = [f"{median(taken[:, -1] / taken[:, rival]):.2f}" for rival in range(len(trees) - 1)]
        lines.append(f"| {job} | {' | '.join([*(f'{s:.3g}' for s in np.median(taken, axis=0)), *ratios])} |")
        print(lines[-1], flush=True)
    for process in processes:
        process.stdin.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", nargs="?", help="a folder with the other commit")
    parser.add_argument("parts", nargs="*", default=[], help="of these: " + ", ".join(PARTS))
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="put the tables into the page of the benchmarks")
    asked = parser.parse_args()
    if asked.work:
        work(asked.work)
        return
    trees = [str(Path(asked.before).resolve()), str(Path(__file__).resolve().parents[1])]
    text = []
    for part in asked.parts or PARTS:
        rivals = ["scikit-learn"] if part == "fits" else []
        names = [*rivals, "before", "now"]
        header = [part, *(f"{name}, s" for name in names), *(f"now / {name}" for name in names[:-1])]
        lines = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|", *beside(part, rivals + trees), ""]
        text += lines
    if asked.write:
        page.write("commits", "\n".join(text).rstrip())


if __name__ == "__main__":
    main()
