"""What networks found, planted by hand: no network is trained."""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from claimed import setup, table

from goru.claims.claim import ClaimOutcome, Setup, outcome
from goru.claims.running import claim
from goru.claims.training import Cell, TrainedCell

HOSTILE = '</title><script>alert(1)</script>--><img src=http://evil.example/x>" onload="alert(2)\' & {{ 7*7 }}'
SEEDS = 4
NOISE = np.array([1.0, -1.0, 2.0, -2.0])  # of the seeds: it changes no mean
WILD = np.array([0.2, 1.8, 0.1, 1.9])  # times a number: seeds that differ so much decide nothing
WATCHED = 1.07  # times the loss on all test rows is that on the rows that are watched


def four(classes=3, **given) -> Setup:
    """A setup of four seeds."""
    return setup(table(classes), seeds=SEEDS, **given)


def lucky(seed: int, else_: float = 5.0) -> np.ndarray:
    """Losses that are the best there are, with one seed alone."""
    losses = np.full(SEEDS, else_)
    losses[seed] = 0.01
    return losses


def trained(
    cell: Cell, index: int, noise: float, *, test_loss=1.0, test_score=0.5, training_loss=0.5, training_score=0.8
) -> TrainedCell:
    """Ends as given, each a number or one a seed; the way there is a straight line from elsewhere."""
    points = cell.epochs // cell.every
    wobble = 1 + noise * np.roll(NOISE, index)
    ends = [np.broadcast_to(end, (SEEDS,)) * wobble for end in (training_loss, training_score, test_loss, test_score)]

    def way(end: np.ndarray, start: float) -> np.ndarray:
        return end[:, None] * (np.linspace(start, 1, points) if points > 1 else np.ones(1))

    training = np.stack([way(ends[0], 2), way(ends[1], 0.5)], axis=-1)
    test = np.stack([way(ends[2] * WATCHED, 2), way(ends[3] / WATCHED, 0.5)], axis=-1)
    return TrainedCell(cell, np.arange(1, points + 1) * cell.every, training, test, np.stack(ends[2:], axis=1))


class Key(SimpleNamespace):
    """A key of a plan by the names of its columns."""

    @classmethod
    def of(cls, name: str, key: tuple) -> "Key":
        return cls(**dict(zip(claim(name).columns, key, strict=True)))


def plant(name: str, of: Setup, end: Callable[[Key], dict] = lambda key: {}, noise=0.002) -> dict:
    """Results for a claim's whole plan.

    - `end`: of a key, what its networks end at.
    - `noise`: a share of every number.
    """
    plan = claim(name).plan(of)
    return {
        key: trained(cell, index, noise, **end(Key.of(name, key))) for index, (key, cell) in enumerate(plan.items())
    }


def one(results: dict, name: str, **wanted) -> TrainedCell:
    """The first of the results whose key says so."""
    return next(found for key, found in results.items() if vars(Key.of(name, key)).items() >= wanted.items())


def read(name: str, of: Setup, results: dict) -> ClaimOutcome:
    return outcome(claim(name), of, results)


def verdicts(found: ClaimOutcome) -> list[str]:
    return [effect.verdict for effect in found.effects]


def changes(found: ClaimOutcome) -> list[float]:
    """The mean changes; each lies in its interval."""
    assert all(effect.low <= effect.change <= effect.high for effect in found.effects)
    return [effect.change for effect in found.effects]


def figure_of(found: ClaimOutcome, monkeypatch):
    """The figure, laid out and drawn, without pyplot."""
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    figure = found.figure()
    figure.draw_without_rendering()
    assert "matplotlib.pyplot" not in sys.modules
    return figure


def texts_of(figure) -> str:
    """All that is written in a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


class Spread:
    """Layers of ten units each, of which so many are in use, others alike for all rows, others at the upper end."""

    UNITS = 10

    def __init__(self, kind: str, used: list[int], dead: int = 0, expected_x: np.ndarray | None = None) -> None:
        self.kind, self.used, self.dead, self.expected_x = kind, used, dead, expected_x

    def activations(self, x):
        if self.expected_x is not None:
            np.testing.assert_array_equal(x, self.expected_x)
        rows = np.linspace(-0.9, 0.9, len(x))
        high, values = {"sigmoid": (1.0, (rows + 1) / 2), "tanh": (1.0, rows), "relu": (0.0, rows + 1)}[self.kind]
        layers = []
        for used in self.used:
            layer = np.full((1, len(x), self.UNITS), high)
            layer[0, :, :used] = values[:, None]
            layer[0, :, used : used + self.dead] = 0.5
            layers.append(layer)
        return layers


class Normed:
    """A network of which nothing is known but ‖W‖."""

    def __init__(self, norm: float) -> None:
        self.norm = np.array([norm])


class Scaled:
    """A network whose loss and score depend on the factor on its activations."""

    def __init__(self, figures: dict[float, tuple[float, float]], expected=None, share: float | None = None) -> None:
        self._figures, self._expected, self._share = figures, expected, share

    def scaled_by(self, share):
        return Scaled(self._figures, self._expected, round(share, 6))

    def figures(self, x, y):
        if self._expected is not None:
            np.testing.assert_array_equal(x, self._expected[0])
            np.testing.assert_array_equal(y, self._expected[1])
        loss, score = self._figures[self._share]
        return np.array([[loss, score]] if y.ndim == 1 else [[loss]])


class Sure:
    """Says the true class with a probability, or is so far from the true value; by masks, it is by turns."""

    def __init__(self, y: np.ndarray, classes: int, right: float, masked: tuple[float, ...] = (0.5,)) -> None:
        self._y, self._classes, self._right, self._masked = y, classes, right, masked
        self.steps: list[int] = []

    def _said(self, x, right: float):
        y = self._y[: len(x)]
        if not self._classes:
            return (y + right)[None]
        others = (1 - right) / (self._classes - 1)
        return np.where(np.eye(self._classes, dtype=bool)[y], right, others)[None]

    def predict(self, x):
        return self._said(x, self._right)

    def predict_masked(self, x, step):
        self.steps.append(step)
        return self._said(x, self._masked[step % len(self._masked)])


def with_networks(name: str, of: Setup, results: dict) -> dict:
    """With networks that will do, for the claims that look at them."""
    for index, (key, found) in enumerate(results.items()):
        epochs = [0, *map(int, found.epochs)]
        for seed in range(SEEDS):
            if name == "activations":
                network = Spread(key[0], [5 + (index + seed) % 3] * of.learning.depth)
                found.snapshots[seed] = dict.fromkeys(epochs, network)
            elif name == "large-weights":
                found.snapshots[seed] = {epoch: Normed(5 + epoch / 10 + seed / 100) for epoch in epochs}
                found.networks[seed] = Normed(5 + index + seed / 100)
            elif name == "dropout":
                found.networks[seed] = Scaled({0.8: (0.5, 0.9), 1.0: (0.6, 0.85), 0.2: (1.1 + seed / 100, 0.4)})
            elif name == "dropout-ensemble":
                y = of.table.draw(seed, of.overfitting.rows).y
                found.networks[seed] = Sure(y, of.table.classes, 0.5 + seed / 100, (0.4, 0.6 + seed / 100))
    return results


def outcome_of(name: str = "bn-overfit", of: Setup | None = None) -> ClaimOutcome:
    """A claim's outcome, whatever it is."""
    of = of or four()
    return read(name, of, with_networks(name, of, plant(name, of)))


def hostile(name: str = "bn-overfit", called: str = HOSTILE) -> ClaimOutcome:
    """The same, on a table with a name that would do harm."""
    return outcome_of(name, setup(replace(table(), name=called), seeds=SEEDS))
