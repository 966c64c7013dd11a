"""How fast the race goes, and what there is time for."""

import time
from dataclasses import dataclass

from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, Rows
from goru.population.trainer import Trainer
from goru.study import defaults
from goru.study.laboratory import Laboratory
from goru.study.plan import Plan, plan_seconds

SAFETY = 1.1  # machines are shared: what was measured once may take a little longer
LAST_SECONDS = 4.0  # folding, scoring and writing, and the programs for them


@dataclass(frozen=True)
class Pace:
    """Seconds that a block of networks takes for one epoch: of each program, on `fit_rows` of the `all_rows`.

    A block holds `draws` of each arm that shares its program.
    """

    draws: int
    block_seconds: tuple[float, ...]
    fit_rows: int
    all_rows: int

    def race(self, draws: int, folds: int, epochs: int) -> float:
        """Seconds for some draws of each arm in every split."""
        blocks, fit_rows = -(-draws // self.draws), self.all_rows * (1 - 1 / folds)
        return blocks * folds * epochs * sum(self.block_seconds) * fit_rows / self.fit_rows

    def after_the_race(self, epochs: int) -> float:
        """Seconds for two bags on all development rows, and for everything else that follows the race."""
        blocks = 2 * max(defaults.BAG_DRAWS, -(-defaults.BAG // (2 * self.draws)))
        return LAST_SECONDS + blocks * epochs * max(self.block_seconds) * self.all_rows / self.fit_rows

    def plan(self, seconds: float) -> tuple[Plan, float]:
        """What so many seconds pay for, and how many of them are the race's."""
        draws = -(-defaults.FEWEST_DRAWS // self.draws) * self.draws  # full blocks

        def cost(folds: int, epochs: int) -> float:
            return self.race(draws, folds, epochs) + self.after_the_race(epochs)

        plan = plan_seconds(seconds, cost, draws)
        return plan, seconds - self.after_the_race(plan.epochs)


def measure(laboratory: Laboratory, rows: Rows) -> Pace:
    """Train every program for a moment."""
    return Pace(
        laboratory.draws_in_a_block,
        tuple(SAFETY * _block_seconds(trainer, rows) for trainer in laboratory.trainers),
        fit_rows=len(rows.fit),
        all_rows=len(rows.x),
    )


def _block_seconds(trainer: Trainer, rows: Rows) -> float:
    """Seconds an epoch, a block: measured at the second call of the program, when everything is warm.

    With a block on every device. A device alone is faster, since others leave it their cores; so blocks count, and
    not how many there are at a time.
    """
    networks, devices = trainer.shape.networks, len(trainer.devices)
    members = tuple(Member(id=index, seed=(index,), hyper=Hyperparameters()) for index in range(networks))
    told: list[tuple[float, int]] = []

    def watch(done: int) -> bool:
        told.append((time.monotonic(), done))
        return len(told) < 2

    list(trainer.train([Block(members, rows, (0,), 2 * trainer.shape.epochs)] * devices, on_epochs=watch))
    (warm, _), (end, done) = told
    return (end - warm) / (done / networks)
