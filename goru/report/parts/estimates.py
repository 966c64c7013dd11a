"""Changes of a loss with their intervals, as pages and lines spell them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from goru.data.numbers import UNKNOWN, Figures, estimate, numbers, percents
from goru.experiment.findings.effect import Number
from goru.language import _, kept, retold

TOO_FEW = kept("unknown: too few configurations to estimate the error of the search")


class Change(Protocol):
    """A change with its interval; what is unknown is none."""

    @property
    def change(self) -> Number:
        """Below zero is better."""

    @property
    def low(self) -> Number:
        """The end of the interval that is better."""

    @property
    def high(self) -> Number:
        """The other."""


def in_loss(effect: Change) -> tuple[str, str]:
    """The change and its interval in units of the loss."""
    return retold_estimate(_ends(effect), partial(numbers, sign=True))


def in_shares(effect: Change, of: float) -> tuple[str, str]:
    """The change and its interval in percent of a loss that is not zero."""
    return retold_estimate([None if end is None else end / of for end in _ends(effect)], percents)


def retold_estimate(values: Figures, spell: Callable[..., list[str]] = numbers) -> tuple[str, str]:
    """An estimate and its interval, see [`estimate`][goru.data.numbers.estimate], in the language that is spoken."""
    change, interval = estimate(values, spell)
    return retold(change), retold(interval)


def change_with_interval(spelt: tuple[str, str]) -> str:
    """`-12% (-26% to +2%)`."""
    change, interval = spelt
    if interval == retold(UNKNOWN):
        return _("{change} (interval unknown)", change=change)
    return f"{change} ({interval})"


def any_unknown(effects: Iterable[Change]) -> bool:
    """Whether a change is known, and its interval is not."""
    return any(effect.change is not None and effect.low is None for effect in effects)


def _ends(effect: Change) -> list[float | None]:
    return [effect.change, effect.low, effect.high]
