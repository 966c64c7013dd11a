"""The race: a schedule's waves, trained by a laboratory against a clock, and kept in a record."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.answers import Answers
from goru.experiment.ending import Ending
from goru.experiment.findings.interim import Interim
from goru.experiment.plan import Cut, Plan
from goru.experiment.racing.laboratory import Job, Laboratory
from goru.experiment.racing.looks import Looks
from goru.experiment.racing.record import Record
from goru.experiment.racing.scheduler import SAFETY, Scheduler, Seen, Wave
from goru.experiment.racing.watcher import Progress, Watcher
from goru.experiment.trial import Trial, carried_on

_MASKS = 1  # what seeds are for: their second number

# What the record has under these names: the seconds of a block; how many other partitions, and configurations in them.
_PACE, _LATER_PARTITIONS = "pace", "others"

Clock = Callable[[], float]
Configurations = Mapping[Arm, Sequence[Mapping[str, float]]]


def trial_id(seed: int, arm: int, configuration: int, split: int) -> int:
    """The 32 bits that what is random in one trial alone is a function of.

    **Arguments:**

    - `arm`: its place among all arms.
    """
    return int(np.random.SeedSequence((seed, _MASKS, arm, configuration, split)).generate_state(1)[0])


def job_of(
    seed: int, places: Sequence[Arm], configurations: Configurations, arm: Arm, configuration: int = 0, split: int = 0
) -> Job:
    """What makes a trial.

    **Arguments:**

    - `places`: all arms, in their order.
    """
    id_ = trial_id(seed, places.index(arm), configuration, split)
    return Job(arm, configuration, split, configurations[arm][configuration], id_)


class Race:
    """All trials of an experiment.

    **Arguments:**

    - `laboratory`: trains.
    - `configurations`: of every arm that runs, as many as there may be.
    - `splits`: how many there are, of whole partitions; where there is no time for all, the race is run in the first
      ones, or the first partition alone.
    - `plan`: what is trained if there is no deadline; with one, it is where the race begins.
    - `record`: is given trials as soon as they are done; those that it has already are not made again.
    - `watcher`: is told how far the race has got.
    - `seed`: what all trials are a function of.
    - `places`: of arms among all arms, if others run than those that are configured.
    - `clock`: seconds, on any scale.
    - `noun`: what trials are called.
    - `ending`: says whether to end with the waves that are done: what is under way is dropped, if it is not the first.
    - `looks`: looks at the answers between waves, for who watches, and to end the race when all is decided.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        configurations: Configurations,
        splits: int,
        plan: Plan,
        record: Record,
        watcher: Watcher,
        seed: int = 0,
        places: Sequence[Arm] | None = None,
        clock: Clock = time.monotonic,
        noun: str = "networks",
        ending: Ending | None = None,
        looks: Looks | None = None,
    ) -> None:
        self._laboratory, self._plan, self._record, self._watcher = laboratory, plan, record, watcher
        self._configurations, self._arms, self._clock, self._seed = configurations, list(configurations), clock, seed
        self._places = self._arms if places is None else list(places)
        self._before = {(trial.arm, trial.configuration, trial.split): trial for trial in record.trials}
        self._noun, self._ending = noun, ending or Ending()
        self._looks = looks
        self.cut: Cut | None = None  # where it was ended before its time
        self._done: list[Trial] = []
        self._trials_done = 0.0
        self._best = np.inf
        self._seconds: float | None = None  # of a block of configurations of every arm, at last, and a bit more
        self._splits, self._most = splits, min(len(values) for values in configurations.values())
        self.configurations_done = self.splits_done = 0

    @property
    def block_seconds(self) -> float | None:
        """Seconds that a block of configurations of every arm took in a split, at last; `None` if there was no
        deadline."""
        return None if self._seconds is None else self._seconds / SAFETY

    @property
    def trials(self) -> list[Trial]:
        """Those of configurations and splits that all arms have finished: nothing else may be compared.

        In the order of arms, configurations and splits, and not of their ends: no result may depend on which of several
        machines was the first, or on what had been done before a process was stopped.
        """
        done = [
            trial
            for trial in self._done
            if trial.configuration < self.configurations_done and trial.split < self.splits_done
        ]
        return sorted(done, key=lambda trial: (self._arms.index(trial.arm), trial.configuration, trial.split))

    @property
    def made(self) -> list[Trial]:
        """All trials, in the order of their ends."""
        return list(self._done)

    def run(self, deadline: float | None = None, reserve: float = 0.0) -> None:
        """Train what is planned; where there is a deadline (of the clock), as much of it and more as fits.

        **Arguments:**

        - `reserve`: see [`Scheduler.schedule`][goru.experiment.racing.scheduler.Scheduler.schedule].
        """
        self._ending.possible = True
        laboratory, later_partitions = self._laboratory, self._record.recall(_LATER_PARTITIONS)
        at_once = laboratory.configurations_at_once, laboratory.splits_at_once
        scheduler = Scheduler(
            self._arms,
            self._plan,
            self._splits,
            self._most,
            at_once,
            self._before.keys(),
            None if later_partitions is None else (later_partitions[0], later_partitions[1]),
        )
        waves = scheduler.schedule(None if deadline is None else deadline - self._clock(), reserve)
        try:
            wave = next(waves)
            while True:
                if wave.later_partitions is not None:
                    self._record.remember(
                        _LATER_PARTITIONS, wave.later_partitions
                    )  # a part of them trained is for nothing
                complete = self._train(wave, deadline)
                asked = self._ending.noticed(self._watcher.finishing)
                if asked or (complete and self._decided(deadline)):
                    trials = len(self.trials)
                    self.cut = Cut(trials, wave.planned, not asked) if trials < wave.planned else None
                    return
                left = np.inf if deadline is None else deadline - self._clock()
                wave = waves.send(Seen(complete, left, self._seconds, self._losses))
        except StopIteration:
            return

    def _train(self, wave: Wave, deadline: float | None) -> bool:
        """Whether all of a wave was trained before its time was over."""
        began, late, latest = self._clock(), False, np.inf if deadline is None else deadline

        def watch(done: float) -> bool:
            nonlocal late
            self._trials_done += done
            ends = self._ending.noticed(self._watcher.finishing, at_once=self.splits_done > 0)
            late = not wave.must and (ends or self._clock() > latest + wave.overtime)
            self._watcher.progress(Progress(self._trials_done, wave.planned, wave.round, self._best, self._noun))
            return not late

        wanted = [
            (arm, configuration, split)
            for arm in self._arms
            for configuration in wave.configurations[arm]
            for split in wave.splits
        ]
        missing = [job for job in wanted if job not in self._before]
        known = [self._before[job] for job in wanted if job in self._before]
        self._take(known)
        self._trials_done += len(known)
        for trials in self._laboratory.train(
            [job_of(self._seed, self._places, self._configurations, *job) for job in missing], watch
        ):
            self._take(self._record.add(trials))
        if late:
            return False
        self.configurations_done, self.splits_done = wave.reaches
        if wave.blocks:
            self._pace(self._clock() - began, wave.blocks * len(missing) / len(wanted))
        return True

    def _decided(self, deadline: float | None) -> bool:
        """Look at the answers, if that is due and somebody wants to; whether they are such that the race may end."""
        looks, trials = self._looks, self.trials
        if looks is None or not looks.due(len(trials)):
            return False

        def take() -> Answers:
            return looks.take(trials, self.splits_done, self.configurations_done)

        answers = take() if looks.until_decided else None

        def interim() -> Interim:
            left = None if deadline is None else max(deadline - self._clock(), 0.0)
            return Interim.of(take() if answers is None else answers, len(trials), self._noun, left)

        self._watcher.interim(interim)
        return looks.decided

    def _take(self, trials: list[Trial]) -> None:
        self._done += trials
        self._best = min([self._best, *(trial.best for trial in trials)])

    def _pace(self, seconds: float, blocks: float) -> None:
        """Seconds that a block of configurations of every arm takes in a split, by the last ones, so many of them;
        those that had been trained before take no time, and say nothing."""
        if blocks:
            self._seconds = SAFETY * seconds / blocks
            self._record.remember(_PACE, self._seconds)
        else:
            self._seconds = self._record.recall(_PACE) or self._seconds

    def _losses(self, arm: Arm) -> np.ndarray:
        """Of the first partition, as far as it is done."""
        of_arm = [trial for trial in self._done if trial.arm == arm and trial.configuration < self.configurations_done]
        epochs, temperatures = (max(trial.validation.shape[axis] for trial in of_arm) for axis in (0, 1))
        folds = min(self._plan.folds, self.splits_done)
        losses = np.full((self.configurations_done, folds, epochs, temperatures), np.inf)
        for trial in of_arm:
            if trial.split < folds:
                curve = np.where(np.isfinite(trial.validation), trial.validation, np.inf)
                losses[trial.configuration, trial.split] = carried_on(curve, epochs)
        return losses
