"""The networks of a race as blocks: what an experiment asks of a laboratory, by goru's own networks."""

from collections.abc import Iterator, Sequence

from goru.data.splitting import Split
from goru.experiment.racing.laboratory import Job, Watch
from goru.experiment.trial import Trial
from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, PreparedRows
from goru.population.spec import AnyTrainer
from goru.population.trained import TrainedBlock
from goru.studies.laboratory import NetworkLaboratory

_WEIGHTS, _ORDER = 2, 3  # what seeds are for: their second number; 1 is that of trials


class Blocks:
    """Trains trials many at a time.

    Common random numbers: initial weights and the order of rows are functions of the study's seed and the split, the
    same for all arms; dropout masks are functions of the trial.

    **Arguments:**

    - `laboratory`: the programs.
    - `splits`: that jobs count.
    - `epochs`: of every network.
    """

    def __init__(self, laboratory: NetworkLaboratory, splits: Sequence[Split], epochs: int) -> None:
        self._laboratory, self._splits, self._epochs = laboratory, splits, epochs

    @property
    def configurations_at_once(self) -> int:
        """Configurations of every arm that are trained together."""
        return self._laboratory.configurations_at_once

    @property
    def splits_at_once(self) -> int:
        """Splits in which they are, at a time."""
        return self._laboratory.splits_at_once

    def train(self, jobs: Sequence[Job], watch: Watch) -> Iterator[list[Trial]]:
        """Trials, those of a block at a time."""
        rows = {split: self._laboratory.rows(self._splits[split]) for split in sorted({job.split for job in jobs})}
        placed: list[tuple[AnyTrainer, list[Job]]] = []
        capacity = self._laboratory.shape.networks
        for trainer in self._laboratory.trainers:
            # Arms that differ in numbers alone share a program, and so blocks.
            jobs_of_trainer = [job for job in jobs if self._laboratory.trainer(job.arm) is trainer]
            for split in rows:
                there = [job for job in jobs_of_trainer if job.split == split]
                there.sort(key=lambda job: (job.configuration, self._laboratory.arms.index(job.arm)))
                placed += [(trainer, there[start : start + capacity]) for start in range(0, len(there), capacity)]
        blocks = [(trainer, self._block(part, rows[part[0].split])) for trainer, part in placed]

        def on_epochs(done: int) -> bool:
            return watch(done / self._epochs)

        for place, trained in self._laboratory.train(blocks, on_epochs=on_epochs):
            yield _trials(placed[place][1], trained)

    def _block(self, part: Sequence[Job], rows: PreparedRows) -> Block:
        seed, split = self._laboratory.seed, part[0].split
        return Block(
            members=tuple(Member(job.id, (seed, _WEIGHTS, split, 0), Hyperparameters(**job.values)) for job in part),
            rows=rows,
            order=(seed, _ORDER, split, 0),
            epochs=self._epochs,
        )


def _trials(part: Sequence[Job], trained: TrainedBlock) -> list[Trial]:
    return [
        job.trial(member.seed, curves, parts, "finished" if diverged < 0 else "diverged")
        for job, member, curves, parts, diverged in zip(
            part, trained.block.members, trained.curves, trained.parts, trained.diverged, strict=True
        )
    ]
