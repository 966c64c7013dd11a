"""Knobs: nuisance hyperparameters, each with a range and, where only some arms have it, a condition."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goru.errors import InputError
from goru.experiment.arms import Level

When = Mapping[str, Level | Sequence[Level]]


@dataclass(frozen=True)
class Knob:
    """A number that is tuned for each arm separately.

    - `low`, `high`: the ends of its range.
    - `log`: whether it is drawn evenly on a logarithmic scale.
    - `whole`: whether it is a whole number, both ends included.
    - `when`: the levels of factors with which there is such a number at all; one of several is enough.

    **Raises:** `InputError` for a range that is none.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    when: When = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"a knob from {self.low!r} to {self.high!r}"
        if not all(isinstance(end, int | float) and math.isfinite(end) for end in (self.low, self.high)):
            raise InputError(f"{where}: give two numbers.")
        if not self.low < self.high:
            raise InputError(f"{where}: give a lower and a higher number.")
        if self.log and self.low <= 0:
            raise InputError(f"{where}: a logarithmic range begins above zero.")
        if self.whole and (self.low % 1 or self.high % 1):
            raise InputError(f"{where}: give whole numbers.")
        if not isinstance(self.when, Mapping):
            raise InputError(f'{where}: when says which levels it needs, such as {{"dropout": True}}.')

    def __repr__(self) -> str:
        made_by = "integers" if self.whole else "log_uniform" if self.log else "uniform"
        log = ", log=True" if self.whole and self.log else ""
        when = f", when={dict(self.when)}" if self.when else ""
        return f"{made_by}({self.low!r}, {self.high!r}{log}{when})"

    def at(self, u: float) -> float:
        """The number at a place `u` of the range, from 0 to 1."""
        low, high = (self.low, self.high + 1) if self.whole and not self.log else (self.low, self.high)
        value = float(np.exp(np.log(low) + u * np.log(high / low)) if self.log else low + u * (high - low))
        if not self.whole:
            return min(max(value, self.low), self.high)  # a logarithm and back is not quite the same
        return round(value) if self.log else min(math.floor(value), int(self.high))


def uniform(low: float, high: float, when: When | None = None) -> Knob:
    """A knob that is drawn evenly: `uniform(0.05, 0.6, when={"dropout": True})`.

    **Arguments:** `low`, `high` and `when` as of [`Knob`][goru.experiment.knobs.Knob]: the ends of the range, and the
    levels of factors with which there is such a number at all; by default in every arm.

    **Raises:** `InputError` for a range that is none.
    """
    return Knob(low, high, when=when or {})


def log_uniform(low: float, high: float, when: When | None = None) -> Knob:
    """A knob that is drawn evenly on a logarithmic scale: `log_uniform(1e-4, 1e-1)`.

    **Arguments:** `low` (above zero), `high` and `when` as of [`uniform`][goru.experiment.knobs.uniform].

    **Raises:** `InputError` for a range that is none.
    """
    return Knob(low, high, log=True, when=when or {})


def integers(low: int, high: int, log: bool = False, when: When | None = None) -> Knob:
    """A knob that is a whole number, both ends included: `integers(1, 4)`.

    **Arguments:**

    - `low`, `high`, `when`: as of [`uniform`][goru.experiment.knobs.uniform].
    - `log`: whether it is drawn evenly on a logarithmic scale.

    **Raises:** `InputError` for a range that is none.
    """
    return Knob(low, high, log=log, whole=True, when=when or {})
