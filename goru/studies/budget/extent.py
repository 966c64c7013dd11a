"""How much is trained when the race is over."""

from dataclasses import dataclass

from goru.experiment.racing.plan import Plan
from goru.studies import defaults


@dataclass(frozen=True)
class Extent:
    """How much is trained when the race is over.

    - `networks`: in an ensemble.
    - `folds`: of one partition, in which the same networks are trained once more, to predict its validation rows; by
      default all.
    - `greedy`: whether a selection from several arms is tried.
    """

    networks: int = defaults.ENSEMBLE
    folds: int | None = None
    greedy: bool = False


#: What there may be time for, the most first.
EXTENTS = (
    Extent(greedy=True),
    Extent(),
    Extent(folds=2),
    *(Extent(networks, folds=0) for networks in (defaults.ENSEMBLE, defaults.ENSEMBLE // 2, 2, 1)),
)
_WHOLE, _SHORT, _LEAST = EXTENTS[1], EXTENTS[2], EXTENTS[-2]


def extent_of(plan: Plan) -> Extent:
    """What time is set aside for, after the race; there may be more of it, or less, when it is over."""
    if plan.full:
        return EXTENTS[0]
    if plan.epochs >= min(plan.asked.epochs, max(plan.asked.epochs // 2, defaults.FEWEST_EPOCHS)):
        return _WHOLE
    return _SHORT if plan.configurations >= defaults.FEWEST_CONFIGURATIONS else _LEAST
