"""What is to be predicted: which column, and which task its values speak of."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from goru.errors import InputError, option
from goru.wording import listing, nearest

if TYPE_CHECKING:
    import pandas as pd

    from goru.data.table import RawTable

Task = Literal["classification", "regression"]

#: Whole numbers with more distinct values than this are a quantity, not the names of classes.
MOST_INTEGER_CLASSES = 20
_USUAL_NAMES = ("target", "class", "label", "y")


def choose_target(table: "RawTable", target: str | None) -> tuple[str, str]:
    """Return the name of the target column, and a sentence where it had to be guessed (else "").

    In this order: the name given, what the source itself says, a column called target, class, label or y, the last.
    """
    names = list(table.frame.columns)
    if target is not None:
        if target not in names:
            hint = nearest(target, names) or f" There are {listing(names)}."
            raise InputError(f"{table.name}: no column '{target}' to predict.{hint}")
        return target, ""
    if table.target_hint is not None:
        return table.target_hint, ""
    for usual in _USUAL_NAMES:
        for name in names:
            if name.lower() == usual:
                return name, ""
    return names[-1], f"The target is the last column, '{names[-1]}'; name another with {option('target')}."


def recognise_task(values: "pd.Series") -> Task:
    """Return the task that a target column speaks of; missing values are ignored.

    Text, booleans and categories are classes. Numbers are a quantity, unless they are whole and at most
    ``MOST_INTEGER_CLASSES`` of them are distinct; where all of them are infinite, ``inf`` is a name.
    """
    from goru.data.schema.cells import is_number, parse_text  # late: whoever has arrays does not wait for pandas

    values = parse_text(values.dropna())
    return task_of_numbers(values.to_numpy(np.float64, na_value=np.nan)) if is_number(values) else "classification"


def task_of_numbers(numbers: np.ndarray) -> Task:
    """The same of numbers, none of them missing."""
    if np.isinf(numbers).all():
        return "classification"
    whole = np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all()
    return "classification" if whole and len(np.unique(numbers)) <= MOST_INTEGER_CLASSES else "regression"


def without_gaps_of_quantity(values: "pd.Series", task: Task | None = None) -> "pd.Series":
    """Return a target with its words for "missing" missing, where all others are a quantity; else as it is.

    Args:
        values: a column of a tidy frame.
        task: what is known of it.
    """
    from goru.data.schema.cells import is_number, is_text, parse_text, without_gaps

    if not is_text(values) or task == "classification":
        return values
    rest = without_gaps(values)
    if rest is values or not is_number(parse_text(rest)):
        return values
    return rest if (task or recognise_task(rest)) == "regression" else values


def all_whole(values: "pd.Series") -> bool:
    """Whether all numbers are finite and whole, however they are stored."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return bool(np.all(np.isfinite(numbers)) and np.all(numbers == np.floor(numbers)))
