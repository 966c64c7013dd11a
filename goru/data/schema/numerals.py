"""Numbers as text writes them: which texts are one number, and which are names that only look like numbers.

A file writes a number in more than one way: `2`, `2.0`, `1e+05`. What no program writes for a number is the name of
something: `007`, `1E5`, `+1`. The name counts as it is written; that it could be read as a number is the second thing
to try, for a file in which somebody has lost the zeros.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: U+2212, which typesetters and some spreadsheets write for a minus.
MINUS = "\N{MINUS SIGN}"
#: Whole numbers up to it are exact in float64.
LARGEST_EXACT = 2**53

#: An exponent has a sign, or a point before it: `1e+05`, `1.0E5`; `1E5` is as likely the name of something.
_PLAIN = re.compile(
    r"-?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|-?(?:0|[1-9][0-9]*)(?:[eE][+-][0-9]+)?"
)
_BOOLEANS = ("true", "false")

#: As labels of numbers are written again, where all are whole, and where some are not.
_WHOLE = r"^-?(0|[1-9][0-9]{0,14})$"
_BROKEN = r"^-?(0|[1-9][0-9]{0,14})[.](0|[0-9]*[1-9])$"
#: With so many different texts a column may hold the names of classes; with more, it is a quantity or identifiers.
_MOST_NAMES = 100
_FIRST = 1000


def level_text(value: object) -> str:
    """Return the text that tells a level from others: ``2``, ``"2"`` and ``2.0`` are one, ``"02"`` is another."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    text = str(value).strip()
    if text.lower() in _BOOLEANS:
        return text.lower()
    return number_text(text) if not isinstance(value, str) or _PLAIN.fullmatch(text) else text


def number_text(text: str) -> str:
    """Return the one text of a number, however it is written: ``"2"`` for ``"02"``; a text that is none stays."""
    written = text.replace(MINUS, "-")
    try:
        number = float(written) if "_" not in written else None
    except ValueError:
        return text
    if number is None or not np.isfinite(number):
        return text
    whole, _, fraction = written.partition(".")
    if whole.lstrip("+-").isdecimal() and not fraction.strip("0"):
        return str(int(Decimal(whole)))  # exact, however long, and with more zeros before it than int() reads
    return str(int(number)) if number.is_integer() else repr(number)


@dataclass(frozen=True)
class LevelCodes:
    """The codes of levels, for the text of a level: as it is written, or else as the number that it is.

    The number counts only where it is that of one level: a table that has `007` and `7` does not mean numbers.

    Attributes:
        written: the code of each level's text.
        numbers: the code of each number that one level alone is.
    """

    written: Mapping[str, int]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, codes: Mapping[str, int]) -> Self:
        """Return the codes of levels, each with its text as `level_text` returns it."""
        numbers: dict[str, int] = {}
        shared = set()
        for text, code in codes.items():
            if numbers.setdefault(number_text(text), code) != code:
                shared.add(number_text(text))
        return cls(codes, {number: code for number, code in numbers.items() if number not in shared})

    @classmethod
    def in_order(cls, levels: Iterable[object]) -> Self:
        """Return the codes of levels that are counted from 0."""
        return cls.of({level_text(level): code for code, level in enumerate(levels)})

    def get(self, text: str, default: int = -1) -> int:
        """Return the code of a text that `level_text` has returned, or ``default`` where it is no level."""
        code = self.written.get(text)
        return self.numbers.get(number_text(text), default) if code is None else code


def are_names(cells: pa.Array | pa.ChunkedArray, numbers: np.ndarray) -> bool:
    """Return whether texts that are all numbers say more than the numbers do, as labels and levels may.

    Args:
        cells: the texts.
        numbers: what they are as float64, NaN where missing.
    """
    present = numbers[~np.isnan(numbers)]
    whole = bool((np.floor(present) == present).all())
    texts = pc.unique(cells.slice(0, _FIRST))
    if len(texts) <= _MOST_NAMES:
        texts = texts if len(cells) <= _FIRST else pc.unique(cells)
        return not pc.all(pc.match_substring_regex(texts, _WHOLE if whole else _BROKEN)).as_py()
    if not whole:
        return False
    lengths = pc.binary_length(cells)
    if pc.max(lengths).as_py() > len(str(LARGEST_EXACT)) - 1:
        return True
    zeros = cells.filter(pc.and_(pc.starts_with(cells, "0"), pc.greater(lengths, 1)))
    return bool(pc.any(pc.match_substring_regex(zeros, "^0[0-9]")).as_py()) or bool(
        pc.any(pc.match_substring(cells, "e", ignore_case=True)).as_py()
    )
