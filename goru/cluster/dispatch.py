"""Which worker does which job, without a thought of what either is.

Jobs are given out in their order, so that what is wanted first is done first. A job whose worker is lost is given out
again, before the others. When none is left to give out, whoever has nothing to do repeats one that takes much longer
than jobs do, and the first who has it done counts: backup tasks, as in Dean and Ghemawat, MapReduce (OSDI 2004), 3.6.
"""

from collections import Counter, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from statistics import median

# Of one job: what has taken so many workers with it would take the others too. Where one job in twenty is lost with its
# worker, it comes to that by chance once in thirty billion jobs.
MOST_LOSSES = 8
SLOW = 2.0  # times the median: a job that is under way for longer is repeated, where somebody is free
RECENT = 99  # jobs of a kind that say how long one takes
MOST_COPIES = 2  # of a job, under way at once


class JobLost(Exception):  # noqa: N818  # it says what happened
    """A job has taken so many workers with it that it is at fault itself."""

    def __init__(self, job: int) -> None:
        super().__init__(f"job {job} was lost {MOST_LOSSES} times")
        self.job, self.times = job, MOST_LOSSES


@dataclass
class _Share:
    """What a worker has been given."""

    jobs: tuple[int, ...]
    began: float


@dataclass
class Dispatch:
    """Jobs that are to be done, and who is doing them.

    **Arguments:**

    - `kinds`: of every job: a worker is given several at a time if they are of one kind.
    - `backups`: whether what takes much longer than others is repeated.
    """

    kinds: Sequence[Hashable]
    backups: bool = True
    _shares: dict[Hashable, _Share] = field(default_factory=dict, init=False)
    _seconds: dict[Hashable, deque[float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._waiting = deque(range(len(self.kinds)))
        self._missing = set(self._waiting)
        self._losses: Counter[int] = Counter()

    @property
    def finished(self) -> bool:
        """Whether every job is done."""
        return not self._missing

    @property
    def waiting(self) -> int:
        """Jobs that nobody has been given."""
        return len(self._waiting)

    def take(self, worker: Hashable, most: int, now: float) -> tuple[int, ...]:
        """Jobs for a worker that has none: at most so many, all of one kind; none if there is nothing to do."""
        jobs = self._first(most) or self._slow(now)
        if jobs:
            self._shares[worker] = _Share(jobs, now)
        return jobs

    def jobs_of(self, worker: Hashable) -> tuple[int, ...]:
        """What a worker is doing."""
        return self._shares[worker].jobs

    def done(self, worker: Hashable, now: float) -> tuple[int, ...]:
        """A worker has done what it was given.

        **Returns:** those of its jobs that nobody had done before.
        """
        share = self._shares.pop(worker)
        self._seconds.setdefault(self.kinds[share.jobs[0]], deque(maxlen=RECENT)).append(now - share.began)
        completed = tuple(job for job in share.jobs if job in self._missing)
        self._missing.difference_update(completed)
        return completed

    def lost(self, worker: Hashable) -> None:
        """A worker is gone, and what it was doing with it.

        **Raises:** `JobLost` if that has become of one of its jobs too often.
        """
        share = self._shares.pop(worker, None)
        if share is None:
            return
        elsewhere = {job for share_of_another in self._shares.values() for job in share_of_another.jobs}
        for job in reversed(share.jobs):
            if job not in self._missing:
                continue
            self._losses[job] += 1
            if self._losses[job] == MOST_LOSSES:
                raise JobLost(job)
            if job not in elsewhere:
                self._waiting.appendleft(job)

    def _first(self, most: int) -> tuple[int, ...]:
        jobs: list[int] = []
        while self._waiting and len(jobs) < most:
            if jobs and self.kinds[self._waiting[0]] != self.kinds[jobs[0]]:
                break
            jobs.append(self._waiting.popleft())
        return tuple(jobs)

    def _slow(self, now: float) -> tuple[int, ...]:
        """What has been under way for longest, if that is long."""
        if not self.backups:
            return ()
        copies = Counter(job for share in self._shares.values() for job in share.jobs)
        usual = {kind: median(seconds) for kind, seconds in self._seconds.items()}

        def left(share: _Share) -> tuple[int, ...]:
            return tuple(job for job in share.jobs if job in self._missing and copies[job] < MOST_COPIES)

        late = [
            share
            for share in self._shares.values()
            if now - share.began > SLOW * usual.get(self.kinds[share.jobs[0]], float("inf")) and left(share)
        ]
        return left(min(late, key=lambda share: share.began)) if late else ()
