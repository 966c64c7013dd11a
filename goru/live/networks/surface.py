"""What networks say about every place of the picture."""

import base64
from functools import lru_cache
from typing import Any

import numpy as np

from goru.live.networks.sides import Side
from goru.live.rows import Rows

SIZE = 40  # places along each axis


@lru_cache(maxsize=4)
def grid(extent: tuple[float, float, float, float], inputs: int) -> np.ndarray:
    """All places, row by row from the top, `(SIZE², inputs)`; useless columns are at their mean, 0."""
    left, right, bottom, top = extent
    step = np.arange(SIZE) + 0.5  # the middle of every cell
    x = left + step * (right - left) / SIZE
    y = top - step * (top - bottom) / SIZE
    found = np.zeros((SIZE * SIZE, inputs), np.float32)
    found[:, 0], found[:, 1] = np.tile(x, SIZE), np.repeat(y, SIZE)
    return found


def surface(side: Side, chosen: int) -> dict[str, Any] | None:
    """The mean probability of class 1 over the networks, its standard deviation times 2, and that of one network, each
    place a byte; `None` where the picture is not the plane that networks read.

    **Arguments:**

    - `chosen`: which network is shown alone.
    """
    rows: Rows = side.rows
    if not rows.plane:
        return None
    found = side.predictions(grid(rows.extent, rows.x.shape[1]))[:, 0]
    finite = np.isfinite(found).all(axis=1)
    own = found[finite] if finite.any() else np.full((1, SIZE * SIZE), 0.5, np.float32)
    one = np.where(np.isfinite(found[chosen]), found[chosen], 0.5)
    return {
        "size": SIZE,
        "mean": _bytes(own.mean(axis=0)),
        "spread": _bytes(2 * own.std(axis=0)),
        "one": _bytes(one),
    }


def _bytes(shares: np.ndarray) -> str:
    return base64.b64encode(np.clip(np.rint(shares * 255), 0, 255).astype(np.uint8).tobytes()).decode()
