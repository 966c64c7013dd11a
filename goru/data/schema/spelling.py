"""Numbers and dates that text may be meant as: written as goru does not read them, or spoiled by a few cells."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from goru.data.schema.cells import TEXT, dates_in, numbers_in, without_gaps
from goru.language import kept
from goru.wording import counted, listing, shortened

#: From this share of the cells on, a column is taken for what they are, and the others for what spoils it.
NEARLY_ALL = 0.9
_LOOKED_AT = 200  # different texts
_TRIED = 1000  # rows

_CURRENCY = r"[$€£¥₩₹₽₺₴₫฿원円]|USD|EUR|GBP|JPY|KRW|CNY|INR|CHF|AUD|CAD|SEK|NOK|DKK|PLN|BRL"
#: Thousands apart, all by the same separator; or digits with a point or a comma between them.
_DIGITS = r"\d{1,3}([,.'’_\s])\d{3}(?:\2\d{3})*(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+"
_UNIT = r"[^\d\s.,;:()+−-][^\d()]{0,11}"
_NUMBER = re.compile(rf"(\()?[+−-]?\s?(?:(?:{_CURRENCY})\s?)?[+−-]?(?:{_DIGITS})\s?({_UNIT})?(?(1)\))", re.IGNORECASE)
_SCALES = set("kKmMbB%")

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]\.?m\.?)?"
_DATES = (
    rf"{_DAY}([./-])\s?{_DAY}\1\s?\d{{2,4}}",
    rf"\d{{4}}([./-])\s?{_DAY}\2\s?{_DAY}\2?",
    rf"{_DAY}\.?[\s/-]?{_MONTH}[\s/-]?,?\d{{2,4}}",
    rf"{_MONTH}\s{_DAY},?\s\d{{4}}",
    rf"{_MONTH}[\s/-]\d{{2,4}}",
    rf"\d{{4}}[\s/-]{_MONTH}(?:[\s/-]{_DAY})?",
    rf"\d{{4}}년(?:\s?{_DAY}월)?(?:\s?{_DAY}일)?",
)
_DATE = re.compile(rf"(?:[a-z]{{3,9}}\.?,?\s)?(?:{'|'.join(_DATES)})(?:[T,]?\s?{_TIME}.*)?", re.IGNORECASE)
_CLOCK = re.compile(_TIME, re.IGNORECASE)


def other_spelling(series: pd.Series) -> str | None:
    """Return how nearly all numbers or dates in a column of text are written, with an example and what to do.

    None where it holds neither, or where goru reads them as they are.
    """
    texts = without_gaps(series).dropna().unique()
    texts = texts[:: len(texts) // _LOOKED_AT + 1]
    looked_at = pd.Series(texts, dtype=TEXT)
    unread = looked_at[np.isnan(numbers_in(looked_at)) & dates_in(looked_at).isna().to_numpy()]
    if not len(unread):
        return None
    for what, pattern, advice in (
        (kept("dates"), _DATE, kept("Write dates as 2020-12-31")),
        (kept("times of day"), _CLOCK, kept("Write them as numbers, such as hours")),
    ):
        if sum(pattern.fullmatch(text) is not None for text in looked_at) >= NEARLY_ALL * len(looked_at):
            return kept(
                "{what} written as {example}. {advice}", what=what, example=shortened(unread.iloc[0]), advice=advice
            )
    return _dressed_numbers(list(unread), len(looked_at))


def _dressed_numbers(unread: list[str], n_texts: int) -> str | None:
    numbers = [found for text in unread if (found := _NUMBER.fullmatch(text))]
    others = len(unread) - len(numbers)
    units = {found[3].strip() for found in numbers if found[3]}
    # 12A, 13C and 13D are seats, and no numbers. A few cells that are none spoil a column; they are no dress.
    if others > (1 - NEARLY_ALL) * n_texts or len(numbers) <= others or len(units - _SCALES) > 1:
        return None
    what, example = next((what, found[0]) for what, is_one in _DRESSES for found in numbers if is_one(found))
    return kept(
        "numbers with {what} ({example}). Write the numbers alone, as 1234.5 or -7",
        what=what,
        example=shortened(example),
    )


def _has(pattern: str) -> Callable[[re.Match[str]], object]:
    return lambda found: re.search(pattern, found[0], re.IGNORECASE)


#: What goru does not read in a number, the most telling first.
_DRESSES: tuple[tuple[str, Callable[[re.Match[str]], object]], ...] = (
    (kept("a currency"), _has(_CURRENCY)),
    (kept("a percent sign"), _has("%")),
    (kept("a unit"), lambda found: found[3]),
    (kept("brackets for a minus"), lambda found: found[1]),
    (kept("a comma in them"), _has(",")),
    (kept("separators in them"), lambda found: True),
)


def spoiling_cells(series: pd.Series) -> str | None:
    """Return which cells keep a column of text from being numbers or dates, with their count and what to do.

    None where they are more than a few.
    """
    present = without_gaps(series).dropna()
    some = present.iloc[:: len(present) // _TRIED + 1]
    for what, are_good in (
        (kept("numbers"), lambda text: ~np.isnan(numbers_in(text))),
        (kept("dates"), lambda text: dates_in(text).notna().to_numpy()),
    ):
        if not present.empty and are_good(some).mean() >= NEARLY_ALL**2:  # before all are looked at
            bad = ~are_good(present)
            if 0 < bad.sum() <= (1 - NEARLY_ALL) * len(bad):
                words = listing(dict.fromkeys(map(shortened, present[bad])), limit=3)
                return kept(
                    "nearly all cells are {what}, but not {words} ({rows}). Fix these cells, or leave them empty if "
                    "they are missing",
                    what=what,
                    words=words,
                    rows=counted(int(bad.sum()), "row"),
                )
    return None
