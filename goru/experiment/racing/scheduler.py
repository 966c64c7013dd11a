"""What is trained next, by what has been seen: every arm's configurations in every split of one partition, and the
better half in those of the others.

No arm starves another: each keeps as many of its configurations. Rounds add splits and not epochs, since short training
would favour what learns fast. Nothing here looks at a clock, or trains: a schedule yields waves, and is sent what came
of each.
"""

import itertools
import math
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.plan import USUAL_SHARE, Plan

GRACE = 0.15  # what is late by no more than this share of the time that was left for it is not thrown away
# Of what is set aside for training the best again: by fewer folds than the fewest that will do next to nothing is
# decided, so that they may take it.
FOR_FEWEST_FOLDS = 0.5

_PAIR = 2  # of folds: what the one chooses, the other judges


@dataclass(frozen=True)
class Wave:
    """Configurations of every arm, to be trained in some splits.

    - `reaches`: configurations and splits that all arms have when it is done.
    - `round`: from 1.
    - `planned`: trials there will be in all.
    - `must`: it is trained however late it is.
    - `overtime`: how many seconds after the deadline it may go on.
    - `blocks`: of configurations of every arm in a split, if the pace is to be taken; with those that would have kept
      all devices busy to the end.
    - `later_partitions`: partitions that follow the first, and configurations in them, where this was decided now.
    """

    configurations: Mapping[Arm, Sequence[int]]
    splits: range
    reaches: tuple[int, int]
    round: int
    planned: int
    must: bool = False
    overtime: float = 0.0
    blocks: float = 0.0
    later_partitions: tuple[int, int] | None = None


@dataclass(frozen=True)
class Seen:
    """What came of a wave, and of all before it.

    - `complete`: whether it was done before its time was over.
    - `left`: seconds until the deadline.
    - `seconds`: that a block of configurations of every arm takes in a split, and a bit more; `None` if that was never
      seen.
    - `losses`: of an arm in the first partition, `(configurations, folds, epochs, ...)`, with whatever else is chosen
      as an epoch is; infinite where a trial diverged.
    """

    complete: bool
    left: float
    seconds: float | None
    losses: Callable[[Arm], np.ndarray]


Schedule = Generator[Wave, Seen, None]


class Scheduler:
    """Decides the waves of a race.

    **Arguments:**

    - `arms`: those that run.
    - `plan`: what is trained if there is no deadline; with one, it is where the race begins.
    - `splits`: that there are; partitions of as many folds as the plan has, one after the other.
    - `most`: configurations of an arm.
    - `at_once`: configurations of every arm in a block, and splits that are trained at a time.
    - `before`: trials that need not be made again.
    - `later_partitions`: what was decided before of other partitions.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        plan: Plan,
        splits: int,
        most: int,
        at_once: tuple[int, int],
        before: Collection[tuple[Arm, int, int]] = (),
        later_partitions: tuple[int, int] | None = None,
    ) -> None:
        self._arms, self._plan, self._splits, self._most = arms, plan, splits, most
        self._size, self._busy = at_once
        self._before, self._later_partitions = before, later_partitions
        self._few = plan.asked.configurations[0]  # configurations, with fewer of which nothing is decided
        self._done = 0, 0  # configurations and splits
        self._round = 1
        self._shift = self._reserve = 0.0  # of the deadline; see `schedule`

    def schedule(self, left: float | None, reserve: float = 0.0) -> Schedule:
        """The waves, the first on its own, every other one by what was seen.

        A few configurations must be trained in some folds, however late it is; where a machine turns out slower than
        estimated, other configurations and folds are left out, or the second partition.

        **Arguments:**

        - `left`: seconds there are; `None` if there is no deadline.
        - `reserve`: seconds that training the best configurations again takes at full length. The usual share of them
          is set aside after the deadline; what is seen shows after how many epochs those stop, and so whether the race
          may have more time, or, when the first partition is done, less.
        """
        plan, folds = self._plan, self._plan.folds
        self._reserve = reserve if left is not None else 0.0
        seen = yield from self._first_partition(left)
        if seen is None:
            return
        if folds == self._splits:
            return
        later, count = min(plan.partitions, self._splits // folds) - 1, plan.kept
        decision = None
        if left is not None:
            self._shift = self._not_needed(seen)
            later, count = decision = self._later_partitions or self._room(seen)
            if later == 0:
                yield from self._more(seen, 0)
                return
        if later == 0 or count < self._few:
            return
        self._round += 1
        yield Wave(
            {arm: survivors(seen.losses(arm), count) for arm in self._arms},
            range(folds, folds * (1 + later)),
            (self._done[0], folds * (1 + later)),
            self._round,
            len(self._arms) * folds * (self._done[0] + later * count),
            overtime=self._overtime(seen.left) if left is not None else 0.0,
            later_partitions=decision,
        )

    def _all(self, configurations: Sequence[int]) -> dict[Arm, Sequence[int]]:
        return {arm: list(configurations) for arm in self._arms}

    def _planned(self) -> int:
        return self._plan.trials(len(self._arms))

    def _overtime(self, left: float) -> float:
        return self._shift + GRACE * max(left + self._shift, 0.0)

    def _not_needed(self, seen: Seen) -> float:
        """Seconds of those that are set aside for training the best again, by what is seen."""
        return self._reserve * (USUAL_SHARE - self._stops(seen) / self._plan.epochs) if self._reserve else 0.0

    def _stops(self, seen: Seen) -> float:
        """After how many epochs what is trained again stops, on average: half of it is of the best arm, and half of the
        first one, which stands beside it."""
        means = [seen.losses(arm).mean(axis=1).min(axis=0) for arm in self._arms]
        curves = [losses.reshape(len(losses), -1).min(axis=1) for losses in means]
        best = min(curves, key=lambda curve: (curve.min(), -int(curve.argmin())))
        return float(np.mean([int(curve.argmin()) + 1 for curve in (best, curves[0])]))

    def _room(self, seen: Seen) -> tuple[int, int]:
        """Partitions after the first for which there is time, and configurations of every arm in them."""
        folds = self._plan.folds
        for later in range(self._splits // folds - 1, 0, -1):
            # A round that is so long and late is for nothing, or takes the final model's time: a bit more once more.
            count = min(self._done[0], self._affordable(seen, later * folds, margin=SAFETY))
            if count >= self._few:
                return later, count
        return 0, 0

    def _first_partition(self, left: float | None) -> Generator[Wave, Seen, Seen | None]:
        """All configurations in it; `None` if that came to an end too early.

        Under a deadline the first few show how long the others will take, and so how many there may be; and the first
        of these, whether there is time for the others. Without one, all that are planned come in as many waves, so that
        something is known after the first.
        """
        folds, size, seen = self._plan.folds, self._size, None
        most, fewest = self._plan.configurations, min(self._plan.asked.folds[-1], folds)
        if left is not None:
            most = min(most, math.ceil(self._few / size) * size)
        for count, splits in self._stages(most):
            remaining = (math.inf if left is None else left) if seen is None else seen.left + self._shift
            spare = FOR_FEWEST_FOLDS * USUAL_SHARE * self._reserve if splits == fewest else 0.0
            if seen is not None:
                a_block = 0.0 if seen.seconds is None else seen.seconds / SAFETY
                time = (1 + GRACE) * remaining + spare
                while splits > max(self._done[1] + 1, fewest) and self._missing(count, splits) * a_block > time:
                    splits -= 1
                if (missing := self._missing(count, splits)) and missing * a_block > time:
                    return None
            more, new_splits = self._new(count, splits)
            overtime = spare + self._shift + GRACE * max(remaining, 0.0)
            pace = 0.0 if left is None else whole_rounds(len(new_splits) * -(-len(more) // size), self._busy)
            wave = Wave(self._all(more), new_splits, (count, splits), 1, self._planned(), seen is None, overtime, pace)
            seen = yield wave
            if not seen.complete:
                return None
            self._done = wave.reaches
            self._shift = max(self._not_needed(seen), 0.0)
        assert seen is not None
        if self._done[1] < folds:
            return None
        return seen if left is None else (yield from self._more(seen, self._splits // folds - 1))

    def _new(self, count: int, splits: int) -> tuple[range, range]:
        """Configurations, and splits, that a stage of so many adds to what is done."""
        configurations_done, splits_done = self._done
        return (
            range(0 if splits > splits_done else configurations_done, count),
            range(splits_done if count == configurations_done else 0, splits),
        )

    def _missing(self, count: int, splits: int) -> float:
        """Blocks that a stage of so many configurations and splits adds to what is there."""
        more, new_splits = self._new(count, splits)
        blocks = whole_rounds(len(new_splits) * -(-len(more) // self._size), self._busy)
        return (1 - self._known(more, new_splits)) * blocks

    def _stages(self, configurations: int) -> list[tuple[int, int]]:
        """Configurations and folds, one after the other more of the one or of the other, and all of them at last. The
        first must be trained, however late it is; there are no more than keep all devices busy.

        Where other folds than those that were asked for will not do, there are never fewer.
        """
        folds, asked = self._plan.folds, self._plan.asked.folds
        size, fewest = min(self._size, configurations), min(asked[-1], folds)
        least = min(_PAIR, folds) if len(asked) > 1 else folds
        stages = list(
            dict.fromkeys([(size, least), (configurations, least), (configurations, fewest), (configurations, folds)])
        )
        return [stage for stage in stages[:-1] if -(-stage[0] // size) * stage[1] >= self._busy] + stages[-1:]

    def _more(self, seen: Seen, later_partitions: int) -> Generator[Wave, Seen, Seen | None]:
        """As many configurations as leave time for the better half of them in so many other partitions."""
        folds, size = self._plan.folds, self._size
        even = self._busy // math.gcd(folds, self._busy)  # rounds whose blocks leave nobody idle
        while (left := self._most - self._done[0]) > 0:
            done = self._done[0]
            known = self._known(range(done, done + min(size, left)), range(folds))
            blocks = self._affordable(seen, folds, known) / size

            def needed(rounds: int, done: int = done) -> int:
                """Blocks in so many rounds, and in the other partitions after them."""
                kept = max(self._few, math.ceil(defaults.KEPT * min(done + rounds * size, self._most)))
                return rounds + later_partitions * -(-kept // size)

            if blocks < needed(1) and known < 1:
                return seen
            self._round += 1
            fewer = range(min(int(blocks), -(-left // size)), 1, -1)
            rounds = next((some for some in fewer if needed(some) <= blocks), 1)
            more = range(done, done + min(min(rounds, even) * size, left))
            fitting = max(min(rounds * size, left), len(more))
            planned = len(self._arms) * folds * int((done + fitting) * (1 + later_partitions * defaults.KEPT))
            count = whole_rounds(folds * -(-len(more) // size), self._busy)
            wave = Wave(
                self._all(more),
                range(folds),
                (more.stop, self._done[1]),
                self._round,
                planned,
                False,
                self._overtime(seen.left),
                count,
            )
            seen = yield wave
            if not seen.complete:
                return None
            self._done = wave.reaches
        return seen

    def _affordable(self, seen: Seen, splits: int, known: float = 0.0, margin: float = 1.0) -> int:
        """Configurations of every arm for which there is time in so many more splits, where a share of a block has been
        trained before, if each takes `margin` times as long."""
        if seen.seconds is None:
            return 0
        time = (seen.left + self._shift) / (margin * seen.seconds)
        rounds = max(int(time / splits + known), 0)
        before = known * whole_rounds(splits, self._busy)
        while rounds and whole_rounds(rounds * splits, self._busy) - before > time:
            rounds -= 1
        return rounds * self._size

    def _known(self, configurations: Sequence[int], splits: range) -> float:
        """Of these configurations of all arms, the share that was trained in these splits before."""
        wanted = list(itertools.product(self._arms, configurations, splits))
        return sum(trial in self._before for trial in wanted) / len(wanted)


def whole_rounds(blocks: int, at_once: int) -> int:
    """Blocks that devices could train in the time that so many take: in the last round some of them may be idle."""
    return -(-blocks // at_once) * at_once


SAFETY = 1.05  # machines are shared: what took so long once may take a little longer


def survivors(losses: np.ndarray, count: int) -> list[int]:
    """The configurations that go on: those with the lowest mean loss over the splits, each at its best epoch; in their
    order.

    **Arguments:**

    - `losses`: of an arm, `(configurations, splits, epochs, ...)`; infinite where a network diverged.
    """
    best = losses.mean(axis=1).reshape(len(losses), -1).min(axis=1)
    return sorted(int(configuration) for configuration in np.argsort(best, kind="stable")[:count])
