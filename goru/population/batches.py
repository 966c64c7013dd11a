"""Which rows make up which mini-batch."""

import numpy as np


class BatchOrder:
    """An endless row of mini-batches of one size.

    Permutations of the rows follow one another without a seam, so that no batch is short and no row is lost: a
    batch may hold the end of one permutation and the start of the next. Every batch is a function of the seed and
    its number alone.

    **Arguments:**

    - `seed`: integers.
    - `rows`: the rows to draw from, `(n,)`.
    - `batch`: the size of a batch, at most n.
    """

    def __init__(self, seed: tuple[int, ...], rows: np.ndarray, batch: int) -> None:
        if not 1 <= batch <= len(rows):
            raise ValueError(f"a batch of {batch} cannot be drawn from {len(rows)} rows")
        self._seed, self._rows, self._batch = seed, rows, batch

    def batches(self, first: int, last: int) -> np.ndarray:
        """Batches number `first` to `last` (not included), `(last - first, batch)` int32."""
        n, start, stop = len(self._rows), first * self._batch, last * self._batch
        if stop == start:
            return np.empty((0, self._batch), np.int32)
        epochs = range(start // n, (stop - 1) // n + 1)
        drawn = np.concatenate([np.random.default_rng((*self._seed, epoch)).permutation(n) for epoch in epochs])
        offset = epochs.start * n
        return self._rows[drawn[start - offset : stop - offset]].reshape(-1, self._batch).astype(np.int32)

    def steps(self, epochs: int) -> int:
        """How many batches are full after so many passes over the rows."""
        return epochs * len(self._rows) // self._batch
