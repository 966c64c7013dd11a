"""Frozen dataclasses as JSON, and back: one form each."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from math import isfinite
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from goru.errors import InputError

T = TypeVar("T")
MOST_LETTERS = 40  # of what stands in a damaged file, in a message


def to_json(value: Any) -> Any:
    """Plain JSON types; what is infinite, or no number, is null: JSON has neither."""
    if is_dataclass(value):
        return {entry.name: to_json(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return str(value) if isinstance(value, str) else value  # NumPy's scalars are subclasses of both


def from_json(cls: type[T], content: Any, source: str) -> T:
    """What `to_json` has made of a `cls`; entries that have a default may be missing.

    **Arguments:**

    - `source`: where it was read.

    **Raises:** `InputError` for anything else.
    """
    try:
        value: T = _read(cls, content, "")
    except _DamageError as damage:
        noun = cls.__name__.lower()
        raise InputError(f"{source}: damaged, it is no {noun}: {damage}. Make it again.") from None
    return value


def as_read(value: T) -> T:
    """The value as it would be read again: what was shown at once and what is shown later cannot differ."""
    return from_json(type(value), to_json(value), type(value).__name__.lower())


class _DamageError(Exception):
    """What does not fit, and where."""


def _read(of: Any, content: Any, place: str) -> Any:
    origin, arguments = get_origin(of), get_args(of)
    if isinstance(of, type) and is_dataclass(of):
        return _object(of, content, place)
    if origin is Literal:
        # `1 == True` in Python; they are two things in JSON.
        if any(type(content) is type(word) and content == word for word in arguments):
            return content
    elif origin in (Union, types.UnionType):
        return _one_of(arguments, content, place)
    elif origin is tuple:
        if isinstance(content, list):
            return tuple(_read(arguments[0], item, f"{place}[{index}]") for index, item in enumerate(content))
    elif origin is not None and issubclass(origin, Mapping):
        if isinstance(content, dict):
            return {key: _read(arguments[1], item, _within(place, key)) for key, item in content.items()}
    elif of is float:
        if isinstance(content, int | float) and not isinstance(content, bool):
            return float(content)
    elif type(content) is of:
        return content
    raise _DamageError(f"{place or 'all of it'} is {_short(content)}")


def _one_of(kinds: tuple[Any, ...], content: Any, place: str) -> Any:
    """Of several kinds the one that it is: an object is told by its entries, and a whole number is none with a point
    where there may be both."""
    if content is None and type(None) in kinds:
        return None
    possible = [kind for kind in kinds if kind is not type(None)]
    if isinstance(content, dict):
        possible.sort(key=lambda kind: not _fits(kind, content))
    elif type(content) in possible:
        return content
    damages = []
    for kind in possible:
        try:
            return _read(kind, content, place)
        except _DamageError as damage:
            damages.append(damage)
    raise damages[0]


def _fits(of: Any, content: dict[str, Any]) -> bool:
    return isinstance(of, type) and hasattr(of, "__dataclass_fields__") and content.keys() <= _shape(of).keys()


def _object(of: Any, content: Any, place: str) -> Any:
    if not isinstance(content, dict):
        raise _DamageError(f"{place or 'all of it'} is {_short(content)}")
    shape = _shape(of)
    if unknown := [name for name in content if name not in shape]:
        raise _DamageError(f"{_within(place, _short(unknown[0]))} is unknown")
    for name, (entry, _) in shape.items():
        if name not in content and entry.default is MISSING and entry.default_factory is MISSING:
            raise _DamageError(f"{_within(place, name)} is missing")
    return of(**{name: _read(shape[name][1], item, _within(place, name)) for name, item in content.items()})


@cache
def _shape(of: Any) -> dict[str, tuple[Field[Any], Any]]:
    """By name, every field and its type."""
    hints = get_type_hints(of)
    return {entry.name: (entry, hints[entry.name]) for entry in fields(of)}


def _within(place: str, name: str) -> str:
    name = "".join(char if char.isprintable() else "?" for char in name)
    return f"{place}.{name}" if place else name


def _short(content: Any) -> str:
    words = {dict: "an object", list: "a list", type(None): "null"}.get(type(content)) or repr(content)
    return words if len(words) <= MOST_LETTERS else f"{words[:MOST_LETTERS]}…"
