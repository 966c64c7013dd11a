"""The target column: its values to numbers, and predictions back to its values."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from goru.data.schema.cells import first_non_number, is_date, is_number, is_text, levels_of, parse_text
from goru.data.schema.numerals import LevelCodes, level_text
from goru.data.table import row_name
from goru.data.targets.classes import OTHER_CLASS, Label, check_counts, count_labels, merge_rare_classes
from goru.data.targets.task import Task, recognise_task
from goru.errors import InputError, option
from goru.language import kept
from goru.wording import counted, listing, shortened

#: Of numbers beyond it a mean, or what is predicted from them, may leave the range of numbers.
LARGEST = 1e307


@dataclass(frozen=True)
class Target:
    """The target column: its task, and for classification its classes in the order of their codes.

    Attributes:
        name: the column.
        task: classification or regression.
        classes: the labels in their own type, sorted; None for regression.
        merged: rare labels that count as the class ``other``.
    """

    name: str
    task: Task
    classes: tuple[Label, ...] | None = None
    merged: tuple[Label, ...] = ()

    @classmethod
    def from_column(
        cls,
        values: pd.Series,
        *,
        task: Task | None = None,
        minimum: int = 1,
        merge_rare: bool = False,
        source: str = "the table",
    ) -> Self:
        """Recognise the task (or take the given one, where it makes sense) and collect the classes.

        Args:
            values: a column of a tidy frame, without missing values; its name is the target's name.
            task: overrules what the column looks like.
            minimum: the rows that each class needs for the folds.
            merge_rare: merge classes with fewer rows to the class ``other``.
            source: what messages call the table.

        Raises:
            InputError: one class, a class too rare, a constant or infinite quantity, or a task that makes no sense.
        """
        name = str(values.name)
        where = f"{source}: target '{name}'"
        if is_date(values):
            raise InputError(f"{where} holds dates. Give a column of classes or numbers.")
        if (task or recognise_task(values)) == "regression":
            target = cls(name, "regression")
            if np.ptp(target.encode(values, source)) == 0:
                raise InputError(f"{where} has the same value in every row. There is nothing to predict.")
            return target
        counts = count_labels(values, where)
        counts, merged = merge_rare_classes(counts, minimum) if merge_rare else (counts, ())
        check_counts(values, counts, minimum, where)
        return cls(name, "classification", tuple(counts), merged)

    def encode(self, values: pd.Series, source: str = "the table") -> np.ndarray:
        """Return the values as ``int32[n]`` class codes or ``float64[n]`` quantities.

        Raises:
            InputError: a class that is not among ``classes``, or a value that is no finite number; the row is named.
        """
        return self._encode_numbers(values, source) if self.classes is None else self._encode_classes(values, source)

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return labels for class codes (an array of the labels' type); quantities are returned as they are."""
        if self.classes is None:
            return np.asarray(values)
        labels = np.array(self.classes)
        # Of several types NumPy makes one; and of whole numbers beyond its own, floats.
        exact = [type(label) for label in labels.tolist()] == [type(label) for label in self.classes]
        return (labels if exact else np.array(self.classes, dtype=object))[np.asarray(values)]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the classes, in plain sentences."""
        if not self.merged:
            return ()
        rare = counted(len(self.merged), "rare class", "rare classes")
        return (
            kept(
                "Merged {rare} to '{other_class}': {merged}.",
                rare=rare,
                other_class=OTHER_CLASS,
                merged=listing(self.merged),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        classes = None if self.classes is None else list(self.classes)
        return {"name": self.name, "task": self.task, "classes": classes, "merged": list(self.merged)}

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Return the target that ``to_json`` wrote; InputError if the content is anything else."""
        match content:
            case {"name": str(name), "task": "regression", "classes": None, "merged": []}:
                return cls(name, "regression")
            case {"name": str(name), "task": "classification", "classes": [_, _, *_] as classes, "merged": [*merged]}:
                labels = [*classes, *merged]
                if (
                    all(isinstance(label, bool | int | float | str) for label in labels)
                    and all(math.isfinite(label) for label in labels if isinstance(label, float))
                    and len({level_text(label) for label in labels}) == len(labels)
                    and (not merged or OTHER_CLASS in classes)
                ):
                    return cls(name, "classification", tuple(classes), tuple(merged))
        raise InputError("damaged model: the description of the target cannot be read.")

    def _encode_classes(self, values: pd.Series, source: str) -> np.ndarray:
        assert self.classes is not None
        codes_by_text = {level_text(label): code for code, label in enumerate(self.classes)}
        code_of = LevelCodes.of(
            codes_by_text | {level_text(label): codes_by_text[OTHER_CLASS] for label in self.merged}
        )
        levels, texts = levels_of(values)
        # The last code, -1, is that of a missing value, whose level is -1.
        codes = np.array([*(code_of.get(text) for text in texts), -1], dtype=np.int32)[levels]
        if (codes < 0).any():
            at = int((codes < 0).argmax())
            raise InputError(
                f"{source}: {row_name(values, at)}: target '{self.name}' is {shortened(values.iloc[at])}, "
                f"none of the classes {listing(map(shortened, self.classes))}. Remove the row, or train with it."
            )
        return codes

    def _encode_numbers(self, values: pd.Series, source: str) -> np.ndarray:
        values = parse_text(values)
        bad: int | None = 0
        numbers = np.empty(0)
        if is_number(values):
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            good = np.abs(numbers) <= LARGEST
            bad = None if good.all() else int(np.argmin(good))
        elif is_text(values):
            bad = first_non_number(values)
        if bad is not None:
            raise InputError(
                f"{source}: {row_name(values, bad)}: target '{self.name}' is {shortened(values.iloc[bad])}, where "
                f"regression needs a finite number (of {LARGEST:g} at most). Fix the row, or choose "
                f"{option('task', 'classification')}."
            )
        return numbers
