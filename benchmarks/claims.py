"""The claims as a job: how long all of them take, and the book's own grid beside PyTorch in the same run.

    python benchmarks/claims.py --data MNIST --write

`MNIST` is a folder with a pair of IDX files of 10,000 digits. The book's grid is `bn-init --preset book`: 320 networks
784-100x5-10, 20 epochs of 1,000 rows, both accuracies on 1,000 rows after every epoch, and that on all test rows at the
end. PyTorch trains some of the same networks one after the other, with one thread and with all; the better counts.
"""

import argparse
import os
import tempfile
import time

import numpy as np
import page

from goru.claims.claim import Setup
from goru.claims.promises.bn_init import SCALES
from goru.claims.running import NAMES, claim, run_all, set_up
from goru.claims.training import Workshop


def book(setup: Setup) -> float:
    """Seconds of the grid, without compilation."""
    plan = claim("bn-init").plan(setup)
    workshop = Workshop(setup.seeds)
    workshop.prepare(list(plan.values()), "nothing")
    workshop.wait()
    began = time.perf_counter()
    workshop.train(plan)
    workshop.close()
    return time.perf_counter() - began


def torch_book(setup: Setup, threads: int) -> float:
    """Seconds of the grid in PyTorch, from one seed of it."""
    import torch

    torch.set_num_threads(threads)
    sizes = setup.learning
    drawn = setup.table.draw(0, sizes.rows)
    x, y = torch.from_numpy(drawn.rows.x), torch.from_numpy(drawn.rows.y.astype(np.int64))
    test_x, test_y = torch.from_numpy(drawn.x), torch.from_numpy(drawn.y.astype(np.int64))
    fit, watched = slice(0, sizes.rows), slice(sizes.rows, None)
    networks = 0
    began = time.perf_counter()
    for batch_norm in (False, True):
        for scale in SCALES:
            torch.manual_seed(0)
            network = _torch_network(sizes.depth, sizes.width, batch_norm, scale)
            optimizer = torch.optim.SGD(network.parameters(), lr=sizes.rate)
            for _ in range(sizes.epochs):
                network.train()
                for rows in torch.randperm(sizes.rows).split(sizes.batch):
                    optimizer.zero_grad(set_to_none=True)
                    torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
                    optimizer.step()
                network.eval()
                with torch.no_grad():
                    for part in (fit, watched):
                        (network(x[part]).argmax(1) == y[part]).float().mean().item()
            with torch.no_grad():
                (network(test_x).argmax(1) == test_y).float().mean().item()
            networks += 1
    return (time.perf_counter() - began) * 2 * len(SCALES) * setup.seeds / networks


def _torch_network(depth: int, width: int, batch_norm: bool, scale: float):
    from torch import nn

    layers: list[nn.Module] = []
    for inputs in (784, *[width] * (depth - 1)):
        layers.append(nn.Linear(inputs, width))
        if batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
    layers.append(nn.Linear(width, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=scale)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a folder with MNIST's digits")
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    asked = parser.parse_args()
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()  # nothing compiled before helps

    lines = ["| what | figure |", "| --- | --- |"]
    began = time.perf_counter()
    marks = [began]
    outcomes = []
    for outcome in run_all():
        outcomes.append(outcome)
        marks.append(time.perf_counter())
        print(f"{outcome.name}: {outcome.said}, {marks[-1] - marks[-2]:.1f} s", flush=True)
    networks = sum(len(outcome.frame) for outcome in outcomes)
    whole = f"{marks[-1] - began:.0f} s, {networks:,} networks"
    lines.append(f"| all {len(NAMES)} claims, digits, 10 seeds, compilation counted | {whole} |")
    setup = set_up(asked.data, preset="book")
    ours, theirs = [], {threads: [] for threads in {1, os.cpu_count() or 1}}
    for _ in range(2):
        ours.append(book(setup))
        for threads, found in theirs.items():
            found.append(torch_book(setup, threads))
        print(f"book: {ours[-1]:.1f} s; PyTorch {theirs}", flush=True)
    rival = min(min(found) for found in theirs.values())
    lines.append(f"| the book's grid, 320 networks, after compilation | {min(ours):.1f} s |")
    lines.append(f"| the same in PyTorch, one after the other (from 32 of them) | {rival:.0f} s |")
    lines.append(f"| ratio | {rival / min(ours):.1f} |")
    print("\n".join(lines))
    if asked.write:
        page.write("claims", "\n".join(lines))


if __name__ == "__main__":
    main()
