"""The race: every arm's draws are trained in every split of one partition, and the better half in those of the others.

No arm starves another: each keeps as many of its draws. Rounds add splits and not epochs, since short training would
favour what learns fast. Common random numbers: the initial weights and the order of the rows are functions of the
study's seed and the split, the same for all arms; dropout masks are functions of the trial.
"""

import itertools
import math
import time
from collections.abc import Sequence

import numpy as np

from goru.data.splitting import Split
from goru.population.member import Block, Member, Rows
from goru.population.spec import AnyTrainer
from goru.population.trained import TrainedBlock
from goru.study import defaults
from goru.study.design import ARMS, Arm, draws
from goru.study.laboratory import Laboratory
from goru.study.pace import USUAL_SHARE
from goru.study.plan import Plan
from goru.study.record import Record
from goru.study.trial import Trial
from goru.study.watcher import Progress, Watcher

# What seeds are for: the second number of each.
_MASKS, _WEIGHTS, _ORDER = 1, 2, 3

SAFETY = 1.1  # machines are shared: what took so long once may take a little longer
GRACE = 0.15  # what is late by no more than this share of the time that was left for it is not thrown away

_PAIR = 2  # of folds: what the one chooses, the other judges

# What the record has under these names: the seconds of a block; how many other partitions, and draws in them.
_PACE, _OTHERS = "pace", "others"

Draws = dict[Arm, list[int]]


def trial_id(seed: int, arm: Arm, draw: int, split: int) -> int:
    """The 32 bits that a trial's dropout masks are a function of."""
    return int(np.random.SeedSequence((seed, _MASKS, ARMS.index(arm), draw, split)).generate_state(1)[0])


def survivors(losses: np.ndarray, count: int) -> list[int]:
    """The draws that go on: those with the lowest mean loss over the splits, each at its best epoch; in their order.

    **Arguments:**

    - `losses`: of an arm, `(draws, splits, epochs)`; infinite where a network diverged.
    """
    best = losses.mean(axis=1).min(axis=1)
    return sorted(int(draw) for draw in np.argsort(best, kind="stable")[:count])


class Race:
    """All trials of a study.

    **Arguments:**

    - `laboratory`: its programs.
    - `partitions`: the splits; where there is no time for all, the race is run in the first ones, or the first alone.
    - `plan`: what is trained if there is no deadline; with one, it is where the race begins.
    - `record`: is given trials as soon as they are done; those that it has already are not trained again.
    - `watcher`: is told how far the race has got.
    - `search_batch_norm`: whether batch norm's hyperparameters are drawn.
    - `arms`: those that run.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        partitions: Sequence[Sequence[Split]],
        plan: Plan,
        record: Record,
        watcher: Watcher,
        search_batch_norm: bool = False,
        arms: Sequence[Arm] = ARMS,
    ) -> None:
        self._laboratory, self._plan, self._record, self._watcher = laboratory, plan, record, watcher
        self._before = {(trial.arm, trial.draw, trial.split): trial for trial in record.trials}
        self._arms = arms
        self._splits = [split for partition in partitions for split in partition]
        self._most = max(plan.draws, defaults.MOST_DRAWS)
        fit_rows = int(np.mean([len(split.fit_rows) for split in self._splits]))
        self.schedule_steps = laboratory.steps(plan.epochs, fit_rows)
        self.drawn = {
            arm: draws(arm, self._most, laboratory.seed, self.schedule_steps, search_batch_norm) for arm in arms
        }
        self._done: list[Trial] = []
        self.draws_done = self.splits_done = 0
        self._round = 0
        self._epochs = 0  # of all networks together
        self._planned = plan.networks * len(arms) // len(ARMS)
        self._best = np.inf
        self._deadline: float | None = None
        self._placed = self._trained = 0  # blocks since the pace was taken; the others had been trained before
        self._seconds = float("inf")  # a block of draws of every arm in a split, as it was last seen, and a bit more

    @property
    def block_seconds(self) -> float | None:
        """Seconds that a block of draws of every arm took in a split, at last; `None` if there was no deadline."""
        return self._seconds / SAFETY if np.isfinite(self._seconds) else None

    @property
    def trials(self) -> list[Trial]:
        """Those of draws and splits that all arms have finished: nothing else may be compared.

        In the order of arms, draws and splits, and not of their ends: no result may depend on which of several machines
        was the first, or on what had been done before a process was stopped.
        """
        done = [trial for trial in self._done if trial.draw < self.draws_done and trial.split < self.splits_done]
        return sorted(done, key=lambda trial: (self._arms.index(trial.arm), trial.draw, trial.split))

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
        return sum(
            self._laboratory.steps(len(trial.curves), len(self._splits[trial.split].fit_rows)) for trial in self._done
        )

    def run(self, deadline: float | None = None, reserve: float = 0.0) -> None:
        """Train what is planned; where there is a deadline (of `time.monotonic`), as much of it and more as fits.

        A few draws must be trained in some folds, however late it is; where a machine turns out slower than it was
        measured, other draws and folds are left out, or the second partition.

        **Arguments:**

        - `reserve`: seconds that training the best draws again takes at full length. The usual share of them is set
          aside after the deadline; the first partition shows after how many epochs those draws stop, and so whether the
          race may have more time, or less.
        """
        self._deadline = deadline
        folds = self._plan.folds
        if not self._first_partition(folds) or folds == len(self._splits):
            return
        later, count = min(self._plan.partitions, len(self._splits) // folds) - 1, self._plan.kept
        if self._deadline is not None:
            epochs = max(int(self._losses(arm, folds).mean(axis=1).min(axis=0).argmin()) + 1 for arm in self._arms)
            self._deadline += reserve * (USUAL_SHARE - epochs / self._plan.epochs)
            later, count = self._record.recall(_OTHERS) or self._room(folds)
            if later == 0:
                self._more_draws(folds, 0)
                return
            self._record.remember(_OTHERS, (later, count))  # a part of them trained is for nothing
        if later == 0 or count < defaults.FEWEST_DRAWS:
            return
        self._round += 1
        splits = folds * (1 + later)
        self._planned = len(self._done) + len(self._arms) * count * (splits - folds)
        if self._deadline is not None:
            self._deadline += GRACE * max(self._deadline - time.monotonic(), 0)
        kept = {arm: survivors(self._losses(arm, folds), count) for arm in self._arms}
        if self._wave(kept, range(folds, splits)):
            self.splits_done = splits

    def _room(self, folds: int) -> tuple[int, int]:
        """Partitions after the first for which there is time, and draws of every arm in them."""
        for later in range(len(self._splits) // folds - 1, 0, -1):
            count = min(self.draws_done, self._affordable(later * folds))
            if count >= defaults.FEWEST_DRAWS:
                return later, count
        return 0, 0

    def _first_partition(self, folds: int) -> bool:
        """Train all draws in it; False if that came to an end too early.

        Under a deadline the first few show how long the others will take, and so how many there may be; and the first
        of these, whether there is time for the others.
        """
        self._round, size = 1, self._laboratory.draws_in_a_block
        if self._deadline is None:
            self._wave({arm: list(range(self._plan.draws)) for arm in self._arms}, range(folds), must=True)
            self.draws_done, self.splits_done = self._plan.draws, folds
            return True
        most = min(self._plan.draws, math.ceil(defaults.FEWEST_DRAWS / size) * size)
        for count, splits in self._stages(most, folds):
            first = not self.splits_done
            more = range(0 if splits > self.splits_done else self.draws_done, count)
            others = range(self.splits_done if count == self.draws_done else 0, splits)
            blocks = len(others) * -(-len(more) // size)
            missing, left = (1 - self._known(more, others)) * blocks, self._deadline - time.monotonic()
            if not first and missing and (1 + GRACE) * left < missing * (self.block_seconds or 0.0):
                return False
            began, deadline = time.monotonic(), self._deadline
            self._deadline += GRACE * max(left, 0.0)
            if not self._wave({arm: list(more) for arm in self._arms}, others, must=first):
                return False
            self._deadline = deadline
            self.draws_done, self.splits_done = count, splits
            self._pace(began, blocks)
        return self._more_draws(folds, len(self._splits) // folds - 1)

    def _stages(self, draws: int, folds: int) -> list[tuple[int, int]]:
        """Draws and folds, one after the other more of the one or of the other, and all of them at last. The first
        must be trained, however late it is; there are no more than keep all devices busy.

        Where other folds than those that were asked for will not do, there are never fewer.
        """
        size, fewest = min(self._laboratory.draws_in_a_block, draws), min(self._plan.asked.folds[-1], folds)
        least = min(_PAIR, folds) if len(self._plan.asked.folds) > 1 else folds
        stages = list(dict.fromkeys([(size, least), (draws, least), (draws, fewest), (draws, folds)]))
        busy = self._laboratory.blocks_at_once
        return [stage for stage in stages[:-1] if -(-stage[0] // size) * stage[1] >= busy] + stages[-1:]

    def _more_draws(self, folds: int, others: int) -> bool:
        """As many as leave time for the better half of them in so many other partitions."""
        size = self._laboratory.draws_in_a_block
        later = others * defaults.KEPT
        while (left := self._most - self.draws_done) > 0:
            more = range(self.draws_done, self.draws_done + min(size, left))
            known = self._known(more, range(folds))
            blocks = self._affordable(folds, known) / size
            # Blocks that the other partitions will take.
            kept = max(later * self.draws_done / size, others * math.ceil(defaults.FEWEST_DRAWS / size))
            if blocks < kept + 1 + later and known < 1:
                return True
            self._round += 1
            fitting = max(min(int((blocks - kept) / (1 + later)) * size, left), len(more))
            self._planned = len(self._arms) * folds * int((self.draws_done + fitting) * (1 + later))
            began = time.monotonic()
            if not self._wave({arm: list(more) for arm in self._arms}, range(folds)):
                return False
            self._pace(began, folds * -(-len(more) // size))
            self.draws_done = more.stop
        return True

    def _pace(self, began: float, blocks: float) -> None:
        """Seconds that a block of draws of every arm takes in a split, by the last ones, so many of them; those that
        had been trained before take no time, and say nothing."""
        blocks *= self._trained / max(self._placed, 1)
        self._placed = self._trained = 0
        if blocks:
            self._seconds = SAFETY * (time.monotonic() - began) / blocks
            self._record.remember(_PACE, self._seconds)
        else:
            self._seconds = self._record.recall(_PACE) or self._seconds

    def _affordable(self, splits: int, known: float = 0.0) -> int:
        """Draws of every arm for which there is time in so many more splits, where a share of a block has been trained
        before."""
        assert self._deadline is not None
        if self.block_seconds is None:
            return 0
        blocks = int((self._deadline - time.monotonic()) / (self._seconds * splits) + known)
        return max(blocks, 0) * self._laboratory.draws_in_a_block

    def _losses(self, arm: Arm, folds: int) -> np.ndarray:
        """Of the first partition."""
        found = np.full((self.draws_done, folds, self._plan.epochs), np.inf)
        for trial in self._done:
            if trial.arm == arm and trial.draw < self.draws_done:
                curve = trial.curves[:, 1, 0]
                found[trial.draw, trial.split] = np.where(np.isfinite(curve), curve, np.inf)
        return found

    def _wave(self, chosen: Draws, splits: range, must: bool = False) -> bool:
        """Train draws of every arm in some splits; False if the deadline came first and they need not be."""
        late = False

        def on_epochs(done: int) -> bool:
            nonlocal late
            self._epochs += done
            late = not must and self._deadline is not None and time.monotonic() > self._deadline
            self._tell()
            return not late

        rows = {split: self._laboratory.rows(self._splits[split]) for split in splits}
        missing: list[tuple[AnyTrainer, list[tuple[Arm, int]], int]] = []
        for trainer in self._laboratory.trainers:
            # Arms that differ in weight decay alone share a program, and so a block.
            arms = [arm for arm in self._arms if self._laboratory.trainer(arm) is trainer]
            entries = [
                (arm, draw)
                for place in zip(*(chosen[arm] for arm in arms), strict=True)
                for arm, draw in zip(arms, place, strict=True)
            ]
            capacity = self._laboratory.shape.networks
            placed = [
                (entries[start : start + capacity], split)
                for start in range(0, len(entries), capacity)
                for split in splits
            ]
            self._placed += len(placed)
            for part, split in placed:
                known = [self._before[*entry, split] for entry in part if (*entry, split) in self._before]
                self._take(known)
                self._epochs += len(known) * self._plan.epochs
                if left := [entry for entry in part if (*entry, split) not in self._before]:
                    missing.append((trainer, left, split))
        self._trained += len(missing)
        jobs = [(trainer, self._block(part, split, rows[split])) for trainer, part, split in missing]
        for place, trained in self._laboratory.train(jobs, on_epochs=on_epochs):
            _, part, split = missing[place]
            self._take(self._record.add(_trials(part, split, trained)))
        return not late

    def _take(self, trials: list[Trial]) -> None:
        self._done += trials
        self._best = min([self._best, *(trial.best for trial in trials)])

    def _known(self, draws: Sequence[int], splits: range) -> float:
        """Of these draws of all arms, the share that was trained in these splits before this process began."""
        wanted = list(itertools.product(self._arms, draws, splits))
        return sum(trial in self._before for trial in wanted) / len(wanted)

    def _block(self, part: Sequence[tuple[Arm, int]], split: int, rows: Rows) -> Block:
        seed = self._laboratory.seed
        return Block(
            members=tuple(
                Member(trial_id(seed, arm, draw, split), (seed, _WEIGHTS, split, 0), self.drawn[arm][draw])
                for arm, draw in part
            ),
            rows=rows,
            order=(seed, _ORDER, split, 0),
            epochs=self._plan.epochs,
        )

    def _tell(self) -> None:
        done = self._epochs / self._plan.epochs
        self._watcher.progress(Progress(done, self._planned, self._round, self._best))


def _trials(part: Sequence[tuple[Arm, int]], split: int, trained: TrainedBlock) -> list[Trial]:
    return [
        Trial(
            arm=arm,
            draw=draw,
            split=split,
            hyper=member.hyper,
            id=member.id,
            seed=member.seed,
            curves=curves,
            parts=parts,
            ended="finished" if diverged < 0 else "diverged",
        )
        for (arm, draw), member, curves, parts, diverged in zip(
            part, trained.block.members, trained.curves, trained.parts, trained.diverged, strict=True
        )
    ]
