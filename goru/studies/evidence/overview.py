"""An overview of a table: what each column holds, and the target."""

from collections.abc import Iterator

import numpy as np

from goru.data.dataset import Dataset
from goru.data.schema.columns import CategoricalColumn, Column, DateColumn, NumericColumn
from goru.data.schema.encoding import Encoded
from goru.data.targets.piles import piles
from goru.experiment.findings.overview import ColumnOverview, TableOverview, TargetOverview
from goru.language import kept
from goru.studies.evidence.inspection import Places, places
from goru.wording import figure

MOST_COLUMNS = 2_000
MOST_ROWS = 20_000  # that medians and piles are of
NEARLY_ALL = 0.95  # of the rows, with one value
LONGEST, DIGITS = 60, 4  # letters of a level, digits of a value


def describe_table(dataset: Dataset) -> TableOverview:
    """What the columns and the target hold in the development rows; test rows are not looked at."""
    encoded, where = dataset.encoded_development, places(dataset.schema)
    some = np.random.default_rng(0).permutation(len(encoded))[:MOST_ROWS]
    columns = dataset.schema.columns[:MOST_COLUMNS]
    return TableOverview(
        len(encoded),
        tuple(_column(column, where.get(column.name, Places()), encoded, some) for column in columns),
        _target(dataset),
    )


def _column(column: Column, at: Places, encoded: Encoded, some: np.ndarray) -> ColumnOverview:
    """One of them.

    **Arguments:**

    - `some`: the rows that medians and piles are of.
    """
    if isinstance(column, CategoricalColumn):
        return _category(column, encoded.codes[:, at.codes[0]])
    if isinstance(column, NumericColumn):
        x = encoded.numeric[:, at.numeric[0]]
        return _booleans(column.name, x) if column.boolean else _numbers(column.name, x, some)
    if isinstance(column, DateColumn):
        missing = float(encoded.indicators[:, at.indicators[0]].mean()) if at.indicators else 0.0
        if column.parts[:1] != ("year",):
            return ColumnOverview(column.name, "date", missing)
        years = encoded.numeric[:, at.numeric[0]]
        return ColumnOverview(column.name, "date", missing, *_range(years, some))
    return ColumnOverview(column.name, "dropped")


def _numbers(name: str, x: np.ndarray, some: np.ndarray) -> ColumnOverview:
    known = x[some].astype(np.float64)
    known = known[~np.isnan(known)]
    remarks = tuple(_remarks(known)) if len(known) else ()
    return ColumnOverview(name, "numeric", float(np.isnan(x).mean()), *_range(x, some), remarks=remarks)


def _remarks(x: np.ndarray) -> Iterator[str]:
    """Where numbers pile up at an end, or nearly all of them are one."""
    at_ends = piles(x)
    for pile in at_ends:
        share, value = _not_all(pile.rows / len(x)), figure(pile.value, DIGITS)
        yield (
            kept("{share:.0%} have the highest value, {value}", share=share, value=value)
            if pile.highest
            else kept("{share:.0%} have the lowest value, {value}", share=share, value=value)
        )
    if not at_ends:
        values, counts = np.unique(x, return_counts=True)
        most = int(counts.argmax())
        if counts[most] >= NEARLY_ALL * len(x):
            share, value = _not_all(counts[most] / len(x)), figure(float(values[most]), DIGITS)
            yield kept("{share:.0%} have the value {value}", share=share, value=value)


def _not_all(share: float) -> float:
    """A share that is not rounded to all."""
    return min(share, 0.99)


def _booleans(name: str, x: np.ndarray) -> ColumnOverview:
    true, false, missing = (float(part.mean()) for part in (x == 1, x == 0, np.isnan(x)))
    commonest = "true" if true > false else "false"
    return ColumnOverview(name, "numeric", missing, levels=2, commonest=commonest, share=max(true, false))


def _range(x: np.ndarray, some: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """The lowest number, the median, the highest; not known where all are missing."""
    low, high, near = np.fmin.reduce(x), np.fmax.reduce(x), x[some]
    near = near[~np.isnan(near)]
    if np.isnan(low) or not len(near):
        return None, None, None
    return float(low), float(np.median(near)), float(high)


def _category(column: CategoricalColumn, codes: np.ndarray) -> ColumnOverview:
    counts = np.bincount(codes[codes >= 0], minlength=column.width)
    most = int(counts[: len(column.levels)].argmax())
    return ColumnOverview(
        column.name,
        "categorical",
        float(counts[-1] / len(codes)) if column.missing else 0.0,
        levels=len(column.levels),
        other=column.other,
        commonest=column.levels[most][:LONGEST],
        share=float(counts[most] / len(codes)),
    )


def _target(dataset: Dataset) -> TargetOverview:
    y = dataset.y_development
    if dataset.classes is None:
        return TargetOverview(quartiles=tuple(np.quantile(y, (0, 0.25, 0.5, 0.75, 1)).tolist()))
    counts = np.bincount(y, minlength=len(dataset.classes))
    classes: dict[str, int] = {}
    for label, count in zip(dataset.classes, counts, strict=True):
        classes[str(label)] = classes.get(str(label), 0) + int(count)
    return TargetOverview(classes)
