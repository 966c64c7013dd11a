"""How much a budget pays for: splits, draws and epochs."""

from collections.abc import Callable
from dataclasses import dataclass

from goru.study import defaults
from goru.study.design import ARMS


@dataclass(frozen=True)
class Plan:
    """What the race trains: every arm's draws in every split.

    Full length wherever the budget allows it; what was given up is in `shortfalls`, in plain sentences.
    """

    folds: int
    draws: int
    epochs: int
    shortfalls: tuple[str, ...] = ()

    @property
    def networks(self) -> int:
        """Networks to train."""
        return len(ARMS) * self.folds * self.draws


def few_draws(draws: int) -> str:
    """What too few draws mean."""
    return f"{draws} draw{'s' * (draws != 1)} of each arm, too few to tune it, so that nothing is decided"


def plan_networks(networks: int) -> Plan:
    """Spend a number of networks: fewer draws first, then fewer folds."""
    few, arms = defaults.FEWEST_FOLDS, len(ARMS)
    if networks < arms * few:
        said = f"{networks:,} networks are too few for {arms} arms in {few} folds; trained {arms * few} instead"
        return Plan(few, 1, defaults.EPOCHS, (f"{said}, {few_draws(1)}.",))
    folds = defaults.FOLDS if networks >= defaults.FEWEST_DRAWS * arms * defaults.FOLDS else few
    draws = networks // (arms * folds)
    given_up = [f"{folds} folds instead of {defaults.FOLDS}"] if folds < defaults.FOLDS else []
    given_up += [few_draws(draws)] if draws < defaults.FEWEST_DRAWS else []
    shortfalls = (f"{networks:,} networks are too few for a full study: {', '.join(given_up)}.",) if given_up else ()
    return Plan(folds, draws, defaults.EPOCHS, shortfalls)


def plan_seconds(seconds: float, cost: Callable[[int, int], float], draws: int) -> Plan:
    """Spend seconds: a somewhat shorter schedule first, then fewer folds, then a much shorter schedule.

    **Arguments:**

    - `seconds`: for everything.
    - `cost`: seconds that everything takes with so many folds and so many epochs.
    - `draws`: the first draws of each arm; what time is left over pays for more.
    """
    lengths = [(defaults.FOLDS, epochs) for epochs in range(defaults.EPOCHS, defaults.EPOCHS // 2 - 1, -1)]
    lengths += [(defaults.FEWEST_FOLDS, epochs) for epochs in range(defaults.EPOCHS, defaults.FEWEST_EPOCHS - 1, -1)]
    folds, epochs = next((length for length in lengths if cost(*length) <= seconds), lengths[-1])
    given_up = [f"{folds} folds instead of {defaults.FOLDS}"] if folds < defaults.FOLDS else []
    given_up += [f"{epochs} epochs instead of {defaults.EPOCHS}"] if epochs < defaults.EPOCHS else []
    if not given_up:
        return Plan(folds, draws, epochs)
    full = cost(defaults.FOLDS, defaults.EPOCHS)
    said = f"the time was too short for a full study: {', '.join(given_up)}"
    return Plan(folds, draws, epochs, (f"{said} (that would take about {full:,.0f} s here).",))
