"""How fast the race goes, and what there is time for."""

import math
from dataclasses import dataclass, replace
from typing import Self

from goru.experiment.plan import ASKED, USUAL_SHARE, Asked, Plan, plan_seconds
from goru.experiment.racing.scheduler import whole_rounds
from goru.studies import defaults
from goru.studies.budget.extent import EXTENTS, LENGTHENED, Extent, calibrating, extent_of

# Of the time that is left when a race is planned whose schedule is less than half as long as it should be: for the
# final model's networks, whose schedule is then longer.
FINAL_SHARE = 0.3
ALL_ROWS_SHARE = 0.5  # the same, where the race is on a sample and the final model is trained on all rows
# Times the race, where it has the fewest folds that will do: a race that takes longer than planned ends with fewer, and
# by these nothing would be decided.
FEWEST_FOLDS_MARGIN = 1.1
LONGER = 1.5  # times the race's schedule: one that is not so long is no longer one
# On all rows of a large table an ensemble of half as many networks is better than one with a schedule of fewer epochs
# than this, if its own is so many times as long.
ENOUGH_ON_ALL_ROWS, LONGER_BY_HALF = 20, 1.5
# Epochs on all rows: a schedule that is no longer is at its best near its end, and is not tried first.
WORTH_TRYING = 50
LAST_SECONDS = 1.2  # on a quiet machine: folding, scoring and describing, and the programs for them


@dataclass(frozen=True)
class Pace:
    """Seconds that a block of networks takes for one epoch: of each program, on `training_rows` of the `all_rows`.

    - `networks`: in a block.
    - `configurations`: of every arm, that are trained together: in one block of a program, or in `blocks`.
    - `scored`: arms of which a network is trained in every split of one partition after the race, for its score.
    - `a_block`: seconds that a block takes besides its epochs.
    - `a_split`: seconds until the rows of a split are prepared.
    - `last`: seconds for what comes when everything is trained.
    - `at_once`: blocks that are trained at a time: fewer take as long.
    - `plain`: whether plain networks are trained again too.
    - `validation`: whether validation rows are predicted, but for a selection.
    - `shown`: whether all of them are, and not only as many as calibrate.
    - `sampled`: whether these are a sample, and the final model is trained on all rows.
    """

    networks: int
    configurations: int
    block_seconds: tuple[float, ...]
    training_rows: int
    all_rows: int
    blocks: int = 1
    scored: int = 0
    a_block: float = 0.0
    a_split: float = 0.0
    last: float = LAST_SECONDS
    at_once: int = 1
    plain: bool = True
    validation: bool = True
    shown: bool = False
    sampled: bool = False

    def race(self, plan: Plan) -> float:
        """Seconds for all configurations of each arm in the first partition, and for the better ones in the others."""
        at_once = max(self.at_once // self.blocks, 1)
        first, later = (
            whole_rounds(-(-some // self.configurations) * plan.folds, at_once)
            for some in (plan.configurations, plan.kept)
        )
        blocks = first + (plan.partitions - 1) * later
        return blocks * self.block(plan) + plan.folds * plan.partitions * self.a_split

    def block(self, plan: Plan) -> float:
        """Seconds for `configurations` of every arm in one split."""
        epochs = plan.epochs * (1 - 1 / plan.folds) * self.all_rows / self.training_rows
        return self.blocks * (epochs * sum(self.block_seconds) + len(self.block_seconds) * self.a_block)

    def after_the_race(self, plan: Plan) -> float:
        """Seconds for all that follows the race, if configurations are at their best after the usual share of their
        epochs."""
        return self.last + self.training_again(extent_of(plan), plan.folds, USUAL_SHARE * plan.epochs)

    def training_again(self, extent: Extent, folds: int, epochs: float) -> float:
        """Seconds for one or two ensembles on all development rows, for the same ensembles in splits of one partition,
        and for the candidates of a selection there, or the arms that are scored."""
        ensembles = 1 + self.plain
        ensemble = max(min(defaults.ENSEMBLE_CONFIGURATIONS, extent.networks), -(-extent.networks // self.networks))
        splits = calibrating(folds, 0 if self.shown else self.all_rows, extent.folds) if self.validation else 0
        # Of validation rows, what shares a program shares blocks: the best configurations, and a small ensemble.
        candidates = self.scored or (1 + defaults.RIVALS) * extent.greedy
        in_a_split = -(-extent.networks // self.networks)
        again = ensembles * max(ensemble, self.at_once)
        validation = ensembles * in_a_split * splits + candidates * folds
        block = self.block_of_one(epochs) - self.a_block
        rows = (ensembles + ensembles * splits + folds * (candidates > 0)) * self.a_split
        return again * (block + self.a_block) + validation * (block * (1 - 1 / folds) + self.a_block) + rows

    def by_rows(self, plan: Plan, epochs: float | None = None) -> float:
        """Seconds for a plain network and a recommended one on fewer rows, in every split of one partition.

        **Arguments:**

        - `epochs`: that both take together, on all rows; by default the usual share of the plan's.
        """
        epochs = 2 * USUAL_SHARE * plan.epochs if epochs is None else epochs
        training = self.block_of_one(epochs) * (1 - 1 / plan.folds) + self.a_block
        return len(defaults.FEWER_ROWS) * plan.folds * (training + self.a_split)

    def scoring(self, splits: int, plan: Plan) -> float:
        """Seconds for a network of every arm that is scored, in so many splits of one partition."""
        block = max(self.block_seconds) * plan.epochs * (1 - 1 / plan.folds) * self.all_rows / self.training_rows
        return splits * (self.scored * (block + self.a_block) + self.a_split)

    def plan(
        self,
        seconds: float,
        partitions: int,
        spent: float = 0.0,
        asked: Asked = ASKED,
        steps: int = 1,
    ) -> tuple[Plan, float, float]:
        """What so many seconds pay for, how many of them are the race's, and how many an epoch more or less of all that
        is trained after it would take.

        **Arguments:**

        - `partitions`: the most there are.
        - `spent`: seconds that are gone already.
        - `asked`: what there should be.
        - `steps`: mini-batches in an epoch.
        """
        least = (ALL_ROWS_SHARE if self.sampled else FINAL_SHARE) * max(seconds, 0.0)

        def cost(plan: Plan) -> float:
            after = self.after_the_race(plan)
            short = self.sampled or 2 * plan.epochs < asked.epochs
            race = self.race(plan) * (FEWEST_FOLDS_MARGIN if plan.folds == asked.folds[-1] else 1.0)
            return race + (max(after, least) if short else after)

        plan = plan_seconds(seconds, cost, partitions, spent, asked, steps)
        # What a short plan leaves is for more networks in the end, before it is for more configurations.
        folds, after = plan.folds, seconds - self.race(plan) - self.last
        possible = self.extent(after, EXTENTS[0 if plan.full else 1], folds, USUAL_SHARE * plan.epochs)
        extent = min(extent_of(plan), possible, key=EXTENTS.index)
        usual, whole, none = (
            self.training_again(extent, folds, share * plan.epochs) for share in (USUAL_SHARE, 1.0, 0.0)
        )
        if self.sampled or 2 * plan.epochs < asked.epochs:
            usual = max(usual, least - self.last)
        return plan, seconds - self.last - usual, whole - none

    def cost(self, plan: Plan) -> float:
        """Seconds for the race and all that follows it."""
        return self.race(plan) + self.after_the_race(plan)

    def extent(self, seconds: float, most: Extent, folds: int, epochs: float) -> Extent:
        """How much there is time for in so many seconds after the race.

        **Arguments:**

        - `most`: there is no more.
        - `folds`, `epochs`: of the race, and after which the best configurations stop.
        """
        ladder = EXTENTS[EXTENTS.index(most) :]
        return next((some for some in ladder if self.training_again(some, folds, epochs) <= seconds), ladder[-1])

    def longest(self, seconds: float, plan: Plan, folds: int) -> tuple[Extent, int] | None:
        """How much is trained with a longer schedule than the race's, and how long it is: as long as there is time for
        in so many seconds after the race; `None` if that is not much longer.

        The schedule is tried on one split first, beside the race's own, by a block of the best configurations of each
        ensemble.
        """
        for extent in LENGTHENED:
            schedule = self._schedule(seconds, extent, folds, plan.asked.epochs, tried=True, beside=plan.epochs)
            if schedule >= LONGER * plan.epochs:
                return extent, schedule
        return None

    def of_more(self, rows: int, larger: float) -> Self:
        """After a race on a sample: on all rows.

        **Arguments:**

        - `rows`: that there are.
        - `larger`: how many times as many parameters networks have then.
        """
        return replace(
            self,
            all_rows=rows,
            a_split=self.a_split * rows / self.all_rows,
            block_seconds=tuple(larger * one for one in self.block_seconds),
        )

    def in_one_pass(self, seconds: float) -> float:
        """The share of all rows that one network can see once; it may be more than 1."""
        none, one = (self.training_again(EXTENTS[-1], defaults.FOLDS, epochs) for epochs in (0, 1))
        return max((seconds - none) / (one - none), 0.0)

    def on_all_rows(self, seconds: float, epochs: int) -> tuple[Extent, int, bool]:
        """How much is trained on all rows after a race on a sample, for how many epochs, and whether they are tried
        first: an ensemble, smaller where its schedule would be short; one network and one pass at least.

        **Arguments:**

        - `epochs`: the most.
        """
        extent, schedule = EXTENTS[3], 0
        for fewer in EXTENTS[3:]:
            whole, longer = (self._schedule(seconds, fewer, defaults.FOLDS, epochs, way) for way in (False, True))
            longer = longer if longer > WORTH_TRYING else min(whole, WORTH_TRYING)
            halves = math.log2(extent.networks / fewer.networks)
            if schedule < ENOUGH_ON_ALL_ROWS and longer >= schedule * LONGER_BY_HALF**halves:
                extent, schedule = fewer, longer
        return extent, max(schedule, 1), schedule > WORTH_TRYING

    def _schedule(
        self, seconds: float, extent: Extent, folds: int, most: int, tried: bool, beside: int | None = None
    ) -> int:
        """How many epochs there is time for.

        **Arguments:**

        - `tried`: whether they are tried first, on one split.
        - `beside`: the length of the race's schedule, if that is tried too.
        """
        none, one = (
            self.training_again(extent, folds, epochs) + tried * self._trying(epochs, beside, folds)
            for epochs in (0, 1)
        )
        return max(int(min((seconds - none) / (one - none), most)), 0)

    def _trying(self, epochs: int, beside: int | None, folds: int) -> float:
        """Seconds for a block of each ensemble on one split, with a schedule and with the one beside it."""
        blocks = self.block_of_one(epochs) + (0.0 if beside is None else self.block_of_one(beside))
        return max(1 + self.plain, self.at_once) * blocks * (1 - 1 / folds)

    def block_of_one(self, epochs: float) -> float:
        """Seconds for a block of the slowest program, on all development rows."""
        return max(self.block_seconds) * epochs * self.all_rows / self.training_rows + self.a_block

    def slower(self, factor: float) -> Self:
        """The same work where all training takes so many times as long."""
        return replace(
            self,
            block_seconds=tuple(factor * seconds for seconds in self.block_seconds),
            a_block=factor * self.a_block,
            a_split=factor * self.a_split,
        )
