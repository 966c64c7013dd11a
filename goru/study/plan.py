"""How much a budget pays for: draws, partitions, folds and epochs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from goru.data.wording import counted
from goru.study import defaults
from goru.study.design import ARMS

# Of a network: where three draws of each arm are too many for a longer schedule, and where there is time for none.
FEW_STEPS, FEWEST_STEPS = 200, 40


@dataclass(frozen=True)
class Asked:
    """What a study should have.

    - `folds`: the numbers of folds that rows are cut into: the usual one first, and last the fewest that will do.
    - `epochs`: the length of the schedule.
    """

    folds: tuple[int, ...] = (defaults.FOLDS, defaults.FEWEST_FOLDS)
    epochs: int = defaults.EPOCHS


ASKED = Asked()


@dataclass(frozen=True)
class Extent:
    """How much is trained when the race is over.

    - `networks`: in a bag.
    - `folds`: of one partition, in which the same networks are trained once more, to predict its held-out rows; by
      default all.
    - `greedy`: whether a selection from several arms is tried.
    """

    networks: int = defaults.BAG
    folds: int | None = None
    greedy: bool = False


#: What there may be time for, the most first.
EXTENTS = (
    Extent(greedy=True),
    Extent(),
    Extent(folds=2),
    *(Extent(networks, folds=0) for networks in (defaults.BAG, defaults.BAG // 2, 2, 1)),
)
_WHOLE, _SHORT, _LEAST = EXTENTS[1], EXTENTS[2], EXTENTS[-2]


@dataclass(frozen=True)
class Plan:
    """What the race trains: all draws of each arm in the first partition, the better ones in the others.

    Full length wherever the budget allows it; what was given up of what was `asked` is in `shortfalls`, in plain
    sentences.
    """

    draws: int
    partitions: int = defaults.PARTITIONS
    folds: int = defaults.FOLDS
    epochs: int = defaults.EPOCHS
    shortfalls: tuple[str, ...] = ()
    asked: Asked = ASKED

    @property
    def kept(self) -> int:
        """Draws of each arm that go on to the second partition."""
        return min(self.draws, max(defaults.FEWEST_DRAWS, math.ceil(defaults.KEPT * self.draws)))

    @property
    def full(self) -> bool:
        """Whether partitions, folds and epochs are as many as they should be."""
        whole = (self.folds, self.epochs) == (self.asked.folds[0], self.asked.epochs)
        return whole and self.partitions >= defaults.PARTITIONS

    @property
    def extent(self) -> Extent:
        """What time is set aside for, after the race; there may be more of it, or less, when it is over."""
        if self.full:
            return EXTENTS[0]
        if self.epochs >= min(self.asked.epochs, max(self.asked.epochs // 2, defaults.FEWEST_EPOCHS)):
            return _WHOLE
        return _SHORT if self.draws >= defaults.FEWEST_DRAWS else _LEAST

    @property
    def networks(self) -> int:
        """Networks to train."""
        return len(ARMS) * self.folds * (self.draws + (self.partitions - 1) * self.kept)


def few_draws(draws: int) -> str:
    """What too few draws mean."""
    return f"{draws} draw{'s' * (draws != 1)} of each arm, too few to tune it, so that nothing is decided"


def shortest(epochs: int, steps: int, fewest: int) -> int:
    """The fewest epochs that are trained: of many rows, as many as make so few steps in all.

    **Arguments:**

    - `epochs`: that there should be.
    - `steps`: mini-batches in an epoch.
    """
    return min(epochs, defaults.FEWEST_EPOCHS, -(-fewest // max(steps, 1)))


def plan_networks(networks: int, partitions: int = defaults.PARTITIONS, asked: Asked = ASKED) -> Plan:
    """Spend a number of networks: fewer draws first, then one partition, then fewer folds.

    **Arguments:**

    - `partitions`: the most there are.
    - `asked`: the epochs are as many, whatever else is given up.
    """
    shapes = [(some, asked.folds[0]) for some in range(partitions, 0, -1)] + [(1, asked.folds[-1])]
    ladder = [
        Plan(draws, some, folds, asked.epochs, asked=asked)
        for some, folds in shapes
        for draws in range(networks // (len(ARMS) * folds), defaults.FEWEST_DRAWS - 1, -1)
    ]
    ladder += [
        Plan(draws, 1, asked.folds[-1], asked.epochs, asked=asked) for draws in range(defaults.FEWEST_DRAWS - 1, 0, -1)
    ]
    plan = next((plan for plan in ladder if plan.networks <= networks), ladder[-1])
    if plan.networks > networks:
        said = f"{networks:,} networks are too few for {len(ARMS)} arms in {plan.folds} folds"
        said = f"{said}; trained {plan.networks} instead"
    else:
        said = f"{networks:,} networks are too few for a full study"
    given_up = _given_up(plan)
    given_up += [few_draws(plan.draws)] if plan.draws < defaults.FEWEST_DRAWS else []
    return replace(plan, shortfalls=(f"{said}: {', '.join(given_up)}.",)) if given_up else plan


def plan_seconds(
    seconds: float,
    cost: Callable[[Plan], float],
    partitions: int = defaults.PARTITIONS,
    spent: float = 0.0,
    asked: Asked = ASKED,
    steps: int = 1,
) -> Plan:
    """Spend seconds: fewer draws first, then one partition, a somewhat shorter schedule, fewer folds, a short schedule;
    where even that is too long, fewer draws than can be told apart, and the shortest schedule that learns anything.

    **Arguments:**

    - `seconds`: for everything.
    - `cost`: seconds that everything takes with such a plan.
    - `partitions`: the most there are.
    - `spent`: seconds that are gone already.
    - `asked`: what nothing is to be given up of, if there is time.
    - `steps`: mini-batches in an epoch.
    """
    few, epochs = defaults.FEWEST_DRAWS, asked.epochs
    usual, fewest = asked.folds[0], asked.folds[-1]
    short = min(defaults.FEWEST_EPOCHS, epochs)
    shorter, fewer = (shortest(epochs, steps, some) for some in (FEW_STEPS, FEWEST_STEPS))
    shapes = [
        (draws, some, usual, epochs)
        for some in range(partitions, 0, -1)
        for draws in range(defaults.MOST_DRAWS, few - 1, -1)
    ]
    shapes += [(few, 1, usual, some) for some in range(epochs - 1, max(epochs // 2, short) - 1, -1)]
    shapes += [(few, 1, fewest, some) for some in range(epochs, shorter - 1, -1)]
    shapes += [(draws, 1, fewest, shorter) for draws in range(few - 1, 0, -1)]
    shapes += [(1, 1, fewest, some) for some in range(shorter - 1, fewer - 1, -1)]
    ladder = [Plan(*shape, asked=asked) for shape in shapes]
    plan = next((plan for plan in ladder if cost(plan) <= seconds), ladder[-1])
    given_up = _given_up(plan)
    if not given_up:
        return plan
    said = f"budget too small for a full study: {', '.join(given_up)}"
    full = spent + cost(Plan(few, partitions, usual, epochs, asked=asked))
    return replace(plan, shortfalls=(f"{said} (that would take about {full:,.0f} s here).",))


def _given_up(plan: Plan) -> list[str]:
    """What shows before the race; in how many partitions it is run, only after it."""
    folds, epochs = plan.asked.folds[0], plan.asked.epochs
    return [
        *([f"{plan.folds} folds instead of {folds}"] if plan.folds < folds else []),
        *([f"{counted(plan.epochs, 'epoch')} instead of {epochs}"] if plan.epochs < epochs else []),
    ]
