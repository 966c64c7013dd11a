"""A first look: do squares of numbers help, or a piecewise-linear encoding, or is scaling enough?

One arm, with all three techniques, is trained each way on the same splits. What is chosen serves all arms alike, so
that no comparison is a matter of it; the rows that judge have had a say in it, in this one choice of three.
"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import get_args

import numpy as np

from goru.cluster.crew import Crew
from goru.data.dataset import Dataset
from goru.data.preparing import Encoding
from goru.data.splitting import Split
from goru.experiment.racing.scheduler import whole_rounds
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.judge import Judge
from goru.population.member import Block, Member, PreparedRows
from goru.studies import defaults
from goru.studies.asked.design import arm_of
from goru.studies.budget.forecast import Work
from goru.studies.laboratory import NetworkLaboratory, block_shape, quick
from goru.studies.splits import thinned

_MASKS, _WEIGHTS, _ORDER = 9, 10, 11  # what seeds are for: their second number
ARM = arm_of("before", dropout=True, weight_decay=True)
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
MOST_SPLITS, FEWEST_SPLITS, MOST_CELLS = 5, 2, 100_000_000  # splits; prepared cells of all of them, each way
TIMED = 2  # epochs, before it is known how long one takes
MOST = 2.0  # times as long as training may take: a look that would take longer, all in all, is not taken
FEWEST_ROWS = 2_000


@dataclass(frozen=True)
class Look:
    """The best mean loss on validation rows with numbers scaled, with numbers in pieces as well, and with squares.

    - `pieces_error`, `squares_error`: the standard errors of the differences to the first, by how much splits differ.
    """

    scaled: float
    pieces: float
    pieces_error: float = 0.0
    squares: float = np.inf
    squares_error: float = 0.0

    @property
    def encoding(self) -> Encoding:
        """What is better than scaling alone by more than the margin, and by half a standard error; the best of it."""
        added: tuple[tuple[float, float, Encoding], ...] = (
            (self.pieces, self.pieces_error, "pieces"),
            (self.squares, self.squares_error, "squares"),
        )
        most = (1 - defaults.MARGIN) * self.scaled
        better = [(loss, name) for loss, error, name in added if loss < min(most, self.scaled - error / 2)]
        return min(better)[1] if better else "scaled"


def look(
    dataset: Dataset,
    base: Architecture,
    recipe: Recipe,
    splits: Sequence[Split],
    batch: int,
    seed: int,
    balanced: bool,
    epochs: int,
    seconds: float | None = None,
    crew: Crew | None = None,
    slowness: float = 1.0,
    judge: Judge | None = None,
) -> Look | None:
    """Train the arm each way; without a compiler, where that is done sooner.

    **Arguments:**

    - `base`: the plain network's shape, but for its inputs.
    - `splits`: of one partition, of which five are used at most, of a large table two.
    - `epochs`: the most.
    - `seconds`: that training may take; an epoch of all ways is timed first. With less there are fewer splits, down to
      two, and then fewer epochs; without it there are as many as there may be.
    - `crew`: who trains blocks, if not this process.
    - `slowness`: of this machine; see [`Clock.slowness`][goru.experiment.clock.Clock.slowness].
    - `judge`: by what validation rows are judged, if not by the loss that networks are trained by.

    **Returns:** what it found; `None` where even the fewest epochs, of the fewest rows, would take too long: twice as
    long as training may take, with the compiler's time.
    """
    rows_in_all = len(dataset.y_development)
    widths, ways = list(map(dataset.n_prepared, ENCODINGS)), len(ENCODINGS)
    inputs, cells = max(widths), rows_in_all * sum(widths)
    affordable_splits = MOST_CELLS // max(cells, 1)
    used = list(splits[: int(np.clip(affordable_splits, FEWEST_SPLITS, MOST_SPLITS))])
    networks = ways * len(used)
    largest = replace(base, inputs=inputs).n_parameters
    interpreted = quick(networks, epochs, batch, rows_in_all, largest, programs=ways)
    shape = block_shape(rows_in_all, splits, batch, 1, judge)
    if seconds is not None and crew is None:
        steps = (TIMED + min(defaults.PROBE_FEWEST_EPOCHS, epochs)) * len(used[0].training_rows) // batch
        least = Work(largest, batch, ways * min(FEWEST_SPLITS, len(used)), steps + 1, programs=ways)
        few = rows_in_all
        while least.soonest > MOST * seconds / slowness:
            few, least = few // 2, replace(least, steps=least.steps // 2)
            if few < max(FEWEST_ROWS, 2 * batch):
                return None
        work = replace(least, networks=networks)
        used, interpreted = thinned(used, dataset.y_development, few, seed), work.soonest == work.interpreted
        shape = block_shape(few, used, batch, 1, judge)
    laboratories = [
        NetworkLaboratory(
            dataset,
            replace(base, inputs=dataset.n_prepared(encoding)),
            recipe,
            shape,
            seed,
            balanced,
            interpreted=interpreted,
            encoding=encoding,
            arms=[ARM],
            crew=crew,
        )
        for encoding in ENCODINGS
    ]
    count = len(used)
    at_once = count if crew is not None or seconds is None else min(laboratories[0].blocks_at_once, count)

    @cache
    def rows(which: int, split: int) -> PreparedRows:
        return laboratories[which].rows(used[split])

    try:
        for which, split in itertools.product(range(ways), range(at_once)):
            rows(which, split)  # while programs are compiled
        for laboratory in laboratories:
            laboratory.wait()

        def train(which: int, epochs: int, first: int) -> np.ndarray:
            """The losses of the first splits, after the epoch, and at the temperature, that are best on average."""
            laboratory = laboratories[which]
            blocks = [
                Block((_member(laboratory, split, epochs),), rows(which, split), (seed, _ORDER, split), epochs)
                for split in range(first)
            ]
            trained = dict(laboratory.train([(laboratory.trainer(ARM), block) for block in blocks]))
            losses = np.array([trained[place].validation_losses.ravel() for place in range(len(blocks))])
            return losses[:, losses.mean(axis=0).argmin()]

        def train_all(epochs: int, first: int) -> list[np.ndarray]:
            return [train(which, epochs, first) for which in range(ways)]

        if seconds is not None:
            train_all(1, at_once)  # until everything is warm
            began = time.monotonic()
            train_all(1, at_once)
            # Epochs all ways, of all splits together; an idle device's count too.
            in_all = seconds * at_once / max(time.monotonic() - began, 1e-9)
            # Before there are fewer epochs there are fewer splits: what learns faster need not be better in the end.
            while count > FEWEST_SPLITS and in_all < epochs * whole_rounds(count, at_once):
                count -= 1
            count = min(whole_rounds(count, at_once), len(used))
            affordable = in_all / whole_rounds(count, at_once)
            fewest = min(defaults.PROBE_FEWEST_EPOCHS, epochs)
            if MOST * affordable < fewest:
                return None
            epochs = int(np.clip(affordable, fewest, epochs))
        return _look_of(*train_all(epochs, count))
    finally:
        for laboratory in laboratories:
            laboratory.close()


def _look_of(scaled: np.ndarray, squares: np.ndarray, pieces: np.ndarray) -> Look:
    """Of the losses of every split."""

    def error(others: np.ndarray) -> float:
        if len(scaled) < 2 or not np.isfinite([scaled, others]).all():
            return 0.0
        return float(np.std(scaled - others, ddof=1) / np.sqrt(len(scaled)))

    return Look(float(scaled.mean()), float(pieces.mean()), error(pieces), float(squares.mean()), error(squares))


def _member(laboratory: NetworkLaboratory, split: int, epochs: int) -> Member:
    steps = laboratory.steps(epochs, len(laboratory.dataset.y_development))
    return Member(
        id=int(np.random.SeedSequence((laboratory.seed, _MASKS, split)).generate_state(1)[0]),
        seed=(laboratory.seed, _WEIGHTS, split),
        hyper=Hyperparameters(
            learning_rate=defaults.PROBE_RATE,
            dropout_rate=defaults.PROBE_DROPOUT,
            weight_decay=defaults.decay(defaults.PROBE_DECAY, defaults.PROBE_RATE, steps),
        ),
    )
