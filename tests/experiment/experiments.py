"""A design, a laboratory and a race that only pretend to train, and trials made by hand."""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goru.experiment.arms import Arm, Level
from goru.experiment.design import Design
from goru.experiment.ending import Ending
from goru.experiment.findings.interim import Interim
from goru.experiment.knobs import log_uniform, uniform
from goru.experiment.plan import Plan
from goru.experiment.racing.laboratory import Job, Watch
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Progress
from goru.experiment.trial import Losses, Trial, judged, losses_by_arm

EPOCHS = 4
PARTS = 4
TWICE = Plan(configurations=4, partitions=2, folds=3, epochs=EPOCHS)
ONCE = Plan(configurations=4, partitions=1, folds=3, epochs=EPOCHS)
DESIGN = Design(
    {"batch_norm": (None, "before", "after"), "dropout": (False, True), "weight_decay": (False, True)},
    {
        "learning_rate": log_uniform(1e-3, 1e-1),
        "dropout_rate": uniform(0.1, 0.5, when={"dropout": True}),
        "decay": log_uniform(0.1, 10, when={"weight_decay": True}),
    },
)
ARMS, PLAIN = DESIGN.arms, DESIGN.plain


def arm_of(batch_norm: Level = None, dropout: Level = False, weight_decay: Level = False) -> Arm:
    """One of the twelve arms."""
    return DESIGN.arm(batch_norm=batch_norm, dropout=dropout, weight_decay=weight_decay)


configurations = functools.cache(DESIGN.configurations)  # races are many


def even_parts(losses: object, parts: int = PARTS) -> np.ndarray:
    """Losses `(...)` taken apart, `(..., parts)`: every part adds as much."""
    losses = np.asarray(losses)
    return np.repeat(losses[..., None] / parts, parts, axis=-1)


def make_trial(
    arm: Arm = PLAIN,
    configuration: int = 0,
    split: int = 0,
    curves: object = None,
    ended: str = "finished",
    parts: object = None,
    values: Mapping[str, float] | None = None,
    **more: object,
) -> Trial:
    """A trial with everything that is not given made up. `curves` may be the losses on validation rows alone.

    By default every part of the rows adds as much to the loss on them. With parts at several temperatures, these judge.
    """
    if curves is None:
        curves = np.random.default_rng((configuration, split)).random((EPOCHS, 2, 2))
    curves = np.asarray(curves, np.float32)
    if curves.ndim == 1:
        curves = np.stack([curves / 2, curves], axis=1)[:, :, None]
    parts = np.asarray(even_parts(curves[:, 1, 0]) if parts is None else parts, np.float32)
    values = {"learning_rate": 0.01} if values is None else values
    more = {"judged": judged(parts), **more}
    return Trial(arm, configuration, split, values, 17 + configuration, (0, 2, split, 0), curves, parts, ended, **more)


def even_shares(splits: int, parts: int = PARTS) -> np.ndarray:
    """Of as many validation rows in every part, `(splits, parts)`."""
    return np.full((splits, parts), 1 / parts)


def losses_of(trials: Sequence[Trial]) -> dict[Arm, Losses]:
    """The losses of trials whose parts are of one size; at several temperatures, these are called 1, 2 and so on."""
    splits = 1 + max(trial.split for trial in trials)
    temperatures = tuple(range(1, 1 + trials[0].validation.shape[1]))
    return losses_by_arm(trials, even_shares(splits, trials[0].parts.shape[-1]), temperatures)


def make_losses(validation: object, training: object = None, parts: object = None, shares: object = None) -> Losses:
    """The losses of an arm, `(configurations, splits, epochs)`; on training rows half as high, and alike in all parts,
    by default."""
    losses = np.asarray(validation, np.float64)
    parts = even_parts(losses) if parts is None else np.asarray(parts, np.float64)
    return Losses(
        validation=losses,
        training=losses / 2 if training is None else np.asarray(training, np.float64),
        parts=parts,
        shares=even_shares(losses.shape[1], parts.shape[-1]) if shares is None else np.asarray(shares, np.float64),
    )


@dataclass
class Clock:
    """A clock that stands still unless somebody moves it."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.now / 2


class PretendedLaboratory:
    """Trains nothing: the curves are what `curves` says of a job. Six programs, for arms that differ in weight decay
    share one, and each trains blocks of four trials, one after the other, a block in `seconds`."""

    def __init__(self, seconds: float = 1.0, curves: Callable[[Job], np.ndarray] | None = None) -> None:
        self.seconds, self.clock = seconds, Clock()
        self.size, self.configurations_at_once, self.splits_at_once = 4, 2, 1
        self.blocks: list[list[Job]] = []
        self._curves = curves or (lambda job: constant(0.5))

    def train(self, jobs: Sequence[Job], watch: Watch) -> Iterator[list[Trial]]:
        for program in itertools.product((None, "before", "after"), (False, True)):
            for split in sorted({job.split for job in jobs}):
                own = [job for job in jobs if (job.arm["batch_norm"], job.arm["dropout"]) == program]
                own = sorted([job for job in own if job.split == split], key=lambda job: job.configuration)
                for start in range(0, len(own), self.size):
                    block = own[start : start + self.size]
                    self.blocks.append(block)
                    self.clock.now += self.seconds
                    if not watch(len(block)):
                        return
                    yield [self._trial(job) for job in block]

    def _trial(self, job: Job) -> Trial:
        curves = self._curves(job)
        return Trial(
            **vars(job),
            seed=(job.split,),
            curves=curves,
            parts=even_parts(curves[:, 1, 0]),
            ended="finished" if np.isfinite(curves).all() else "diverged",
        )


class Notebook:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.told: list[Progress] = []
        self.endings: list[bool] = []
        self.looks: list[Interim] = []

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)

    def interim(self, look: Callable[[], Interim]) -> None:
        self.looks.append(look())

    def finishing(self, at_once: bool) -> None:
        self.endings.append(at_once)


def key(trial):
    return trial.arm, trial.configuration, trial.split


def keys(trials) -> list:
    return sorted(map(key, trials), key=str)


def grid(configurations, splits, arms=ARMS) -> list[tuple[Arm, int, int]]:
    return sorted(itertools.product(arms, configurations, splits), key=str)


def constant(loss) -> np.ndarray:
    return np.full((EPOCHS, 2, 2), loss, np.float32)


class PretendedRace:
    """A race in a laboratory that only pretends to train."""

    def __init__(
        self,
        monkeypatch,
        plan=TWICE,
        arms=ARMS,
        safety=1.0,
        grace=0.0,
        record=None,
        partitions=2,
        folds=3,
        seed=0,
        **laboratory,
    ):
        self.laboratory = PretendedLaboratory(**laboratory)
        self.clock = self.laboratory.clock
        self.record, self.notebook, self.ending = record or Record(), Notebook(), Ending()
        monkeypatch.setattr("goru.experiment.racing.race.SAFETY", safety)
        monkeypatch.setattr("goru.experiment.racing.scheduler.SAFETY", safety)
        monkeypatch.setattr("goru.experiment.racing.scheduler.GRACE", grace)
        self.configurations = {arm: configurations(arm, max(plan.configurations, 32), seed) for arm in arms}
        self.race = Race(
            self.laboratory,
            self.configurations,
            partitions * folds,
            plan,
            self.record,
            self.notebook,
            seed,
            places=ARMS,
            clock=self.clock.monotonic,
            ending=self.ending,
        )

    def run(self, seconds: float | None = None, reserve: float = 0.0) -> "PretendedRace":
        self.race.run(None if seconds is None else self.clock.now + seconds, reserve)
        return self

    @property
    def kept(self) -> list[Trial]:
        """The trials that the record has been given."""
        return self.record.trials

    def second(self, arm: Arm) -> set[int]:
        """The configurations of an arm that were trained in the second partition, and in all after it."""
        return {trial.configuration for trial in self.race.trials if trial.arm == arm and trial.split >= 3}
