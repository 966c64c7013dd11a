"""A data set cut into splits, and the compiled programs that train networks on it."""

import copy
import hashlib
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Self

import numpy as np

from goru.cluster.crew import Crew
from goru.data.dataset import Dataset
from goru.data.preparing import Encoding, Preparation, TargetScaling
from goru.data.splitting import Split
from goru.errors import InputError
from goru.experiment.arms import Arm
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.judge import Judge
from goru.population.member import Block, Member, PreparedRows
from goru.population.program import BlockShape
from goru.population.spec import AnyTrainer, TrainerSpec
from goru.population.timing import block_seconds
from goru.population.trained import TrainedBlock
from goru.population.trainer import OnEpochs, Trainer
from goru.studies import defaults
from goru.studies.asked.design import ARMS, architecture, programs, recipe_of, sharing
from goru.studies.splits import parts

# A tenth of a second: short enough to stop on time, long enough that calling costs nothing. The fewer networks a block
# holds, the larger they are.
STEPS_IN_A_CALL = 32  # times the networks of a block
ROWS_SCORED_AT_ONCE = 512
MOST_TARGET = 1e15  # standard deviations; a float32 holds its square, and the sum of many
# Measured on two cores: of NumPy, what a step of one network of a block takes, and its products; and what a program
# takes that is compiled beside another.
STEP_SECONDS, FLOPS_A_SECOND, COMPILING_SECONDS = 5e-5, 7e10, 1.0
# The loss on training rows is watched on a sample of them, as large as the validation rows at most.
MOST_TRAINING_ROWS_SCORED = 4096


def block_shape(
    rows: int, splits: Sequence[Split], batch: int, networks: int, judge: Judge | None = None, usual: int = 0
) -> BlockShape:
    """The shape that serves all splits of so many rows, and tables of nearly as many.

    **Arguments:**

    - `judge`: by what validation rows are judged, if not by the loss that networks are trained by.
    - `usual`: networks that a block would hold; with fewer, a call takes more steps, to be as long.
    """
    usual = max(usual, networks)
    rows, scored = defaults.roomy(rows), defaults.roomy(max(len(split.validation_rows) for split in splits))
    chunks = -(-scored // ROWS_SCORED_AT_ONCE)
    epochs = int(np.clip(STEPS_IN_A_CALL * usual * usual // networks * batch // rows, 1, defaults.EPOCHS))
    return BlockShape(
        networks=networks,
        batch=batch,
        epochs=epochs,
        steps=-(-epochs * rows // batch),
        eval_chunks=chunks,
        eval_rows=-(-scored // chunks),
        parts=defaults.PARTS,
        judge=judge,
    )


def quick(networks: int, epochs: int, batch: int, rows: int, parameters: int, programs: int) -> bool:
    """Whether so many networks are trained without a compiler sooner than programs for them are compiled.

    **Arguments:**

    - `epochs`, `rows`: passes over so many rows, in mini-batches of `batch`.
    - `parameters`: of one network.
    - `programs`: how many there would be.
    """
    steps = epochs * (rows // batch + 2)  # training rows and validation rows are scored after every epoch
    work = 6.0 * parameters * batch / FLOPS_A_SECOND
    return networks * steps * (STEP_SECONDS + work) < programs * COMPILING_SECONDS


class NetworkLaboratory:
    """Programs for all arms, for one data set.

    **Arguments:**

    - `dataset`: the table; its test rows are not looked at.
    - `base`: the plain network's shape.
    - `recipe`: how networks are trained.
    - `shape`: of the blocks.
    - `seed`: what samples of rows are a function of.
    - `balanced`: whether every class counts alike, however many rows it has, and whatever they count for.
    - `rows`: of the tables that blocks are trained on, if they are more than the development rows.
    - `interpreted`: whether networks are trained without a compiler; see [`quick`][goru.studies.laboratory.quick].
    - `encoding`: what stands for numbers.
    - `arms`: those there are programs for.
    - `crew`: who trains blocks, if not this process.
    """

    def __init__(
        self,
        dataset: Dataset,
        base: Architecture,
        recipe: Recipe,
        shape: BlockShape,
        seed: int,
        balanced: bool = False,
        rows: int | None = None,
        interpreted: bool = False,
        encoding: Encoding = "scaled",
        arms: Sequence[Arm] = ARMS,
        crew: Crew | None = None,
    ) -> None:
        self.dataset, self.base, self.recipe, self.shape = dataset, base, recipe, shape
        self.seed, self.balanced, self.interpreted, self.encoding = seed, balanced, interpreted, encoding
        self.parts = parts(dataset, seed)
        targets = 0 if dataset.classes is not None else 1
        rows = defaults.roomy(rows or len(dataset.y_development))
        self.arms = tuple(arms)
        self._specs = {
            program: TrainerSpec(*program, shape, rows, targets, interpreted)
            for program in programs(arms, base, recipe)
        }
        self._trainers = {program: spec.build() for program, spec in self._specs.items()}
        self.crew = crew
        # Compilation lets other threads run, so that one program compiles while another does, or trains.
        self._pool = ThreadPoolExecutor(max_workers=2)
        compiling = self._trainers.values() if crew is None else ()
        self._compiled = [self._pool.submit(trainer.compile) for trainer in compiling]
        self._preparations: dict[bytes, tuple[Preparation, TargetScaling | None]] = {}

    @property
    def trainers(self) -> Collection[AnyTrainer]:
        """One an architecture."""
        return self._trainers.values()

    @property
    def temperatures(self) -> tuple[float, ...]:
        """That validation rows are judged at."""
        return (1.0,) if self.shape.judge is None else self.shape.judge.temperatures

    @property
    def sharing(self) -> int:
        """Arms that share a program, and so blocks: they differ in numbers alone."""
        return sharing(self.arms, self.base, self.recipe)

    @property
    def configurations_at_once(self) -> int:
        """Of every arm: those of a block, or one, if it takes several blocks."""
        return max(self.shape.networks // self.sharing, 1)

    @property
    def blocks_of_a_split(self) -> int:
        """Blocks of a program, for so many configurations of every arm."""
        return -(-self.sharing // self.shape.networks)

    @property
    def splits_at_once(self) -> int:
        """Splits in which so many configurations are trained at a time."""
        return max(self.blocks_at_once // self.blocks_of_a_split, 1)

    @property
    def blocks_at_once(self) -> int:
        """Blocks that are trained at a time in this process."""
        trainers = () if self.crew is not None else self.trainers
        return max((len(trainer.devices) for trainer in trainers if isinstance(trainer, Trainer)), default=1)

    def trainer(self, arm: Arm) -> AnyTrainer:
        """The program of an arm."""
        return self._trainers[architecture(arm, self.base), recipe_of(arm, self.recipe)]

    def _spec(self, trainer: AnyTrainer) -> TrainerSpec:
        return next(spec for program, spec in self._specs.items() if self._trainers[program] is trainer)

    def train(
        self,
        jobs: Sequence[tuple[AnyTrainer, Block]],
        keep_networks: bool = False,
        on_epochs: OnEpochs | None = None,
    ) -> Iterator[tuple[int, TrainedBlock]]:
        """Train blocks, each by its program, one program after the other; or all of them by the crew, which hands over
        what is done first.

        **Arguments:**

        - `keep_networks`, `on_epochs`: see [`Trainer.train`][goru.population.trainer.Trainer.train].

        **Returns:** as soon as it is done, each block after its training, with its place among the jobs.
        """
        if self.crew is not None:
            specs = [(self._spec(trainer), block) for trainer, block in jobs]
            yield from self.crew.train(specs, keep_networks, on_epochs)
            return
        going = True

        def watch(done: int) -> bool:
            nonlocal going
            going = on_epochs is None or on_epochs(done)
            return going

        for trainer in self.trainers:
            places = [place for place, (trainer_of_job, _) in enumerate(jobs) if trainer_of_job is trainer]
            blocks = [jobs[place][1] for place in places]
            yield from zip(places, trainer.train(blocks, keep_networks, watch), strict=False)
            if not going:
                return

    def block_seconds(self, rows: PreparedRows, seconds: float = float("inf")) -> list[float]:
        """Seconds an epoch, a block, where all are at work; of as many programs as there is time to look at, the
        largest first, and of one at least; see [`block_seconds`][goru.population.timing.block_seconds]."""
        measured: list[float] = []
        until = time.monotonic() + seconds
        for trainer in reversed(list(self.trainers)):
            if measured and time.monotonic() > until:
                break
            if self.crew is not None:
                measured.append(self.crew.block_seconds(self._spec(trainer), rows))
            elif isinstance(trainer, Trainer):
                measured.append(block_seconds(trainer, rows))
            else:
                members = tuple(Member(index, (index,), Hyperparameters()) for index in range(self.shape.networks))
                began = time.monotonic()
                list(trainer.train([Block(members, rows, (0,), 1)]))
                measured.append(time.monotonic() - began)
        return measured

    def wait(self, seconds: float | None = None) -> None:
        """Until every program is compiled.

        **Arguments:**

        - `seconds`: if not all are by then, those that nobody has begun to compile never are: their networks are
          trained without.
        """
        wait(self._compiled, seconds)
        abandoned = [seconds is not None and compiled.cancel() for compiled in self._compiled]
        for (program, spec), compiled, never in zip(
            self._specs.items(), self._compiled, abandoned, strict=self.crew is None
        ):
            if never:
                self._trainers[program] = replace(spec, interpreted=True).build()
            else:
                compiled.result()

    def close(self) -> None:
        """Compile nothing more."""
        self._pool.shutdown(cancel_futures=True)

    def for_table(self, dataset: Dataset, seed: int) -> Self:
        """The same programs for another table of the same columns, no larger than they have room for."""
        laboratory = copy.copy(self)
        laboratory.dataset, laboratory.seed, laboratory.parts = dataset, seed, parts(dataset, seed)
        laboratory._preparations = {}
        return laboratory

    def steps(self, epochs: int, training_rows: int) -> int:
        """Mini-batches in so many passes over so many rows."""
        return epochs * training_rows // self.shape.batch

    @property
    def scales(self) -> np.ndarray:
        """What prepared features are multiplied by for training, `(features,)` float32; see
        [`level_scale`][goru.studies.defaults.level_scale]."""
        widths, first = self.dataset.encoded_development.widths, self.dataset.n_before_levels
        scales = np.ones(self.dataset.n_prepared(self.encoding), np.float32)
        scales[first : first + sum(widths)] = np.repeat([defaults.level_scale(width) for width in widths], widths)
        return scales

    def rows(self, split: Split) -> PreparedRows:
        """The development rows, prepared by what the split's training rows alone say, and scaled."""
        training, validation = split
        preparation, scaling = self.fit_preparation(training)
        y = self.dataset.y_development
        if scaling is not None:
            with np.errstate(over="ignore"):  # infinite, and so refused
                y = scaling.transform(y)[:, None]
            if (far := np.abs(y) > MOST_TARGET).any():
                row = int(self.dataset.development_rows[far[:, 0].argmax()]) + 1
                raise InputError(
                    f"{self.dataset.name}: data row {row:,}: '{self.dataset.target_name}' is too far from the others "
                    "for its square to be a number. Fix the row, or leave it out."
                )
        capacity = self.shape.eval_chunks * self.shape.eval_rows
        rng = np.random.default_rng((self.seed, 0))
        x = preparation.transform(self.dataset.encoded_development)
        x *= self.scales
        return PreparedRows(
            x=x,
            y=y,
            training=training,
            training_scored=rng.permutation(training)[
                : min(max(len(validation), 1), MOST_TRAINING_ROWS_SCORED, capacity)
            ],
            validation=validation,
            weight=self.weights(training),
            part=self.parts,
        )

    def first_rows(self, count: int) -> PreparedRows:
        """The first development rows, prepared as all are, with none to validate on: to see how fast programs are."""
        everything = np.arange(len(self.dataset.y_development))
        preparation, scaling = self.fit_preparation(everything)
        rows, weights = everything[:count], self.weights(everything)
        y = self.dataset.y_development[rows]
        return PreparedRows(
            x=preparation.transform(self.dataset.encoded_development.take(rows)),
            y=y if scaling is None else scaling.transform(y)[:, None],
            training=rows,
            training_scored=rows[:1],
            validation=rows[:0],
            weight=None if weights is None else weights[rows],
            part=self.parts[rows],
        )

    def fit_preparation(self, rows: np.ndarray) -> tuple[Preparation, TargetScaling | None]:
        """What prepares columns, and in regression the target, fitted on the given development rows."""
        key = hashlib.blake2b(np.asarray(rows).tobytes()).digest()
        if key not in self._preparations:
            self._preparations[key] = fit_preparation(self.dataset, rows, self.encoding)
        return self._preparations[key]

    def shares(self, splits: Sequence[Split]) -> np.ndarray:
        """The share of every split's validation rows that is in each part, `(splits, parts)`, by what rows count
        for."""
        shares = np.zeros((len(splits), self.shape.parts))
        for share, split in zip(shares, splits, strict=True):
            weights = self.weights(split.training_rows)
            scored = np.ones(len(split.validation_rows)) if weights is None else weights[split.validation_rows]
            np.add.at(share, self.parts[split.validation_rows], scored / scored.sum())
        return shares

    def weights(self, training: np.ndarray) -> np.ndarray | None:
        """What every development row counts for: by its own weight, and by its class where classes count alike.

        A row of a class that no training row is of counts as if it were one of them.

        **Returns:** `(rows,)` float32, 1 on average over the training rows; `None` where all rows count the same.
        """
        y, weights = self.dataset.y_development, self.dataset.weights
        if weights is not None:
            weights = weights / weights[training].mean()
        if not self.balanced:
            return None if weights is None else weights.astype(np.float32)
        totals = np.bincount(
            y[training], None if weights is None else weights[training], minlength=self.dataset.n_outputs
        )
        there = totals > 0
        by_class = (len(training) / (np.count_nonzero(there) * np.where(there, totals, 1)))[y]
        return (by_class if weights is None else by_class * weights).astype(np.float32)


def fit_preparation(
    dataset: Dataset, rows: np.ndarray, encoding: Encoding = "scaled"
) -> tuple[Preparation, TargetScaling | None]:
    """What prepares columns, and in regression the target, fitted on the given development rows."""
    pieces = dataset.pieces if encoding == "pieces" else ()
    squared = dataset.squared if encoding == "squares" else ()
    preparation = Preparation.fit(dataset.encoded_development, rows, pieces=pieces, squared=squared)
    scaling = None if dataset.classes is not None else TargetScaling.fit(dataset.y_development, rows)
    return preparation, scaling
