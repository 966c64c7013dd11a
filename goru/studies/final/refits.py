"""The final model: the recommended configurations, trained again on all development rows."""

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
from goru.population.final_networks import FinalNetworks
from goru.population.immediate.learner import stacked
from goru.population.member import Block, Member
from goru.population.trained import TrainedBlock
from goru.studies.design import ARMS
from goru.studies.laboratory import NetworkLaboratory

_MASKS, _WEIGHTS, _ORDER = 4, 5, 6  # what seeds are for: their second number; the race's own are 1 to 3

MOST_ROWS_LEFT_OUT = 0.02  # a share; of those by which batch norm's statistics are estimated, in validation predictions


@dataclass(frozen=True, eq=False)
class TrainedEnsemble:
    """Networks trained on the same rows, to be averaged; the first one is the best candidate's.

    - `candidates`: one a network.
    - `blocks`: the networks, a block each, in the same order.
    - `layers`: of the networks of each block.
    - `stages`: the first network that did not diverge, with a first axis, by epoch: before training, half way, and at
      the end; empty if that was not asked for, or if the whole first block diverged.
    """

    candidates: tuple[Candidate, ...]
    blocks: tuple[FinalNetworks, ...]
    layers: tuple[Layers, ...]
    stages: Mapping[int, Learned] = field(default_factory=dict)

    @property
    def trained_layers(self) -> list[Layers]:
        """Of every network, as it was trained."""
        return [layers for layers, block in zip(self.layers, self.blocks, strict=True) for _ in range(block.networks)]

    @property
    def networks(self) -> Networks:
        """The networks, folded."""
        folded = [fold(layers, *block) for layers, block in zip(self.layers, self.blocks, strict=True)]
        return Networks(folded[0][0], stacked([learned for _, learned in folded]))

    def flat(self, networks: int | None = None) -> dict[str, np.ndarray]:
        """The networks as they were trained, an array a name: `3.1.scale` is γ of network 3's layer 1.

        **Arguments:**

        - `networks`: only so many, from the first on.
        """
        arrays: dict[str, np.ndarray] = {}
        index = 0
        for block in self.blocks:
            of_block = named(block.learned) | named(block.statistics)
            for network in range(block.networks):
                if networks is None or index < networks:
                    arrays |= {f"{index}.{name}": leaf[network] for name, leaf in of_block.items()}
                index += 1
        return arrays


Late = Callable[[], bool]


def train_ensemble(
    laboratory: NetworkLaboratory, shares: Mapping[Candidate, int], schedule_epochs: int, late: Late | None = None
) -> TrainedEnsemble:
    """Train candidates on all development rows, each for its own number of epochs, with several seeds each.

    **Arguments:**

    - `shares`: how many networks of each candidate.
    - `schedule_epochs`: the length of the learning rate's schedule in the race; the candidates were stopped in it.
    - `late`: whether the ensemble shall do with the networks that it has, once it has some.

    **Returns:** the networks that did not diverge.

    **Raises:** `InputError` if all did.
    """
    n = len(laboratory.dataset.y_development)
    (ensemble,) = _train(laboratory, shares, [Split(np.arange(n), np.empty(0, int))], schedule_epochs, False, late)
    return _without_diverged(ensemble)


def predict_validation(
    laboratory: NetworkLaboratory,
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
    predicted = np.full((sum(shares.values()), rows, *([] if classes is None else [len(classes)])), np.nan)
    ensembles = _train(laboratory, shares, splits, schedule_epochs, True, late)
    for split, ensemble in zip(splits if ensembles else (), ensembles, strict=True):
        preparation, scaling = laboratory.fit_preparation(split.training_rows)
        x = preparation.transform(dataset.encoded_development.take(split.validation_rows))
        outputs = ensemble.networks.outputs(x)
        predicted[:, split.validation_rows] = softmax(outputs) if scaling is None else scaling.inverse(outputs[..., 0])
    return predicted


def _train(
    laboratory: NetworkLaboratory,
    shares: Mapping[Candidate, int],
    splits: Sequence[Split],
    schedule_epochs: int,
    validation: bool,
    late: Late | None = None,
) -> list[TrainedEnsemble]:
    """An ensemble for every split. Where it gets too late, it is of the networks that are trained by then; of those
    that predict validation rows there are none then."""
    seed, width = laboratory.seed, laboratory.shape.networks
    rows = [laboratory.rows(split) for split in splits]
    blocks: list[Block] = []
    places: list[tuple[int, Candidate]] = []
    for place in range(len(splits)):
        of = (place + 1,) if validation else ()  # networks of different splits have different seeds
        for candidate, share in shares.items():
            words = (ARMS.index(candidate.arm), candidate.configuration)
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
                watched = () if validation or blocks else tuple(sorted({0, epochs // 2, epochs}))
                blocks.append(Block(part, rows[place], order, epochs, schedule_epochs, snapshots=watched))
                places.append((place, candidate))
    trainers = [laboratory.trainer(candidate.arm) for _, candidate in places]
    jobs = list(zip(trainers, blocks, strict=True))
    trained: dict[int, TrainedBlock] = {}

    def going_on(_: int) -> bool:
        return late is None or not (trained or validation) or not late()

    for index, block in laboratory.train(jobs, keep_networks=True, on_epochs=going_on):
        trained[index] = block
    if not jobs or (validation and len(trained) < len(jobs)):
        return []
    ensembles = []
    # Splits of nearly one size share a program, which is compiled for a number of rows.
    sizes = [len(split.training_rows) for split in splits]
    smallest = min(sizes) if max(sizes) - min(sizes) <= MOST_ROWS_LEFT_OUT * max(sizes) else None
    for place in range(len(splits)):
        indices = [index for index, (of_split, _) in enumerate(places) if of_split == place and index in trained]
        final = [trainers[index].with_exact_statistics(trained[index], smallest) for index in indices]
        candidates = [places[index][1] for index in indices for _ in blocks[index].members]
        stages = {epoch: kept.learned for epoch, kept in trained[indices[0]].snapshots.items()}
        layers = tuple(trainers[index].architecture.layers for index in indices)
        ensembles.append(TrainedEnsemble(tuple(candidates), tuple(final), layers, stages))
    return ensembles


def _without_diverged(ensemble: TrainedEnsemble) -> TrainedEnsemble:
    """The networks of an ensemble that did not diverge."""
    well = ensemble.networks.finite
    if not well.any():
        raise InputError(
            "all networks of the recommended configurations diverged on all rows. "
            f"Fit again with another {option('seed')}."
        )
    blocks, layers, start = [], [], 0
    for block, layers_of_block in zip(ensemble.blocks, ensemble.layers, strict=True):
        end = start + block.networks
        if (chosen := well[start:end]).any():
            blocks.append(jax.tree.map(lambda leaf: leaf[chosen], block))
            layers.append(layers_of_block)
        start = end
    candidates = tuple(candidate for candidate, good in zip(ensemble.candidates, well, strict=True) if good)
    first = well[: ensemble.blocks[0].networks]
    one = slice(int(first.argmax()), int(first.argmax()) + 1)
    stages = {epoch: jax.tree.map(lambda leaf: leaf[one], network) for epoch, network in ensemble.stages.items()}
    return TrainedEnsemble(candidates, tuple(blocks), tuple(layers), stages if first.any() else {})
