"""How long until something is trained, and what compiling costs: with an empty cache of programs, and the second time.

    python benchmarks/startup.py --data DIR --write       # DIR: a folder with credit-g.csv

*First block*: from the start of Python to the first networks of the race that have been trained to their end, in a
study of a minute. *Compiling*: the processor's seconds by which a study with an empty cache takes more than the same
study with known programs; what tracing and reading the cache still take then is measured inside of it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import page
import pandas as pd

NETWORKS = 240  # as a study of a minute trains, or fewer
OF_JAX = "/jax/core/compile/"


def first_block(source: str, began: float) -> None:
    """Print the seconds until networks of the race are trained, and end."""
    from goru.data.dataset import load_dataset
    from goru.experiment.racing.record import Record
    from goru.studies.asked.options import Options
    from goru.studies.study import Study

    class First(Record):
        def add(self, trials):
            print(time.time() - began, flush=True)
            os._exit(0)

    Study(load_dataset(source), Options(budget=60.0)).run(First())


def study(source: str) -> None:
    """Print the processor's seconds of a study, and what JAX says of them."""
    import jax.monitoring

    from goru.studies.asked.options import Options
    from goru.studies.fitting import TableOptions, fit_table

    told: dict[str, float] = {}

    def listen(event: str, seconds: float, **_) -> None:
        if event.startswith(OF_JAX):
            told[event.removeprefix(OF_JAX)] = told.get(event.removeprefix(OF_JAX), 0.0) + seconds

    jax.monitoring.register_event_duration_secs_listener(listen)
    with tempfile.TemporaryDirectory() as folder:
        fit_table(TableOptions(source), Options(networks=NETWORKS), Path(folder) / "run")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, **told}))


def _fewer_rows(table: str, folder: str) -> str:
    """The same columns: what a table was before it grew."""
    frame, path = pd.read_csv(table), os.path.join(folder, "fewer.csv")
    frame.head(len(frame) * 39 // 40).to_csv(path, index=False)
    return path


def child(cache: str, *asked: str) -> str:
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    command = [sys.executable, __file__, *asked, "--began", str(time.time())]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder with credit-g.csv; without it, only iris is tried")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    for hidden in ("--first", "--study", "--began"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.first:
        return first_block(asked.first, float(asked.began))
    if asked.study:
        return study(asked.study)

    lines = ["| what | empty cache | known programs |", "| --- | --- | --- |"]
    found = []
    for _ in range(asked.repeats):
        with tempfile.TemporaryDirectory() as cache:
            found.append([float(child(cache, "--first", "iris")) for _ in range(2)])
    empty, known = (median(each[which] for each in found) for which in range(2))
    lines.append(f"| `goru fit iris --budget 60s`, to its first trained block | {empty:.1f} s | {known:.1f} s |")
    if asked.data:
        table, compiling = os.path.join(asked.data, "credit-g.csv"), []
        for _ in range(asked.repeats):
            with tempfile.TemporaryDirectory() as cache:
                empty, known = (json.loads(child(cache, "--study", table)) for _ in range(2))
                other = json.loads(child(cache, "--study", _fewer_rows(table, cache)))
            rest = known["backend_compile_duration"]
            tracing = known["jaxpr_trace_duration"] + known["jaxpr_to_mlir_module_duration"]
            compiling.append((empty["cpu"] - known["cpu"] + rest, rest, other["backend_compile_duration"], tracing))
        cold, warm, other, tracing = (median(column) for column in zip(*compiling, strict=True))
        lines.append(f"| compiling in a study of credit-g, {NETWORKS} networks | {cold:.1f} s | {warm:.1f} s |")
        lines.append(f"| compiling for the first 97.5 % of its rows, after that | | {other:.1f} s |")
        lines.append(f"| tracing, which both do | {tracing:.1f} s | {tracing:.1f} s |")
    print("\n".join(lines))
    if asked.write:
        page.write("startup", "\n".join(lines))
    return None


if __name__ == "__main__":
    main()
