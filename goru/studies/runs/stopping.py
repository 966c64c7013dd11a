"""What is said when a study is stopped before its end."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from goru.errors import InputError, Stopped, option
from goru.studies.runs.run import is_unfinished


@contextlib.contextmanager
def stopping(folder: Path, overwrite: bool = False) -> Iterator[None]:
    """Say how to go on, where something is kept to go on with.

    **Arguments:**

    - `overwrite`: whether the command was to start over, which the next is not.

    **Raises:** `Stopped` if it was Ctrl-C, `InputError` if it was the disk or memory; what it was, if nothing is kept.
    """
    how = option("resume", True) + f" instead of {option('overwrite', True)}" * overwrite
    go_on = f"what was trained is kept: repeat the command with {how} to continue"
    try:
        yield
    except KeyboardInterrupt:
        if is_unfinished(folder):
            raise Stopped(f"interrupted: {go_on}") from None
        raise
    except (OSError, sqlite3.Error, MemoryError) as error:
        if is_unfinished(folder):
            raise InputError(f"{_reason(error)}; {go_on}.") from None
        raise


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
