"""Figures in a few digits; those that are compared have the same number of decimals."""

import math
from collections.abc import Callable, Sequence

from goru.language import kept

UNKNOWN = kept("unknown")  # an interval without ends
MOST_MORE = 3  # decimals that are added where an end of an interval would be rounded to zero

Figures = Sequence[float | None]


def number(value: float | None) -> str:
    """A figure in a few digits."""
    return numbers([value])[0]


def percent(value: float | None) -> str:
    """A share with its sign, in percent."""
    return percents([value])[0]


def numbers(values: Figures, sign: bool = False, smallest: float = 0.0, decimals: int | None = None) -> list[str]:
    """Figures with as many decimals, each, as the largest of them needs.

    **Arguments:**

    - `smallest`: a size that is not to be rounded to zero, if a few decimals more save it.
    - `decimals`: where they are given.
    """
    largest = _largest(values)
    if decimals is not None or largest == 0 or 1e-3 <= largest < 1e7:
        usual = 0 if largest >= 1000 else 1 if largest >= 10 else 3
        places = usual if decimals is None else decimals
        return [_spelt(value, _saving(smallest, places), sign) for value in values]
    power = max(math.floor(math.log10(1.0005 * largest)), -300)  # 9.996 is 10.00
    places = _saving(smallest / 10.0**power, 2)
    return [_spelt(value and value / 10.0**power, places, sign, f"e{power:+03d}") for value in values]


def percents(values: Figures, smallest: float = 0.0) -> list[str]:
    """Shares in percent, with their signs, all with as many decimals."""
    scaled = [value and 100 * value for value in values]
    largest = _largest(scaled)
    if largest >= 1e7:
        return [f"{said}%" for said in numbers(scaled, True, 100 * smallest)]
    places = _saving(100 * smallest, 0 if largest >= 10 else 1)
    return [_spelt(value, places, True, "%") for value in scaled]


def estimate(values: Figures, spell: Callable[..., list[str]] = numbers) -> tuple[str, str]:
    """An estimate, and its interval, or that it is unknown: `("-0.025", "-0.045 to -0.005")`.

    **Arguments:**

    - `values`: the estimate, and the ends of its interval.
    - `spell`: `numbers` or `percents`.
    """
    change, low, high = values
    if change is None or low is None or high is None or not math.isfinite(high - low):
        return spell([change])[0], UNKNOWN
    # Of an interval that leaves out zero, no end may look like zero.
    smallest = min(abs(low), abs(high)) if low * high > 0 else 0.0
    said, below, above = spell([change, low, high], smallest=smallest)
    return said, kept("{low} to {high}", low=below, high=above)


def _largest(values: Figures) -> float:
    return max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)


def _saving(smallest: float, places: int) -> int:
    needed = -math.floor(math.log10(smallest)) if smallest else 0
    return max(places, needed) if needed <= places + MOST_MORE else places


def _spelt(value: float | None, places: int, sign: bool, unit: str = "") -> str:
    if value is None or not math.isfinite(value):
        return kept("not finite")
    digits = f"{value:{'+' if sign and value else ''},.{places}f}"
    return "0" if unit.startswith("e") and not digits.strip("+-0.") else f"{digits}{unit}"
