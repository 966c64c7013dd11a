"""What is handed over: the recommended draws, trained again on all development rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.model.model import Model
from goru.model.networks import PlainNetworks
from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member
from goru.population.settle import Settled, settle
from goru.population.trainer import TrainedBlock
from goru.study import defaults
from goru.study.design import ARMS, Arm
from goru.study.laboratory import Laboratory, fit_preparation

_MASKS, _WEIGHTS, _ORDER = 4, 5, 6  # what seeds are for: their second number; the race's own are 1 to 3


@dataclass(frozen=True)
class Candidate:
    """A draw at its best epoch, by its mean held-out loss over all splits."""

    arm: Arm
    draw: int
    hyper: Hyperparameters
    epochs: int
    loss: float


def rank(losses: dict[Arm, np.ndarray], drawn: dict[Arm, list[Hyperparameters]]) -> list[Candidate]:
    """All draws of the given arms, the best first. `losses` are `(draws, splits, epochs)`."""
    candidates = []
    for arm, arm_losses in losses.items():
        mean = arm_losses.mean(axis=1)
        for draw, epoch in enumerate(mean.argmin(axis=1)):
            loss = float(mean[draw, epoch])
            candidates.append(Candidate(arm, draw, drawn[arm][draw], int(epoch) + 1, loss))
    return sorted(candidates, key=lambda candidate: candidate.loss)


def shortlist(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that a bag is made of: the best one, and those that are nearly as good."""
    best = ranked[0].loss
    worst = best + defaults.BAG_TOLERANCE * abs(best)
    return [candidate for candidate in ranked[: defaults.BAG_DRAWS] if candidate.loss <= worst]


@dataclass(frozen=True, eq=False)
class Bag:
    """Networks trained on all development rows, to be averaged; the first one is the best candidate's."""

    candidates: tuple[Candidate, ...]  # one a network
    settled: tuple[Settled, ...]  # one a block, in the same order
    activation: str

    @property
    def networks(self) -> PlainNetworks:
        """The networks, with batch norm folded in."""
        layers = [settled.plain for settled in self.settled]
        return PlainNetworks(
            self.activation,
            tuple(np.concatenate([block[index].weight for block in layers]) for index in range(len(layers[0]))),
            tuple(np.concatenate([block[index].bias for block in layers]) for index in range(len(layers[0]))),
        )

    def flat(self) -> dict[str, np.ndarray]:
        """The networks as they were trained, an array a name: `3.network.hidden.0.batch_norm.scale` is a γ."""
        arrays: dict[str, np.ndarray] = {}
        index = 0
        for settled in self.settled:
            learned = {"network": settled.network, "statistics": settled.statistics}
            named = [
                (jax.tree_util.keystr(path, simple=True, separator="."), leaf)
                for path, leaf in jax.tree_util.tree_leaves_with_path(learned)
            ]
            for network in range(len(settled.network.output.bias)):
                arrays |= {f"{index}.{name}": leaf[network] for name, leaf in named}
                index += 1
        return arrays


def train_bag(laboratory: Laboratory, candidates: Sequence[Candidate], schedule_epochs: int, size: int) -> Bag:
    """Train the candidates on all development rows, each for its own number of epochs, with several seeds each.

    **Arguments:**

    - `schedule_epochs`: the length of the learning rate's schedule in the race; the candidates were stopped in it.
    - `size`: networks in the bag, shared out evenly, the first candidates getting what is left over.
    """
    dataset, seed = laboratory.dataset, laboratory.seed
    n = len(dataset.y_development)
    rows = laboratory.rows(Split(np.arange(n), np.empty(0, int)))
    shares = [size // len(candidates) + (index < size % len(candidates)) for index in range(len(candidates))]
    blocks: list[Block] = []
    arms: list[Candidate] = []
    for candidate, share in zip(candidates, shares, strict=True):
        words = (ARMS.index(candidate.arm), candidate.draw)
        members = [
            Member(
                id=int(np.random.SeedSequence((seed, _MASKS, *words, replicate)).generate_state(1)[0]),
                seed=(seed, _WEIGHTS, replicate),
                hyper=candidate.hyper,
            )
            for replicate in range(share)
        ]
        for start in range(0, share, laboratory.shape.networks):
            part = tuple(members[start : start + laboratory.shape.networks])
            blocks.append(Block(part, rows, (seed, _ORDER, start), candidate.epochs, schedule_epochs))
            arms.append(candidate)
    trained: dict[int, TrainedBlock] = {}
    for trainer in laboratory.trainers:
        own = [index for index, candidate in enumerate(arms) if laboratory.trainer(candidate.arm) is trainer]
        done = trainer.train([blocks[index] for index in own], keep_networks=True)
        trained.update(zip(own, done, strict=True))
    settled = [
        settle(trained[index], laboratory.trainer(candidate.arm).architecture) for index, candidate in enumerate(arms)
    ]
    return Bag(
        tuple(candidate for index, candidate in enumerate(arms) for _ in blocks[index].members),
        tuple(settled),
        laboratory.base.activation,
    )


def as_model(dataset: Dataset, bag: Bag) -> Model:
    """The bag as a model that predicts from a table."""
    preparation, scaling = fit_preparation(dataset, np.arange(len(dataset.y_development)))
    members = tuple(
        {"arm": candidate.arm.name, "epochs": candidate.epochs, **candidate.hyper._asdict()}
        for candidate in bag.candidates
    )
    return Model(dataset.target, dataset.schema, preparation, scaling, bag.networks, members)
