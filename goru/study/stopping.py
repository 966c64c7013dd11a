"""What is said when a study is stopped before its end."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from goru.errors import InputError, Stopped
from goru.study.folder import is_unfinished

GO_ON = "what was trained is kept: give the same command with --resume to go on"


@contextlib.contextmanager
def stopping(folder: Path) -> Iterator[None]:
    """Say how to go on, where something is kept to go on with.

    **Raises:** `Stopped` if it was Ctrl-C, `InputError` if it was the disk or memory; what it was, if nothing is kept.
    """
    try:
        yield
    except KeyboardInterrupt:
        if is_unfinished(folder):
            raise Stopped(f"interrupted: {GO_ON}") from None
        raise
    except (OSError, sqlite3.Error, MemoryError) as error:
        if is_unfinished(folder):
            said = "not enough memory" if isinstance(error, MemoryError) else str(error)
            raise InputError(f"{said}; {GO_ON}.") from None
        raise
