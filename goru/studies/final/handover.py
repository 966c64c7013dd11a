"""What is handed over: the recommended draws, trained again on all development rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import jax
import numpy as np

from goru.data.splitting import Split
from goru.errors import InputError, option
from goru.experiment.candidates import Candidate
from goru.model.networks import Networks, softmax
from goru.model.weights import named
from goru.nn.architecture import Hyperparameters
from goru.nn.fold import fold
from goru.nn.layers.layer import Learned
from goru.nn.network import Layers
from goru.population.immediate.learner import stacked
from goru.population.member import Block, Member
from goru.population.settle import Settled
from goru.population.trained import TrainedBlock
from goru.studies.design import ARMS
from goru.studies.laboratory import Laboratory

_MASKS, _WEIGHTS, _ORDER = 4, 5, 6  # what seeds are for: their second number; the race's own are 1 to 3

MOST_ROWS_LEFT_OUT = 0.02  # a share; of those by which batch norm's statistics are estimated, in held-out predictions


@dataclass(frozen=True, eq=False)
class Bag:
    """Networks trained on the same rows, to be averaged; the first one is the best candidate's.

    - `candidates`: one a network.
    - `settled`: one a block, in the same order.
    - `layers`: of the networks of each block.
    - `stages`: the first network that did not diverge, with a first axis, by epoch: before training, half way, and at
      the end; empty if that was not asked for, or if the whole first block diverged.
    """

    candidates: tuple[Candidate, ...]
    settled: tuple[Settled, ...]
    layers: tuple[Layers, ...]
    stages: Mapping[int, Learned] = field(default_factory=dict)

    @property
    def trained_layers(self) -> list[Layers]:
        """Of every network, as it was trained."""
        return [own for own, settled in zip(self.layers, self.settled, strict=True) for _ in range(settled.networks)]

    @property
    def networks(self) -> Networks:
        """The networks, folded."""
        blocks = [fold(layers, *settled) for layers, settled in zip(self.layers, self.settled, strict=True)]
        return Networks(blocks[0][0], stacked([learned for _, learned in blocks]))

    def flat(self, networks: int | None = None) -> dict[str, np.ndarray]:
        """The networks as they were trained, an array a name: `3.1.scale` is γ of network 3's layer 1.

        **Arguments:**

        - `networks`: only so many, from the first on.
        """
        arrays: dict[str, np.ndarray] = {}
        index = 0
        for settled in self.settled:
            of_block = named(settled.learned) | named(settled.statistics)
            for network in range(settled.networks):
                if networks is None or index < networks:
                    arrays |= {f"{index}.{name}": leaf[network] for name, leaf in of_block.items()}
                index += 1
        return arrays


Late = Callable[[], bool]


def train_bag(
    laboratory: Laboratory, shares: Mapping[Candidate, int], schedule_epochs: int, late: Late | None = None
) -> Bag:
    """Train candidates on all development rows, each for its own number of epochs, with several seeds each.

    **Arguments:**

    - `shares`: how many networks of each candidate.
    - `schedule_epochs`: the length of the learning rate's schedule in the race; the candidates were stopped in it.
    - `late`: whether the ensemble shall do with the networks that it has, once it has some.

    **Returns:** the networks that did not diverge.

    **Raises:** `InputError` if all did.
    """
    n = len(laboratory.dataset.y_development)
    (bag,) = _train(laboratory, shares, [Split(np.arange(n), np.empty(0, int))], schedule_epochs, False, late)
    return _without_diverged(bag)


def predict_held_out(
    laboratory: Laboratory,
    shares: Mapping[Candidate, int],
    splits: Sequence[Split],
    schedule_epochs: int,
    late: Late | None = None,
) -> np.ndarray:
    """Train candidates on the training rows of every split, and predict its validation rows.

    **Arguments:**

    - `late`: whether nothing is to be predicted any more, unless everything has been trained.

    **Returns:** `(networks, rows, classes)` probabilities, or `(networks, rows)` values in the target's own units, the
    candidates in the order given, those that diverged too; NaN for a row that no split scores, and for all rows where
    it was too late.
    """
    dataset = laboratory.dataset
    classes = dataset.classes
    rows = len(dataset.y_development)
    found = np.full((sum(shares.values()), rows, *([] if classes is None else [len(classes)])), np.nan)
    bags = _train(laboratory, shares, splits, schedule_epochs, True, late)
    for split, bag in zip(splits if bags else (), bags, strict=True):
        preparation, scaling = laboratory.fit_preparation(split.fit_rows)
        x = preparation.transform(dataset.encoded_development.take(split.score_rows))
        outputs = bag.networks.outputs(x)
        found[:, split.score_rows] = softmax(outputs) if scaling is None else scaling.inverse(outputs[..., 0])
    return found


def _train(
    laboratory: Laboratory,
    shares: Mapping[Candidate, int],
    splits: Sequence[Split],
    schedule_epochs: int,
    held_out: bool,
    late: Late | None = None,
) -> list[Bag]:
    """An ensemble for every split: where it gets too late, of the networks that are trained by then, if they are "
    "not those
    that predict validation rows; of these there are none."""
    seed, width = laboratory.seed, laboratory.shape.networks
    rows = [laboratory.rows(split) for split in splits]
    blocks: list[Block] = []
    places: list[tuple[int, Candidate]] = []
    for place in range(len(splits)):
        of = (place + 1,) if held_out else ()  # networks of different splits have different seeds
        for candidate, share in shares.items():
            words = (ARMS.index(candidate.arm), candidate.draw)
            members = [
                Member(
                    id=int(np.random.SeedSequence((seed, _MASKS, *words, replicate, *of)).generate_state(1)[0]),
                    seed=(seed, _WEIGHTS, replicate, *of),
                    hyper=Hyperparameters(**candidate.values),
                )
                for replicate in range(share)
            ]
            for start in range(0, share, width):
                part = tuple(members[start : start + width])
                order = (seed, _ORDER, start, *of)
                epochs = candidate.epochs
                watched = () if held_out or blocks else tuple(sorted({0, epochs // 2, epochs}))
                blocks.append(Block(part, rows[place], order, epochs, schedule_epochs, snapshots=watched))
                places.append((place, candidate))
    trainers = [laboratory.trainer(candidate.arm) for _, candidate in places]
    jobs = list(zip(trainers, blocks, strict=True))
    trained: dict[int, TrainedBlock] = {}

    def going_on(_: int) -> bool:
        return late is None or not (trained or held_out) or not late()

    for index, block in laboratory.train(jobs, keep_networks=True, on_epochs=going_on):
        trained[index] = block
    if not jobs or (held_out and len(trained) < len(jobs)):
        return []
    bags = []
    # Splits of nearly one size share a program, which is compiled for a number of rows.
    sizes = [len(split.fit_rows) for split in splits]
    smallest = min(sizes) if max(sizes) - min(sizes) <= MOST_ROWS_LEFT_OUT * max(sizes) else None
    for place in range(len(splits)):
        own = [index for index, (other, _) in enumerate(places) if other == place and index in trained]
        settled = [laboratory.trainer(places[index][1].arm).settle(trained[index], smallest) for index in own]
        candidates = [places[index][1] for index in own for _ in blocks[index].members]
        stages = {epoch: kept.learned for epoch, kept in trained[own[0]].snapshots.items()}
        layers = tuple(laboratory.trainer(places[index][1].arm).architecture.layers for index in own)
        bags.append(Bag(tuple(candidates), tuple(settled), layers, stages))
    return bags


def _without_diverged(bag: Bag) -> Bag:
    """The networks of an ensemble that did not diverge."""
    well = bag.networks.finite
    if not well.any():
        raise InputError(
            "all networks of the recommended configurations diverged on all rows. "
            f"Fit again with another {option('seed')}."
        )
    settled, layers, start = [], [], 0
    for block, own in zip(bag.settled, bag.layers, strict=True):
        end = start + block.networks
        if (chosen := well[start:end]).any():
            settled.append(jax.tree.map(lambda leaf: leaf[chosen], block))
            layers.append(own)
        start = end
    candidates = tuple(candidate for candidate, good in zip(bag.candidates, well, strict=True) if good)
    first = well[: bag.settled[0].networks]
    one = slice(int(first.argmax()), int(first.argmax()) + 1)
    stages = {epoch: jax.tree.map(lambda leaf: leaf[one], network) for epoch, network in bag.stages.items()}
    return Bag(candidates, tuple(settled), tuple(layers), stages if first.any() else {})
