"""How much a budget pays for: configurations, partitions, folds and epochs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from goru.experiment import defaults
from goru.wording import counted

# Of its epochs, after which a configuration is at its best; where it is another, the race gives or takes time.
USUAL_SHARE = 0.6
# Of a network: where three configurations of each arm are too many for a longer schedule, and where there is time for
# none.
FEW_STEPS, FEWEST_STEPS = 200, 40


@dataclass(frozen=True)
class Asked:
    """What a study should have.

    - `folds`: the numbers of folds that rows are cut into: the usual one first, and last the fewest that will do.
    - `epochs`: the length of the schedule.
    - `configurations`: configurations of an arm: the fewest by which anything is decided, and the most; one, where
      there is nothing to tune.
    """

    folds: tuple[int, ...] = (defaults.FOLDS, defaults.FEWEST_FOLDS)
    epochs: int = defaults.EPOCHS
    configurations: tuple[int, int] = (defaults.FEWEST_CONFIGURATIONS, defaults.MOST_CONFIGURATIONS)


ASKED = Asked()


@dataclass(frozen=True)
class Plan:
    """What the race trains: all configurations of each arm in the first partition, the better ones in the others.

    Full length wherever the budget allows it; what was given up of what was `asked` is in `shortfalls`, in plain
    sentences.
    """

    configurations: int
    partitions: int = defaults.PARTITIONS
    folds: int = defaults.FOLDS
    epochs: int = defaults.EPOCHS
    shortfalls: tuple[str, ...] = ()
    asked: Asked = ASKED

    @property
    def kept(self) -> int:
        """Configurations of each arm that go on to the second partition."""
        return min(
            self.configurations, max(self.asked.configurations[0], math.ceil(defaults.KEPT * self.configurations))
        )

    @property
    def full(self) -> bool:
        """Whether partitions, folds and epochs are as many as they should be."""
        whole = (self.folds, self.epochs) == (self.asked.folds[0], self.asked.epochs)
        return whole and self.partitions >= defaults.PARTITIONS

    def trials(self, arms: int) -> int:
        """Trials to make, of so many arms."""
        return arms * self.folds * (self.configurations + (self.partitions - 1) * self.kept)


@dataclass(frozen=True)
class Cut:
    """A race that ended before its time.

    - `trials`, `planned`: that count, and that were planned.
    - `decided`: whether all main effects were; otherwise somebody has asked for the end.
    """

    trials: int
    planned: int
    decided: bool

    def in_words(self, noun: str) -> str:
        """A sentence."""
        why = "as all main effects are decided" if self.decided else "as asked"
        return f"ended early, {why}: {self.trials:,} of {self.planned:,} planned {noun} count."


def few_configurations(count: int) -> str:
    """What too few configurations mean."""
    return f"{counted(count, 'configuration')} of each combination, too few to tune it: all inconclusive"


def shortest(epochs: int, steps: int, fewest: int) -> int:
    """The fewest epochs that are trained: of many rows, as many as make so few steps in all.

    **Arguments:**

    - `epochs`: that there should be.
    - `steps`: mini-batches in an epoch.
    """
    return min(epochs, defaults.FEWEST_EPOCHS, -(-fewest // max(steps, 1)))


def plan_trials(
    trials: int, arms: int, partitions: int = defaults.PARTITIONS, asked: Asked = ASKED, noun: str = "networks"
) -> Plan:
    """Spend a number of trials: fewer configurations first, then one partition, then fewer folds.

    **Arguments:**

    - `arms`: that share them.
    - `partitions`: the most there are.
    - `asked`: the epochs are as many, whatever else is given up.
    - `noun`: what trials are called.
    """
    few, most = asked.configurations
    shapes = [(some, asked.folds[0]) for some in range(partitions, 0, -1)] + [(1, asked.folds[-1])]
    ladder = [
        Plan(configurations, some, folds, asked.epochs, asked=asked)
        for some, folds in shapes
        for configurations in range(trials // (arms * folds) if most > few else few, few - 1, -1)
    ]
    ladder += [
        Plan(configurations, 1, asked.folds[-1], asked.epochs, asked=asked) for configurations in range(few - 1, 0, -1)
    ]
    ladder = ladder or [Plan(few, 1, asked.folds[-1], asked.epochs, asked=asked)]
    plan = next((plan for plan in ladder if plan.trials(arms) <= trials), ladder[-1])
    if plan.trials(arms) > trials:
        sentence = f"{trials:,} {noun} are too few for {arms} arms in {plan.folds} folds"
        sentence = f"{sentence}; trained {plan.trials(arms)} instead"
    else:
        sentence = f"{trials:,} {noun} are too few for a full study"
    cuts = _cuts(plan)
    cuts += [few_configurations(plan.configurations)] if plan.configurations < few else []
    return replace(plan, shortfalls=(f"{sentence}: {', '.join(cuts)}.",)) if cuts else plan


def plan_seconds(
    seconds: float,
    cost: Callable[[Plan], float],
    partitions: int = defaults.PARTITIONS,
    spent: float = 0.0,
    asked: Asked = ASKED,
    steps: int = 1,
) -> Plan:
    """Spend seconds: fewer configurations first, then one partition, a somewhat shorter schedule, fewer folds, a short
    schedule; where even that is too long, fewer configurations than can be told apart, and the shortest schedule that
    learns anything.

    **Arguments:**

    - `seconds`: for everything.
    - `cost`: seconds that everything takes with such a plan.
    - `partitions`: the most there are.
    - `spent`: seconds that are gone already.
    - `asked`: what nothing is to be given up of, if there is time.
    - `steps`: mini-batches in an epoch.
    """
    few, epochs = defaults.FEWEST_CONFIGURATIONS, asked.epochs
    usual, fewest = asked.folds[0], asked.folds[-1]
    short = min(defaults.FEWEST_EPOCHS, epochs)
    shorter, fewer = (shortest(epochs, steps, some) for some in (FEW_STEPS, FEWEST_STEPS))
    shapes = [
        (configurations, some, usual, epochs)
        for some in range(partitions, 0, -1)
        for configurations in range(defaults.MOST_CONFIGURATIONS, few - 1, -1)
    ]
    shapes += [(few, 1, usual, some) for some in range(epochs - 1, max(epochs // 2, short) - 1, -1)]
    shapes += [(few, 1, fewest, some) for some in range(epochs, shorter - 1, -1)]
    shapes += [(configurations, 1, fewest, shorter) for configurations in range(few - 1, 0, -1)]
    shapes += [(1, 1, fewest, some) for some in range(shorter - 1, fewer - 1, -1)]
    ladder = [Plan(*shape, asked=asked) for shape in shapes]
    plan = next((plan for plan in ladder if cost(plan) <= seconds), ladder[-1])
    cuts = _cuts(plan)
    if not cuts:
        return plan
    sentence = f"budget too small for a full study: {', '.join(cuts)}"
    full = spent + cost(Plan(few, partitions, usual, epochs, asked=asked))
    return replace(plan, shortfalls=(f"{sentence} (that would take about {full:,.0f} s here).",))


def _cuts(plan: Plan) -> list[str]:
    """What shows before the race; in how many partitions it is run, only after it."""
    folds, epochs = plan.asked.folds[0], plan.asked.epochs
    return [
        *([f"{plan.folds} folds instead of {folds}"] if plan.folds < folds else []),
        *([f"{counted(plan.epochs, 'epoch')} instead of {epochs}"] if plan.epochs < epochs else []),
    ]
