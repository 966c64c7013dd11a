"""Small tables, a laboratory whose programs only pretend to train, and trials made by hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd

from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, Rows
from goru.population.trainer import TrainedBlock
from goru.study.design import PLAIN, Arm
from goru.study.options import Options
from goru.study.trial import Trial
from goru.study.watcher import Progress

EPOCHS = 4
TINY = Options(networks=36, hidden=(8,), batch_size=8)


def make_flowers(rows: int = 90, seed: int = 0) -> pd.DataFrame:
    """Two numeric columns, one with missing values, a category, and three classes."""
    rng = np.random.default_rng(seed)
    length, width = rng.normal(size=(2, rows))
    colour = rng.choice(["red", "blue"], rows)
    score = length + width + np.where(colour == "red", 0.5, -0.5)
    return pd.DataFrame(
        {
            "length": 5 + length,
            "width": np.where(rng.random(rows) < 0.1, np.nan, 3 + 0.5 * width),
            "colour": colour,
            "kind": np.array(["rose", "lily", "iris"])[np.digitize(score, [-0.6, 0.6])],
        }
    )


def make_prices(rows: int = 90, seed: int = 0) -> pd.DataFrame:
    """Three numeric columns and a number far from zero that they explain."""
    rng = np.random.default_rng(seed)
    area, age, noise = rng.normal(size=(3, rows))
    price = 5000 + 800 * area - 300 * age + 50 * rng.normal(size=rows)
    return pd.DataFrame({"area": area, "age": age, "noise": noise, "price": price})


def make_trial(
    arm: Arm = PLAIN, draw: int = 0, split: int = 0, curves: object = None, ended: str = "finished", **hyper: float
) -> Trial:
    """A trial with everything that is not given made up. `curves` may be the losses on score rows alone."""
    if curves is None:
        curves = np.random.default_rng((draw, split)).random((EPOCHS, 2, 2))
    curves = np.asarray(curves, np.float32)
    if curves.ndim == 1:
        curves = np.stack([curves / 2, curves], axis=1)[:, :, None]
    return Trial(arm, draw, split, Hyperparameters(**hyper), 17 + draw, (0, 2, split, 0), curves, ended)


@dataclass
class Clock:
    """A clock that stands still unless somebody moves it."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class FakeTrainer:
    """Trains nothing: its curves are what `losses` says of a member, and a block takes `seconds`."""

    clock: Clock
    seconds: float
    losses: Callable[[Member], np.ndarray]
    blocks: list[Block] = field(default_factory=list)

    def train(self, blocks: Sequence[Block], keep_networks: bool = False, on_epochs=None) -> Iterator[TrainedBlock]:
        for block in blocks:
            self.blocks.append(block)
            self.clock.now += self.seconds
            if on_epochs is not None and not on_epochs(len(block.members) * block.epochs):
                return
            yield TrainedBlock(block, np.stack([self.losses(member) for member in block.members]), None)


class FakeLaboratory:
    """Six programs, as a laboratory has them; blocks of four networks."""

    def __init__(
        self,
        seed: int = 0,
        seconds: float = 1.0,
        losses: Callable[[Member], np.ndarray] | None = None,
        splits: int = 3,
    ):
        self.seed, self.clock = seed, Clock()
        self.shape = SimpleNamespace(networks=4, batch=4)
        self.draws_in_a_block = 2
        losses = losses or (lambda member: np.full((EPOCHS, 2, 2), 0.5, np.float32))
        places = [(batch_norm, dropout) for batch_norm in (None, "before", "after") for dropout in (False, True)]
        self._trainers = {place: FakeTrainer(self.clock, seconds, losses) for place in places}
        x, y, fit = np.zeros((12, 2), np.float32), np.zeros(12, np.int32), np.arange(10)
        self.rows = [Rows(x, y, fit, fit[:2], np.arange(10, 12)) for _ in range(splits)]

    @property
    def trainers(self):
        return self._trainers.values()

    def trainer(self, arm: Arm) -> FakeTrainer:
        return self._trainers[arm.batch_norm, arm.dropout]

    @property
    def blocks(self) -> list[Block]:
        """All that was trained."""
        return [block for trainer in self.trainers for block in trainer.blocks]


class Notebook:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.told: list[Progress] = []

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)
