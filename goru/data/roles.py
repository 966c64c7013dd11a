"""Columns that are no features but say how rows are split: the group of each row, and its time."""

import numpy as np
import pandas as pd

from goru.data.cells import is_number, levels_of, parse_dates, parse_text
from goru.data.table import RawTable, row_name
from goru.data.wording import counted, nearest, shortened
from goru.errors import InputError


def check_role(table: RawTable, option: str, column: str | None, target: str) -> None:
    """Raise InputError if the column given for ``--groups`` or ``--time`` is not there, or is the target."""
    if column is None:
        return
    if column not in table.frame.columns:
        hint = nearest(column, table.frame.columns)
        raise InputError(f"{table.name}: --{option}: no column '{column}'.{hint}")
    if column == target:
        raise InputError(f"{table.name}: --{option}: '{column}' is the target.")


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
    shared = set(levels_of(groups)[1]) & set(levels_of(test.frame[groups.name].dropna())[1])
    if shared:
        raise InputError(
            f"{test.name}: {counted(len(shared), 'group')} of '{groups.name}' stand in the table to learn from too, "
            f"{shortened(min(shared))} for one. Whole groups belong on one side: remove them from either."
        )


def times_in(column: pd.Series, source: str) -> np.ndarray:
    """Return each row's time, ``float64[n]`` or ``datetime64[n]``; InputError if a row has none, or no time at all."""
    _check_present(column, source, "time")
    column = parse_text(column)
    if is_number(column):
        return column.to_numpy(dtype=np.float64)
    dates = parse_dates(column)
    if dates is None:
        example = shortened(column.iloc[0])
        raise InputError(f"{source}: time '{column.name}' holds neither numbers nor ISO dates, but {example}.")
    return dates.to_numpy()


def _check_present(column: pd.Series, source: str, what: str) -> None:
    if column.isna().any():
        at = int(column.isna().to_numpy().argmax())
        raise InputError(f"{source}: {row_name(column, at)}: no {what} in column '{column.name}'. Fill or remove it.")
