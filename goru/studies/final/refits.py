"""The final model: the recommended configurations, refit on all training and validation rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter

import jax
import numpy as np

from goru.data.splitting import Split
from goru.errors import InputError, option
from goru.experiment.candidates import Candidate
from goru.model.networks import Networks, softmax
from goru.model.weights import named
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.fold import fold
from goru.nn.layers.batch_norm import corrected
from goru.nn.layers.layer import Learned
from goru.nn.network import Layers, init, running
from goru.population.final_networks import FinalNetworks
from goru.population.immediate.learner import stacked
from goru.population.member import Block, Member, PreparedRows
from goru.population.spec import AnyTrainer
from goru.population.trained import TrainedBlock
from goru.population.trainer import Trainer
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
        """The networks, folded, all of the same layers."""
        (networks,) = self._by_layers
        return networks

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """`(networks, rows, outputs)` for `x` of `(rows, inputs)`; networks of different layers too."""
        return np.concatenate([networks.outputs(x) for networks in self._by_layers])

    @property
    def finite(self) -> np.ndarray:
        """Which of the networks have finite numbers alone, `(networks,)`."""
        return np.concatenate([networks.finite for networks in self._by_layers])

    @cached_property
    def _by_layers(self) -> list[Networks]:
        """The networks, folded; neighbours of the same layers together."""
        folded = [fold(layers, *block) for layers, block in zip(self.layers, self.blocks, strict=True)]
        return [
            Networks(layers, stacked([learned for _, learned in neighbours]))
            for layers, neighbours in groupby(folded, key=itemgetter(0))
        ]

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


@lru_cache(maxsize=64)
def folded_layers(architecture: Architecture) -> Layers:
    """The layers that are left of a network when it is folded: those of one ensemble are the same."""
    hyper = Hyperparameters()
    learned = init(architecture.layers, np.random.default_rng(0), hyper)
    return fold(architecture.layers, learned, corrected(running(architecture.layers)), hyper)[0]


Late = Callable[[], bool]

#: Predictions of a split's validation rows, by candidate, replicate and the place of the split.
Kept = dict[tuple[Candidate, int, int], np.ndarray]


def train_ensemble(
    laboratory: NetworkLaboratory, shares: Mapping[Candidate, int], late: Late | None = None
) -> TrainedEnsemble:
    """Train candidates on all development rows, each for its own number of epochs, with several seeds each.

    **Arguments:**

    - `shares`: how many networks of each candidate.
    - `late`: whether the ensemble shall do with the networks that it has, once it has some.

    **Returns:** the networks that did not diverge.

    **Raises:** `InputError` if all did.
    """
    n = len(laboratory.dataset.y_development)
    split = Split(np.arange(n), np.empty(0, int))
    wanted = {candidate: range(share) for candidate, share in shares.items()}
    (ensemble,) = _train(laboratory, {0: wanted}, [split], False, late)
    return _without_diverged(ensemble)


def predict_validation(
    laboratory: NetworkLaboratory,
    shares: Mapping[Candidate, int],
    splits: Sequence[Split],
    late: Late | None = None,
    kept: Kept | None = None,
) -> np.ndarray:
    """Train candidates on the training rows of every split, and predict its validation rows.

    **Arguments:**

    - `late`: whether nothing is to be predicted any more, unless everything has been trained.
    - `kept`: what was predicted before, in the same splits or more of them: that is not trained again, and what is
      predicted now is added.

    **Returns:** `(networks, rows, classes)` probabilities, or `(networks, rows)` values in the target's own units, the
    candidates in the order given, those that diverged too; NaN for a row that no split scores, and for all rows where
    it was too late.
    """
    dataset = laboratory.dataset
    classes, kept = dataset.classes, {} if kept is None else kept
    networks = [(candidate, replicate) for candidate, share in shares.items() for replicate in range(share)]
    predicted = np.full(
        (len(networks), len(dataset.y_development), *([] if classes is None else [len(classes)])), np.nan
    )
    missing: dict[int, dict[Candidate, list[int]]] = {}
    for place in range(len(splits)):
        for candidate, replicate in networks:
            if (candidate, replicate, place) not in kept:
                missing.setdefault(place, {}).setdefault(candidate, []).append(replicate)
    ensembles = _train(laboratory, missing, splits, True, late)
    if missing and not ensembles:
        return predicted
    for (place, wanted), ensemble in zip(missing.items(), ensembles, strict=True):
        preparation, scaling = laboratory.fit_preparation(splits[place].training_rows)
        x = preparation.transform(dataset.encoded_development.take(splits[place].validation_rows))
        outputs = ensemble.outputs(x)
        values = softmax(outputs) if scaling is None else scaling.inverse(outputs[..., 0])
        trained = [(candidate, replicate) for candidate, some in wanted.items() for replicate in some]
        kept |= {(*network, place): of_network for network, of_network in zip(trained, values, strict=True)}
    for of_network, network in zip(predicted, networks, strict=True):
        for place, split in enumerate(splits):
            of_network[split.validation_rows] = kept[*network, place]
    return predicted


def unscaled(learned: Learned, scales: np.ndarray) -> Learned:
    """What networks have learned of scaled features, as of features that are not: their first weights are scaled."""
    if (scales == 1).all():
        return learned
    layers = list(learned)
    first = next(place for place, layer in enumerate(layers) if hasattr(layer, "weight"))
    layers[first] = layers[first]._replace(weight=layers[first].weight * scales)
    return tuple(layers)


def jobs_of(
    laboratory: NetworkLaboratory, candidates: Sequence[Candidate], rows: PreparedRows
) -> list[tuple[AnyTrainer, Block]]:
    """Blocks of one network of each candidate, in their order, each with its program: the networks that predict the
    validation rows of a partition's first split."""
    parts = [part for candidate in candidates for part in _parts(laboratory, 0, candidate, range(1), rows, True, [])]
    packed = _packed(parts, laboratory.shape.networks)
    return [(parts[together[0]].trainer, _joined([parts[index].block for index in together])) for together in packed]


@dataclass(frozen=True, eq=False)
class _Part:
    """Networks of one candidate, as a block of their own would train them."""

    place: int
    candidate: Candidate
    trainer: AnyTrainer
    block: Block

    def shares(self, another: "_Part") -> bool:
        """Whether one block trains both: the one that stops sooner is looked at then, which changes none of its bits.

        Where nothing is compiled, networks take no time but their own, and gain nothing.
        """
        blocks = self.block, another.block
        alike = (self.trainer, self.place) == (another.trainer, another.place)
        alike = alike and len({(block.order, block.schedule_epochs) for block in blocks}) == 1
        return alike and isinstance(self.trainer, Trainer)

    def of(self, trained: TrainedBlock, start: int) -> TrainedBlock:
        """Its own networks, of a block in which they stand from `start` on."""
        places, epochs = slice(start, start + len(self.block.members)), self.block.epochs
        after = trained.training if epochs == trained.block.epochs else trained.snapshots[epochs]
        return TrainedBlock(
            self.block,
            trained.curves[places, :epochs],
            trained.parts[places, :epochs],
            jax.tree.map(lambda leaf: leaf[places], after),
            {
                epoch: jax.tree.map(lambda leaf: leaf[places], trained.snapshots[epoch])
                for epoch in self.block.snapshots
            },
        )


def _train(
    laboratory: NetworkLaboratory,
    wanted: Mapping[int, Mapping[Candidate, Sequence[int]]],
    splits: Sequence[Split],
    validation: bool,
    late: Late | None = None,
) -> list[TrainedEnsemble]:
    """An ensemble for every split of which something is wanted: where it gets too late, of the networks that are
    trained by then, if they are not those that predict validation rows; of these there are none.

    **Arguments:**

    - `wanted`: by the place of a split, which replicates of each candidate.
    """
    rows = {place: laboratory.rows(splits[place]) for place in wanted}
    parts: list[_Part] = []
    for place, of_split in wanted.items():
        for candidate, replicates in of_split.items():
            parts += _parts(laboratory, place, candidate, replicates, rows[place], validation, parts)
    # The final model is trained part by part, so that the best candidate's networks are there first.
    packed = _packed(parts, laboratory.shape.networks if validation else 0)
    jobs = [(parts[together[0]].trainer, _joined([parts[index].block for index in together])) for together in packed]
    trained: dict[int, TrainedBlock] = {}

    def going_on(_: int) -> bool:
        return late is None or not (trained or validation) or not late()

    for job, block in laboratory.train(jobs, keep_networks=True, on_epochs=going_on):
        start = 0
        for index in packed[job]:
            trained[index] = parts[index].of(block, start)
            start += len(parts[index].block.members)
    if not jobs or (validation and len(trained) < len(parts)):
        return []
    ensembles = []
    # Splits of nearly one size share a program, which is compiled for a number of rows.
    sizes = [len(split.training_rows) for split in splits]
    smallest = min(sizes) if max(sizes) - min(sizes) <= MOST_ROWS_LEFT_OUT * max(sizes) else None
    for place in wanted:
        indices = [index for index, part in enumerate(parts) if part.place == place and index in trained]
        exact = [parts[index].trainer.with_exact_statistics(trained[index], smallest) for index in indices]
        final = [block._replace(learned=unscaled(block.learned, laboratory.scales)) for block in exact]
        candidates = [parts[index].candidate for index in indices for _ in parts[index].block.members]
        stages = {
            epoch: unscaled(kept.watched.learned, laboratory.scales)
            for epoch, kept in trained[indices[0]].snapshots.items()
        }
        layers = tuple(parts[index].trainer.architecture.layers for index in indices)
        ensembles.append(TrainedEnsemble(tuple(candidates), tuple(final), layers, stages))
    return ensembles


def _parts(
    laboratory: NetworkLaboratory,
    place: int,
    candidate: Candidate,
    replicates: Sequence[int],
    rows: PreparedRows,
    validation: bool,
    before: Sequence[_Part],
) -> list[_Part]:
    """Replicates of a candidate, those of a block together: they see mini-batches in one order."""
    seed, width, epochs = laboratory.seed, laboratory.shape.networks, candidate.epochs
    of = (place + 1,) if validation else ()  # networks of different splits have different seeds
    words = (laboratory.arms.index(candidate.arm), candidate.configuration)
    parts: list[_Part] = []
    for start in range(0, max(replicates) + 1, width):
        members = tuple(
            Member(
                id=int(np.random.SeedSequence((seed, _MASKS, *words, replicate, *of)).generate_state(1)[0]),
                seed=(seed, _WEIGHTS, replicate, *of),
                hyper=Hyperparameters(**candidate.values),
            )
            for replicate in replicates
            if start <= replicate < start + width
        )
        if members:
            watched = () if validation or before or parts else tuple(sorted({0, epochs // 2, epochs}))
            block = Block(members, rows, (seed, _ORDER, start, *of), epochs, candidate.schedule, snapshots=watched)
            parts.append(_Part(place, candidate, laboratory.trainer(candidate.arm), block))
    return parts


def _packed(parts: Sequence[_Part], width: int) -> list[list[int]]:
    """Which parts share a block, each in the first one that has room."""
    packed: list[list[int]] = []
    room: list[int] = []
    for index, part in enumerate(parts):
        members = len(part.block.members)
        fits = (
            number
            for number, together in enumerate(packed)
            if members <= room[number] and part.shares(parts[together[0]])
        )
        if (number := next(fits, None)) is None:
            packed.append([index])
            room.append(width - members)
        else:
            packed[number].append(index)
            room[number] -= members
    return packed


def _joined(blocks: Sequence[Block]) -> Block:
    """One block of all their networks, as long as the longest."""
    if len(blocks) == 1:
        return blocks[0]
    epochs = max(block.epochs for block in blocks)
    stops = {block.epochs for block in blocks} - {epochs}
    members = tuple(member for block in blocks for member in block.members)
    return replace(blocks[0], members=members, epochs=epochs, snapshots=tuple(sorted(stops)))


def _without_diverged(ensemble: TrainedEnsemble) -> TrainedEnsemble:
    """The networks of an ensemble that did not diverge."""
    well = ensemble.finite
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
