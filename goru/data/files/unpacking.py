"""Compressed files: unpacked only where that does not take memory beyond all reason.

A few bytes can stand for any number of them: a file made so fills the memory of whoever reads it. Tables are not
compressed that well, so what would be is refused; who means it can give the file unpacked.
"""

import gzip
import zlib
from pathlib import Path

from goru.data.files.signatures import HEAD, disguise
from goru.errors import InputError

TIMES = 200  # what a table is compressed by at the very most; deflate can do 1,032
ALWAYS = 1 << 28  # bytes that are unpacked in any case
_AT_ONCE = 1 << 20


def most_unpacked(path: Path, times: int = TIMES) -> int:
    """The bytes that a file may be when unpacked."""
    return max(ALWAYS, times * path.stat().st_size)


def check_unpacked(path: Path, size: int, times: int = TIMES, hint: str = "save it without compression") -> None:
    """Raise InputError if a file would be unpacked to more bytes than one of its size may be."""
    if size > most_unpacked(path, times):
        packed = path.stat().st_size
        raise InputError(
            f"{path}: {packed:,} bytes that unpack to {size:,} or more, far beyond any table. If it is a table, {hint}."
        )


def gunzip(path: Path) -> bytes:
    """Return what a gzip file holds.

    Raises:
        InputError: it is damaged, or holds more than a table of its size could.
    """
    most, size = most_unpacked(path), 0
    try:
        with gzip.open(path) as file:  # once to count, so that nothing is kept of what is too much
            while part := len(file.read(_AT_ONCE)):
                size += part
                if size > most:
                    check_unpacked(path, size)
        with gzip.open(path) as file:
            return file.read(size)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise no_gzip(path) from None


def gunzip_head(path: Path, size: int) -> bytes:
    """Return the first bytes of what a gzip file holds; InputError if it is damaged."""
    try:
        with gzip.open(path) as file:
            return file.read(size)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise no_gzip(path) from None


def no_gzip(path: Path) -> InputError:
    """What is said of a file that is called .gz and cannot be unpacked."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"\x1f\x8b"):
        return InputError(f"{path}: the gzip file is damaged. Make it again.")
    what, remedy = disguise(head) or ("not gzipped", "Leave .gz off its name")
    return InputError(f"{path}: not a gzip file: it is {what}. {remedy}.")
