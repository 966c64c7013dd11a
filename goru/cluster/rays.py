"""Workers on a Ray cluster (Moritz et al., OSDI 2018): one for every few cores, or for every accelerator, of a machine.

https://docs.ray.io/en/latest/ray-core/actors.html
"""

import itertools
import logging
import os
import shutil
import socket
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

from goru.cluster.worker import Worker
from goru.errors import InputError, option
from goru.population.devices import n_cores
from goru.population.member import PreparedRows
from goru.population.trainer import FEWEST_DEVICES
from goru.wording import counted

CORES = 4  # of a worker at most: what it holds is held once for them, and lost with any of them
LOOK_FOR_MACHINES_EVERY = 10.0  # seconds
OTHERS = 15.0  # seconds that are waited for others once there is a worker
MOST_FAILURES = 4  # of workers that never began, before their machine is left alone
PATIENCE = 300.0  # seconds without a single worker, while the cluster starts or mends itself
INSTALL = "needs Ray: pip install 'ray[client]'"


class RayWorker(Worker):
    """A worker whose tables lie in Ray's object store."""

    def __init__(self, cores: int) -> None:
        import ray

        super().__init__(cores, ray.get)


@dataclass
class _Actor:
    """A worker as it is seen from here. Until it has said what it is, it cannot be given anything."""

    handle: Any
    node: str
    cores: int
    gpus: int
    ready: bool = False


class RayCluster:
    """A cluster of Ray's, or one of this machine alone.

    **Arguments:**

    - `address`: see [`connected`][goru.cluster.crew.connected].
    - `versions`: of what computes here.
    - `patience`: seconds to wait for the first worker, and for others if all are lost.

    **Raises:** `InputError` if Ray is not installed, there is no such cluster, no worker comes, or the versions on a
    machine are others.
    """

    def __init__(self, address: str, versions: dict[str, str], patience: float = PATIENCE) -> None:
        ray = imported()
        self._ray, self._versions, self._patience = ray, versions, patience
        self._actors: dict[int, _Actor] = {}
        self._tickets: dict[Any, int] = {}  # what a worker will have found, and whose it is
        self._numbers = itertools.count()
        self._nodes: set[str] = set()
        self._failures: Counter[str] = Counter()  # of workers that never began, by their machine
        self._wrong = ""  # with the last of them
        self._looked = self._alive = -float("inf")
        self._folder: str | None = None
        self._own = not ray.is_initialized()
        self._begun = False  # to train, or nearly
        try:
            if self._own:
                self._folder = connect(address)
            self._first_worker()
        except BaseException:
            self.close()
            raise

    def idle(self) -> dict[int, int]:
        """See `Cluster`."""
        if time.monotonic() - self._looked > LOOK_FOR_MACHINES_EVERY:
            self._look_for_machines()
        busy = set(self._tickets.values())
        return {
            # A core alone is two devices too; one block beside another keeps it busier than one after the other.
            number: actor.gpus or max(actor.cores, FEWEST_DEVICES)
            for number, actor in self._actors.items()
            if actor.ready and number not in busy
        }

    def put(self, rows: PreparedRows) -> Any:
        """See `Cluster`."""
        try:
            return self._ray.put(rows)
        except self._ray.exceptions.RayError as error:
            raise OSError(f"the cluster cannot take the table ({_first_line(error)})") from None

    def call(self, worker: int, method: str, *arguments: Any) -> None:
        """See `Cluster`."""
        self._tickets[getattr(self._actors[worker].handle, method).remote(*arguments)] = worker

    def wait(self, seconds: float) -> list[tuple[int, Any]]:
        """See `Cluster`."""
        if not self._tickets:
            time.sleep(seconds)
        tickets = list(self._tickets)
        done = self._ray.wait(tickets, num_returns=1, timeout=seconds)[0] if tickets else []
        if done:  # and whoever else is
            done = self._ray.wait(tickets, num_returns=len(tickets), timeout=0)[0]
        outcomes: list[tuple[int, Any]] = []
        for ticket in done:
            worker = self._tickets.pop(ticket)
            actor = self._actors[worker]
            try:
                outcome = self._ray.get(ticket)
            except self._ray.exceptions.RayTaskError as error:
                cause = error.cause
                if not isinstance(cause, self._ray.exceptions.RayError):
                    outcomes.append((worker, cause if isinstance(cause, MemoryError) else error))
                    continue
                outcome = cause  # a table that did not arrive, say: the machine's fault
            except self._ray.exceptions.RayError as error:
                outcome = error
            if not isinstance(outcome, Exception):
                if actor.ready:
                    outcomes.append((worker, outcome))
                else:
                    self._check(outcome, worker)
                continue
            if actor.ready:
                outcomes.append((worker, None))
                self._alive = time.monotonic()  # until now
            self._replace(worker, outcome)
        if any(actor.ready for actor in self._actors.values()):
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > self._patience:
            why = f": {self._wrong}" if self._wrong else ""
            raise OSError(f"the cluster has had no worker for {self._patience:.0f} s{why}")
        return outcomes

    def stop(self, call: int) -> None:
        """See `Cluster`."""
        for actor in self._actors.values():
            if actor.ready:
                actor.handle.stop.remote(call)

    def describe(self) -> str:
        """See `Cluster`."""
        ready = [actor for actor in self._actors.values() if actor.ready]
        gpus, cores = sum(actor.gpus for actor in ready), sum(actor.cores for actor in ready)
        what = counted(gpus, "GPU") if gpus else counted(cores, "core")
        return f"{counted(len(ready), 'Ray worker')}, {what}"

    def close(self) -> None:
        """Let go of the workers; of the cluster too, if it is not somebody else's connection."""
        for actor in self._actors.values():
            self._ray.kill(actor.handle)
        self._actors.clear()
        if self._own:
            self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _first_worker(self) -> None:
        """Wait for one, and somewhat for the others: what is wrong with a machine is then said before training."""
        self._alive = began = time.monotonic()
        while True:
            self.idle()
            ready = [actor.ready for actor in self._actors.values()]
            if any(ready) and (all(ready) or time.monotonic() - began > OTHERS):
                break
            try:
                self.wait(0.5)
            except OSError as error:
                raise InputError(f"{option('cluster')}: {error}. Look at `ray status`.") from None
        self._begun = True

    def _look_for_machines(self) -> None:
        """Workers for machines that have come since the last look."""
        self._looked = time.monotonic()
        try:
            nodes = {node["NodeID"]: node["Resources"] for node in self._ray.nodes() if node["Alive"]}
        except self._ray.exceptions.RayError as error:
            raise OSError(f"the cluster is gone ({error})") from None
        busy = set(self._tickets.values())
        for number, actor in list(self._actors.items()):
            if actor.node not in nodes and number not in busy:  # nobody else would notice
                del self._actors[number]
        for node in nodes.keys() - self._nodes:
            for cores, gpus in worker_shares(int(nodes[node].get("CPU", 0)), int(nodes[node].get("GPU", 0))):
                self._begin(node, cores, gpus)
        self._nodes = set(nodes)

    def _begin(self, node: str, cores: int, gpus: int) -> None:
        """A worker on this machine."""
        place = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        kind = self._ray.remote(RayWorker).options(
            num_cpus=cores,
            num_gpus=gpus,
            max_concurrency=2,  # one to train, one to be told that it need not
            scheduling_strategy=place,
        )
        number = next(self._numbers)
        self._actors[number] = _Actor(kind.remote(max(cores, 1)), node, cores, gpus)
        self.call(number, "describe")

    def _replace(self, worker: int, error: Exception) -> None:
        """Another worker instead of one that is lost, if its machine is not lost too; machines may have come."""
        actor = self._actors.pop(worker)
        self._ray.kill(actor.handle)
        if not actor.ready:
            self._failures[actor.node] += 1
            self._wrong = _first_line(error)
            if "ModuleNotFoundError" in str(error):
                self._refuse(actor.node, "goru is not installed on every machine. Install the same version there.")
        self._look_for_machines()
        if actor.node in self._nodes and self._failures[actor.node] < MOST_FAILURES:
            self._begin(actor.node, actor.cores, actor.gpus)

    def _check(self, versions: dict[str, str], worker: int) -> None:
        """A worker that has begun is ready, if it computes with what this process does."""
        actor = self._actors[worker]
        for name, version in self._versions.items():
            if versions.get(name) != version:
                self._ray.kill(self._actors.pop(worker).handle)
                self._refuse(
                    actor.node,
                    f"a machine has {name} {versions.get(name)}, and this one {version}; the bits of a result "
                    "depend on it. Install the same versions everywhere.",
                )
                return
        actor.ready = True

    def _refuse(self, node: str, why: str) -> None:
        """Say what is wrong with a machine; where training has begun, do without it."""
        if not self._begun:
            raise InputError(f"{option('cluster')}: {why}")
        self._failures[node], self._wrong = MOST_FAILURES, why


def imported() -> Any:
    """Ray.

    **Raises:** `InputError` if it is not installed.
    """
    try:
        import ray
    except ImportError:
        raise InputError(f"{option('cluster')} {INSTALL}.") from None
    return ray


def connect(address: str) -> str | None:
    """Connect to a cluster, or begin one on this machine.

    **Returns:** the folder of one that was begun; it is to be removed when Ray is shut down.

    **Raises:** `InputError` if there is none.
    """
    check_address(address)
    # This process leaves accelerators of this machine to its worker.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray tells its makers about clusters that it starts
    how: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    folder = None
    if address == "local":
        # Ray's files are its own folder's, and go with it; sockets need short names.
        folder = tempfile.mkdtemp(prefix="goru-")
        how |= {"num_cpus": n_cores(), "include_dashboard": False, "_temp_dir": folder}
    try:
        with warnings.catch_warnings():
            # Ray begins processes, and JAX warns of forks: these become other programs at once.
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            imported().init(**how)
    except (OSError, RuntimeError, ValueError, AssertionError) as error:
        shutil.rmtree(folder or "", ignore_errors=True)
        raise InputError(
            f"{option('cluster', address)}: no cluster answers there ({_first_line(error)}). If it wants a token, set "
            "RAY_AUTH_MODE=token."
        ) from None
    except ImportError:
        raise InputError(f"{option('cluster')} {INSTALL}.") from None  # it is there, but not its client
    return folder


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def check_address(address: str) -> None:
    """Raise InputError if it is no address, or nobody listens there: Ray itself would try for minutes."""
    if address in ("local", "auto"):
        return
    scheme, _, rest = address.rpartition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in ("", "ray") or not host or not port.isdecimal() or int(port) > 65_535:
        raise InputError(
            f"{option('cluster')}: {address!r} is no address. Give local, auto, HOST:PORT or ray://HOST:PORT."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"{option('cluster', address)}: nobody answers there ({reason}). Look at `ray status`."
        ) from None


def worker_shares(cores: int, gpus: int) -> list[tuple[int, int]]:
    """The workers of a machine: cores and accelerators of each."""
    if gpus:
        return [(cores // gpus, 1)] * gpus
    workers = -(-cores // CORES)
    return [(cores // workers + (index < cores % workers), 0) for index in range(workers)]
