"""How many steps of how many networks a second: goru beside PyTorch, scikit-learn and the processor's limit.

    python benchmarks/throughput.py                    # the three workloads: about 8 minutes
    python benchmarks/throughput.py --all --write      # SGD, no batch norm or after, scikit-learn: 12 minutes more
    python benchmarks/throughput.py --json FILE

All contenders run on the same cores, in turn, again and again; a ratio is that of two neighbours in one round, so that
it holds when the machine's speed drifts. PyTorch is what is fastest of one thread, all threads, and a process a core.
"""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from statistics import median

import page
from contenders import Contender, goru, product, sklearn, torch_single, torch_stacked
from workloads import WORKLOADS, Workload

Rates = dict[str, list[float]]


def contenders(work: Workload, compiled: bool) -> dict[str, Contender]:
    """All that can do this work; whether PyTorch compiles too."""
    cores = len(os.sched_getaffinity(0))
    found = {"goru": Contender(goru, work)}
    found["PyTorch, 1 thread"] = Contender(torch_single, work, 1)
    found[f"PyTorch, {cores} threads"] = Contender(torch_single, work, cores)
    found[f"PyTorch, {cores} processes"] = Contender(torch_single, work, 1, processes=cores)
    found["stacked, eager"] = Contender(torch_stacked, work, False)
    if compiled:
        found["stacked, compiled"] = Contender(torch_stacked, work, True)
    if not work.batch_norm and not work.dropout:
        found["scikit-learn"] = Contender(sklearn, work)
        found[f"scikit-learn, {cores} processes"] = Contender(sklearn, work, processes=cores)
    return found


def measured(work: Workload, limits: dict[str, Contender], rounds: int, seconds: float, compiled: bool = True) -> Rates:
    """Rates of every contender in every round."""
    own = contenders(work, compiled)
    rates: Rates = {name: [] for name in [*own, *limits]}
    for _ in range(rounds):
        for name, contender in [*own.items(), *limits.items()]:
            rates[name].append(contender(seconds))
    for contender in own.values():
        contender.close()
    return rates


def strongest(rates: Rates, *names: str) -> str:
    """Of the contenders whose names begin like this, the one with the highest median."""
    return max((name for name in rates if name.startswith(names)), key=lambda name: median(rates[name]))


def shown(values: Sequence[float], form: str) -> str:
    """Median (minimum to maximum)."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def ratios(rates: Rates, one: str, other: str) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(rates[one], rates[other], strict=True)]


def share(work: Workload, rates: Rates) -> list[float]:
    """Of the limit, round by round."""
    limit = strongest(rates, "product")
    return [ratio * work.flops for ratio in ratios(rates, "goru", limit)]


def table(work: Workload, rates: Rates) -> list[str]:
    """What was measured of one workload."""
    lines = ["| what | steps/s | GFLOP/s | goru is faster by |", "| --- | --- | --- | --- |"]
    for name, found in rates.items():
        if name.startswith("product"):
            lines.append(f"| {name} | | {shown([each / 1e9 for each in found], '.0f')} | |")
        else:
            faster = "" if name == "goru" else shown(ratios(rates, "goru", name), ".2f")
            gflops = [each * work.flops / 1e9 for each in found]
            lines.append(f"| {name} | {shown(found, ',.0f')} | {shown(gflops, '.0f')} | {faster} |")
    return [*lines, "", f"Share of the limit: {shown(share(work, rates), '.0%')}.", ""]


VARIANTS = [
    *({"optimizer": kind, "batch_norm": place} for kind in ("adam", "sgd") for place in (None, "before", "after")),
    *({"optimizer": kind, "batch_norm": None, "dropout": 0.0} for kind in ("adam", "sgd")),
]


def variants(names: Sequence[str]) -> list[str]:
    """Other optimisers and places of batch norm, in two short rounds; scikit-learn where it can do the work."""
    lines = [
        "**other optimisers and places of batch norm**",
        "",
        "| workload | optimiser | batch norm | dropout | goru, steps/s | GFLOP/s | PyTorch | stacked | scikit-learn |",
        "| --- " * 9 + "|",
    ]
    for work in (WORKLOADS[name].but(**changes) for name in names for changes in VARIANTS):
        rates = measured(work, {}, rounds=3, seconds=1.0, compiled=False)
        own = median(rates["goru"])
        cells = [work.name, work.optimizer, work.batch_norm or "none", work.dropout]
        cells += [f"{own:,.0f}", f"{own * work.flops / 1e9:.0f}"]
        for kind in ("PyTorch", "stacked", "scikit-learn"):
            there = any(each.startswith(kind) for each in rates)
            cells.append(f"{median(ratios(rates, 'goru', strongest(rates, kind))):.1f}x" if there else "-")
        lines.append(f"| {' | '.join(map(str, cells))} |")
        print(lines[-1], flush=True)
    return [
        *lines,
        "",
        "Medians of three short rounds, and how many times faster goru is; stacked without compilation.",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--all", action="store_true", help="other optimisers and places of batch norm too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one measurement")
    parser.add_argument("--json", help="a file for the medians of the three workloads")
    parser.add_argument("--write", action="store_true", help="put the tables into the page of the benchmarks")
    asked = parser.parse_args()
    # Some machines pin OpenBLAS to older kernels for old versions of NumPy; the limit is what a current one does.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)

    limits = {f"product, {library}": Contender(product, library) for library in ("NumPy", "PyTorch", "JAX")}
    lines, medians = [f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores.", ""], {}
    for name in asked.workloads:
        work = WORKLOADS[name]
        rates = measured(work, limits, asked.rounds, asked.seconds)
        torch, stacked = strongest(rates, "PyTorch"), strongest(rates, "stacked")
        medians[name] = {
            "goru": median(rates["goru"]),
            "pytorch": median(rates[torch]),
            "stacked": median(rates[stacked]),
            "limit_share": median(share(work, rates)),
        }
        shape = "-".join(map(str, work.widths))
        part = [f"**{name}**: {shape}, batches of {work.batch}, {work.networks} networks, Adam", ""]
        part += table(work, rates)
        print("\n".join(part), flush=True)
        lines += part
    for limit in limits.values():
        limit.close()
    if asked.all:
        lines += variants(asked.workloads)
    if asked.json:
        with open(asked.json, "w") as file:
            json.dump(medians, file, indent=1)
    if asked.write:
        page.write("throughput", "\n".join(lines).rstrip())


if __name__ == "__main__":
    main()
