"""The race: every arm's draws are trained in every split.

Common random numbers: the initial weights and the order of the rows are functions of the study's seed and the split,
the same for all arms; dropout masks are functions of the trial.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from goru.population.member import Block, Member, Rows
from goru.population.trainer import TrainedBlock
from goru.study import defaults
from goru.study.design import ARMS, Arm, draws
from goru.study.laboratory import Laboratory
from goru.study.plan import Plan
from goru.study.trial import Trial
from goru.study.watcher import Progress, Watcher

# What seeds are for: the second number of each.
_MASKS, _WEIGHTS, _ORDER = 1, 2, 3


def trial_id(seed: int, arm: Arm, draw: int, split: int) -> int:
    """The 32 bits that a trial's dropout masks are a function of."""
    return int(np.random.SeedSequence((seed, _MASKS, ARMS.index(arm), draw, split)).generate_state(1)[0])


class Race:
    """All trials of a study.

    **Arguments:**

    - `laboratory`: its programs.
    - `rows`: of every split.
    - `plan`: what is trained at least.
    - `keep`: is given trials as soon as they are done.
    - `watcher`: is told how far the race has got.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        rows: Sequence[Rows],
        plan: Plan,
        keep: Callable[[list[Trial]], None],
        watcher: Watcher,
    ) -> None:
        self._laboratory, self._rows, self._plan, self._keep, self._watcher = laboratory, rows, plan, keep, watcher
        most = max(plan.draws, defaults.MOST_DRAWS)
        self.drawn = {arm: draws(arm, most, laboratory.seed) for arm in ARMS}
        self._done: list[Trial] = []
        self.draws_done = self.splits_done = 0
        self._round = 0
        self._epochs = 0  # of all networks together
        self._planned = plan.networks
        self._best = np.inf
        self._deadline: float | None = None

    @property
    def trials(self) -> list[Trial]:
        """Those of draws and splits that all arms have finished: nothing else may be compared."""
        return [trial for trial in self._done if trial.draw < self.draws_done and trial.split < self.splits_done]

    @property
    def networks(self) -> int:
        """Networks trained to the end."""
        return len(self._done)

    @property
    def diverged(self) -> int:
        """How many of them diverged."""
        return sum(trial.ended == "diverged" for trial in self._done)

    @property
    def steps(self) -> int:
        """Steps of all networks together."""
        batch = self._laboratory.shape.batch
        return sum(len(trial.curves) * len(self._rows[trial.split].fit) // batch for trial in self._done)

    def run(self, deadline: float | None = None) -> None:
        """Train what is planned; then, if there is a deadline (of `time.monotonic`), as much as fits before it.

        Of what is planned some folds must be trained, however late it is; where a machine turns out slower than it was
        measured, the others are left out.
        """
        began = time.monotonic()
        first, folds = range(self._plan.draws), len(self._rows)
        must = folds if deadline is None else min(defaults.FEWEST_FOLDS, folds)
        self._round = 1
        self._deadline = deadline
        self._wave(first, range(must), must=True)
        self.draws_done, self.splits_done = first.stop, must
        if deadline is None:
            return
        if must < folds:
            if not self._wave(first, range(must, folds)):
                return
            self.splits_done = folds
        per_draw = (time.monotonic() - began) / self.draws_done
        size = self._laboratory.draws_in_a_block
        while (left := defaults.MOST_DRAWS - self.draws_done) > 0:
            fitting = int((deadline - time.monotonic()) / (per_draw * size))
            self._planned = len(self._done) // self.draws_done * (self.draws_done + min(fitting * size, left))
            if fitting < 1:
                return
            self._round += 1
            more = range(self.draws_done, self.draws_done + min(size, left))
            if not self._wave(more, range(folds)):
                return
            self.draws_done = more.stop

    def _wave(self, draws: range, splits: range, must: bool = False) -> bool:
        """Train some draws of every arm in some splits; False if the deadline came first and they need not be."""
        late = False

        def on_epochs(done: int) -> bool:
            nonlocal late
            self._epochs += done
            late = not must and self._deadline is not None and time.monotonic() > self._deadline
            self._tell()
            return not late

        for trainer in self._laboratory.trainers:
            # Arms that differ in weight decay alone share a program, and so a block.
            arms = [arm for arm in ARMS if self._laboratory.trainer(arm) is trainer]
            entries = [(arm, draw) for draw in draws for arm in arms]
            capacity = self._laboratory.shape.networks
            placed = [
                (entries[start : start + capacity], split)
                for start in range(0, len(entries), capacity)
                for split in splits
            ]
            blocks = [self._block(part, split) for part, split in placed]
            for (part, split), trained in zip(placed, trainer.train(blocks, on_epochs=on_epochs), strict=False):
                trials = _trials(part, split, trained)
                self._keep(trials)
                self._done += trials
                self._best = min([self._best, *(trial.best for trial in trials)])
            if late:
                return False
        return True

    def _block(self, part: Sequence[tuple[Arm, int]], split: int) -> Block:
        seed = self._laboratory.seed
        return Block(
            members=tuple(
                Member(trial_id(seed, arm, draw, split), (seed, _WEIGHTS, split, 0), self.drawn[arm][draw])
                for arm, draw in part
            ),
            rows=self._rows[split],
            order=(seed, _ORDER, split, 0),
            epochs=self._plan.epochs,
        )

    def _tell(self) -> None:
        done = self._epochs / self._plan.epochs
        self._watcher.progress(Progress(done, self._planned, self._round, self._best))


def _trials(part: list[tuple[Arm, int]], split: int, trained: TrainedBlock) -> list[Trial]:
    return [
        Trial(
            arm=arm,
            draw=draw,
            split=split,
            hyper=member.hyper,
            id=member.id,
            seed=member.seed,
            curves=curves,
            ended="finished" if diverged < 0 else "diverged",
        )
        for (arm, draw), member, curves, diverged in zip(
            part, trained.block.members, trained.curves, trained.diverged, strict=True
        )
    ]
