"""Processes that train: each does one thing at a time, and none harms another, however it ends."""

import contextlib
import gc
import os
import signal
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from goru.functions.workers.attempts import Attempt, Held, TrainingTask, attempt

_LOOK_FOR_IT_EVERY = 1.0  # seconds
_HELD: dict[str, Held] = {}  # of a worker process, by the file that it was read from


@dataclass(frozen=True)
class LostWorker:
    """A worker process has died, or was ended, with what it was at: why, in words."""

    reason: str


Outcome = list[Attempt] | LostWorker


class Pool(Protocol):
    """Workers, by their places."""

    @property
    def size(self) -> int:
        """How many there are."""

    def hold(self, held: Held) -> None:
        """Give all of them what their jobs share, before the first one."""

    def idle(self) -> list[int]:
        """Those that do nothing."""

    def start(self, worker: int, task: TrainingTask) -> None:
        """Give one something to do."""

    def wait(self, seconds: float) -> list[tuple[int, Outcome]]:
        """Until somebody is done, but no longer than so many seconds."""

    def end(self, worker: int) -> None:
        """End what one is at; nothing comes of it."""

    def close(self) -> None:
        """Let go of all."""


class Here:
    """No worker at all: this process trains itself, so that a debugger stops where it should."""

    size = 1

    def __init__(self) -> None:
        self._done: list[tuple[int, Outcome]] = []

    def hold(self, held: Held) -> None:
        """See `Pool`."""
        self._held = held

    def idle(self) -> list[int]:
        """See `Pool`."""
        return [] if self._done else [0]

    def start(self, worker: int, task: TrainingTask) -> None:
        """See `Pool`."""
        self._done.append((worker, attempt(self._held, task)))

    def wait(self, seconds: float) -> list[tuple[int, Outcome]]:
        """See `Pool`."""
        done, self._done = self._done, []
        return done

    def end(self, worker: int) -> None:
        """See `Pool`."""

    def close(self) -> None:
        """See `Pool`."""


class Processes:
    """Processes of this machine, by joblib's loky, one an executor: whatever ends one ends no other.

    They start at once, so that they are there when this process knows what to train.

    **Arguments:**

    - `workers`: how many.
    - `devices`: accelerators; each worker sees one of them.
    """

    def __init__(self, workers: int, devices: Sequence[str] = ()) -> None:
        self.size = workers
        self._folder = tempfile.TemporaryDirectory(prefix="goru-")
        threads = str(max(cores() // workers, 1))
        names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
        limits = {f"{name}_NUM_THREADS": threads for name in names}
        self._environments: list[Mapping[str, str]] = [
            {**limits, **({"CUDA_VISIBLE_DEVICES": devices[place % len(devices)]} if devices else {})}
            for place in range(workers)
        ]
        self._executors: dict[int, Any] = {}
        self._starting: dict[int, Future[Any]] = {}
        self._futures: dict[int, Future[list[Attempt]]] = {}
        for worker in range(workers):
            self._begin(worker)

    def hold(self, held: Held) -> None:
        """See `Pool`. It is written once, and large arrays are read by all from the same pages.

        **Raises:** `pickle.PicklingError` and its like if the function cannot be sent to another process.
        """
        import cloudpickle
        import joblib

        path = Path(self._folder.name)
        known = [type(part).__module__.partition(".")[0] for table in held.tables for part in (table.X, table.y)]
        arrays = set(known) <= {"numpy", "pandas", "scipy", "builtins"}
        (path / "function").write_bytes(cloudpickle.dumps(replace(held, tables=()) if arrays else held))
        if arrays:
            joblib.dump(held.tables, path / "tables")
        for worker in self._executors:
            self._prepare(worker)

    def idle(self) -> list[int]:
        """See `Pool`. A process that is only being started is busy: no trial takes the longer for it."""
        for worker in range(self.size):
            if worker not in self._executors:
                self._begin(worker)
                self._prepare(worker)
        self._starting = {worker: future for worker, future in self._starting.items() if not future.done()}
        busy = self._futures.keys() | self._starting.keys()
        return [worker for worker in range(self.size) if worker not in busy]

    def _begin(self, worker: int) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        self._executors[worker] = ProcessPoolExecutor(1, timeout=None, env=dict(self._environments[worker]))
        self._submit(worker, _work_for, os.getpid())

    def _prepare(self, worker: int) -> None:
        self._starting[worker] = self._submit(worker, _prepare, self._folder.name)

    def _submit(self, worker: int, function: Any, *arguments: Any) -> "Future[Any]":
        """What becomes of a call; a process that has died meanwhile fails it."""
        try:
            return self._executors[worker].submit(function, *arguments)
        except Exception as error:
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed

    def start(self, worker: int, task: TrainingTask) -> None:
        """See `Pool`."""
        self._futures[worker] = self._submit(worker, _attempt, self._folder.name, task)

    def wait(self, seconds: float) -> list[tuple[int, Outcome]]:
        """See `Pool`."""
        wait([*self._futures.values(), *self._starting.values()], seconds, FIRST_COMPLETED)
        outcomes: list[tuple[int, Outcome]] = []
        for worker, future in list(self._futures.items()):
            if not future.done():
                continue
            del self._futures[worker]
            error = future.exception()
            if error is None:
                outcomes.append((worker, future.result()))
                continue
            self._drop(worker)
            outcomes.append((worker, LostWorker(" ".join(f"{type(error).__name__}: {error}".split())[:300])))
        return outcomes

    def end(self, worker: int) -> None:
        """See `Pool`."""
        self._futures.pop(worker, None)
        self._drop(worker)

    def close(self) -> None:
        """See `Pool`."""
        for worker in list(self._executors):
            self._drop(worker)
        self._folder.cleanup()

    def _drop(self, worker: int) -> None:
        self._starting.pop(worker, None)
        executor = self._executors.pop(worker, None)
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)


def _work_for(study: int) -> None:
    """In a worker: it is not to outlive the process that it works for, however that ends; and Ctrl-C, which reaches all
    processes of a terminal, is that one's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(study,), daemon=True).start()


def _prepare(folder: str) -> None:
    """In a worker: import and read what all trials need. What is wrong with it, the first trial says."""
    with contextlib.suppress(Exception):
        _held(folder)
    gc.freeze()  # this stays: loky collects garbage every second, between trials, and need not look through it


def _end_with(study: int) -> None:
    while os.getppid() == study:
        time.sleep(_LOOK_FOR_IT_EVERY)
    os._exit(1)


def _attempt(folder: str, task: TrainingTask) -> list[Attempt]:
    """In a worker."""
    return [portable(result) for result in attempt(_held(folder), task)]


def _held(folder: str) -> Held:
    if folder not in _HELD:
        import pickle

        import joblib

        held = pickle.loads((Path(folder) / "function").read_bytes())
        if (Path(folder) / "tables").exists():
            held = replace(held, tables=joblib.load(Path(folder) / "tables", mmap_mode="r"))
        _HELD.clear()
        _HELD[folder] = held
    return _HELD[folder]


def portable(result: Attempt) -> Attempt:
    """Without a model that cannot be sent to another process."""
    import cloudpickle

    if result.model is None:
        return result
    try:
        cloudpickle.dumps(result.model)
    except Exception as error:  # whatever a model's own code raises
        why = f"it cannot be sent from the process that trained it: {type(error).__name__}: {error}"
        return replace(result, model=None, no_model=why)
    return result


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def accelerators() -> list[str]:
    """GPUs of NVIDIA that this process may use, as `CUDA_VISIBLE_DEVICES` names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name.strip() not in ("", "-1")]
    there = Path("/proc/driver/nvidia/gpus")
    return [str(place) for place, _ in enumerate(there.iterdir())] if there.is_dir() else []
