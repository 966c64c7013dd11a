"""A cluster in this very process: workers that do what they are told at once, are slow, or are lost."""

import itertools
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from goru.cluster.worker import Worker


@dataclass(frozen=True)
class Where:
    """A table is."""

    number: int


class Machines:
    """Workers that are real, and a cluster that is not: what goes to a worker and comes back is pickled, as by wire.

    **Arguments:**

    - `cores`: of every worker.
    - `fate`: of every call, by its number: `True` if the worker is lost with it, or what it raises.
    - `order`: which of the workers that are at work is done next.
    """

    def __init__(
        self,
        cores: tuple[int, ...] = (1, 1),
        fate: Callable[[int], bool | Exception] = lambda number: False,
        order: Callable[[list[int]], int] = min,
    ) -> None:
        self._tables: list[bytes] = []
        self._numbers, self._calls = itertools.count(), itertools.count()
        self._fate, self._order = fate, order
        self.workers: dict[int, tuple[int, Worker]] = {}
        self.under_way: dict[int, tuple[str, bytes]] = {}
        self.lost: list[int] = []
        self.stopped: list[int] = []
        self.given: list[tuple[int, int]] = []  # to which worker, and how many blocks
        for each in cores:
            self._begin(each)

    def _begin(self, cores: int) -> None:
        self.workers[next(self._numbers)] = (cores, Worker(cores, self._fetch))

    def _fetch(self, where: "Where") -> Any:
        assert isinstance(where, Where)
        return pickle.loads(self._tables[where.number])

    def idle(self) -> dict[int, int]:
        return {number: cores for number, (cores, _) in self.workers.items() if number not in self.under_way}

    def put(self, rows: Any) -> "Where":
        self._tables.append(pickle.dumps(rows))
        return Where(len(self._tables) - 1)

    @property
    def tables(self) -> int:
        return len(self._tables)

    def call(self, worker: int, method: str, *given: Any) -> None:
        assert worker in self.idle()
        # As in Ray: a table that is given as such arrives, and one inside of something is to be fetched.
        arriving = [self._fetch(each) if isinstance(each, Where) else each for each in given]
        self.under_way[worker] = method, pickle.dumps(arriving)
        if method == "train":
            self.given.append((worker, len(given[1])))

    def wait(self, seconds: float) -> list[tuple[int, Any]]:
        if not self.under_way:
            return []
        worker = self._order(list(self.under_way))
        method, given = self.under_way.pop(worker)
        fate = self._fate(next(self._calls))
        if isinstance(fate, Exception):
            return [(worker, fate)]
        if fate:
            self.lost.append(worker)
            self._begin(self.workers.pop(worker)[0])
            return [(worker, None)]
        found = getattr(self.workers[worker][1], method)(*pickle.loads(given))
        return [(worker, pickle.loads(pickle.dumps(found)))]

    def stop(self, call: int) -> None:
        self.stopped.append(call)
        for _, worker in self.workers.values():
            worker.stop(call)

    def describe(self) -> str:
        return f"{len(self.workers)} workers"

    def close(self) -> None:
        self.workers.clear()


def once(*numbers: int) -> Callable[[int], bool]:
    """The workers of these calls are lost."""
    return lambda number: number in numbers


def turns() -> Callable[[list[int]], int]:
    """The first worker, the last one, the first one, and so on."""
    which: Iterator[Callable[[list[int]], int]] = itertools.cycle((min, max))
    return lambda workers: next(which)(workers)
