"""Small tables, a laboratory whose programs only pretend to train, and trials made by hand."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import experiments
import numpy as np
import pandas as pd
from experiments import (  # noqa: F401  # what trials and races have in common, whatever is trained
    EPOCHS,
    ONCE,
    PARTS,
    TWICE,
    Clock,
    Notebook,
    constant,
    even_parts,
    even_shares,
    grid,
    key,
    keys,
    losses_of,
    make_losses,
)

from goru.data.splitting import Split
from goru.experiment.arms import Arm
from goru.experiment.racing.race import trial_id
from goru.experiment.trial import Trial
from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, PreparedRows
from goru.population.trained import TrainedBlock
from goru.studies.asked.design import ARMS, PLAIN
from goru.studies.asked.options import Options
from goru.studies.laboratory import NetworkLaboratory

VALIDATION_FEATURES = {"numeric": 1e6, "indicators": 1.0, "codes": 0}
TINY = Options(networks=36, hidden=(8,), batch_size=8, epochs=12)


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


def with_other_validation(dataset, rows, features=True, targets=True):
    """The data set with everything that validation rows say changed."""
    encoded, y = dataset.encoded_development, dataset.y_development.copy()
    changed = {}
    for name, value in VALIDATION_FEATURES.items():
        changed[name] = getattr(encoded, name).copy()
        changed[name][rows] = value
    if targets:
        y[rows] = 0 if dataset.classes is not None else 1e9
    encoded = replace(encoded, **changed) if features else encoded
    return replace(dataset, encoded_development=encoded, y_development=y)


def make_trial(
    arm: Arm = PLAIN, configuration: int = 0, split: int = 0, curves: object = None, **given: object
) -> Trial:
    """As `experiments.make_trial`, with the values that a network has."""
    fields = ("ended", "parts", "seconds", "output")
    of_trial = {name: given.pop(name) for name in fields if name in given}
    values = Hyperparameters(**given)._asdict()
    return experiments.make_trial(arm, configuration, split, curves, values=values, **of_trial)


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
        self.shape, self.arms = SimpleNamespace(networks=4, batch=4), ARMS
        self.dataset = SimpleNamespace(y_development=np.zeros(30, np.int32))
        self.configurations_at_once, self.splits_at_once = 2, 1
        self.blocks_of_a_split = self.blocks_at_once = 1
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
        return self._trainers[arm["batch_norm"], arm["dropout"]]

    train = NetworkLaboratory.train

    def rows(self, split: Split) -> PreparedRows:
        x, y = np.zeros((30, 2), np.float32), np.zeros(30, np.int32)
        return PreparedRows(x, y, split.training_rows, split.training_rows[:2], split.validation_rows)

    def first_rows(self, count: int) -> PreparedRows:
        rows = np.arange(count)
        return PreparedRows(np.zeros((count, 2), np.float32), np.zeros(count, np.int32), rows, rows[:1], rows[:0])

    def shares(self, splits: Sequence[Split]) -> np.ndarray:
        return even_shares(len(splits))

    def steps(self, epochs: int, training_rows: int) -> int:
        return epochs * training_rows // self.shape.batch

    @property
    def blocks(self) -> list[Block]:
        """All that was trained."""
        return [block for trainer in self.trainers for block in trainer.blocks]

    def split_of(self, block: Block) -> int:
        """The number of the split that a block was trained in, counted over the partitions."""
        splits = [split for partition in self.partitions for split in partition]
        return [np.array_equal(split.validation_rows, block.rows.validation) for split in splits].index(True)


def places(configurations: int = 32, splits: int = 6) -> dict[int, tuple[Arm, int, int]]:
    """Which trial an id is of."""
    found = itertools.product(enumerate(ARMS), range(configurations), range(splits))
    return {
        trial_id(0, number, configuration, split): (arm, configuration, split)
        for (number, arm), configuration, split in found
    }
