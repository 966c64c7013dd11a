"""Cross-fitting: what stands for an arm in a split is chosen on the other folds, so that no row that judges has chosen.

The losses of an arm are an array `(configurations, splits, stops)`: mean losses on the validation rows of each split,
at each stop, which is an epoch with a temperature; infinite where a network diverged, NaN where a configuration was not
trained. The splits are whole partitions of the rows, one after the other, each of `folds` splits; of the last there may
be fewer.
"""

from dataclasses import dataclass

import numpy as np

NONE = -1  # of the configurations none was trained in the whole partition: all have failed somewhere


@dataclass(frozen=True)
class Choice:
    """The configuration and the stop (both from 0) that stand for an arm in each split, `(splits,)` each."""

    configurations: np.ndarray
    stops: np.ndarray

    def of(self, losses: np.ndarray) -> np.ndarray:
        """What an array `(configurations, splits, stops, ...)` holds of them, `(splits, ...)`; NaN where there is no
        configuration."""
        chosen = losses[self.configurations, np.arange(len(self.configurations)), self.stops]
        if (none := self.configurations == NONE).any():
            chosen = np.array(chosen, np.float64)
            chosen[none] = np.nan
        return chosen


@dataclass(frozen=True)
class OtherFolds:
    """What each configuration is on the *other* folds of every split's partition, at the stop that is best there.

    - `losses`: `(..., configurations, splits)`; infinite where it was not trained in the whole partition, or diverged.
    - `stops`: the same shape, from 0.
    - `trained`: the same shape: whether it was, in the whole partition.
    """

    losses: np.ndarray
    stops: np.ndarray
    trained: np.ndarray

    @classmethod
    def of(cls, losses: np.ndarray, folds: int) -> "OtherFolds":
        """Of losses `(..., configurations, splits, stops)`."""
        shape = losses.shape[:-1]
        lowest, stops, trained = np.empty(shape), np.zeros(shape, int), np.zeros(shape, bool)
        for first in range(0, shape[-1], folds):
            partition = np.arange(first, min(first + folds, shape[-1]))
            trained[..., partition] = ~np.isnan(losses[..., partition, -1]).any(axis=-1, keepdims=True)
            for split in partition:
                others = losses[..., partition[partition != split], :].mean(axis=-2) if len(partition) > 1 else 0.0
                others = np.where(trained[..., split, None], others, np.inf)
                stops[..., split] = others.argmin(axis=-1)
                lowest[..., split] = others.min(axis=-1)
        return cls(lowest, stops, trained)


def choose(losses: np.ndarray, folds: int) -> Choice:
    """For every split the configuration and the stop that are best on the other folds of its partition."""
    others = OtherFolds.of(losses, folds)
    configurations = others.losses.argmin(axis=0)
    places = configurations, np.arange(losses.shape[1])
    # Where all diverge, one that was trained stands for them.
    configurations = np.where(others.trained[places], configurations, others.trained.argmax(axis=0))
    places = configurations, places[1]
    return Choice(np.where(others.trained[places], configurations, NONE), others.stops[places])


def crossfitted(losses: np.ndarray, folds: int) -> np.ndarray:
    """Losses of what stands for an arm, `(splits,)`: chosen on the other folds, judged on the split's own validation
    rows; infinite where nothing can."""
    judged = choose(losses, folds).of(losses)
    return np.where(np.isnan(judged), np.inf, judged)
