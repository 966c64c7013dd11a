"""Blocks of networks, trained by the workers of a cluster; whoever wants them trained stays here.

What a worker finds is what this process would find, bit for bit on equal hardware: a block is a function of what it is
made of. So a worker that is lost costs no more than its blocks, which are trained again by another.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from goru.cluster.dispatch import MOST_LOSSES, Dispatch, JobLost
from goru.cluster.worker import BlockTask
from goru.population.member import Block, PreparedRows
from goru.population.spec import TrainerSpec
from goru.population.trained import TrainedBlock
from goru.population.trainer import OnEpochs
from goru.versions import versions

LOOK_EVERY = 0.5  # seconds: how often is looked at the clock while nothing comes


class Cluster(Protocol):
    """Workers that come and go, each doing one thing at a time."""

    def idle(self) -> dict[int, int]:
        """Workers that are there and do nothing: how many blocks each trains at a time."""

    def put(self, rows: PreparedRows) -> Any:
        """Make a table known to all workers.

        **Returns:** where it is; inside of something else, on its way to a worker, it stays that.

        **Raises:** `OSError` if there is no room for it.
        """

    def call(self, worker: int, method: str, *arguments: Any) -> None:
        """Let a worker do something; see [`Worker`][goru.cluster.worker.Worker]."""

    def wait(self, seconds: float) -> list[tuple[int, Any]]:
        """Until somebody is done, but no longer than so many seconds.

        **Returns:** workers that are done, with what they found, with what they have raised, or with `None` if they are
        lost.

        **Raises:** `OSError` if there is no cluster any more.
        """

    def stop(self, call: int) -> None:
        """Tell all workers that nobody waits any more for this call of `train`, or one before it."""

    def describe(self) -> str:
        """How many workers there are, and what they are."""

    def close(self) -> None:
        """Let go of everything."""


class Crew:
    """All workers of a cluster.

    **Arguments:**

    - `cluster`: where they are.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tables: WeakKeyDictionary[PreparedRows, Any] = WeakKeyDictionary()
        self._calls = itertools.count()

    def describe(self) -> str:
        """How many workers there are, and what they are."""
        return self._cluster.describe()

    def train(
        self,
        jobs: Sequence[tuple[TrainerSpec, Block]],
        keep_networks: bool = False,
        on_epochs: OnEpochs | None = None,
    ) -> Iterator[tuple[int, TrainedBlock]]:
        """Train blocks, in whatever order they are done.

        **Arguments:**

        - `jobs`: each block with what trains it; the first are begun first.
        - `keep_networks`: whether the trained networks are wanted, or the curves alone.
        - `on_epochs`: told from time to time how many network-epochs have been done since it was last told; where it
          returns False, blocks under way are stopped, and not returned.

        **Returns:** each block after its training, with its place among the jobs.

        **Raises:** whatever a worker raises; `OSError` if the cluster is gone, or a block takes every worker with it.
        """
        call, dispatch = next(self._calls), Dispatch([spec for spec, _ in jobs])
        at_work: set[int] = set()
        try:
            while not dispatch.finished:
                self._give(jobs, dispatch, at_work, keep_networks, call)
                finished = []
                for worker, outcomes in self._cluster.wait(LOOK_EVERY):
                    if worker in at_work:  # and not at what nobody waits for any more
                        at_work.remove(worker)
                        finished += self._taken(dispatch, worker, outcomes)
                self._give(jobs, dispatch, at_work, keep_networks, call)
                done = sum(len(jobs[place][1].members) * jobs[place][1].epochs for place, _ in finished)
                going = on_epochs is None or on_epochs(done)
                for place, outcome in finished:
                    yield place, outcome.trained(jobs[place][1])
                if not going:
                    return
        finally:
            if at_work:
                self._cluster.stop(call)

    def block_seconds(self, spec: TrainerSpec, rows: PreparedRows) -> float:
        """Seconds an epoch, a block, where all workers that are there are at work; each compiles the program before."""
        table = self._put(rows)
        asked: set[int] = set()
        paces: list[float] = []
        losses = 0
        while not paces or asked:
            for worker in self._cluster.idle():
                if worker not in asked and not paces:
                    asked.add(worker)
                    self._cluster.call(worker, "block_seconds", spec, (table,))
            for worker, seconds in self._cluster.wait(LOOK_EVERY):
                if worker in asked:
                    asked.remove(worker)
                    if isinstance(seconds, Exception):
                        raise seconds
                    if seconds is None:
                        losses += 1
                    else:
                        paces.append(1 / seconds)
            if losses >= MOST_LOSSES and not paces:
                raise OSError(f"a block of networks has ended {losses} workers of the cluster")
        return 1 / sum(paces)

    def _give(
        self,
        jobs: Sequence[tuple[TrainerSpec, Block]],
        dispatch: Dispatch,
        at_work: set[int],
        keep_networks: bool,
        call: int,
    ) -> None:
        """Something to do for whoever does nothing."""
        idle = self._cluster.idle()
        for place, (worker, most) in enumerate(idle.items()):
            fair = -(-dispatch.waiting // (len(idle) - place))
            taken = dispatch.take(worker, min(most, max(fair, 1)), time.monotonic())
            if not taken:
                break  # nor is there anything for the others
            at_work.add(worker)
            tasks = [BlockTask.of(jobs[index][1], self._put(jobs[index][1].rows)) for index in taken]
            self._cluster.call(worker, "train", jobs[taken[0]][0], tasks, keep_networks, call)

    def _taken(self, dispatch: Dispatch, worker: int, outcomes: Any) -> list[tuple[int, Any]]:
        if outcomes is None:
            try:
                dispatch.lost(worker)
            except JobLost as lost:
                raise OSError(f"a block of networks has ended {lost.times} workers of the cluster") from None
            return []
        places = dispatch.jobs_of(worker)
        new = set(dispatch.done(worker, time.monotonic()))
        if isinstance(outcomes, Exception):
            if new:
                raise outcomes
            return []
        return [(place, outcome) for place, outcome in zip(places, outcomes, strict=True) if place in new]

    def _put(self, rows: PreparedRows) -> Any:
        if rows not in self._tables:
            self._tables[rows] = self._cluster.put(replace(rows))  # without what lies on devices of this process
        return self._tables[rows]


@contextmanager
def connected(address: str | None) -> Iterator[Crew | None]:
    """The crew of a cluster, or none.

    **Arguments:**

    - `address`: `local` for workers on this machine, `auto` for the cluster that this machine is of, `HOST:PORT` or
      `ray://HOST:PORT` for any other.

    **Raises:** `InputError` if Ray is not installed, there is no cluster, or its machines have other versions of what
    computes.
    """
    if address is None:
        yield None
        return
    from goru.cluster.rays import RayCluster

    cluster = RayCluster(address, versions())
    try:
        yield Crew(cluster)
    finally:
        cluster.close()
