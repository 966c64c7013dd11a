"""Dates taken apart inside a graph, in whole numbers, exactly: seconds since 1970 to year, month, day, weekday, hour.

The calendar is Howard Hinnant's: years begin in March, so that the day that is not always there comes last, and 400
years are an era of 146,097 days. https://howardhinnant.github.io/date_algorithms.html#civil_from_days
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from goru.export.graph import Graph

#: What NumPy makes of a date that is missing, as a whole number.
NO_DATE = np.iinfo(np.int64).min


def add_date_parts(graph: Graph, seconds: str, parts: Sequence[str]) -> str:
    """Parts of dates side by side, `(rows, parts)` double, NaN where a date is missing.

    **Arguments:**

    - `seconds`: since 1970-01-01T00:00, `(rows, 1)` int64.
    """
    absent = _absent(graph, seconds)
    calendar = _Calendar(graph, graph.node("Where", absent, _whole(graph, 0), seconds, name="date/seconds"))
    whole = graph.join([getattr(calendar, part)() for part in parts], "date/parts")
    return graph.node("Where", absent, graph.constant("nan", np.nan), graph.cast(whole, np.float64), name="date")


def absent_date(graph: Graph, seconds: str) -> str:
    """NaN where a date is missing, else 0, `(rows, 1)` double."""
    nan, zero = graph.constant("nan", np.nan), graph.constant("zero", 0.0)
    return graph.node("Where", _absent(graph, seconds), nan, zero, name="date/absent")


class _Calendar:
    """The parts of moments, `(rows, 1)` int64."""

    def __init__(self, graph: Graph, seconds: str) -> None:
        self._graph = graph
        # Whole division is only of what is a multiple, or not negative: there, all runtimes agree.
        operators = (partial(self._apply, name) for name in ("Add", "Sub", "Mul", "Div", "Mod"))
        self._plus, self._minus, self._times, self._over, self._modulo = operators
        self._of_day = self._modulo(seconds, 86_400)
        self._days = self._over(self._minus(seconds, self._of_day), 86_400)

    def hour(self) -> str:
        """0 to 23."""
        return self._over(self._of_day, 3600)

    def weekday(self) -> str:
        """Monday is 0."""
        return self._modulo(self._plus(self._days, 3), 7)

    def year(self) -> str:
        """As it is written."""
        era, of_era, _, month = self._from_march()
        year = self._plus(self._times(era, 400), of_era)
        return self._plus(year, self._over(month, 10))  # January and February belong to the next one

    def month(self) -> str:
        """1 to 12."""
        *_, month = self._from_march()
        return self._plus(self._modulo(self._plus(month, 2), 12), 1)

    def day(self) -> str:
        """1 to 31."""
        _, _, day, month = self._from_march()
        before = self._over(self._plus(self._times(month, 153), 2), 5)
        return self._plus(self._minus(day, before), 1)

    def _from_march(self) -> tuple[str, str, str, str]:
        """Era, year of the era, day and month of the year; all from 0 on."""
        days = self._plus(self._days, 719_468)  # since the 1st of March of the year 0
        day = self._modulo(days, 146_097)
        era = self._over(self._minus(days, day), 146_097)
        leaps = self._plus(self._minus(day, self._over(day, 1460)), self._over(day, 36_524))
        year = self._over(self._minus(leaps, self._over(day, 146_096)), 365)
        gone = self._plus(self._times(year, 365), self._over(year, 4))
        of_year = self._minus(day, self._minus(gone, self._over(year, 100)))
        month = self._over(self._plus(self._times(of_year, 5), 2), 153)
        return era, year, of_year, month

    def _apply(self, op: str, x: str, y: int | str) -> str:
        return self._graph.node(op, x, _whole(self._graph, y) if isinstance(y, int) else y, name=f"date/{op.lower()}")


def _absent(graph: Graph, seconds: str) -> str:
    return graph.node("Equal", seconds, _whole(graph, NO_DATE), name="date/is_missing")


def _whole(graph: Graph, number: int) -> str:
    return graph.constant("whole", number, np.int64)
