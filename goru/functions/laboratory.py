"""Trials of a training function: what an experiment asks of a laboratory, by the user's own code."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import Thread

import numpy as np

from goru.data.splitting import Split
from goru.errors import InputError
from goru.experiment.arms import Arm
from goru.experiment.racing.laboratory import Job, Watch
from goru.experiment.trial import Ended, Trial
from goru.functions.workers.attempts import Attempt, TrainingTask, failed
from goru.functions.workers.workers import LostWorker, Pool

LOOK_EVERY = 0.1  # seconds: how often is looked at the clock while nothing comes
LIMIT, LEAST_LIMIT = 20, 60.0  # times the median of what trials have taken, and seconds: longer, and one hangs
ALL_ROWS = 2.0  # times as long as a trial may the last trainings take, which are on all rows
FEWEST_TIMED = 3
MOST_LOSSES = 2  # of the process that trains something, before that is taken to be its fault
HOPELESS = 4  # trials that all failed, the first ones: then the function is at fault, and not its configuration
MOST_TOGETHER = 16  # configurations that a population is made of

_WEIGHTS = 2  # what seeds are for: their second number
_LAST_LINES = 3  # of a traceback


@dataclass
class _Running:
    """What a worker is at."""

    jobs: list[list[Job]]  # those of one configuration are done by one training
    task: TrainingTask
    began: float = 0.0
    lost: int = 0  # how many processes have died of it


class TrainingFunctions:
    """Trains jobs by the workers of a pool.

    Common random numbers: the seed that a function is given is one of the study and the split, the same for all arms.

    **Arguments:**

    - `pool`: the workers.
    - `arms`: how many there are.
    - `splits`: that jobs count.
    - `parts`: of the rows; see [`Trial.parts`][goru.experiment.trial.Trial].
    - `seed`: of the study.
    - `limit`: seconds after which a trial is taken to hang; by default by what others have taken.
    - `together`: configurations of an arm that the function is given at a time.
    - `clock`: seconds.
    - `went_well`: arms of which a trial did before, in a study that goes on.
    - `afterwards`: modules that are needed when all is trained: they are imported while workers train.
    """

    def __init__(
        self,
        pool: Pool,
        arms: int,
        splits: Sequence[Split],
        parts: int,
        seed: int,
        limit: float | None = None,
        together: int = 1,
        clock: Callable[[], float] = time.monotonic,
        went_well: Iterable[Arm] = (),
        afterwards: Sequence[str] = (),
    ) -> None:
        self._pool, self._splits, self._parts, self._seed = pool, splits, parts, seed
        self._limit, self._together, self._clock = limit, together, clock
        self._seconds: list[float] = []
        self._went_well, self._failures = set(went_well), list[Arm]()
        self._importing = Thread(target=lambda: [import_module(name) for name in afterwards], daemon=True)
        self.configurations_at_once = together
        self.splits_at_once = max(1, -(-pool.size // arms))

    @property
    def workers(self) -> int:
        """How many trials are made at a time."""
        return max(self._pool.size, 1)

    def train(self, jobs: Sequence[Job], watch: Watch) -> Iterator[list[Trial]]:
        """Trials as they are done, whatever becomes of each.

        **Raises:** `InputError` if all of the first ones fail.
        """
        for done, attempts in self._ended_ones(self._tasks(jobs), lambda: watch(0.0)):
            if self._importing.ident is None:  # not before: then workers start, and there are no more cores than those
                self._importing.start()
            trials = [
                trial
                for same, attempt in zip(done.jobs, attempts, strict=True)
                for trial in self._trials(same, attempt)
            ]
            yield trials
            watch(len(trials))

    def refit(self, tasks: Sequence[TrainingTask], look: Callable[[], object] = lambda: None) -> list[Attempt]:
        """Train on all development rows: the budget does not end that, but what hangs is ended.

        **Arguments:**

        - `look`: called from time to time.
        """

        def watch() -> bool:
            look()
            return True

        if self._importing.ident is not None:
            self._importing.join()  # models that come back may import the same
        running = [_Running([[]], task) for task in tasks]
        attempt_of = {id(done): attempts[0] for done, attempts in self._ended_ones(running, watch, ALL_ROWS)}
        return [attempt_of[id(one)] for one in running]

    def _ended_ones(
        self, tasks: Sequence[_Running], watch: Callable[[], bool] = lambda: True, share: float = 1.0
    ) -> Iterator[tuple[_Running, list[Attempt]]]:
        """Let the workers do all tasks.

        **Arguments:**

        - `watch`: asked again and again; where it says no, what is under way is ended.
        - `share`: of the limit, how long a training may take.
        """
        waiting, running = deque(tasks), dict[int, _Running]()
        try:
            while waiting or running:
                for worker in self._pool.idle():
                    if waiting:
                        running[worker] = one = waiting.popleft()
                        one.began = self._clock()
                        self._pool.start(worker, one.task)
                for worker, outcome in self._pool.wait(LOOK_EVERY):
                    one = running.pop(worker)
                    if not isinstance(outcome, LostWorker):
                        yield one, outcome
                    elif one.lost < MOST_LOSSES:  # whatever ended the process may have been no fault of the trial
                        one.lost += 1
                        waiting.appendleft(one)
                    else:
                        yield one, self._failed(one, f"the process died: {outcome.reason}")
                for worker, limit in self._hanging(running, share):
                    one = running.pop(worker)
                    self._pool.end(worker)
                    yield one, self._failed(one, f"ended: a trial may take {limit:.0f} s")
                if not watch():
                    return
        finally:
            for worker in running:
                self._pool.end(worker)

    def seed_of(self, split: int) -> int:
        """What a function is given in a split."""
        return int(np.random.SeedSequence((self._seed, _WEIGHTS, split)).generate_state(1)[0])

    def _tasks(self, jobs: Sequence[Job]) -> list[_Running]:
        """By split and configuration, so that all arms come on alike; what is the same is trained once."""
        alike: dict[tuple[Arm, int, tuple[tuple[str, float], ...]], list[Job]] = {}
        for job in sorted(jobs, key=lambda job: (job.split, job.configuration)):
            alike.setdefault((job.arm, job.split, tuple(sorted(job.values.items()))), []).append(job)
        of_arm: dict[tuple[Arm, int], list[list[Job]]] = {}
        tasks: list[list[list[Job]]] = []
        for (arm, split, _), same in alike.items():
            jobs_of_task = of_arm.get((arm, split))
            if jobs_of_task is None or len(jobs_of_task) == self._together:
                jobs_of_task = of_arm[arm, split] = []
                tasks.append(jobs_of_task)
            jobs_of_task.append(same)
        return [_Running(jobs_of_task, self._task([same[0] for same in jobs_of_task])) for jobs_of_task in tasks]

    def _task(self, jobs: Sequence[Job]) -> TrainingTask:
        split = self._splits[jobs[0].split]
        configs = tuple({**job.arm, **job.values} for job in jobs)
        return TrainingTask(configs, split.training_rows, split.validation_rows, self.seed_of(jobs[0].split))

    def _failed(self, running: _Running, reason: str) -> list[Attempt]:
        seconds = (self._clock() - running.began) / len(running.jobs)
        return [failed(self._parts, reason, seconds) for _ in running.jobs]

    def _hanging(self, running: Mapping[int, _Running], share: float) -> list[tuple[int, float]]:
        """Workers at trials that take too long, and how long these may: a share of the limit."""
        limit = self._limit
        if limit is None and len(self._seconds) >= FEWEST_TIMED:
            limit = max(LEAST_LIMIT, LIMIT * float(np.median(self._seconds)))
        if limit is None:
            return []
        now, limit = self._clock(), share * limit
        return [(worker, limit) for worker, one in running.items() if now - one.began > limit * len(one.jobs)]

    def _check_hope(self, failure: str) -> None:
        """**Raises:** `InputError` if nothing can come of it any more: all others are compared to the plain arm."""
        plain = [arm for arm in self._failures if not arm.techniques]  # others may fail sooner than it is trained
        if not plain or any(not arm.techniques for arm in self._went_well):
            return
        lines = [line.strip() for line in failure.splitlines() if line.strip(" ^~|")]
        last = " | ".join(lines[-_LAST_LINES:])
        if len(plain) >= HOPELESS and self._went_well:
            raise InputError(
                f"train: the first {len(plain)} trials of the plain combination, with which others are compared, all "
                f"failed. Mend train; the last traceback ends: {last}"
            )
        if len(self._failures) >= HOPELESS and not self._went_well:
            raise InputError(
                f"train: the first {len(self._failures)} trials all failed. Mend train; the last traceback ends: {last}"
            )

    def _trials(self, jobs: Sequence[Job], attempt: Attempt) -> list[Trial]:
        """The trials of one configuration, and of those that are the same."""
        ended: Ended
        if attempt.failure is None:
            ended = "finished" if np.isfinite(attempt.curves[:, 1, 0]).all() else "diverged"
            self._seconds.append(attempt.seconds)
            self._went_well.add(jobs[0].arm)
        else:
            ended = "failed"
            self._failures.append(jobs[0].arm)
            self._check_hope(attempt.failure)
        output = "\n".join(text for text in (attempt.output, attempt.failure) if text)
        return [
            job.trial(
                (self.seed_of(job.split),), attempt.curves, attempt.parts, ended, seconds=attempt.seconds, output=output
            )
            for job in jobs
        ]
