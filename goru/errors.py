"""The exceptions that goru raises: when the input, and not goru, is at fault, and when a study is stopped.

Their lines, and the notes beside an answer, name what may be set: `option("task", "regression")`. How that is written
is known at the edges alone, which say it beforehand: nothing has to be found in a line again that may quote a table.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType


class InputError(ValueError):
    """Input that cannot be used: one line that says what is wrong, where, and what to do.

    The command line prints the line and exits with status 2.
    """


class NotInstalledError(InputError, AttributeError):
    """A package that a part of goru needs is not there: one line, as of `InputError`.

    To `hasattr` and `help`, which ask for every part, that part is not there either.
    """


class InputWarning(UserWarning):
    """Input that an estimator takes for something else than it may be meant as: one line, as of `InputError`."""


class Stopped(Exception):  # noqa: N818  # nothing is wrong
    """A study that somebody has stopped: one line that says what is kept, and how to go on."""


def argument(name: str, value: object = None, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """An option as an argument of a call: `overwrite=True`, `task='regression'`, or its name alone.

    **Arguments:**

    - `names`: of those that the call has by another name.
    """
    name = names.get(name, name)
    return name if value is None else f"{name}={value!r}"


Spelling = Callable[[str, object], str]
_spelling: ContextVar[Spelling] = ContextVar("spelling", default=argument)


def option(name: str, value: object = None) -> str:
    """An option, and what to give it, in the words of whoever is spoken to; a switch is given True."""
    return _spelling.get()(name, value)


@contextmanager
def spelled(spelling: Spelling) -> Iterator[None]:
    """Spell the options in all lines that are made meanwhile, in this thread, like this."""
    token = _spelling.set(spelling)
    try:
        yield
    finally:
        _spelling.reset(token)
