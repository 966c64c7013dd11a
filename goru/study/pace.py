"""How fast the race goes, and what there is time for."""

import time
from dataclasses import dataclass, replace

from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, Rows
from goru.population.trainer import Trainer
from goru.study import defaults
from goru.study.laboratory import Laboratory
from goru.study.plan import Plan, plan_seconds

SAFETY = 1.1  # machines are shared: what was measured once may take a little longer
LAST_SECONDS = 4.0  # folding, scoring and writing, and the programs for them
BAG_LAUNCHES = 2  # calls of a program that train the two bags


@dataclass(frozen=True)
class Pace:
    """Seconds that one epoch takes with a full block on every device: of each program, on `fit_rows` rows."""

    epoch_seconds: tuple[float, ...]
    fit_rows: int
    all_rows: int

    def after_the_race(self, epochs: int) -> float:
        """Seconds for two bags on all development rows, and for everything else that follows the race."""
        bags = BAG_LAUNCHES * epochs * max(self.epoch_seconds) * self.all_rows / self.fit_rows
        return LAST_SECONDS + bags

    def plan(self, seconds: float, draws: int, devices: int) -> tuple[Plan, float]:
        """What so many seconds pay for, and how many of them the race may take.

        The bags take their share of the seconds, and how large it is depends on the plan's epochs; so the plan is
        made again until what is left over suffices.
        """
        for epochs in range(defaults.EPOCHS, defaults.FEWEST_EPOCHS - 1, -1):
            race = seconds - self.after_the_race(epochs)
            plan = plan_seconds(race, sum(self.epoch_seconds), draws, devices)
            if plan.epochs >= epochs:
                break
        return replace(plan, epochs=epochs), race


def measure(laboratory: Laboratory, rows: Rows) -> Pace:
    """Train every program for a moment."""
    return Pace(
        tuple(SAFETY * _seconds_per_epoch(trainer, rows) for trainer in laboratory.trainers),
        fit_rows=len(rows.fit),
        all_rows=len(rows.x),
    )


def _seconds_per_epoch(trainer: Trainer, rows: Rows) -> float:
    """Of full blocks, one a device: measured at the second call of the program, when everything is warm."""
    networks, devices = trainer.shape.networks, len(trainer.devices)
    members = tuple(Member(id=index, seed=(index,), hyper=Hyperparameters()) for index in range(networks))
    told: list[tuple[float, int]] = []

    def watch(done: int) -> bool:
        told.append((time.monotonic(), done))
        return len(told) < 2

    list(trainer.train([Block(members, rows, (0,), 2 * trainer.shape.epochs)] * devices, on_epochs=watch))
    (warm, _), (end, done) = told
    return (end - warm) / (done / (networks * devices))
