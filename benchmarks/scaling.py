"""Does cost grow as the work does? Time a network for 8 to 1,024 networks and 1,000 to 200,000 rows, and peak memory.

    python benchmarks/scaling.py --write

Every measurement is a process of its own, which compiles first and is then timed; each is repeated, in turn with the
others, and the median counts.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from statistics import median

import page
from workloads import WORKLOADS

NETWORKS, ROWS = (8, 32, 128, 512, 1_024), (1_000, 5_000, 20_000, 50_000, 200_000)
STEPS = 60  # of every network, where their number grows
VISITS = 600_000  # of rows by every network, where the rows grow


def measure(name: str, networks: int, rows: int, epochs: int, keep: bool) -> dict[str, float]:
    """Train networks: seconds, and megabytes at the peak, of them those of weights and optimiser states kept."""
    import jax
    from contenders import trainer_of

    work = WORKLOADS[name].but(networks=networks, rows=rows)
    trainer, blocks = trainer_of(work, epochs)
    list(trainer.train(blocks(1)[:2]))
    began, kept = time.perf_counter(), []
    for trained in trainer.train(blocks(1), keep_networks=keep):
        kept.append(trained.training)
    seconds = time.perf_counter() - began
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(kept))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak": peak / 1e6, "kept": size / 1e6}


def child(*asked) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", json.dumps(asked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def repeated(cases: list[tuple], repeats: int) -> list[dict[str, float]]:
    """Medians of every case, which take turns."""
    found = [[child(*case) for case in cases] for _ in range(repeats)]
    return [{key: median(each[key] for each in case) for key in case[0]} for case in zip(*found, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the tables into the page of the benchmarks")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(*json.loads(asked.measure))))
        return

    book = WORKLOADS["book"]
    epochs = STEPS * book.batch // book.rows
    lines = [f"book, {STEPS} steps of every network:", ""]
    lines += [
        "| networks | ms a network | beside 32 | peak MB | peak MB, all kept | of them kept |",
        "| --- " * 6 + "|",
    ]
    lost = repeated([("book", n, book.rows, epochs, False) for n in NETWORKS], asked.repeats)
    kept = repeated([("book", n, book.rows, epochs, True) for n in NETWORKS], 1)
    each = [found["seconds"] / n for n, found in zip(NETWORKS, lost, strict=True)]
    for n, one, a, b in zip(NETWORKS, each, lost, kept, strict=True):
        beside = one / each[NETWORKS.index(32)]
        lines.append(
            f"| {n:,} | {1e3 * one:.1f} | {beside:.2f} | {a['peak']:.0f} | {b['peak']:.0f} | {b['kept']:.0f} |"
        )
    lines += ["", f"table, 16 networks, each sees {VISITS:,} rows:", ""]
    lines += ["| rows | epochs | µs a network and 1,000 rows seen | peak MB |", "| --- " * 4 + "|"]
    rows = repeated([("table", 16, n, VISITS // n, False) for n in ROWS], asked.repeats)
    for n, found in zip(ROWS, rows, strict=True):
        lines.append(f"| {n:,} | {VISITS // n} | {1e9 * found['seconds'] / (16 * VISITS):.0f} | {found['peak']:.0f} |")
    print("\n".join(lines))
    if asked.write:
        page.write("scaling", "\n".join(lines))


if __name__ == "__main__":
    main()
