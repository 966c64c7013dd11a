"""Files of others, read with care: plain files alone, no larger than they may be, and JSON that is what it says.

A model may come from anywhere. Whoever made it may have put a link, a pipe that never ends or a number of bytes that
no memory holds in the place of a file; none of them is read.
"""

import functools
import json
import operator
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

from goru.errors import InputError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# Those that a system has.
_NAMES = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
_FLAGS = functools.reduce(operator.or_, (getattr(os, name, 0) for name in _NAMES))
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def opened(path: Path, most: int) -> Iterator[tuple[BufferedReader, int]]:
    """Open a plain file of at most `most` bytes, and say how many it has.

    **Raises:** `InputError` if it is missing, too large, or anything but a plain file; what it leads to is not opened.
    """
    try:
        _check_kind(path, os.lstat(path).st_mode)
        # It may have been replaced since: a link is still not followed, and a pipe is not waited for.
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from None
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _check_kind(path, found.st_mode)
        if found.st_size > most:
            raise InputError(f"{path}: {found.st_size:,} bytes, where at most {most:,} are read. Fit the model again.")
        yield file, found.st_size


def read_file(path: Path, most: int) -> bytes:
    """The content of a plain file of at most `most` bytes.

    **Raises:** `InputError`, as `opened` does.
    """
    with opened(path, most) as (file, size):
        return file.read(size)


def parse_json(content: bytes) -> Any:
    """What the JSON says, strictly: no NaN, no infinity, no text that could not be written again.

    **Raises:** `ValueError` for anything else, however deep it goes.
    """
    try:
        text = content.decode("utf-8")
        found = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:  # halves of a character, which no file and no terminal takes
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check_kind(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise _unreadable(path, f"it is {kind}, and no plain file")


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(f"{path}: cannot be read ({why}). Name a folder that `goru fit` has written.")
