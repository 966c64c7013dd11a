"""Small tables, a laboratory and a race whose programs only pretend to train, and trials made by hand."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

from goru.data.splitting import Split
from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, Rows
from goru.population.trained import TrainedBlock
from goru.study.design import ARMS, PLAIN, Arm
from goru.study.laboratory import Laboratory
from goru.study.options import Options
from goru.study.plan import Plan
from goru.study.race import Race, trial_id
from goru.study.record import Record
from goru.study.trial import Losses, Trial, losses
from goru.study.watcher import Progress

EPOCHS = 4
PARTS = 4
HELD_OUT_FEATURES = {"numeric": 1e6, "indicators": 1.0, "codes": 0}
TINY = Options(networks=36, hidden=(8,), batch_size=8, epochs=12)
TWICE = Plan(draws=4, partitions=2, folds=3, epochs=EPOCHS)
ONCE = Plan(draws=4, partitions=1, folds=3, epochs=EPOCHS)


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


def with_other_held_out(dataset, rows, features=True, targets=True):
    """The data set with everything that held-out rows say changed."""
    encoded, y = dataset.encoded_development, dataset.y_development.copy()
    changed = {}
    for name, value in HELD_OUT_FEATURES.items():
        changed[name] = getattr(encoded, name).copy()
        changed[name][rows] = value
    if targets:
        y[rows] = 0 if dataset.classes is not None else 1e9
    encoded = replace(encoded, **changed) if features else encoded
    return replace(dataset, encoded_development=encoded, y_development=y)


def even_parts(losses: object, parts: int = PARTS) -> np.ndarray:
    """Losses `(...)` taken apart, `(..., parts)`: every part adds as much."""
    losses = np.asarray(losses)
    return np.repeat(losses[..., None] / parts, parts, axis=-1)


def make_trial(
    arm: Arm = PLAIN,
    draw: int = 0,
    split: int = 0,
    curves: object = None,
    ended: str = "finished",
    parts: object = None,
    **hyper: float,
) -> Trial:
    """A trial with everything that is not given made up. `curves` may be the losses on score rows alone.

    By default every part of the rows adds as much to the loss on them.
    """
    if curves is None:
        curves = np.random.default_rng((draw, split)).random((EPOCHS, 2, 2))
    curves = np.asarray(curves, np.float32)
    if curves.ndim == 1:
        curves = np.stack([curves / 2, curves], axis=1)[:, :, None]
    parts = np.asarray(even_parts(curves[:, 1, 0]) if parts is None else parts, np.float32)
    return Trial(arm, draw, split, Hyperparameters(**hyper), 17 + draw, (0, 2, split, 0), curves, parts, ended)


def even_shares(splits: int, parts: int = PARTS) -> np.ndarray:
    """Of as many score rows in every part, `(splits, parts)`."""
    return np.full((splits, parts), 1 / parts)


def losses_of(trials: Sequence[Trial]) -> dict[Arm, Losses]:
    """The losses of trials whose parts are of one size."""
    splits = 1 + max(trial.split for trial in trials)
    return losses(trials, even_shares(splits, trials[0].parts.shape[1]))


def make_losses(score: object, fit: object = None, parts: object = None, shares: object = None) -> Losses:
    """The losses of an arm, `(draws, splits, epochs)`; on fit rows half as high, and alike in all parts, by default."""
    score = np.asarray(score, np.float64)
    parts = even_parts(score) if parts is None else np.asarray(parts, np.float64)
    return Losses(
        score=score,
        fit=score / 2 if fit is None else np.asarray(fit, np.float64),
        parts=parts,
        shares=even_shares(score.shape[1], parts.shape[-1]) if shares is None else np.asarray(shares, np.float64),
    )


@dataclass
class Clock:
    """A clock that stands still unless somebody moves it."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.now / 2


@dataclass
class FakeTrainer:
    """Trains nothing: its curves are what `curves` says of a member, and a block takes `seconds`."""

    clock: Clock
    seconds: float
    curves: Callable[[Member], np.ndarray]
    blocks: list[Block] = field(default_factory=list)

    def train(self, blocks: Sequence[Block], keep_networks: bool = False, on_epochs=None) -> Iterator[TrainedBlock]:
        for block in blocks:
            self.blocks.append(block)
            self.clock.now += self.seconds
            if on_epochs is not None and not on_epochs(len(block.members) * block.epochs):
                return
            curves = np.stack([self.curves(member) for member in block.members])
            yield TrainedBlock(block, curves, even_parts(curves[:, :, 1, 0]), None)


class FakeLaboratory:
    """Six programs, as a laboratory has them; blocks of four networks.

    Of its 30 rows every fold scores as many, in each of the partitions others.
    """

    def __init__(
        self,
        seed: int = 0,
        seconds: float = 1.0,
        curves: Callable[[Member], np.ndarray] | None = None,
        folds: int = 3,
        partitions: int = 2,
    ):
        self.seed, self.clock, self.crew, self.interpreted = seed, Clock(), None, False
        self.shape = SimpleNamespace(networks=4, batch=4)
        self.draws_in_a_block, self.blocks_at_once = 2, 1
        curves = curves or (lambda member: np.full((EPOCHS, 2, 2), 0.5, np.float32))
        places = [(batch_norm, dropout) for batch_norm in (None, "before", "after") for dropout in (False, True)]
        self._trainers = {place: FakeTrainer(self.clock, seconds, curves) for place in places}
        orders = [np.random.default_rng(partition).permutation(30) for partition in range(partitions)]
        self.partitions = [
            [Split(np.setdiff1d(order, rows), np.sort(rows)) for rows in np.split(order, folds)] for order in orders
        ]

    @property
    def trainers(self):
        return self._trainers.values()

    def trainer(self, arm: Arm) -> FakeTrainer:
        return self._trainers[arm.batch_norm, arm.dropout]

    train = Laboratory.train

    def rows(self, split: Split) -> Rows:
        x, y = np.zeros((30, 2), np.float32), np.zeros(30, np.int32)
        return Rows(x, y, split.fit_rows, split.fit_rows[:2], split.score_rows)

    def shares(self, splits: Sequence[Split]) -> np.ndarray:
        return even_shares(len(splits))

    def steps(self, epochs: int, fit_rows: int) -> int:
        return epochs * fit_rows // self.shape.batch

    @property
    def blocks(self) -> list[Block]:
        """All that was trained."""
        return [block for trainer in self.trainers for block in trainer.blocks]

    def split_of(self, block: Block) -> int:
        """The number of the split that a block was trained in, counted over the partitions."""
        splits = [split for partition in self.partitions for split in partition]
        return [np.array_equal(split.score_rows, block.rows.score) for split in splits].index(True)


class Notebook:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.told: list[Progress] = []

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def progress(self, progress: Progress) -> None:
        self.told.append(progress)


def key(trial):
    return trial.arm, trial.draw, trial.split


def keys(trials) -> list:
    return sorted(map(key, trials), key=str)


def grid(draws, splits, arms=ARMS) -> list[tuple[Arm, int, int]]:
    return sorted(itertools.product(arms, draws, splits), key=str)


def constant(loss) -> np.ndarray:
    return np.full((EPOCHS, 2, 2), loss, np.float32)


def places(draws: int = 32, splits: int = 6) -> dict[int, tuple[Arm, int, int]]:
    """Which trial an id is of."""
    return {trial_id(0, *place): place for place in itertools.product(ARMS, range(draws), range(splits))}


class PretendedRace:
    """A race whose programs only pretend to train."""

    def __init__(
        self, monkeypatch, plan=TWICE, arms=ARMS, safety=1.0, grace=0.0, search=False, record=None, **laboratory
    ):
        self.laboratory = FakeLaboratory(**laboratory)
        self.clock = self.laboratory.clock
        self.record, self.notebook = record or Record(), Notebook()
        monkeypatch.setattr("goru.study.race.time", self.clock)
        monkeypatch.setattr("goru.study.race.SAFETY", safety)
        monkeypatch.setattr("goru.study.race.GRACE", grace)
        self.race = Race(self.laboratory, self.laboratory.partitions, plan, self.record, self.notebook, search, arms)

    def run(self, seconds: float | None = None, reserve: float = 0.0) -> "PretendedRace":
        self.race.run(None if seconds is None else self.clock.now + seconds, reserve)
        return self

    @property
    def kept(self) -> list[Trial]:
        """The trials that the record has been given."""
        return self.record.trials

    def second(self, arm: Arm) -> set[int]:
        """The draws of an arm that were trained in the second partition, and in all after it."""
        return {trial.draw for trial in self.race.trials if trial.arm == arm and trial.split >= 3}
