"""The classes of a target: counted, checked for what test rows and folds need, and merged where they are too rare."""

import math
from typing import Any

import numpy as np
import pandas as pd

from goru.data.cells import is_number, levels_of
from goru.data.task import MOST_INTEGER_CLASSES, all_whole
from goru.data.wording import counted, shortened
from goru.errors import InputError

Label = bool | int | float | str

#: The class that rare classes are merged to.
OTHER_CLASS = "other"


def count_labels(values: pd.Series, where: str) -> dict[Label, int]:
    """Return each label, in the type that JSON knows, with its number of rows, sorted by label.

    Raises:
        InputError: the values are a quantity or free text, not classes.
    """
    _refuse_quantity(values, where)
    levels, texts = levels_of(values)
    rows = np.bincount(levels, minlength=len(texts))
    labels: dict[str, Label] = {}  # levels with one canonical text are one label
    counts: dict[str, int] = {}
    for text, value, count in zip(texts, pd.factorize(values)[1], rows, strict=True):
        labels.setdefault(text, _label(value))
        counts[text] = counts.get(text, 0) + int(count)
    by_label = {labels[text]: count for text, count in counts.items() if count}
    mixed = any(isinstance(label, str) for label in by_label)
    return dict(sorted(by_label.items(), key=lambda item: str(item[0]) if mixed else item[0]))


def check_counts(counts: dict[Label, int], minimum: int, where: str, numeric: bool) -> None:
    """Raise InputError if there is one class only, or one with fewer rows than ``minimum``."""
    if len(counts) == 1:
        raise InputError(f"{where} has one class only, {shortened(next(iter(counts)))}. There is nothing to predict.")
    label, count = min(counts.items(), key=lambda item: item[1])
    if count < minimum:
        n_more = sum(other < minimum for other in counts.values()) - 1
        more = f" ({counted(n_more, 'other class is', 'other classes are')} too rare as well)" if n_more else ""
        regression = ", or, if it is a quantity, choose --task regression" if numeric else ""
        raise InputError(
            f"{where}: class {shortened(label)} has {counted(count, 'row')}{more}; the folds and the test rows need "
            f"{minimum} of each. Merge rare classes with --merge-rare, or remove them{regression}."
        )


def merge_rare_classes(counts: dict[Label, int], minimum: int) -> tuple[dict[Label, int], tuple[Label, ...]]:
    """Merge the classes with fewer rows than ``minimum``, and the next rarest until together they have enough.

    Returns:
        The classes that are left, with ``OTHER_CLASS`` last, and the labels that were merged.
    """
    rarest_first = sorted((label for label in counts if label != OTHER_CLASS), key=lambda label: counts[label])
    together = counts.get(OTHER_CLASS, 0)
    merged: list[Label] = []
    for label in rarest_first:
        started = bool(merged) or OTHER_CLASS in counts
        if counts[label] >= minimum and (together >= minimum or not started):
            break
        merged.append(label)
        together += counts[label]
    if not merged:
        return counts, ()
    gone = {OTHER_CLASS, *merged}
    return {label: count for label, count in counts.items() if label not in gone} | {OTHER_CLASS: together}, tuple(
        merged
    )


def _label(value: Any) -> Label:
    """Return the label in the type that JSON knows; whole numbers as int, however the file wrote them."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value if math.isfinite(value) else str(value)
    return value if isinstance(value, bool | int | str) else str(value)


def _refuse_quantity(values: pd.Series, where: str) -> None:
    n_distinct, half = values.nunique(), len(values) / 2
    if is_number(values):
        if n_distinct > half or (n_distinct > MOST_INTEGER_CLASSES and not all_whole(values)):
            raise InputError(
                f"{where} holds numbers where classes are wanted ({n_distinct:,} different ones). "
                "Choose --task regression, or name a column of classes with --target."
            )
    elif n_distinct > max(2, half):
        raise InputError(
            f"{where} has {n_distinct:,} different values in {len(values):,} rows, which are no classes. "
            "Name another column with --target."
        )
