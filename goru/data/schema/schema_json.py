"""Columns as plain JSON types and back. What is read is checked: a model file may be damaged or foreign."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from goru.data.schema.columns import DATE_PARTS, CategoricalColumn, Column, DateColumn, DroppedColumn, NumericColumn
from goru.errors import InputError


def columns_to_json(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return one dictionary a column: its kind, and its attributes with tuples as lists."""
    return [
        {"kind": column.kind}
        | {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(column).items()}
        for column in columns
    ]


def columns_from_json(content: object) -> tuple[Column, ...]:
    """Return the columns of a schema's JSON; InputError names the column that cannot be read."""
    match content:
        case {"columns": list(items)}:
            columns = tuple(_column(item, number) for number, item in enumerate(items, start=1))
        case _:
            raise InputError("damaged model: the schema has no list of columns.")
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise InputError("damaged model: the schema names a column twice.")
    return columns


def _column(item: object, number: int) -> Column:
    match item:
        case {"kind": "numeric", "name": str(name), "missing": bool(missing), "boolean": bool(boolean)}:
            return NumericColumn(name, missing, boolean)
        case {
            "kind": "categorical",
            "name": str(name),
            "levels": list(levels),
            "other": bool(other),
            "missing": bool(missing),
        } if levels and all(isinstance(level, str) for level in levels) and len(set(levels)) == len(levels):
            return CategoricalColumn(name, tuple(levels), other, missing)
        case {"kind": "date", "name": str(name), "parts": list(parts), "missing": bool(missing)} if all(
            part in DATE_PARTS for part in parts
        ):
            return DateColumn(name, tuple(parts), missing)
        case {"kind": "dropped", "name": str(name), "reason": str(reason)}:
            return DroppedColumn(name, reason)
    raise InputError(f"damaged model: column {number} of the schema cannot be read.")
