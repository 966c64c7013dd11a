"""A thousand workers, simulated: how well they are used when they fail, and when some are slow.

    python benchmarks/scheduler.py --write

The dispatcher is goru's own ([`Dispatch`][goru.cluster.dispatch.Dispatch]); workers, their faults and the clock are
made up. Blocks take seconds drawn from a log-normal distribution. A worker fails after a time drawn from an exponential
distribution, and is back after two minutes. One in twenty workers is slow, five times. Whoever hands out blocks needs a
moment for each, and does one thing at a time.
"""

import argparse
import heapq
import itertools
from dataclasses import dataclass, replace

import numpy as np
import page

from goru.cluster.dispatch import Dispatch


@dataclass(frozen=True)
class World:
    """What is simulated; times in seconds.

    - `spread`: of the logarithm of a block's time.
    - `life`: of a worker, on average; `mends` later there is another in its place.
    - `slow`: the share of workers that take `slower` times as long.
    - `driver`: to take a block's result, record it, and give out the next.
    """

    workers: int = 1_000
    blocks: int = 62_500
    seconds: float = 60.0
    spread: float = 0.1
    life: float = float("inf")
    mends: float = 120.0
    slow: float = 0.0
    slower: float = 5.0
    driver: float = 0.002
    backups: bool = True


@dataclass(frozen=True)
class Told:
    """How it went: seconds from the first block to the last, the share of the workers' time that went into blocks that
    counted, blocks that were trained for nothing, and the share of time in which the driver was busy."""

    seconds: float
    used: float
    wasted: int
    driver: float


def simulate(world: World, seed: int = 0) -> Told:
    rng = np.random.default_rng(seed)
    dispatch = Dispatch([0] * world.blocks, backups=world.backups)
    factor = np.where(rng.random(world.workers) < world.slow, world.slower, 1.0)
    events: list[tuple[float, int, str, int]] = []
    order, age = itertools.count(), [0] * world.workers
    idle: set[int] = set()
    now = free = busy = useful = 0.0
    given, looking = 0, False

    def later(when: float, what: str, worker: int) -> None:
        heapq.heappush(events, (when, next(order), what, worker))

    def give(worker: int) -> bool:
        nonlocal free, busy, given
        begun = max(now, free) + world.driver
        if not dispatch.take(worker, 1, begun):
            idle.add(worker)
            return False
        idle.discard(worker)
        free, given = begun, given + 1
        busy += world.driver
        takes = world.seconds * factor[worker] * rng.lognormal(0, world.spread)
        lives = rng.exponential(world.life) if np.isfinite(world.life) else np.inf
        later(begun + min(takes, lives), "done" if takes <= lives else "lost", worker)
        return True

    for worker in range(world.workers):
        give(worker)
    while not dispatch.finished:
        now, _, what, worker = heapq.heappop(events)
        if what == "done":
            useful += world.seconds * len(dispatch.done(worker, now))
            give(worker)
        elif what == "look":
            pass
        elif what == "lost":
            dispatch.lost(worker)
            age[worker] += 1
            later(now + world.mends, "mended", worker)
        else:
            give(worker)
        for other in list(idle):  # something may have come back, or take too long by now
            if not give(other):
                break
        looking = looking and what != "look"
        if idle and not looking:  # whoever has nothing to do is thought of again soon
            looking = True
            later(now + 1.0, "look", next(iter(idle)))
    return Told(now, useful / (now * world.workers), given - world.blocks, busy / now)


CALM = World()
FAILING = replace(CALM, life=4 * 3600.0)
WORLDS = {
    "nothing happens": CALM,
    "each worker fails every 4 hours": FAILING,
    "each fails every 20 minutes": replace(CALM, life=1200.0),
    "one in twenty is slow": replace(CALM, slow=0.05),
    "the same, and nothing is repeated": replace(CALM, slow=0.05, backups=False),
    "slow ones and failures": replace(FAILING, slow=0.05),
    "blocks of 10 s": replace(CALM, seconds=10.0),
    "blocks of 3.5 s": replace(CALM, seconds=3.5),
    "blocks of 1 s": replace(CALM, seconds=1.0),
    "few blocks: 3 a worker, slow ones and failures": replace(FAILING, slow=0.05, blocks=3_000),
    "the same, and nothing is repeated ": replace(FAILING, slow=0.05, blocks=3_000, backups=False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of benchmarks")
    given = parser.parse_args()
    lines = [
        "| 1,000 workers, 62,500 blocks of 60 s, but | minutes | workers used | trained for nothing | driver busy |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, world in WORLDS.items():
        told = simulate(world)
        lines.append(
            f"| {name.strip()} | {told.seconds / 60:.1f} | {told.used:.0%} | {told.wasted:,} | {told.driver:.0%} |"
        )
        print(lines[-1], flush=True)
    if given.write:
        page.write("scheduler", "\n".join(lines))


if __name__ == "__main__":
    main()
