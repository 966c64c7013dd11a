"""The columns of a table as inputs of a graph: their names and types, and what has to be done to cells beforehand."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from goru.data.schema.cells import MISSING_WORDS
from goru.data.schema.columns import CategoricalColumn, DateColumn, DroppedColumn, NumericColumn
from goru.data.schema.encoding import Schema
from goru.data.schema.numerals import LevelCodes, level_text

InputType = Literal["double", "int64", "string"]

#: What has to be done to the cells of a column, by its kind; ONNX has no operators for it.
BEFORE = {
    "numeric": "numbers as double, NaN where missing; times of day and spans of time in seconds",
    "boolean": "true and false as 1 and 0 in double, NaN where missing",
    "date": "seconds since 1970-01-01T00:00 UTC as int64, rounded down; -9223372036854775808 where missing: "
    'NumPy\'s dates.astype("datetime64[s]").astype("int64")',
    "categorical": "text without spaces around it; numbers as Python writes them: whole ones without a point (2, not "
    "2e0), others as repr(float(text)), but as the level is written where one is 02; true and false in small letters",
}


@dataclass(frozen=True)
class Input:
    """A column that is read.

    - `name`: of the input; that of the column where ONNX allows it.
    - `type`: of its cells, which are given as `(rows, 1)`.
    """

    name: str
    column: NumericColumn | CategoricalColumn | DateColumn

    @property
    def kind(self) -> str:
        """What the column holds."""
        return "boolean" if isinstance(self.column, NumericColumn) and self.column.boolean else self.column.kind

    @property
    def type(self) -> InputType:
        """The type of its cells."""
        match self.column:
            case CategoricalColumn():
                return "string"
            case DateColumn():
                return "int64"
        return "double"  # goru prepares numbers in double; in single precision a date in seconds would lose minutes

    def to_json(self) -> dict[str, Any]:
        """What a program has to know to feed it."""
        said: dict[str, Any] = {
            "column": self.column.name,
            "input": self.name,
            "kind": self.kind,
            "type": self.type,
            "before": BEFORE[self.kind],
        }
        if isinstance(self.column, CategoricalColumn):
            said |= {"levels": list(self.column.levels), "missing": missing_words(self.column)}
        return said


def inputs_of(schema: Schema) -> tuple[Input, ...]:
    """The columns that are features, in the table's order."""
    columns = [column for column in schema.columns if not isinstance(column, DroppedColumn)]
    taken = {column.name for column in columns}
    found = []
    for number, column in enumerate(columns, start=1):
        name = column.name if _is_allowed(column.name) else free(f"column {number}", taken)
        taken.add(name)
        found.append(Input(name, column))
    return tuple(found)


def free(name: str, taken: Collection[str]) -> str:
    """The name, with as many underscores behind it as it takes to be no other's."""
    while name in taken:
        name += "_"
    return name


def missing_words(column: CategoricalColumn) -> list[str]:
    """The words that mean "missing" in a category; one that is a level is that level."""
    return [word for word in MISSING_WORDS if word not in column.levels]


def codes_of_texts(column: CategoricalColumn) -> dict[str, int]:
    """The code of each level, and of other spellings of it that are common: what Python and pandas make of it."""
    code_of = LevelCodes.in_order(column.levels)
    texts = (*code_of.written, *code_of.numbers)
    spellings = [spelling for text in texts for spelling in (text, f"{text}.0", text.capitalize(), text.upper())]
    codes = {spelling: code_of.get(level_text(spelling)) for spelling in spellings}
    return {spelling: code for spelling, code in codes.items() if code >= 0}


def _is_allowed(name: str) -> bool:
    """Whether ONNX takes it: an empty name means "not given", and runtimes end a name at its first zero."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # halves of a character
        return False
    return name != "" and "\0" not in name
