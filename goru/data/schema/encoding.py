"""A frame to arrays, by a schema that can be stored as JSON, so that a saved model prepares new rows without pickle.

Encoding fits nothing: numbers stay as they are, missing values stay missing, levels become codes. What is fitted,
and on which rows, is the business of [`Preparation`][goru.data.preparing.Preparation].
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from goru.data.schema.columns import (
    CONSTANT,
    NO_VALUES,
    OTHER,
    CategoricalColumn,
    Column,
    DateColumn,
    DroppedColumn,
    NumericColumn,
    date_parts,
    decide_columns,
)
from goru.data.schema.remarks import remarks_on
from goru.data.schema.schema_json import columns_from_json, columns_to_json
from goru.data.schema.values import codes_of, dates_of, numbers_of
from goru.data.table import is_odd, odd_kind, refuse_odd, tidy
from goru.errors import InputError, option
from goru.language import kept
from goru.wording import counted, listing, nearest


@dataclass(frozen=True)
class Encoded:
    """Rows as arrays, before anything fitted is applied.

    Attributes:
        numeric: ``[n, p]`` float64 (float32 where that loses nothing); numbers, then in their place booleans and
            the parts of dates. NaN is missing; there are no infinities.
        indicators: ``[n, i]`` float32, 1 where a column with an indicator is missing.
        codes: ``[n, q]`` int32, the level of each category; -1 is no level, all zeros when written one-hot.
        widths: the number of levels of each category, ``q`` of them.
        notes: what was done to the values, in plain sentences.
    """

    numeric: np.ndarray
    indicators: np.ndarray
    codes: np.ndarray
    widths: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.numeric)

    def take(self, rows: np.ndarray) -> "Encoded":
        """Return the given rows, in the order given."""
        return Encoded(self.numeric[rows], self.indicators[rows], self.codes[rows], self.widths, self.notes)


@dataclass(frozen=True)
class Others:
    """All names but some."""

    names: frozenset[str]

    def __contains__(self, name: object) -> bool:
        return name not in self.names


@dataclass(frozen=True)
class Schema:
    """What every column of the table is. The features' number and order follow from it, never from a split.

    Attributes:
        columns: one for each of the table's.
        remarks: on columns that may be meant as something else, in plain sentences; they are not stored.
    """

    columns: tuple[Column, ...]
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        categorical: Iterable[str] = (),
        drop: Iterable[str] | Mapping[str, str] = (),
        source: str = "the table",
    ) -> Self:
        """Decide the columns from the development rows.

        Args:
            frame: the development rows, features only.
            categorical: columns that are categories whatever they look like.
            drop: columns to ignore; a mapping gives each its reason.
            source: what messages call the table.

        Raises:
            InputError: a name that is not there, or no feature remains.
        """
        frame = tidy(frame, source)
        categorical = tuple(categorical)
        reasons = dict(drop) if isinstance(drop, Mapping) else dict.fromkeys(drop, "not wanted")
        for role, names in (("categorical", categorical), ("drop", tuple(reasons))):
            for name in names:
                if name not in frame.columns:
                    raise InputError(f"{source}: {option(role)}: no column '{name}'.{nearest(name, frame.columns)}")
        odd = [name for name in frame.columns if is_odd(frame[name])]
        reasons = {
            name: kept("{kind} instead of numbers, text or dates", kind=odd_kind(frame[name])) for name in odd
        } | reasons
        columns = decide_columns(frame, categorical, reasons)
        schema = cls(columns, remarks_on(frame, columns, categorical))
        if schema.n_features == 0:
            raise InputError(
                f"{source}: no feature column remains. {' '.join(schema.notes) or 'The target is the only column.'}"
            )
        return schema

    def __repr__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.counts.items() if count)
        return f"{type(self).__name__}({counted(len(self.columns), 'column')}: {kinds})"

    @cached_property
    def numeric(self) -> tuple[NumericColumn | DateColumn, ...]:
        """The columns that become numbers, in the table's order."""
        return tuple(column for column in self.columns if isinstance(column, NumericColumn | DateColumn))

    @cached_property
    def categorical(self) -> tuple[CategoricalColumn, ...]:
        """The columns that become codes, in the table's order."""
        return tuple(column for column in self.columns if isinstance(column, CategoricalColumn))

    @property
    def others(self) -> "Others":
        """The names of all columns to ignore, those that the schema does not know among them."""
        return Others(frozenset(column.name for column in (*self.numeric, *self.categorical)))

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """The ``d`` prepared features: numbers, then indicators, then levels, each in the table's order."""
        numbers = [
            name
            for column in self.numeric
            for name in (column.part_names if isinstance(column, DateColumn) else [column.name])
        ]
        indicators = [f"{column.name} is missing" for column in self.numeric if column.missing]
        levels = [f"{column.name}={level}" for column in self.categorical for level in column.level_names]
        return (*numbers, *indicators, *levels)

    @property
    def n_features(self) -> int:
        """The number ``d`` of prepared features."""
        return len(self.feature_names)

    @property
    def shape(self) -> tuple[int, int, tuple[int, ...]]:
        """The number of numeric features, of indicators, and of the levels of each category."""
        numbers = sum(len(column.parts) if isinstance(column, DateColumn) else 1 for column in self.numeric)
        indicators = sum(column.missing for column in self.numeric)
        return numbers, indicators, tuple(column.width for column in self.categorical)

    @property
    def counts(self) -> dict[str, int]:
        """The number of numeric, categorical, date and dropped columns."""
        kinds = [column.kind for column in self.columns]
        return {kind: kinds.count(kind) for kind in ("numeric", "categorical", "date", "dropped")}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided and should be known, in plain sentences."""
        notes = [*self._notes_on_dropped(), *self.remarks]
        for column in self.columns:
            if isinstance(column, DateColumn):
                notes.append(
                    kept(
                        "The dates of '{name}' became {parts}.",
                        name=column.name,
                        parts=listing(column.parts) or kept("an indicator"),
                    )
                )
            elif isinstance(column, CategoricalColumn) and column.other:
                notes.append(
                    kept(
                        "'{name}' has many levels: the {levels} most common are kept, the others are {other}.",
                        name=column.name,
                        levels=len(column.levels),
                        other=OTHER,
                    )
                )
        return tuple(notes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the notes that somebody should hear who has asked for none."""
        return (*self._notes_on_dropped((CONSTANT, NO_VALUES)), *self.remarks)

    def _notes_on_dropped(self, but: Collection[str] = ()) -> list[str]:
        by_reason: dict[str, list[str]] = {}
        for column in self.columns:
            if isinstance(column, DroppedColumn) and column.reason not in but:
                by_reason.setdefault(column.reason, []).append(f"'{column.name}'")
        return [
            kept("Dropped {names}: {reason}.", names=listing(names), reason=reason)
            if len(names) == 1
            else kept(
                "Dropped {count} columns, {names}: {reason}.", count=len(names), names=listing(names), reason=reason
            )
            for reason, names in by_reason.items()
        ]

    def encode(self, frame: pd.DataFrame, source: str = "the table", known: Iterable[str] = ()) -> Encoded:
        """Turn rows into arrays; the order of the frame's columns does not matter.

        Args:
            frame: rows with at least the columns that are features. Its index, where it holds whole numbers, counts
                the rows of the file from 0 for messages.
            source: what messages call the table.
            known: other columns that may be there without being mentioned in the notes, such as the target.

        Raises:
            InputError: a missing column, or a cell that is no number (or date) where the column holds such.
        """
        frame = tidy(frame, source)
        missing = [column.name for column in (*self.numeric, *self.categorical) if column.name not in frame.columns]
        if missing:
            names = listing(f"'{name}'" for name in missing)
            there = listing(f"'{name}'" for name in frame.columns)
            columns = "column" if len(missing) == 1 else "columns"
            raise InputError(f"{source}: missing {columns} {names}. There are {there or 'none'}.")
        for column in (*self.numeric, *self.categorical):
            refuse_odd(frame[column.name], "column", source, "Numbers, text or dates are expected.")
        notes: list[str] = []
        extra = set(frame.columns) - {column.name for column in self.columns} - set(known)
        if extra:
            names = listing(f"'{name}'" for name in frame.columns if name in extra)
            notes.append(kept("Not used, as the model does not know them: {names}.", names=names))
        numeric, indicators = self._encode_numeric(frame, source, notes)
        codes = np.empty((len(frame), len(self.categorical)), dtype=np.int32)
        for i, column in enumerate(self.categorical):
            codes[:, i] = codes_of(frame[column.name], column, notes)
        return Encoded(numeric, indicators, codes, tuple(column.width for column in self.categorical), tuple(notes))

    def _encode_numeric(self, frame: pd.DataFrame, source: str, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
        n_numbers, n_indicators, _ = self.shape
        names = [column.name for column in self.numeric]
        small = all(np.can_cast(dtype, np.float32) for dtype in frame.dtypes[names] if isinstance(dtype, np.dtype))
        small = small and all(isinstance(dtype, np.dtype) for dtype in frame.dtypes[names])
        # Column after column is written and later scaled, so columns lie together in memory.
        numeric = np.empty((len(frame), n_numbers), dtype=np.float32 if small else np.float64, order="F")
        indicators = np.empty((len(frame), n_indicators), dtype=np.float32)
        at, indicator = 0, 0
        for column in self.numeric:
            if isinstance(column, DateColumn):
                dates = dates_of(frame[column.name], column, source, notes)
                parts = date_parts(dates)
                for part in column.parts:
                    numeric[:, at] = parts[part]
                    at += 1
                absent = dates.isna().to_numpy()
            else:
                numeric[:, at] = numbers_of(frame[column.name], column, source, notes)
                absent = np.isnan(numeric[:, at])
                at += 1
            if column.missing:
                indicators[:, indicator] = absent
                indicator += 1
        return numeric, indicators

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"columns": columns_to_json(self.columns)}

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Return the schema that ``to_json`` wrote; InputError if the content is anything else."""
        return cls(columns_from_json(content))
