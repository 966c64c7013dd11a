"""The small change of messages: the nearest name, a shortened list, a count with its noun, a figure, how often."""

from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches

from goru.language import kept

_LONGEST_TYPED = 500


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the name closest to ``name``, or "" if none is close."""
    # What is longer than any name that somebody types takes the time of its square to compare.
    by_lower = {candidate.lower(): candidate for candidate in reversed(list(names)) if len(candidate) <= _LONGEST_TYPED}
    close = get_close_matches(name.lower(), by_lower, n=1) if len(name) <= _LONGEST_TYPED else []
    return f" Did you mean '{by_lower[close[0]]}'?" if close else ""


def listing(items: Iterable[object], limit: int = 8) -> str:
    """Return the items separated by commas, at most ``limit`` of them, with the number of those left off."""
    words = [str(item) for item in items]
    shown = ", ".join(words[:limit])
    return shown if len(words) <= limit else kept("{items} and {n:,} more", items=shown, n=len(words) - limit)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 row``, ``1,204 rows``; ``plural`` where an added s is wrong."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def figure(value: float, digits: int = 3) -> str:
    """Return a number with so many digits; a whole number with all it has."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.{digits}g}"


def repeated(times: int) -> str:
    """Return ``once``, ``twice``, ``3 times``."""
    return {1: kept("once"), 2: kept("twice")}.get(times, kept("{n} times", n=times))


def shortened(value: object, limit: int = 40) -> str:
    """Return a cell's text in quotes, on one line and cut to ``limit`` characters."""
    text = " ".join(str(value).split())
    return f"'{text}'" if len(text) <= limit else f"'{text[: limit - 1]}…'"


def confidence_in_words(share: float) -> str:
    """`95%`, `97.5%`, and of one that is nearly certain as many digits as tell it from certainty: `99.94%`."""
    return f"{(100 - Decimal(f'{100 * (1 - share):.2g}')).normalize():f}%"
