"""The numbers fitted on the training rows of a split: scaling of features and of a quantity to predict."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, cast

import numpy as np

from goru.data.pieces import fit_edges, piecewise_linear_encoding
from goru.data.schema.encoding import Encoded
from goru.data.squares import squares
from goru.errors import InputError

#: What stands for a number: itself, scaled; and beside it its square, or a piecewise-linear encoding.
Encoding = Literal["scaled", "squares", "pieces"]
#: Rows are prepared in blocks of about this many cells, to keep the float64 work space small.
_BLOCK_CELLS = 1 << 22
_QUANTILES, _UPPER_QUARTILE = (0, 0.25, 0.5, 0.75, 1), 0.75


@dataclass(frozen=True)
class Preparation:
    """Robust scaling with smooth clipping, as in RealMLP; categories one-hot.

    With the median ``m`` and the quartiles ``q25`` and ``q75`` of a numeric column over the training rows

        z = (x - m) / s,    s = q75 - q25,    z = 0 in a column that is constant
        prepared = z / sqrt(1 + (z / 3)²)

    Where half of the values or more are ``m`` itself, ``q75 - q25`` may be 0: then ``s`` is the upper quartile of
    ``|x - m|`` over the other values, by which these are told apart (RealMLP divides by half the range, which one
    outlier makes too large).

    so prepared values lie between -3 and 3, and an outlier cannot drown a network. A missing value becomes 0, the
    median. Indicators and one-hot levels (0 or 1) follow unscaled.

    Holzmüller, Grinsztajn, Steinwart: Better by default: Strong pre-tuned MLPs and boosted trees on tabular data.
    NeurIPS 2024.

    Columns may also have their squares, see [`squares`][goru.data.squares.squares], and behind all a piecewise-linear
    encoding, see [`piecewise_linear_encoding`][goru.data.pieces.piecewise_linear_encoding].

    Attributes:
        medians: ``m`` of each numeric column, ``p`` of them.
        scales: ``s`` of each numeric column; 0 for a column that is constant in the training rows.
        n_indicators: the number of indicators.
        widths: the number of levels of each category.
        edges: of the pieces of each numeric column; none of a column that is not cut. Empty if no column is.
        lows, highs: the least and the greatest number of each numeric column in the training rows. Empty in models of
            versions that did not look.
        squared: the numeric columns that have a square, in order.
    """

    medians: tuple[float, ...]
    scales: tuple[float, ...]
    n_indicators: int
    widths: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...] = ()
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    squared: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        encoded: Encoded,
        rows: np.ndarray,
        weights: np.ndarray | None = None,
        pieces: tuple[int, ...] = (),
        squared: tuple[int, ...] = (),
    ) -> Self:
        """Fit on the given rows; no other row has any influence.

        Args:
            encoded: all rows.
            rows: the positions of the training rows.
            weights: what each training row counts for, above zero: a row of weight 2 is as two rows. Quantiles are then
                values that occur; by default they may lie between two. Edges of pieces are of rows alike.
            pieces: into how many each numeric column is cut, 0 for one that is not; none is by default.
            squared: which numeric columns have a square.
        """
        columns = ((column[rows].astype(np.float64), weights) for column in encoded.numeric.T)
        fitted = cls.fit_columns(columns, encoded.indicators.shape[1], encoded.widths)
        fitted = replace(fitted, squared=squared)
        if not any(pieces):
            return fitted
        numbers = zip(encoded.numeric.T, pieces, strict=True)
        edges = [fit_edges(column[rows].astype(np.float64), many) if many else () for column, many in numbers]
        return replace(fitted, edges=tuple(edges))

    @classmethod
    def fit_columns(
        cls,
        columns: Iterable[tuple[np.ndarray, np.ndarray | None]],
        n_indicators: int = 0,
        widths: tuple[int, ...] = (),
    ) -> Self:
        """Fit on columns that are given one by one, each as its values and their weights."""
        summaries = [_summary(values, weights) for values, weights in columns]
        medians, scales, lows, highs = zip(*summaries, strict=True) if summaries else ((),) * 4
        return cls(medians, scales, n_indicators, widths, lows=lows, highs=highs)

    def __repr__(self) -> str:
        numbers, indicators, widths = self.shape
        columns = f"{numbers:,} numeric, {indicators:,} indicators, {len(widths):,} categorical"
        return f"{type(self).__name__}({columns}: {self.n_features:,} features)"

    @property
    def n_features(self) -> int:
        """The number ``d`` of prepared features."""
        return self.n_from_columns + len(self.squared) + sum(len(edges) - 1 for edges in self.edges if edges)

    @property
    def n_from_columns(self) -> int:
        """The number of those that are neither squares nor pieces."""
        return len(self.medians) + self.n_indicators + sum(self.widths)

    @property
    def shape(self) -> tuple[int, int, tuple[int, ...]]:
        """The number of numeric columns, of indicators, and of the levels of each category that it is fitted on."""
        return len(self.medians), self.n_indicators, self.widths

    def transform(self, encoded: Encoded, dtype: Any = np.float32) -> np.ndarray:
        """Return the prepared features, ``[n, d]`` of the given type, all of them finite.

        Raises:
            ValueError: the rows were encoded by another schema.
        """
        shape = (encoded.numeric.shape[1], encoded.indicators.shape[1], encoded.widths)
        if shape != self.shape:
            raise ValueError("the rows were encoded by another schema than this preparation was fitted with")
        prepared = np.zeros((len(encoded), self.n_features), dtype=dtype)
        block = max(1, _BLOCK_CELLS // max(1, self.n_features))
        for start in range(0, len(encoded), block):
            self._fill(prepared[start : start + block], encoded, slice(start, start + block))
        return prepared

    def _fill(self, out: np.ndarray, encoded: Encoded, rows: slice) -> None:
        p, i = len(self.medians), self.n_indicators
        numbers = self.numbers(encoded.numeric[rows].astype(np.float64))
        out[:, :p] = numbers
        out[:, p : p + i] = encoded.indicators[rows]
        codes = encoded.codes[rows]
        first = p + i
        for column, width in enumerate(self.widths):
            seen = np.flatnonzero(codes[:, column] >= 0)
            out[seen, first + codes[seen, column]] = 1
            first += width
        out[:, first : first + len(self.squared)] = squares(numbers[:, list(self.squared)])
        first += len(self.squared)
        for column, edges in enumerate(self.edges):
            if edges:
                last = first + len(edges) - 1
                out[:, first:last] = piecewise_linear_encoding(encoded.numeric[rows, column].astype(np.float64), edges)
                first = last

    def numbers(self, x: np.ndarray, columns: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return numbers prepared, of the shape of ``x``, float64.

        Args:
            x: numeric columns ``[n, p]``, or ``[p]`` of numbers from anywhere, float64.
            columns: which column each of them is of.
        """
        return _scaled(x, np.array(self.medians)[columns], np.array(self.scales)[columns])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "medians": list(self.medians),
            "scales": list(self.scales),
            "n_indicators": self.n_indicators,
            "widths": list(self.widths),
            "edges": [list(edges) for edges in self.edges],
            "lows": list(self.lows),
            "highs": list(self.highs),
            "squared": list(self.squared),
        }

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Return the preparation that ``to_json`` wrote; InputError if the content is anything else."""
        match content:
            case {
                "medians": list(medians),
                "scales": list(scales),
                "n_indicators": int() as n_indicators,
                "widths": list(widths),
                **more,
            } if (
                len(medians) == len(scales)
                and all(_is_finite(number) for number in [*medians, *scales])
                and all(scale >= 0 for scale in scales)
                and all(type(width) is int and width > 0 for width in widths)
                and type(n_indicators) is int
                and n_indicators >= 0
                and _are_edges(found := more.get("edges", []), len(medians))
                and _are_ends(ends := (more.get("lows", []), more.get("highs", [])), len(medians))
                and _are_columns(squared := more.get("squared", []), len(medians))
            ):
                edges = tuple(tuple(map(float, own)) for own in cast(list[list[float]], found))
                numbers = tuple(map(float, medians)), tuple(map(float, scales))
                lows, highs = (tuple(map(float, own)) for own in cast(tuple[list[float], ...], ends))
                return cls(*numbers, n_indicators, tuple(widths), edges, lows, highs, tuple(cast(list[int], squared)))
        raise InputError("damaged model: the numbers that prepare the columns cannot be read.")


@dataclass(frozen=True, repr=False)
class Unscaled(Preparation):
    """Numbers as they are, a missing one being the median; categories one-hot."""

    def numbers(self, x: np.ndarray, columns: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return numbers prepared, of the shape of ``x``, float64."""
        return np.where(np.isnan(x), np.array(self.medians)[columns], x)


@dataclass(frozen=True)
class TargetScaling:
    """A quantity to predict, shifted and scaled to mean 0 and standard deviation 1 over the training rows."""

    mean: float
    std: float

    @classmethod
    def fit(cls, y: np.ndarray, rows: np.ndarray) -> Self:
        """Fit on the given rows (positions); a quantity that is constant there is only shifted."""
        values = np.asarray(y, dtype=np.float64)[rows]
        size = float(np.abs(values).max()) or 1.0  # squares of very large or small values leave float64's range
        mean, std = float(np.mean(values / size)) * size, float(np.std(values / size)) * size
        return cls(mean, std if std > 0 else 1.0)

    def transform(self, y: np.ndarray) -> np.ndarray:
        """Return the scaled quantity, ``float32[n]``."""
        return ((np.asarray(y, dtype=np.float64) - self.mean) / self.std).astype(np.float32)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """Return the quantity in its own unit, float64, of any shape."""
        return np.asarray(z, dtype=np.float64) * self.std + self.mean

    def to_json(self) -> dict[str, float]:
        """Return plain JSON types."""
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Return the scaling that ``to_json`` wrote; InputError if the content is anything else."""
        match content:
            case {"mean": mean, "std": std} if _is_finite(mean) and _is_finite(std) and std > 0:
                return cls(float(mean), float(std))
        raise InputError("damaged model: the scaling of the target cannot be read.")


def _are_edges(edges: Any, columns: int) -> bool:
    return isinstance(edges, list) and (
        not edges
        or (
            len(edges) == columns
            and all(isinstance(own, list) and len(own) != 1 and all(map(_is_finite, own)) for own in edges)
            and all(own == sorted(own) for own in edges)
        )
    )


def _are_ends(ends: tuple[Any, Any], columns: int) -> bool:
    return all(isinstance(own, list) and len(own) in (0, columns) and all(map(_is_finite, own)) for own in ends) and (
        len(ends[0]) == len(ends[1])
    )


def _are_columns(columns: Any, count: int) -> bool:
    return (
        isinstance(columns, list)
        and all(type(column) is int and 0 <= column < count for column in columns)
        and columns == sorted(set(columns))
    )


def _is_finite(number: object) -> bool:
    if not isinstance(number, int | float) or isinstance(number, bool):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond every float
        return False


def _summary(values: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float, float, float]:
    """Median, scale, least and greatest number."""
    present = ~np.isnan(values)
    values, weights = values[present], None if weights is None else weights[present]
    if values.size == 0:
        return 0.0, 0.0, 0.0, 0.0
    with np.errstate(over="ignore"):
        low, q25, median, q75, high = _quantiles(values, _QUANTILES, weights)
        scale = q75 - q25
        if not scale > 0 and (others := values != median).any():
            distances = np.abs(values[others] - median)
            scale = _quantiles(distances, _UPPER_QUARTILE, None if weights is None else weights[others])
    # Beyond float64's range a scale would be infinite; its largest number serves as well.
    return float(median), float(min(scale, np.finfo(np.float64).max)), float(low), float(high)


def _quantiles(values: np.ndarray, shares: Any, weights: np.ndarray | None) -> Any:
    if weights is None:
        return np.quantile(values, shares)
    return np.quantile(values, shares, weights=weights, method="inverted_cdf")


def _scaled(x: np.ndarray, medians: np.ndarray, scales: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = (x - medians) / np.where(scales > 0, scales, 1)
    # Far out, z² would overflow; what is clipped here is 3 to the last bit anyway.
    np.clip(z, -1e100, 1e100, out=z)
    z /= np.sqrt(1 + (z / 3) ** 2)
    z[..., scales == 0] = 0
    return np.nan_to_num(z, copy=False, nan=0.0)
