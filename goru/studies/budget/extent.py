"""How much is trained when the race is over."""

import math
from dataclasses import dataclass

from goru.experiment.plan import Plan
from goru.studies import defaults

# What one number fitted to n rows costs is about 1 / 2n of a nat: with so many no more than noise, and more folds would
# be trained in for nothing.
CALIBRATION_ROWS = 2_000
_FEWEST_TO_CALIBRATE = 2  # folds: what the one says, the other checks


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
#: What there is time for when somebody has asked to finish: as many networks as are trained by then.
HURRIED = EXTENTS[3]
#: With a schedule that is longer than the race's: calibrated in as few folds as will do, if there is time.
LENGTHENED = EXTENTS[2:4]
_WHOLE, _SHORT, _LEAST = EXTENTS[1], EXTENTS[2], EXTENTS[-2]


def calibrating(folds: int, rows: int, most: int | None = None) -> int:
    """In how many folds networks are trained to calibrate others: two, and as many more as it takes to have enough
    rows.

    **Arguments:**

    - `folds`, `rows`: that there are.
    - `most`: folds there is time for; by default all.
    """
    enough = max(math.ceil(CALIBRATION_ROWS * folds / max(rows, 1)), _FEWEST_TO_CALIBRATE)
    return min(enough, folds, folds if most is None else most)


def extent_of(plan: Plan) -> Extent:
    """What time is set aside for, after the race; there may be more of it, or less, when it is over."""
    if plan.full:
        return EXTENTS[0]
    if plan.epochs >= min(plan.asked.epochs, max(plan.asked.epochs // 2, defaults.FEWEST_EPOCHS)):
        return _WHOLE
    return _SHORT if plan.configurations >= defaults.FEWEST_CONFIGURATIONS else _LEAST
