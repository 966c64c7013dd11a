"""A machine on which networks take as long as a test says."""

import numpy as np
from studies import FakeLaboratory, even_parts

from goru.experiment import clock
from goru.experiment.clock import Clock
from goru.experiment.plan import USUAL_SHARE, Asked
from goru.experiment.racing.record import Record
from goru.nn.architecture import Architecture
from goru.population.trained import TrainedBlock
from goru.studies.budget.forecast import Work
from goru.studies.budget.spending import Spending

ASKED = Asked((5, 3), 100)
BATCH, TRAINING_ROWS = 4, 24  # of five folds; of three they are fewer
SMALL, WIDE = Architecture(20, (128, 128), 2), Architecture(20_000, (128, 128), 2)


class Machine:
    """A laboratory whose programs only pretend to train: a block takes so many seconds an epoch, and more of them from
    some moment on. Its networks are at their best after the usual share of their epochs."""

    def __init__(
        self, patch, an_epoch: float, slower: float = 1.0, slower_from: float = float("inf"), known: bool = True
    ) -> None:
        self.laboratory = FakeLaboratory(folds=5)
        self.laboratory.base, self.time = SMALL, self.laboratory.clock
        self._an_epoch, self._slower, self._from = an_epoch, slower, self.time.now + slower_from
        self.laboratory.block_seconds = lambda rows, seconds: [an_epoch] * 6
        for trainer in self.laboratory.trainers:
            trainer.train = self._train
        self.partitions = {5: self.laboratory.partitions, 3: FakeLaboratory(folds=3).partitions}
        patch.setattr(clock, "time", self.time)
        patch.setattr(clock.Clock, "slowness", lambda _: 1.0)
        if known:  # what is forecast where there is no time to measure
            patch.setattr(Work, "compiled", an_epoch)
            patch.setattr(Work, "initial", 0.0)

    def _train(self, blocks, keep_networks=False, on_epochs=None):
        for block in blocks:
            for _ in range(block.epochs):
                self.take(self._an_epoch * len(block.rows.training) / TRAINING_ROWS)
                if on_epochs is not None and not on_epochs(len(block.members)):
                    return
            after = np.arange(1, block.epochs + 1) / block.epochs
            losses = 0.5 + np.abs(after - USUAL_SHARE)
            curves = np.tile(losses[None, :, None, None], (len(block.members), 1, 2, 2)).astype(np.float32)
            yield TrainedBlock(block, curves, even_parts(curves[:, :, 1, 0]), None)

    def take(self, seconds: float) -> None:
        self.time.now += seconds * (self._slower if self.time.now >= self._from else 1.0)


def spend(machine: Machine, budget: float, record: Record | None = None, **changed) -> Spending:
    given = {
        "batch": BATCH,
        "training_rows": 20,
        "scored": 0,
        "plain": True,
        "validation": True,
        "crew": False,
    } | changed
    return Spending(Clock(machine.time.now, budget), record or Record(), ASKED, **given)
