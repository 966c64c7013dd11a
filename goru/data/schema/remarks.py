"""What columns were taken for, where they may be meant as something else: in plain sentences."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from goru.data.schema.cells import GAP_WORDS, are_rounded, is_text, parse_text, without_gaps
from goru.data.schema.columns import TOO_LONG, CategoricalColumn, Column, NumericColumn
from goru.data.schema.row_numbers import are_consecutive, counts_rows, differs_in_all_rows, names_rows
from goru.data.schema.spelling import other_spelling, spoiling_cells
from goru.errors import option
from goru.language import kept
from goru.wording import counted, listing

#: A category of so few levels holds all that its cells say, however they are written.
FEW_LEVELS = 10


def remarks_on(frame: pd.DataFrame, columns: Sequence[Column], categorical: Collection[str] = ()) -> tuple[str, ...]:
    """Return a sentence for every feature that may be meant as something else than it was taken for.

    Args:
        frame: the tidy frame that the columns were decided on.
        columns: its columns, as decided.
        categorical: those that somebody has called categories.
    """
    remarks: list[str] = []
    for column in columns:
        series = frame[column.name]
        if isinstance(column, CategoricalColumn) and is_text(series) and column.name not in categorical:
            why = spoiling_cells(series)
            if why is None and len(column.levels) > FEW_LEVELS:
                why = other_spelling(series)
            remarks.extend(
                [kept("'{name}' is treated as a category: {why}.", name=column.name, why=why)] if why else []
            )
        elif isinstance(column, NumericColumn) and not column.boolean:
            numbers = parse_text(without_gaps(series))
            values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
            if are_rounded(series, values[np.isfinite(values)]):
                remarks.append(
                    kept(
                        "Some different values of '{name}' are one, {too_long} {option}.",
                        name=column.name,
                        too_long=TOO_LONG,
                        option=option("categorical"),
                    )
                )
            if not column.missing:
                remarks.extend(remarks_on_row_numbers(numbers, column.name))
    return (*remarks, *_on_words_for_missing(frame, columns))


def remarks_on_row_numbers(numbers: pd.Series, name: str) -> Iterator[str]:
    """Yield what is to be said of a feature that numbers the rows, if it does; none of its numbers is missing."""
    if counts_rows(numbers):
        yield kept("'{name}' counts the rows. If it is no feature, {option} it.", name=name, option=option("drop"))
    elif are_consecutive(numbers) or (names_rows(name) and differs_in_all_rows(numbers)):
        yield kept(
            "'{name}' has another number in every row. If it only names the rows, {option} it.",
            name=name,
            option=option("drop"),
        )


def _on_words_for_missing(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    found = []
    for column in columns:
        if isinstance(column, CategoricalColumn) and is_text(frame[column.name]):
            words = [level for level in column.levels if level in GAP_WORDS]
            rows = int(frame[column.name].isin(words).sum())
            found.extend(
                [
                    kept(
                        "{words} in '{name}' ({rows})",
                        words=listing(map(repr, words)),
                        name=column.name,
                        rows=counted(rows, "row"),
                    )
                ]
                if words
                else []
            )
    if found:
        yield kept("Taken for levels, though they may mean missing: {found}.", found=listing(found))
