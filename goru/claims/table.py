"""The rows that a claim is tried on: every seed draws its own rows to fit on, the others are test rows."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from sklearn.model_selection import train_test_split

from goru.data.dataset import load_dataset
from goru.data.files.reading import read_table
from goru.data.preparing import Preparation, TargetScaling
from goru.data.schema.encoding import Encoded
from goru.data.targets.task import Task
from goru.errors import InputError
from goru.nn.architecture import LossName
from goru.population.member import PreparedRows

FEWEST_ROWS = 100
FEWEST_IMAGES = 2000  # a thousand to learn from, and as many to test on
MOST_FITTED = 0.6  # of the rows
MOST_WATCHED = 1500  # test rows that are scored along the way
WATCHED_IN_THE_BOOK = 1000  # the same; there are many more
MOST_TESTED = 10_000  # test rows that are scored at the end
DIVERGED = 1000  # times the loss of a constant baseline
TINY = 1e-12  # a variance below it counts as that
WIDEST = 255  # of a grey value


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Rows to fit on and test rows.

    - `rows`: those to fit on, and the first of the test rows, which are watched during training.
    - `x`, `y`: all test rows, `(tests, inputs)` and `(tests,)` or `(tests, 1)`.
    """

    rows: PreparedRows
    x: np.ndarray
    y: np.ndarray

    @property
    def scored(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the rows: those of the training rows that are scored along the way, and the watched ones."""
        return self.rows.training_scored, self.rows.validation


@dataclass(frozen=True, eq=False)
class ClaimTable:
    """A table on which claims are tried.

    **Arguments:**

    - `name`: what it is called.
    - `encoded`, `y`: all rows; class codes, or values.
    - `classes`: how many there are; 0 where values are predicted.
    - `as_in_the_book`: grey values are divided by 255, and the first rows are those to fit on, whatever the seed.
      Otherwise columns are prepared as in a study, and every seed draws its own rows, the classes in proportion.
    """

    name: str
    encoded: Encoded
    y: np.ndarray
    classes: int
    as_in_the_book: bool = False
    _drawn: dict[tuple[int, int], DrawnRows] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def inputs(self) -> int:
        """Columns when prepared."""
        if self.as_in_the_book:
            return self.encoded.numeric.shape[1]
        return Preparation.fit(self.encoded, np.arange(len(self.y))).n_features

    @property
    def outputs(self) -> int:
        """Outputs of a network."""
        return self.classes or 1

    @property
    def loss(self) -> LossName:
        """What networks minimise."""
        return "softmax_cross_entropy" if self.classes else "squared_error"

    @property
    def baseline(self) -> tuple[float, float]:
        """Loss and score of who always says that all classes are as likely, or the mean."""
        return (float(np.log(self.classes)), 1 / self.classes) if self.classes else (1.0, 0.0)

    def judge(self, figures: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Loss and score on rows, `(..., 2)`; those of a constant baseline where a network diverged.

        The score is the accuracy, or the share of the variance that is explained.

        **Arguments:**

        - `figures`: the mean loss and, for classes, the accuracy, `(..., 1)` or `(..., 2)`.
        - `y`: the targets of the rows.
        """
        if not self.classes:
            figures = np.concatenate([figures, 1 - figures / max(float(np.var(y)), TINY)], axis=-1)
        well = figures[..., :1] < DIVERGED * self.baseline[0]  # what is no number is not
        return np.where(well, figures, self.baseline)

    def fitted(self, rows: int) -> int:
        """How many rows can be fitted on, where so many are wanted."""
        return min(rows, int(MOST_FITTED * len(self.y)))

    def draw(self, seed: int, rows: int) -> DrawnRows:
        """The rows of a seed, so many of them to fit on."""
        key = (0 if self.as_in_the_book else seed, rows)
        if key not in self._drawn:
            self._drawn[key] = self._draw(*key)
        return self._drawn[key]

    def _draw(self, seed: int, rows: int) -> DrawnRows:
        every = np.arange(len(self.y))
        if self.as_in_the_book:
            fit, test = every[:rows], every[rows:]
        else:
            stratify = self.y if 0 < self.classes <= rows else None
            fit, test = train_test_split(every, train_size=rows, random_state=seed, stratify=stratify)
        used = np.concatenate([fit, test[:MOST_TESTED]])
        encoded, y = self.encoded.take(used), self.y[used]
        first = np.arange(rows)
        if self.as_in_the_book:
            x = (encoded.numeric / WIDEST).astype(np.float32)
        else:
            x = Preparation.fit(encoded, first).transform(encoded)
        if not self.classes:
            y = TargetScaling.fit(y, first).transform(y)[:, None]
        most = WATCHED_IN_THE_BOOK if self.as_in_the_book else MOST_WATCHED
        watched = np.arange(min(rows + most, len(used)))
        seen = PreparedRows(
            x=x[watched], y=y[watched], training=first, training_scored=first[:MOST_WATCHED], validation=watched[rows:]
        )
        return DrawnRows(seen, x[rows:], y[rows:])


def load_table(
    source: str, *, target: str | None = None, task: Task | None = None, as_in_the_book: bool = False
) -> ClaimTable:
    """Read a table.

    **Arguments:**

    - `source`, `target`, `task`: as `goru fit` takes them.
    - `as_in_the_book`: see [`ClaimTable`][goru.claims.table.ClaimTable].

    **Raises:** `InputError` for input that is no table, or too small a one, or, as in the book, no images.
    """
    if as_in_the_book:
        return _images(source)
    dataset = load_dataset(source, target=target, task=task)
    if dataset.n_rows < FEWEST_ROWS:
        raise InputError(
            f"{dataset.name}: {dataset.n_rows} rows; claims need {FEWEST_ROWS}, to fit on some and test on others."
        )
    order = np.argsort(np.concatenate([dataset.development_rows, dataset.test_rows]))
    one, two = dataset.encoded_development, dataset.encoded_test
    encoded = Encoded(
        np.concatenate([one.numeric, two.numeric]),
        np.concatenate([one.indicators, two.indicators]),
        np.concatenate([one.codes, two.codes]),
        one.widths,
    )
    y = np.concatenate([dataset.y_development, dataset.y_test])
    return ClaimTable(dataset.name, encoded.take(order), y[order], len(dataset.classes or ()))


def _images(source: str) -> ClaimTable:
    raw = read_table(source)
    pixels = raw.frame.drop(columns=raw.target_hint or [])
    if raw.target_hint is None or not all(dtype == np.uint8 for dtype in pixels.dtypes):
        raise InputError(f"{raw.name}: the book's sizes are for images. Give a folder of IDX files, such as MNIST.")
    if len(pixels) < FEWEST_IMAGES:
        raise InputError(f"{raw.name}: {len(pixels):,} images; {FEWEST_IMAGES:,} are needed.")
    labels, y = np.unique(raw.frame[raw.target_hint].to_numpy(), return_inverse=True)
    none = np.empty((len(pixels), 0), np.int32)
    encoded = Encoded(pixels.to_numpy(dtype=np.float32), none.astype(np.float32), none, ())
    return ClaimTable(raw.name, encoded, y.astype(np.int32), len(labels), as_in_the_book=True)
