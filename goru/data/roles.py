"""Columns that are not inputs but say how rows are split: the group of each row, and its time."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from goru.data.schema.cells import is_number, is_text, levels_of, parse_dates, parse_text
from goru.data.schema.numerals import LevelCodes
from goru.data.schema.spelling import other_spelling, spoiling_cells
from goru.data.table import RawTable, refuse_odd, row_name
from goru.data.targets.task import Task, choose_target
from goru.errors import InputError, option
from goru.wording import counted, nearest, shortened

WANTED = "Numbers, text or dates are expected."


def check_columns(
    table: RawTable,
    target: str | None,
    task: Task | None,
    drop: Collection[str],
    categorical: Collection[str],
    groups: str | None,
    time: str | None,
) -> tuple[str, str]:
    """Check what is asked of a table's columns by their names alone: rows are not looked at.

    Returns:
        The target's name, and a sentence where it had to be guessed (else ``""``).

    Raises:
        InputError: a column that is not there, or roles that do not go together.
    """
    if task not in (None, "classification", "regression"):
        raise InputError(f"{option('task')}: unknown task '{task}'. Choose classification or regression.")
    target, note = choose_target(table, target)
    names = table.frame.columns
    roles = {name: role for role, name in (("groups", groups), ("time", time)) if name is not None}
    features = {name: role for role, given in (("categorical", categorical), ("drop", drop)) for name in given}
    for column, role in (features | roles).items():
        if column not in names:
            raise InputError(f"{table.name}: {option(role)}: no column '{column}'.{nearest(column, names)}")
    if target in roles:
        raise InputError(f"{table.name}: {option(roles[target])}: '{target}' is the target.")
    if groups is not None and time is not None:
        raise InputError(
            f"{table.name}: rows are split by groups or by time. Give one of {option('groups')} and {option('time')}."
        )
    if target in features:
        raise InputError(f"{table.name}: '{target}' is the target; it cannot be dropped or made a category.")
    return target, note


def check_test(test: RawTable, table: RawTable, target: str) -> None:
    """Raise InputError if the table of test rows lacks the target, or is the table to learn from itself."""
    if target not in test.frame.columns:
        raise InputError(f"{test.name}: no column '{target}', the target.{nearest(target, test.frame.columns)}")
    if test.origin & table.origin:
        raise InputError(
            f"{option('test')}: {test.name} is the training table, {table.name}. "
            f"Give other rows, or leave {option('test')} out."
        )


def groups_in(column: pd.Series, source: str) -> np.ndarray:
    """Return the number of each row's group, ``int32[n]``; InputError if a row has none."""
    _check_present(column, source, "group")
    levels, texts = levels_of(column)
    names = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return np.array([names[text] for text in texts], dtype=np.int32)[levels]


def check_apart(groups: pd.Series, test: RawTable) -> None:
    """Raise InputError if a group of the rows to learn from has rows in the table of test rows too."""
    if groups.name not in test.frame.columns:
        return
    refuse_odd(test.frame[groups.name], "group", test.name, WANTED)
    known = LevelCodes.in_order(dict.fromkeys(levels_of(groups)[1]))
    shared = {text for text in levels_of(test.frame[groups.name].dropna())[1] if known.get(text) >= 0}
    if shared:
        raise InputError(
            f"{test.name}: {counted(len(shared), 'group')} of '{groups.name}' are in the training table too, "
            f"{shortened(min(shared))} for one. Whole groups belong on one side: remove them from either."
        )


def test_groups_in(groups: pd.Series | None, test: RawTable, rows: np.ndarray) -> np.ndarray | None:
    """Return the number of the group of rows of a table of test rows, ``int32[n]``; None if there is no such column.

    A row without a group is one of its own: nothing is split by it.
    """
    if groups is None or groups.name not in test.frame.columns:
        return None
    codes, names = pd.factorize(test.frame[groups.name].loc[rows])
    alone = codes < 0
    codes[alone] = len(names) + np.arange(alone.sum())
    return codes.astype(np.int32)


def times_in(column: pd.Series, source: str) -> np.ndarray:
    """Return each row's time, ``float64[n]`` or ``datetime64[n]``; InputError if a row has none, or no time at all."""
    _check_present(column, source, "time")
    column = parse_text(column)
    if is_number(column):
        return column.to_numpy(dtype=np.float64)
    dates = parse_dates(column)
    if dates is None:
        meant = (spoiling_cells(column) or other_spelling(column)) if is_text(column) else None
        why = f": {meant}" if meant else f", but {shortened(column.iloc[0])}"
        raise InputError(f"{source}: time '{column.name}' holds neither numbers nor ISO dates{why}.")
    return dates.to_numpy()


def _check_present(column: pd.Series, source: str, what: str) -> None:
    if column.isna().any():
        at = int(column.isna().to_numpy().argmax())
        raise InputError(f"{source}: {row_name(column, at)}: no {what} in column '{column.name}'. Fill or remove it.")
