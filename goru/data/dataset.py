"""A source to a data set that networks can be trained on: read, checked, split, its columns decided and encoded."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from goru.data.duplicates import Duplicates
from goru.data.files.reading import Source, read_table
from goru.data.outliers import far_rows, remark_on_far_rows
from goru.data.pieces import pieces_of
from goru.data.preparing import Encoding
from goru.data.ranges import ends_of, notes_on_rows_beyond
from goru.data.roles import (
    WANTED,
    check_apart,
    check_columns,
    check_test,
    groups_in,
    test_groups_in,
    times_in,
)
from goru.data.schema.encoding import Encoded, Schema
from goru.data.splitting import N_FOLDS, folds, split_test
from goru.data.squares import squared_columns
from goru.data.table import RawTable, refuse_odd, row_name
from goru.data.targets.classes import Label, remarks_on_classes
from goru.data.targets.target import Target
from goru.data.targets.target_remarks import remarks_on_target
from goru.data.targets.task import Task, without_gaps_of_quantity
from goru.errors import InputError, option
from goru.language import kept
from goru.wording import counted, listing, shortened

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
        test_groups: ``int32[n]``, the group of each test row, where there are groups; None if nobody knows them.
        repeated_test_rows: how many of the test rows are copies of development rows; see
            [`duplicates`][goru.data.duplicates].
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
    test_groups: np.ndarray | None = None
    repeated_test_rows: int = 0

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
    def pieces(self) -> tuple[int, ...]:
        """Pieces of the piecewise-linear encoding of each numeric column, by the development rows; 0: none."""
        return pieces_of(self.encoded_development.numeric)

    @cached_property
    def squared(self) -> tuple[int, ...]:
        """Numeric columns that have a square, by the development rows."""
        return squared_columns(self.encoded_development.numeric)

    @property
    def n_before_levels(self) -> int:
        """The number of prepared features before the one-hot levels: numbers and indicators."""
        encoded = self.encoded_development
        return encoded.numeric.shape[1] + encoded.indicators.shape[1]

    def n_prepared(self, encoding: Encoding) -> int:
        """The number of features when prepared, by what stands for numbers."""
        more = {"scaled": 0, "squares": len(self.squared), "pieces": sum(self.pieces)}
        return self.n_features + more[encoding]

    @property
    def n_outputs(self) -> int:
        """The number of outputs of a network: the classes, or 1."""
        return 1 if self.classes is None else len(self.classes)

    def fingerprint(self) -> str:
        """A hash of everything that a study reads: of equal tables, split and encoded alike, it is the same."""
        found = hashlib.sha256()
        more = (self.groups, self.time, self.weights, self.test_groups)
        for encoded, y in ((self.encoded_development, self.y_development), (self.encoded_test, self.y_test)):
            for array in (encoded.numeric, encoded.indicators, encoded.codes, y, *more):
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
    group_duplicates: bool = False,
    seed: int = 0,
) -> Dataset:
    """Read a table and make it ready.

    Args:
        source: a file, a built-in name, or a frame; see [`read_table`][goru.data.files.reading.read_table].
        target: the column to predict; by default what the source says, or target, class, label or y, or the last.
        task: overrules the task that the target's values speak of.
        drop: columns to ignore.
        categorical: columns that are categories although they hold numbers.
        groups: a column; rows with one value in it stay together in every split. It is no feature.
        time: a column of numbers or ISO dates; the past is always before the future. It is no feature.
        test: the test rows in a source of their own; then all rows of ``source`` are development rows.
        merge_rare: merge classes that are too rare to the class ``other``.
        group_duplicates: rows that are alike, the target included, stay together in every split, and so do whole
            groups that share one. With times, such rows have the time of the first one.
        seed: which rows become test rows.

    Raises:
        InputError: whatever is wrong with the input, in one line.
    """
    drop, categorical = tuple(drop), tuple(categorical)
    table = read_table(source, drop)
    name, frame = table.name, table.frame
    target_name, note = check_columns(table, target, task, drop, categorical, groups, time)
    notes = [*table.notes, *([note] if note else [])]

    values = _with_target(frame, target_name, name, notes, task)
    rows = values.index.to_numpy()
    if len(rows) < MIN_ROWS:
        found_rows = counted(len(rows), "row")
        raise InputError(
            f"{name}: {found_rows} with a value of target '{target_name}'; at least {MIN_ROWS} are needed."
        )
    # A class needs a row in every fold, and one among the test rows where those are taken from the same table.
    minimum = N_FOLDS if test is not None else N_FOLDS + 1
    found = Target.from_column(values, task=task, minimum=minimum, merge_rare=merge_rare, source=name)
    y = found.encode(values, name)
    if found.classes is not None:
        notes.extend([*found.notes, *remarks_on_classes(values)])
    elif len(far := far_rows(y)):
        where = [f"{row_name(values, row)}: target '{target_name}'" for row in far]
        notes.insert(0, remark_on_far_rows(y, far, where))

    for role, column in (("group", groups), ("time", time)):
        if column is not None:
            refuse_odd(frame[column], role, name, WANTED)
    group_codes = None if groups is None else groups_in(frame[groups].loc[rows], name)
    times = None if time is None else times_in(frame[time].loc[rows], name)
    roles = {
        column: kept("it holds the {role}", role=role)
        for role, column in (("groups", groups), ("time", time))
        if column
    }
    left_out = dict.fromkeys(drop, "not wanted") | roles
    features = frame.drop(columns=target_name)
    features = features if len(rows) == len(frame) else features.iloc[rows]
    if group_duplicates:
        # By all rows: nothing is fitted on what their columns are taken for here.
        alike = Duplicates(Schema.from_frame(features, categorical, left_out, name).encode(features, name), y)
        group_codes, times = (alike.groups(group_codes), None) if times is None else (None, alike.times(times))
    development, test_part = np.arange(len(rows)), np.empty(0, dtype=np.intp)
    try:
        if test is None:
            development, test_part = split_test(y, found.task, seed, group_codes, times)
        # Too few groups or times for the folds are refused now, and not when a study begins.
        folds(y[development], found.task, N_FOLDS, seed, _at(group_codes, development), _at(times, development))
    except InputError as error:
        otherwise = f"{option('group_duplicates', True)}: " * group_duplicates
        by = f"column '{groups or time}': " if groups or time else otherwise
        raise InputError(f"{name}: {by}{error}") from None

    schema = Schema.from_frame(features.iloc[development], categorical, left_out, source=name)
    encoded = schema.encode(features, name)
    notes.extend([*schema.notes, *encoded.notes])
    alike = Duplicates(encoded, y)
    notes.extend(alike.notes(group_codes if times is None else times, group_duplicates))
    _note_absent_classes(found, y[development], notes)
    encoded_development = encoded.take(development)
    notes.extend(remarks_on_target(schema, encoded_development, y[development], found.classes, _at(times, development)))
    if test is None:
        encoded_test, y_test, test_rows = encoded.take(test_part), y[test_part], rows[test_part]
        test_groups = _at(group_codes, test_part)
        repeated = alike.repeated(development, test_part)
    else:
        own = None if groups is None else frame[groups].loc[rows]
        encoded_test, y_test, test_rows, test_groups = _read_test(test, table, drop, found, schema, own, notes)
        repeated = alike.repeated_in(encoded_test, y_test)
    if found.task == "regression" and len(y_test):
        beyond = notes_on_rows_beyond(encoded_test.numeric, *ends_of(encoded_development.numeric), schema.feature_names)
        notes.extend(kept("Test rows: {note}", note=note) for note in beyond)
    return Dataset(
        name=name,
        target=found,
        schema=schema,
        encoded_development=encoded_development,
        y_development=y[development],
        encoded_test=encoded_test,
        y_test=y_test,
        development_rows=rows[development],
        test_rows=test_rows,
        groups=_at(group_codes, development),
        time=_at(times, development),
        notes=tuple(notes),
        test_groups=test_groups,
        repeated_test_rows=repeated,
    )


def _at(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[rows]


def _with_target(frame: pd.DataFrame, target: str, source: str, notes: list[str], task: Task | None) -> pd.Series:
    """Return the target of the rows that have one; the index keeps where they stand."""
    refuse_odd(frame[target], "target", source, WANTED)
    column = without_gaps_of_quantity(frame[target], task)
    present = column.notna()
    n_missing = int((~present).sum())
    if n_missing:
        words = frame[target][~present].dropna().unique()
        left_out = {"rows": counted(n_missing, "row"), "source": source}
        notes.append(
            kept(
                "Left out {rows} of {source} without a target ({words} among them).",
                **left_out,
                words=listing(map(shortened, words), limit=3),
            )
            if len(words)
            else kept("Left out {rows} of {source} without a target.", **left_out)
        )
    return column if not n_missing else column[present]


def _note_absent_classes(target: Target, y: np.ndarray, notes: list[str]) -> None:
    """Say which classes are among the test rows alone; groups and times can force that."""
    if target.classes is not None:
        absent = [label for code, label in enumerate(target.classes) if not (y == code).any()]
        if absent:
            notes.append(
                kept(
                    "No training row is of class {absent}: it cannot be learned.",
                    absent=listing(map(shortened, absent)),
                )
            )


def _read_test(
    test: Source,
    source: RawTable,
    drop: tuple[str, ...],
    target: Target,
    schema: Schema,
    groups: pd.Series | None,
    notes: list[str],
) -> tuple[Encoded, np.ndarray, np.ndarray, np.ndarray | None]:
    table = read_table(test, drop)
    check_test(table, source, target.name)
    if groups is not None:
        check_apart(groups, table)
    said = [*table.notes]
    values = _with_target(table.frame, target.name, table.name, said, target.task)
    rows = values.index.to_numpy()
    if len(rows) == 0:
        raise InputError(f"{table.name}: no row has a target.")
    features = table.frame.drop(columns=target.name)
    encoded = schema.encode(features if len(rows) == len(table.frame) else features.iloc[rows], table.name)
    notes.extend(note if note in notes else kept("Test rows: {note}", note=note) for note in (*said, *encoded.notes))
    return encoded, target.encode(values, table.name), rows, test_groups_in(groups, table, rows)
