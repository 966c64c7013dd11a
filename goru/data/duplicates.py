"""Rows that stand in a table more than once: copies of one case, or cells that are merely equal.

A copy among the rows that judge a network, of a row that it was trained on, is no judge. Rows of a few columns with few
values are equal without being copies, and nothing can be said against them.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from goru.data.schema.encoding import Encoded
from goru.errors import option
from goru.language import kept
from goru.wording import counted

#: Copies are spoken of where chance explains less than this share of the pairs of equal rows.
MOST_BY_CHANCE = 0.25
#: Of test rows as the table's own are, fewer than this share of those that should be new are.
FEWEST_NEW, _BY_CHANCE = 0.25, 1e-3
#: Rows of equal features and other targets are spoken of where they are at least this share.
FEWEST_AMBIGUOUS, MOST_REPEATS = 0.01, 3
_COLUMNS_LOOKED_AT, _COLUMNS_PAIRED = 16, 4
_ODD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio


class Duplicates:
    """The rows of a table that are alike in every feature, and in the target.

    Args:
        encoded: the rows.
        y: their targets.
    """

    def __init__(self, encoded: Encoded, y: np.ndarray) -> None:
        self._rows = (encoded, y)
        self._hashes = row_hashes(encoded, y)

    @cached_property
    def _copies(self) -> bool:
        return are_copies([self._rows], self._hashes)

    def groups(self, groups: np.ndarray | None) -> np.ndarray:
        """Return groups, ``int32[n]``, in which rows that are alike are together, and whole groups are."""
        rows = np.unique(self._hashes, return_inverse=True)[1]
        if groups is None:
            return rows.astype(np.int32)
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        n_groups, n_rows = int(groups.max()) + 1, int(rows.max()) + 1
        edges = coo_array((np.ones(len(rows)), (groups, n_groups + rows)), shape=(n_groups + n_rows,) * 2)
        return connected_components(edges, directed=False)[1][groups].astype(np.int32)

    def times(self, time: np.ndarray) -> np.ndarray:
        """Return times in which every row has that of the first one like it: those that come later tell nothing new."""
        return pd.Series(time).groupby(self._hashes).transform("min").to_numpy()

    def notes(self, wholes: np.ndarray | None, together: bool) -> list[str]:
        """Return what there is to say of copies, in plain sentences.

        Args:
            wholes: of each row, what stays together in every split: its group, or its time.
            together: whether rows that are alike do.
        """
        return [*self._on_copies(wholes, together), *self._on_ambiguous(wholes)]

    def _on_copies(self, wholes: np.ndarray | None, together: bool) -> list[str]:
        n = self._n_repeated(None if together else wholes) if together or self._copies else 0
        if n == 0:
            return []
        if together:
            return [
                kept(
                    "{rows} like another one, target included; these stay in one fold.",
                    rows=counted(n, "row is", "rows are"),
                )
            ]
        return [
            kept(
                "{rows} of another one, target included. A network trained on one and judged by the "
                "other looks better than it is; {option} keeps copies in one fold.",
                rows=counted(n, "row is a copy", "rows are copies"),
                option=option("group_duplicates", True),
            )
        ]

    def _on_ambiguous(self, wholes: np.ndarray | None) -> list[str]:
        encoded, y = self._rows
        same = np.zeros_like(y)
        place = encoded.numeric.shape[1] + encoded.codes.shape[1] + encoded.indicators.shape[1]
        features = self._hashes - _hashes(y, place) + _hashes(same, place)
        again = pd.Series(features).duplicated(keep=False).to_numpy()
        if again.sum() < FEWEST_AMBIGUOUS * len(y):
            return []
        rows = pd.DataFrame({"features": features, "target": y, "whole": range(len(y)) if wholes is None else wholes})
        groups = rows[again].groupby("features")
        apart = (groups["target"].transform("nunique") > 1) & (groups["whole"].transform("nunique") > 1)
        n = int(apart.sum())
        # Where features repeat as often as in an experiment with few settings, rows are no cases with copies.
        repeating = len(y) > MOST_REPEATS * len(np.unique(features))
        if n < FEWEST_AMBIGUOUS * len(y) or repeating or not are_copies([(encoded, same)], features):
            return []
        return [
            kept(
                "{rows} ({share:.1%}) have all features of another one, but another target: no model can tell them "
                "apart. If they are of one case, keep each case in one fold: {option} names its column.",
                rows=counted(n, "row"),
                share=n / len(y),
                option=option("groups"),
            )
        ]

    def repeated(self, development: np.ndarray, test: np.ndarray) -> int:
        """Return how many of some rows are copies of others."""
        return int(np.isin(self._hashes[test], self._hashes[development]).sum()) if self._copies else 0

    def repeated_in(self, encoded: Encoded, y: np.ndarray) -> int:
        """Return how many rows of another table, encoded by the same schema, are copies of rows of this one."""
        hashes = row_hashes(encoded, y)
        known = np.isin(hashes, self._hashes)
        if known.any() and (
            are_copies([self._rows, (encoded, y)], np.concatenate([self._hashes, hashes]))
            or are_more_than_expected(known, self._hashes)
        ):
            return int(known.sum())
        return 0

    def _n_repeated(self, wholes: np.ndarray | None) -> int:
        """How many rows repeat another one that may be in another fold."""
        rows = self._hashes
        if wholes is not None:
            rows = pd.DataFrame({"row": rows, "whole": wholes}).drop_duplicates()["row"].to_numpy()
        return len(rows) - len(np.unique(rows))


def row_hashes(encoded: Encoded, y: np.ndarray) -> np.ndarray:
    """Return ``uint64[n]``, equal for rows that are alike in every feature, and in the target."""
    total = np.zeros(len(encoded), dtype=np.uint64)
    for place, column in enumerate(_columns(encoded, y)):
        total += _hashes(column, place)
    return total


def are_copies(parts: Sequence[tuple[Encoded, np.ndarray]], hashes: np.ndarray) -> bool:
    """Whether chance does not explain the rows that are equal.

    Of pairs of rows that agree in all columns but two, and not in one of these, the share that agrees in the other one
    tells how often pairs that agree in all columns but one would agree in that one too, by chance. Copies are more.

    Args:
        parts: the rows, encoded by one schema, with their targets.
        hashes: of all of them, in this order.
    """
    equal = _pairs(hashes)
    if equal == 0:
        return False
    every = [list(_columns(encoded, y)) for encoded, y in parts]
    places = [*range(0, len(every[0]) - 1, max(1, len(every[0]) // _COLUMNS_LOOKED_AT)), len(every[0]) - 1]
    own = {place: np.concatenate([_hashes(columns[place], place) for columns in every]) for place in places}
    but_one = {place: _pairs(hashes - own[place]) - equal for place in places}
    for one, other in combinations(sorted(but_one, key=lambda place: -but_one[place])[:_COLUMNS_PAIRED], 2):
        both = _pairs(hashes - own[one] - own[other]) - equal - but_one[one] - but_one[other]
        if but_one[one] * but_one[other] / (both + 1) > MOST_BY_CHANCE * equal:
            return False
    return True


def are_more_than_expected(known: np.ndarray, hashes: np.ndarray) -> bool:
    """Whether test rows stand in a table so much more often than its own rows stand there twice that they are of it.

    Args:
        known: of each test row whether it stands in the table.
        hashes: of the table's rows.
    """
    from scipy.stats import binom

    _, place, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    share = float((counts[place] > 1).mean())
    at_most = min(share + 3 * np.sqrt(share * (1 - share) / len(hashes)), 1.0)
    new = 1 - known.mean()
    return bool(new < FEWEST_NEW * (1 - share) and binom.sf(known.sum() - 1, len(known), at_most) < _BY_CHANCE)


def _columns(encoded: Encoded, y: np.ndarray) -> Iterator[np.ndarray]:
    yield from (*encoded.numeric.T, *encoded.codes.T, *encoded.indicators.T, y)


def _hashes(column: np.ndarray, place: int) -> np.ndarray:
    """Hashes of the values of one column, which differ from those of the same values in another one."""
    if column.dtype.kind == "f":
        column = column.astype(np.float64) + 0.0  # there is one zero
        column[np.isnan(column)] = np.nan  # and one NaN
    odd = np.uint64((2 * place + 1) * _ODD % 2**64)
    return pd.util.hash_array(np.ascontiguousarray(column)) * odd


def _pairs(hashes: np.ndarray) -> float:
    """How many pairs of rows are equal."""
    ordered = np.sort(hashes)
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) + 1
    counts = np.diff(ends, prepend=0).astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())
