"""Durations as people write them."""

from numbers import Real

from goru.errors import InputError, option

_UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds_of(duration: float | str | None, name: str = "budget") -> float | None:
    """A duration such as `90`, `"60s"`, `"2m"` or `"1.5h"`, in seconds.

    **Arguments:**

    - `name`: of the option that it is given for.

    **Raises:** `InputError` if it is none.
    """
    if duration is None or (isinstance(duration, Real) and not isinstance(duration, bool)):
        return None if duration is None else float(duration)
    text = str(duration).strip().lower()
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
    try:
        return float(number) * _UNITS[unit]
    except ValueError:
        raise InputError(
            f"{option(name)}: invalid duration {duration!r}. Give seconds, minutes or hours: 60s, 2m, 1h."
        ) from None
