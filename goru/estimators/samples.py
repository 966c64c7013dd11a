"""What is learned of quantities while their values come batch by batch."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from goru.data.preparing import Preparation

#: Rows by which quartiles are known to a few hundredths of their distance (1.17 / √rows, of a normal distribution).
ENOUGH = 1000
GROWN = 1.1  # times the rows that something was learned from: sooner, it would be learned from nearly the same


class Sample:
    """The values of one quantity so far, until they are enough.

    What it was in batches before it began to vary is one value, however many rows had it: they do not say how it
    varies.
    """

    def __init__(self) -> None:
        self.values = self.weights = np.empty(0)
        self.rows = self._learned_from = 0

    def add(self, values: np.ndarray, weights: np.ndarray, rows: int) -> bool:
        """Take the values of so many rows, NaN where they are missing, and what they count for.

        **Returns:** whether to learn from the sample again.
        """
        varied, present = self.varies, ~np.isnan(values)
        self.values = np.concatenate([self.values, values[present]])
        self.weights = np.concatenate([self.weights, weights[present]])
        self.rows += rows
        if not self.varies:
            self.values, self.weights, self.rows = self.values[:1], self.weights[:1], 0
        elif varied and self.rows < GROWN * self._learned_from:
            return False
        self._learned_from = self.rows
        return True

    @property
    def varies(self) -> bool:
        """Whether not all values are the same."""
        return bool((self.values != self.values[:1]).any())

    @property
    def suffices(self) -> bool:
        """Whether more rows would say no more."""
        return self.rows >= ENOUGH


Places = Mapping[Hashable, int]  # of columns, by their names, in their order


class ColumnsSoFar:
    """Median and scale of columns of numbers, in batch after batch.

    A column that varies is followed for its first rows, until they are enough; one that is constant, from where it
    begins to vary.

    **Arguments:**

    - `preparation`: by which medians and scales are found.
    """

    def __init__(self, preparation: type[Preparation]) -> None:
        self._preparation = preparation
        self._known: dict[Hashable, tuple[float, float]] = {}
        self._samples: dict[Hashable, Sample] = {}

    def fit(self, places: Places, fitted: Preparation, columns: Any, weights: np.ndarray) -> None:
        """Take what was found of all rows there are; columns that are constant in them may come to vary."""
        self._known = dict(zip(places, zip(fitted.medians, fitted.scales, strict=True), strict=True))
        self._take([name for name, (_, scale) in self._known.items() if scale == 0], places, columns, weights)

    def follow(
        self, places: Places, columns: Any, weights: np.ndarray, earlier: tuple[Any, np.ndarray] | None = None
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Learn from rows.

        **Arguments:**

        - `columns`: `(rows, columns)`, an array with NaN where a number is missing, or a sparse matrix.
        - `earlier`: more rows, these among them, and their weights: columns that are new are learned from them.

        **Returns:** all medians and all scales.
        """
        again = self._take(self._moving(places, columns), places, columns, weights)
        again += self._take(
            [name for name in places if name not in self._known], places, *(earlier or (columns, weights))
        )
        samples = [self._samples[name] for name in again]
        found = self._preparation.fit_columns([(sample.values, sample.weights) for sample in samples])
        self._known |= zip(again, zip(found.medians, found.scales, strict=True), strict=True)
        self._samples = {name: sample for name, sample in self._samples.items() if not sample.suffices}
        known = [self._known[name] for name in places]
        return tuple(median for median, _ in known), tuple(scale for _, scale in known)

    def _moving(self, places: Places, columns: Any) -> list[Hashable]:
        """The sampled ones that vary, in these rows at least: the others may be many, and say nothing."""
        names = [name for name in self._samples if name in places]
        if not names:
            return []
        own = columns[:, [places[name] for name in names]]
        if sparse.issparse(own):
            low, high = (found(axis=0).toarray().ravel() for found in (own.min, own.max))
        else:
            low, high = np.fmin.reduce(own), np.fmax.reduce(own)
        before = np.array([[*self._samples[name].values[:1], np.nan][0] for name in names])
        moved = ~np.isnan(low) & ((low != before) | (high != before))
        return [name for name, one in zip(names, moved, strict=True) if one or self._samples[name].varies]

    def _take(self, names: list[Hashable], places: Places, columns: Any, weights: np.ndarray) -> list[Hashable]:
        """Sample some columns.

        **Returns:** those of which there is something to learn.
        """
        found = values_of(columns[:, [places[name] for name in names]], weights)
        return [
            name
            for name, (values, own) in zip(names, found, strict=True)
            if self._samples.setdefault(name, Sample()).add(values, own, columns.shape[0])
        ]


def values_of(columns: Any, weights: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The values of each column, and their weights; the zeros of a sparse one as one value."""
    if not sparse.issparse(columns):
        yield from ((column.astype(np.float64), weights) for column in columns.T)
        return
    columns, total = columns.tocsc(), weights.sum()
    for column in range(columns.shape[1]):
        part = slice(columns.indptr[column], columns.indptr[column + 1])
        values, own = columns.data[part], weights[columns.indices[part]]
        zeros = total - own.sum()
        yield (values, own) if len(values) == columns.shape[0] else (np.append(values, 0), np.append(own, zeros))
