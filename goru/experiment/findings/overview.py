"""What a table's columns and its target hold, by its development rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from goru.experiment.findings.effect import Number


@dataclass(frozen=True)
class ColumnOverview:
    """A column. Nobody has looked into one that was dropped.

    - `missing`: the share of rows without a value.
    - `low`, `median`, `high`: of numbers; of dates those of their years, where these differ.
    - `levels`: of a category; of one with `other`, those that are told apart.
    - `commonest`, `share`: of a category, the level that most rows have, and how large a part of all rows that is.
    - `remarks`: what is notable, in a few words each.
    """

    name: str
    kind: Literal["numeric", "categorical", "date", "dropped"]
    missing: Number = None
    low: Number = None
    median: Number = None
    high: Number = None
    levels: int | None = None
    other: bool = False
    commonest: str | None = None
    share: Number = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetOverview:
    """The target.

    - `classes`: how many rows are of each; none where it is a number.
    - `quartiles`: of a number: the lowest, the three quartiles, the highest.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    quartiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class TableOverview:
    """Columns and target.

    - `rows`: that all of it is of.
    - `columns`: in the table's order; of very many, the first ones.
    """

    rows: int
    columns: tuple[ColumnOverview, ...]
    target: TargetOverview
