"""What a study's time is spent on: how networks are trained, what is planned, and what is left for after the race."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from goru.data.splitting import Split
from goru.experiment.arms import Arm
from goru.experiment.clock import Clock
from goru.experiment.plan import FEW_STEPS, FEWEST_STEPS, Asked, Plan, shortest
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.scheduler import SAFETY
from goru.language import kept
from goru.nn.architecture import Architecture, Recipe
from goru.population.immediate.interpreted import interpretable
from goru.population.member import PreparedRows
from goru.studies import defaults
from goru.studies.asked.design import ARMS, programs, sharing
from goru.studies.budget.extent import EXTENTS, Extent
from goru.studies.budget.forecast import PROGRAM_SECONDS, Work
from goru.studies.budget.pace import LAST_SECONDS, Pace
from goru.studies.laboratory import NetworkLaboratory

MEASURING = 0.04  # the most of the budget that may go into seeing how fast programs are, but for one
TIMED_ROWS = 16_384  # of a large table, in the end: of fewer, what an epoch takes besides them would count too much
MOST_ROWS_TIMED = 16 * TIMED_ROWS  # that a table may have: of more, filling the devices' memory would take too long
COMPILING = 0.4  # the most of the time that is left; what is not compiled by then never is
ROUNDS = 4  # that a race should have at least
LAST_SPLITS = 3  # as long as preparing the rows of so many splits takes what prepares all rows at the end
RECIPE = Recipe()
OVERRUN = 1.15  # times the budget: more is said
LATE = 0.02  # of the budget, that the final model's ensemble may take where the race has left nothing

# What the record has under these names.
_WAY, _BASELINES, _PLAN, _SCORED, _EXTENT = "way", "baselines", "plan", "scored", "extent"
_LONGER, _ROWS, _BY_ROWS = "longer", "rows", "by rows"


@dataclass(frozen=True)
class Way:
    """How networks are trained: without a compiler or with it, and how many in a block."""

    interpreted: bool
    networks: int


class Spending:
    """Decides what there is time for, by the clock; a study that goes on decides no other way.

    **Arguments:**

    - `clock`, `record`: of the study.
    - `asked`: what there should be.
    - `batch`, `training_rows`: rows in a mini-batch, and that a split of the fewest folds fits on.
    - `scored`: how many arms are scored after the race.
    - `plain`, `validation`: see [`Pace`][goru.studies.budget.pace.Pace].
    - `crew`: whether somebody else trains.
    - `arms`: those that run.
    - `sampled`: whether rows are a sample; see [`Pace`][goru.studies.budget.pace.Pace].
    """

    def __init__(
        self,
        clock: Clock,
        record: Record,
        asked: Asked,
        batch: int,
        training_rows: int,
        scored: int,
        plain: bool,
        validation: bool,
        crew: bool,
        arms: Sequence[Arm] = ARMS,
        sampled: bool = False,
    ) -> None:
        self._clock, self._record, self._asked = clock, record, asked
        self._arms = arms
        self._batch, self._steps, self._crew = batch, max(training_rows // batch, 1), crew
        # Where rows are a sample, the recommended networks alone are trained in the end.
        self._known: dict[str, Any] = {
            "scored": scored,
            "plain": plain and not sampled,
            "validation": validation and not sampled,
            "sampled": sampled,
        }
        self._slowness = clock.slowness()
        self._last = self._slowness * (LAST_SECONDS + clock.afterwards)
        self._pace: Pace | None = None
        self._by_rows = 0.0  # seconds for training on fewer rows
        self.takes = 0.0  # what the smallest study, and later what the one that is planned, takes in all
        self.compiling: float | None = None  # how long programs are waited for
        self.final_rows: int | None = None  # that the final model is trained on, where the race was on a sample

    @property
    def slowness(self) -> float:
        """Of this machine, as it was last seen."""
        return self._slowness

    @property
    def left(self) -> float:
        """Seconds for training."""
        return self._clock.left - self._last

    @property
    def looking(self) -> float:
        """Seconds for the training of a first look."""
        return defaults.PROBE_SHARE * max(self.left, 0.0)

    @property
    def baselines(self) -> float:
        """Seconds for non-neural baselines."""
        known = self._record.recall(_BASELINES)
        if known is None:
            known = defaults.BASELINES * max(min(self._clock.budget, 2 * self.left), 0.0)
            self._record.remember(_BASELINES, known)
        return float(known)

    def scored(self, splits: Sequence[Split], plan: Plan, race: Race) -> Sequence[Split]:
        """Those of a partition's splits in which there is time to score arms; the fewest of which one can speak, if
        there is none."""
        if (known := self._record.recall(_SCORED)) is None:
            pace = self._observed(plan, race)
            known = len(splits) if pace.scoring(len(splits), plan) <= self.left / 2 else 2
            self._record.remember(_SCORED, known)
        return splits[:known]

    def late(self) -> bool:
        """Whether there are none any more."""
        return self.left < 0

    @property
    def exceeding(self) -> bool:
        """Whether more than the budget is needed, and more than a little."""
        return self.takes > OVERRUN * self._clock.budget

    def way(self, base: Architecture, recipe: Recipe = RECIPE) -> Way:
        """How networks of the plain one's shape are trained."""
        different = programs(self._arms, base, recipe)
        seconds, count = self.left / self._slowness, len(different)
        few, fewest = (shortest(self._asked.epochs, self._steps, some) for some in (FEW_STEPS, FEWEST_STEPS))
        # One configuration of each arm, and the shortest schedule; three, and a schedule that is not quite as short.
        least = Work(
            base.n_parameters, self._batch, len(self._arms) * self._asked.folds[-1], fewest * self._steps, count
        )
        modest = replace(least, networks=defaults.FEWEST_CONFIGURATIONS * least.networks, steps=few * self._steps)
        possible = not self._crew and all(interpretable(each) for _, each in different)
        interpreted = possible and not least.worth_compiling(seconds)
        networks = defaults.networks_in_a_block(base.n_parameters)
        if interpreted or modest.compiling + modest.compiled > seconds:
            networks = 2  # a block that is not full takes as long as one that is, and NumPy gains nothing by it
        else:
            # Blocks of few networks are nearly as fast, and what is left of the budget is less than a round.
            shared = sharing(self._arms, base, recipe)
            a_configuration = replace(
                least, networks=len(self._arms) * self._asked.folds[0], steps=self._asked.epochs * self._steps
            ).compiled
            while networks > 2 and max(networks // shared, 1) * a_configuration * ROUNDS > seconds:
                networks //= 2
        if (known := self._record.recall(_WAY)) is None:
            known = asdict(Way(interpreted, networks))
            self._record.remember(_WAY, known)
        soonest = least.soonest if possible or self._crew else least.compiling + least.compiled
        self.takes = self._clock.spent + self._slowness * soonest + self._last
        # What NumPy would not have done sooner is waited for.
        self.compiling = COMPILING * max(self.left, 0.0) if possible and least.soonest == least.interpreted else None
        return Way(**known)

    def plan(self, laboratory: NetworkLaboratory, split: Split, partitions: int) -> tuple[Plan, float, float]:
        """What is trained, by when the race has to end, of `time.monotonic`, and what training again takes; see
        [`Race.run`][goru.experiment.racing.race.Race.run].

        **Arguments:**

        - `split`: one of the usual ones, on which programs are timed.
        - `partitions`: the most there are.
        """
        known: dict[str, Any] | None = self._record.recall(_PLAN)
        if known is None:
            pace = self._measured(laboratory, split)
            spent = self._clock.spent
            plan, race, reserve = pace.plan(self._clock.left, partitions, spent, self._asked, self._steps)
            by_rows = pace.by_rows(plan)
            short = plan.epochs < self._asked.epochs or self._known["sampled"]
            if short or by_rows > min(defaults.BY_ROWS * self._clock.budget, race - pace.race(plan)):
                by_rows = 0.0
            known = {
                **{name: getattr(plan, name) for name in ("configurations", "partitions", "folds", "epochs")},
                "shortfalls": list(plan.shortfalls),
                "ends": spent + race - by_rows,
                "by_rows": by_rows,
                "reserve": reserve,
                "takes": spent + pace.cost(plan),
                "pace": asdict(pace),
            }
            self._record.remember(_PLAN, known)
        self._pace = Pace(**{**known["pace"], "block_seconds": tuple(known["pace"]["block_seconds"])})
        self._last, self.takes, self._by_rows = self._pace.last, known["takes"], known.get("by_rows", 0.0)
        numbers = {name: known[name] for name in ("configurations", "partitions", "folds", "epochs")}
        plan = Plan(**numbers, shortfalls=tuple(known["shortfalls"]), asked=self._asked)
        return plan, self._clock.started + known["ends"], known["reserve"]

    def extent(self, plan: Plan, race: Race, epochs: float, most: Extent, plain: bool) -> Extent:
        """How much there is time for when the race is over; as fast as the race was at last.

        **Arguments:**

        - `epochs`: after which the best configurations stop, on average.
        - `most`: that there is to be.
        - `plain`: whether plain networks are trained beside the recommended ones.
        """
        if (known := self._record.recall(_EXTENT)) is not None and not self._clock.hurried:
            return EXTENTS[known]
        pace, folds = self._observed(plan, race), min(plan.folds, race.splits_done)
        self._slowness = self._clock.slowness()
        self._last = self._slowness * (LAST_SECONDS + self._clock.afterwards) + LAST_SPLITS * pace.a_split
        seconds = self.left - self._by_rows
        if not self._clock.hurried:
            seconds = max(seconds, LATE * self._clock.budget)
        extent = replace(pace, scored=0, plain=plain).extent(seconds, most, folds, epochs)
        if not self._clock.hurried:  # a study that goes on is not in such a hurry
            self._record.remember(_EXTENT, EXTENTS.index(extent))
        return extent

    def longest(self, plan: Plan, race: Race, plain: bool) -> tuple[Extent, int] | None:
        """How much is trained with a longer schedule than the race's, where that was a short one, and how long it is;
        see [`Pace.longest`][goru.studies.budget.pace.Pace.longest].

        **Arguments:**

        - `plain`: whether plain networks are trained beside the recommended ones.
        """
        if plan.epochs >= self._asked.epochs or self._clock.hurried:
            return None
        if (known := self._record.recall(_LONGER)) is None:
            pace, folds = replace(self._observed(plan, race), scored=0, plain=plain), min(plan.folds, race.splits_done)
            longest = pace.longest(self.left - self._by_rows, plan, folds)
            known = [] if longest is None else [EXTENTS.index(longest[0]), longest[1]]
            self._record.remember(_LONGER, known)
        return (EXTENTS[known[0]], known[1]) if known else None

    def by_rows(self, plan: Plan, race: Race, epochs: float) -> bool:
        """Whether there is time for training on fewer rows: where it was set aside, or is left when all else is done.

        **Arguments:**

        - `epochs`: that a plain network and a recommended one take together, on all rows.
        """
        if (known := self._record.recall(_BY_ROWS)) is None:
            possible = self._by_rows > 0 or self._observed(plan, race).by_rows(plan, epochs) <= self.left
            known = possible and not self.late()
            self._record.remember(_BY_ROWS, known)
        return bool(known)

    def rows_in_the_end(self, plan: Plan, race: Race, rows: int, larger: float) -> int:
        """How many rows the final model is trained on after a race on a sample: as many as one network can see once,
        and no fewer than those of the sample.

        **Arguments:**

        - `rows`, `larger`: see [`Pace.of_more`][goru.studies.budget.pace.Pace.of_more].
        """
        if (known := self._record.recall(_ROWS)) is None:
            observed = self._observed(plan, race)
            seconds = self._left_for_all_rows(observed, plan, compiling=1)
            share = observed.of_more(rows, larger).in_one_pass(seconds)
            known = rows if share >= 1 else max(int(share * rows), min(observed.all_rows, rows))
            if not self._clock.hurried:
                self._record.remember(_ROWS, known)
        self.final_rows = known
        return int(known)

    def on_all_rows(
        self, plan: Plan, race: Race, laboratory: NetworkLaboratory, larger: float
    ) -> tuple[Extent, int, bool]:
        """How much is trained on all rows, for how many epochs, and whether they are tried first; see
        [`Pace.on_all_rows`][goru.studies.budget.pace.Pace.on_all_rows].

        **Arguments:**

        - `laboratory`: of all rows, on some of which its programs are timed, unless there are too many.
        - `larger`: see [`Pace.of_more`][goru.studies.budget.pace.Pace.of_more].
        """
        if (known := self._record.recall(_LONGER)) is None:
            observed, rows = self._observed(plan, race), len(laboratory.dataset.y_development)
            pace = observed.of_more(rows, larger)
            if rows <= MOST_ROWS_TIMED:
                timed = self._timed(laboratory, laboratory.first_rows(TIMED_ROWS), pace.a_split)
                pace = replace(timed, all_rows=rows)
            seconds = self._left_for_all_rows(observed, plan)
            extent, *how = pace.on_all_rows(seconds, self._asked.epochs)
            known = [EXTENTS.index(extent), *how]
            if not self._clock.hurried:
                self._record.remember(_LONGER, known)
        return EXTENTS[known[0]], known[1], known[2]

    def _left_for_all_rows(self, pace: Pace, plan: Plan, compiling: int = 0) -> float:
        """Seconds, less those for compiling so many programs, and for two networks that are watched afterwards, one
        after the other, while they are trained on the sample."""
        watched = 2 * pace.at_once * pace.block_of_one(plan.epochs)
        return self.left - compiling * PROGRAM_SECONDS * self._slowness - watched

    def _observed(self, plan: Plan, race: Race) -> Pace:
        """As fast as the race was at last."""
        assert self._pace is not None
        return self._pace.slower(SAFETY * race.block_seconds / self._pace.block(plan) if race.block_seconds else 1.0)

    def overrun(self) -> list[str]:
        """A sentence if the budget was exceeded by more than a little: because nothing smaller could be planned, or
        because everything took longer."""
        spent, budget = self._clock.spent + self._slowness * self._clock.afterwards, self._clock.budget
        if spent <= OVERRUN * budget:
            return []
        least = self.takes > budget
        why = (
            kept("minimum here: {spent:.0f} s", spent=spent)
            if least
            else kept("took {spent:.0f} s: slower than estimated", spent=spent)
        )
        return [kept("exceeded the {budget:g} s budget ({why}).", budget=budget, why=why)]

    def _measured(self, laboratory: NetworkLaboratory, split: Split) -> Pace:
        before = self._clock.spent
        rows = laboratory.rows(split)
        return self._timed(laboratory, rows, a_split=self._clock.spent - before)

    def _timed(self, laboratory: NetworkLaboratory, rows: PreparedRows, a_split: float) -> Pace:
        """How fast programs are on rows, of which a split's take `a_split` seconds to prepare."""
        self._slowness = self._clock.slowness()
        work = Work(
            laboratory.base.n_parameters, self._batch, laboratory.shape.networks, len(rows.training) // self._batch, 0
        )
        if self.late():  # whatever is measured, nothing but the smallest study is planned
            an_epoch = self._slowness * (work.interpreted if laboratory.interpreted else work.compiled)
            block_seconds = [an_epoch] * len(laboratory.trainers)
        else:
            block_seconds = laboratory.block_seconds(rows, MEASURING * self._clock.budget)
        return Pace(
            laboratory.shape.networks,
            laboratory.configurations_at_once,
            tuple(
                SAFETY * seconds
                for seconds in block_seconds + [max(block_seconds)] * (len(laboratory.trainers) - len(block_seconds))
            ),
            training_rows=len(rows.training),
            all_rows=len(rows.x),
            blocks=laboratory.blocks_of_a_split,
            a_block=self._slowness * work.initial,
            a_split=a_split,
            last=self._slowness * (LAST_SECONDS + self._clock.afterwards) + LAST_SPLITS * a_split,
            at_once=laboratory.blocks_at_once,
            shown=not self._known["plain"],
            **self._known,
        )
