"""Numbers that pile up at an end of their range, as they do where something cuts them off."""

from dataclasses import dataclass

import numpy as np

#: Rows with one value at an end, as a share and as a number, and how many times those of a usual value there.
PILE, FEWEST_IN_A_PILE, TIMES = 0.01, 10, 5
FEWEST_VALUES = 30  # that differ, or ends are often met without a cap


@dataclass(frozen=True)
class Pile:
    """Rows with the lowest or the highest value."""

    value: float
    rows: int
    highest: bool


def piles(values: np.ndarray) -> list[Pile]:
    """Return where numbers, ``float64[n]`` without NaN, pile up: at the highest, the lowest, both or neither."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < FEWEST_VALUES:
        return []
    tenth = max(len(distinct) // 10, 3)
    return [
        Pile(float(distinct[place]), int(counts[place]), highest)
        for place, beside, highest in ((-1, counts[-tenth:-1], True), (0, counts[1:tenth], False))
        if counts[place] >= max(PILE * len(values), FEWEST_IN_A_PILE, TIMES * beside.mean())
    ]
