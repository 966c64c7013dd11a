"""Workers on a Ray cluster: a task for every core, or for every GPU, of its machines.

https://docs.ray.io/en/latest/ray-core/tasks.html
"""

import shutil
import sys
import time
from typing import Any

import cloudpickle

from goru.cluster.rays import connect, imported
from goru.functions.workers.attempts import Attempt, Held, TrainingTask, attempt
from goru.functions.workers.workers import LostWorker, Outcome, portable

LOOK_EVERY = 10.0  # seconds: how often machines are counted
PATIENCE = 300.0  # seconds without a machine


class RayPool:
    """See [`Pool`][goru.functions.workers.workers.Pool].

    **Arguments:**

    - `address`: see [`connected`][goru.cluster.crew.connected].

    **Raises:** `InputError` if Ray is not installed, or there is no such cluster.
    """

    def __init__(self, address: str) -> None:
        self._ray = imported()
        self._own = not self._ray.is_initialized()
        self._folder = connect(address) if self._own else None
        self._tickets: dict[int, Any] = {}
        self._looked, self._alive, self.size = -float("inf"), time.monotonic(), 0
        self._count()
        gpus = int(self._ray.cluster_resources().get("GPU", 0))
        how = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        self._attempt = self._ray.remote(_there).options(max_retries=0, **how)

    def hold(self, held: Held) -> None:
        """See `Pool`. It is sent to every machine once."""
        self._held = self._ray.put(cloudpickle.dumps(held))

    def idle(self) -> list[int]:
        """See `Pool`."""
        self._count()
        return [worker for worker in range(self.size) if worker not in self._tickets]

    def start(self, worker: int, task: TrainingTask) -> None:
        """See `Pool`."""
        self._tickets[worker] = self._attempt.remote(self._held, sys.path, task)

    def wait(self, seconds: float) -> list[tuple[int, Outcome]]:
        """See `Pool`."""
        if not self._tickets:
            time.sleep(seconds)
            return []
        tickets = list(self._tickets.values())
        done = set(self._ray.wait(tickets, num_returns=1, timeout=seconds)[0])
        if done:  # and whoever else is
            done |= set(self._ray.wait(tickets, num_returns=len(tickets), timeout=0)[0])
        outcomes: list[tuple[int, Outcome]] = []
        for worker, ticket in list(self._tickets.items()):
            if ticket in done:
                del self._tickets[worker]
                try:
                    outcomes.append((worker, self._ray.get(ticket)))
                except self._ray.exceptions.RayError as error:
                    outcomes.append((worker, LostWorker(" ".join(str(error).split())[:300])))
        return outcomes

    def end(self, worker: int) -> None:
        """See `Pool`."""
        ticket = self._tickets.pop(worker, None)
        if ticket is not None:
            self._ray.cancel(ticket, force=True)

    def close(self) -> None:
        """See `Pool`."""
        for worker in list(self._tickets):
            self.end(worker)
        if self._own:
            self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _count(self) -> None:
        """Machines come and go."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        there = self._ray.cluster_resources()
        self.size = int(there.get("GPU", 0)) or int(there.get("CPU", 0))
        if self.size:
            self._alive = now
        elif now - self._alive > PATIENCE:
            raise OSError(f"the cluster has had no machine for {PATIENCE:.0f} s")


_HELD: dict[int, Held] = {}  # of a worker process, by the hash of its bytes


def _there(packed: bytes, paths: list[str], task: TrainingTask) -> list[Attempt]:
    """On a machine of the cluster.

    **Arguments:**

    - `paths`: where modules are found that stand beside the function, if this machine has the same files.
    """
    key = hash(packed)
    if key not in _HELD:
        sys.path += [path for path in paths if path not in sys.path]
        _HELD.clear()
        _HELD[key] = cloudpickle.loads(packed)
    return [portable(result) for result in attempt(_HELD[key], task)]
