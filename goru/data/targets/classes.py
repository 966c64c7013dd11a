"""The classes of a target: counted, checked for what test rows and folds need, and merged where they are too rare."""

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from goru.data.schema.cells import GAP_WORDS, is_number, is_text, parse_text
from goru.data.schema.numerals import level_text, number_text
from goru.data.schema.spelling import other_spelling, spoiling_cells
from goru.data.targets.task import MOST_INTEGER_CLASSES, all_whole
from goru.errors import InputError, option
from goru.language import kept
from goru.wording import counted, shortened

Label = bool | int | float | str

#: The class that rare classes are merged to.
OTHER_CLASS = "other"


def count_labels(values: pd.Series, where: str) -> dict[Label, int]:
    """Return each label, in the type that JSON knows, with its number of rows, sorted by label.

    Raises:
        InputError: the values are a quantity or free text, not classes.
    """
    _refuse_quantity(values, where)
    counts = _spellings(values)
    # Where a label is written in two ways, the more common one is what it is called.
    names = [max(own, key=lambda value: own[value]) for own in counts.values()]
    labels = _labels_of_text(names) if is_text(values) else _labels_of_values(names)
    by_label = {label: sum(own.values()) for label, own in zip(labels, counts.values(), strict=True)}
    mixed = any(isinstance(label, str) for label in by_label)
    return dict(sorted(by_label.items(), key=lambda item: str(item[0]) if mixed else item[0]))


def remarks_on_classes(values: pd.Series) -> tuple[str, ...]:
    """Return a sentence for all that labels may be meant as, beside what they were taken for.

    Args:
        values: a target of classes, as in a tidy frame, without missing values.
    """
    if not is_text(values):
        return ()
    name, remarks = values.name, []
    labels = _spellings(values)
    by_number: dict[str, list[str]] = {}
    for text, own in labels.items():
        by_number.setdefault(number_text(text), []).append(text)
        if len(own) > 1:
            remarks.append(
                kept(
                    "{labels} are one class of '{name}', as they mean the same. If they are names, put a "
                    "letter before them.",
                    labels=_together(own),
                    name=name,
                )
            )
        if text in GAP_WORDS:
            rows = counted(sum(own.values()), "row")
            remarks.append(
                kept(
                    "'{text}' is a class of '{name}' ({rows}). If it means missing, leave these cells empty.",
                    text=text,
                    name=name,
                    rows=rows,
                )
            )
    remarks.extend(
        kept(
            "{labels} are {count} classes of '{name}', though they are one number.",
            labels=_together(texts),
            count=len(texts),
            name=name,
        )
        for texts in by_number.values()
        if len(texts) > 1
    )
    return tuple(remarks)


def _spellings(values: pd.Series) -> dict[str, dict[Any, int]]:
    """The rows of each spelling of each label, by the text that tells labels apart."""
    levels, uniques = pd.factorize(values)
    rows = np.bincount(levels, minlength=len(uniques))
    spellings: dict[str, dict[Any, int]] = {}
    for value, count in zip(uniques, rows, strict=True):
        if count:
            spellings.setdefault(level_text(value), {})[value] = int(count)
    return spellings


def _labels_of_text(texts: list[str]) -> list[Label]:
    """Labels as numbers, or as truth values, if all of them are written as these are written again; else as text."""
    labels = [_as_python_writes(text) for text in texts]
    types = {type(label) for label in labels}
    return labels if types <= {int, float} or types == {bool} else list(texts)


def _labels_of_values(values: list[Any]) -> list[Label]:
    """Labels in the types that JSON knows; whole numbers as int, if all are whole, however they are stored."""
    labels = [value.item() if isinstance(value, np.generic) else value for value in values]
    whole = all(label.is_integer() for label in labels if isinstance(label, float) and math.isfinite(label))
    return [_label(label, whole) for label in labels]


def _label(value: Any, whole: bool) -> Label:
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if whole else value
    return value if isinstance(value, bool | int | str) else str(value)


def _as_python_writes(text: str) -> Label:
    """The truth value or number that Python writes like this, or the text."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        with suppress(ValueError):  # also of a whole number of more digits than Python reads
            number = kind(text)
            if str(number) == text and (kind is int or math.isfinite(number)):
                return number
    return text


def _together(texts: Iterable[str]) -> str:
    *some, last = map(shortened, texts)
    return f"{', '.join(some)} and {last}"


def check_counts(values: pd.Series, counts: dict[Label, int], minimum: int, where: str) -> None:
    """Raise InputError if there is one class only, or one with fewer rows than ``minimum``."""
    if len(counts) == 1:
        why = " ".join((f"{shortened(next(iter(counts)))}.", *remarks_on_classes(values)))
        raise InputError(f"{where} has one class only, {why} There is nothing to predict.")
    label, count = min(counts.items(), key=lambda item: item[1])
    if count < minimum:
        n_more = sum(other < minimum for other in counts.values()) - 1
        more = f" ({counted(n_more, 'other class is', 'other classes are')} too rare as well)" if n_more else ""
        numeric = is_number(parse_text(values))
        regression = f", or, if it is a quantity, choose {option('task', 'regression')}" if numeric else ""
        raise InputError(
            f"{where}: class {shortened(label)} has {counted(count, 'row')}{more}; the folds and the test rows need "
            f"{minimum} of each. Merge rare classes with {option('merge_rare', True)}, or remove them{regression}."
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


def _refuse_quantity(values: pd.Series, where: str) -> None:
    n_distinct, half = values.nunique(), len(values) / 2
    numbers = parse_text(values)
    if is_number(numbers):
        if n_distinct > half or (n_distinct > MOST_INTEGER_CLASSES and not all_whole(numbers)):
            raise InputError(
                f"{where} holds numbers where classes are expected ({n_distinct:,} different ones). "
                f"Choose {option('task', 'regression')}, or name a column of classes with {option('target')}."
            )
    elif n_distinct > max(2, half):
        meant = (spoiling_cells(values) or other_spelling(values)) if is_text(values) else None
        raise InputError(
            f"{where} has {n_distinct:,} different values in {len(values):,} rows, too many for classes"
            + (f", but {meant}." if meant else f". Name another column with {option('target')}.")
        )
