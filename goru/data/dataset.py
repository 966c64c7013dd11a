"""A source to a data set that networks can be trained on: read, checked, split, its columns decided and encoded."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from goru.data.classes import Label
from goru.data.encoding import Encoded, Schema
from goru.data.pieces import N_PIECES, columns_to_cut
from goru.data.reading import Source, read_table
from goru.data.roles import check_apart, check_role, groups_in, times_in
from goru.data.splitting import N_FOLDS, folds, split_test
from goru.data.target import Target
from goru.data.task import Task, choose_target
from goru.data.wording import counted, listing, nearest, shortened
from goru.errors import InputError

#: With fewer rows nothing can be said.
MIN_ROWS = 30


@dataclass(frozen=True)
class Dataset:
    """A table, ready: development rows to learn from, and test rows that are touched once, at the very end.

    Attributes:
        name: the file's name, a built-in name, or ``the table``.
        target: the column to predict, its task and its classes.
        schema: what every column is, decided from the development rows.
        encoded_development: the features of the development rows.
        y_development: ``int32[n]`` class codes or ``float64[n]`` quantities.
        encoded_test: the features of the test rows.
        y_test: as ``y_development``.
        development_rows: where the development rows stand in the source, from 0.
        test_rows: where the test rows stand in the source (or in the file with test rows), from 0.
        groups: ``int32[n]``, the group of each development row, or None.
        time: numbers or ``datetime64``, the time of each development row, or None.
        notes: what was done, in plain sentences.
        weights: ``float64[n]``, above zero: what each development row counts for, on any scale; None if all the same.
    """

    name: str
    target: Target
    schema: Schema
    encoded_development: Encoded
    y_development: np.ndarray
    encoded_test: Encoded
    y_test: np.ndarray
    development_rows: np.ndarray
    test_rows: np.ndarray
    groups: np.ndarray | None
    time: np.ndarray | None
    notes: tuple[str, ...]
    weights: np.ndarray | None = None

    @property
    def task(self) -> Task:
        """Classification or regression."""
        return self.target.task

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The classes in the order of their codes; None for regression."""
        return self.target.classes

    @property
    def target_name(self) -> str:
        """The column to predict."""
        return self.target.name

    @property
    def n_rows(self) -> int:
        """The number of rows used, development and test together."""
        return len(self.y_development) + len(self.y_test)

    @property
    def has_test_rows(self) -> bool:
        """Whether there are rows to test on."""
        return len(self.y_test) > 0

    @property
    def n_features(self) -> int:
        """The number of features when prepared."""
        return self.schema.n_features

    @cached_property
    def to_cut(self) -> tuple[bool, ...]:
        """The numeric columns that can be cut into pieces, by the development rows."""
        return columns_to_cut(self.encoded_development.numeric)

    def n_prepared(self, in_pieces: bool) -> int:
        """The number of features when prepared, with numbers in pieces as well or not."""
        return self.n_features + N_PIECES * sum(self.to_cut) * in_pieces

    @property
    def n_outputs(self) -> int:
        """The number of outputs of a network: the classes, or 1."""
        return 1 if self.classes is None else len(self.classes)

    def fingerprint(self) -> str:
        """A hash of everything that a study reads: of equal tables, split and encoded alike, it is the same."""
        found = hashlib.sha256()
        for encoded, y in ((self.encoded_development, self.y_development), (self.encoded_test, self.y_test)):
            for array in (encoded.numeric, encoded.indicators, encoded.codes, y, self.groups, self.time, self.weights):
                if array is not None:
                    found.update(f"{array.dtype.str}{array.shape}".encode())
                    found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return found.hexdigest()

    @property
    def column_counts(self) -> dict[str, int]:
        """The number of numeric, categorical, date and dropped columns."""
        return self.schema.counts


def load_dataset(
    source: Source,
    *,
    target: str | None = None,
    task: Task | None = None,
    drop: Iterable[str] = (),
    categorical: Iterable[str] = (),
    groups: str | None = None,
    time: str | None = None,
    test: Source | None = None,
    merge_rare: bool = False,
    seed: int = 0,
) -> Dataset:
    """Read a table and make it ready.

    Args:
        source: a file, a built-in name, or a frame; see [`read_table`][goru.data.reading.read_table].
        target: the column to predict; by default what the source says, or target, class, label or y, or the last.
        task: overrules the task that the target's values speak of.
        drop: columns that are no features.
        categorical: columns that are categories although they hold numbers.
        groups: a column; rows with one value in it stay together in every split. It is no feature.
        time: a column of numbers or ISO dates; the past is always before the future. It is no feature.
        test: the test rows in a source of their own; then all rows of ``source`` are development rows.
        merge_rare: merge classes that are too rare to the class ``other``.
        seed: which rows become test rows.

    Raises:
        InputError: whatever is wrong with the input, in one line.
    """
    if task not in (None, "classification", "regression"):
        raise InputError(f"--task: '{task}' is neither classification nor regression.")
    drop, categorical = tuple(drop), tuple(categorical)
    table = read_table(source)
    name, frame = table.name, table.frame
    target_name, note = choose_target(table, target)
    notes = [*table.notes, *([note] if note else [])]
    for option, column in (("groups", groups), ("time", time)):
        check_role(table, option, column, target_name)
    if groups is not None and time is not None:
        raise InputError(f"{name}: rows are split by groups or by time. Give one of --groups and --time.")
    if target_name in (*drop, *categorical):
        raise InputError(f"{name}: '{target_name}' is the target; it cannot be dropped or made a category.")

    values = _with_target(frame, target_name, name, notes)
    rows = values.index.to_numpy()
    if len(rows) < MIN_ROWS:
        found_rows = counted(len(rows), "row")
        raise InputError(
            f"{name}: {found_rows} with a value of target '{target_name}'; at least {MIN_ROWS} are needed."
        )
    # A class needs a row in every fold, and one among the test rows where those are taken from the same table.
    minimum = N_FOLDS if test is not None else N_FOLDS + 1
    found = Target.from_column(values, task=task, minimum=minimum, merge_rare=merge_rare, source=name)
    notes.extend(found.notes)
    y = found.encode(values, name)

    group_codes = None if groups is None else groups_in(frame[groups].loc[rows], name)
    times = None if time is None else times_in(frame[time].loc[rows], name)
    development, test_part = np.arange(len(rows)), np.empty(0, dtype=np.intp)
    try:
        if test is None:
            development, test_part = split_test(y, found.task, seed, group_codes, times)
        # Too few groups or times for the folds are refused now, and not when a study begins.
        folds(y[development], found.task, N_FOLDS, seed, _at(group_codes, development), _at(times, development))
    except InputError as error:
        by = f"column '{groups or time}': " if groups or time else ""
        raise InputError(f"{name}: {by}{error}") from None

    roles = {column: f"it holds the {role}" for role, column in (("groups", groups), ("time", time)) if column}
    features = frame.drop(columns=target_name)
    schema = Schema.from_frame(
        features.iloc[rows[development]], categorical, dict.fromkeys(drop, "not wanted") | roles, source=name
    )
    encoded = schema.encode(features if len(rows) == len(frame) else features.iloc[rows], name)
    notes.extend([*schema.notes, *encoded.notes])
    _note_absent_classes(found, y[development], notes)
    if test is None:
        encoded_test, y_test, test_rows = encoded.take(test_part), y[test_part], rows[test_part]
    else:
        own = None if groups is None else frame[groups].loc[rows]
        encoded_test, y_test, test_rows = _read_test(test, found, schema, own, notes)
    return Dataset(
        name=name,
        target=found,
        schema=schema,
        encoded_development=encoded.take(development),
        y_development=y[development],
        encoded_test=encoded_test,
        y_test=y_test,
        development_rows=rows[development],
        test_rows=test_rows,
        groups=_at(group_codes, development),
        time=_at(times, development),
        notes=tuple(notes),
    )


def _at(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]


def _with_target(frame: pd.DataFrame, target: str, source: str, notes: list[str]) -> pd.Series:
    """Return the target of the rows that have one; the index keeps where they stand."""
    present = frame[target].notna()
    n_missing = int((~present).sum())
    if n_missing:
        notes.append(f"Left out {counted(n_missing, 'row')} of {source} without a target.")
    return frame[target] if not n_missing else frame.loc[present, target]


def _note_absent_classes(target: Target, y: np.ndarray, notes: list[str]) -> None:
    """Say which classes are among the test rows alone; groups and times can force that."""
    if target.classes is not None:
        absent = [label for code, label in enumerate(target.classes) if not (y == code).any()]
        if absent:
            notes.append(f"No development row is of {listing(map(shortened, absent))}: it cannot be learned.")


def _read_test(
    test: Source, target: Target, schema: Schema, groups: pd.Series | None, notes: list[str]
) -> tuple[Encoded, np.ndarray, np.ndarray]:
    table = read_table(test)
    if target.name not in table.frame.columns:
        hint = nearest(target.name, table.frame.columns)
        raise InputError(f"{table.name}: no column '{target.name}', the target.{hint}")
    if groups is not None:
        check_apart(groups, table)
    said = [*table.notes]
    values = _with_target(table.frame, target.name, table.name, said)
    rows = values.index.to_numpy()
    if len(rows) == 0:
        raise InputError(f"{table.name}: no row has a target.")
    features = table.frame.drop(columns=target.name)
    encoded = schema.encode(features if len(rows) == len(table.frame) else features.iloc[rows], table.name)
    notes.extend(note if note in notes else f"Test rows: {note}" for note in (*said, *encoded.notes))
    return encoded, target.encode(values, table.name), rows
