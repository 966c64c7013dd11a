"""Points in the plane, of two classes, that a network is to tell apart; all within about -1 and 1, but for noise.

Every shape is written so that its two classes have as many points, and the noiseless classes do not touch. The points
are a function of name, number, noise and seed alone.
"""

from collections.abc import Callable

import numpy as np

from goru.live.state import ShapeData

Points = np.ndarray  # (rows, 2)


def _circles(random: np.random.Generator, labels: np.ndarray) -> Points:
    """A disc, and a ring around it."""
    share = random.uniform(size=len(labels))
    radius = np.where(labels == 1, 0.5 * np.sqrt(share), 0.75 + 0.25 * share)
    return _polar(radius, random.uniform(0, 2 * np.pi, len(labels)))


def _moons(random: np.random.Generator, labels: np.ndarray) -> Points:
    """Two half circles, the end of each inside the other."""
    angle = random.uniform(0, np.pi, len(labels))
    x = np.where(labels == 1, 1 - np.cos(angle), np.cos(angle))
    y = np.where(labels == 1, 0.5 - np.sin(angle), np.sin(angle))
    return np.stack([(x - 0.5) / 1.5, (y - 0.25) / 1.5], axis=1)


def _spirals(random: np.random.Generator, labels: np.ndarray) -> Points:
    """Two arms that wind around each other one and a half times."""
    share = np.sqrt(random.uniform(0.02, 1, len(labels)))
    return _polar(share, 3 * np.pi * share + np.pi * labels)


def _xor(random: np.random.Generator, labels: np.ndarray) -> Points:
    """Four squares; those that lie across from each other are of one class."""
    sizes = random.uniform(0.08, 1, (len(labels), 2))
    signs = random.choice([-1.0, 1.0], len(labels))
    return sizes * np.stack([signs, np.where(labels == 1, signs, -signs)], axis=1)


def _stripes(random: np.random.Generator, labels: np.ndarray) -> Points:
    """Six slanted stripes, the classes in turn."""
    stripe = 2 * random.integers(0, 3, len(labels)) + labels
    across = (stripe + random.uniform(0.1, 0.9, len(labels))) / 3 - 1
    along = random.uniform(-1, 1, len(labels))
    turn = np.pi / 6
    x, y = across * np.cos(turn) - along * np.sin(turn), across * np.sin(turn) + along * np.cos(turn)
    return np.stack([x, y], axis=1)


_SHAPES: dict[str, Callable[[np.random.Generator, np.ndarray], Points]] = {
    "circles": _circles,
    "moons": _moons,
    "spirals": _spirals,
    "xor": _xor,
    "stripes": _stripes,
}


def draw(data: ShapeData) -> tuple[np.ndarray, np.ndarray]:
    """Rows `(rows, 2 + useless)` float32, and their classes `(rows,)`, 0 or 1, in no order."""
    random = np.random.default_rng((data.seed, list(_SHAPES).index(data.name)))
    labels = random.permutation(np.arange(data.rows) % 2)
    points = _SHAPES[data.name](random, labels)
    points = points + data.noise * random.normal(size=points.shape)
    useless = random.normal(size=(data.rows, data.useless))
    return np.concatenate([points, useless], axis=1).astype(np.float32), labels


def _polar(radius: np.ndarray, angle: np.ndarray) -> Points:
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
