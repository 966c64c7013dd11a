"""JSON on disk: whole or not at all, and checked when it is read."""

import json
import os
from collections.abc import Set
from pathlib import Path
from typing import Any

from goru.errors import InputError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    temporary = path.with_name(path.name + ".part")
    # A file name that is no UTF-8 reaches us with lone surrogates; their backslashed form is JSON's too.
    with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def read_json(path: Path, what: str, keys: Set[str]) -> dict[str, Any]:
    """Read an object that has these keys.

    **Raises:** `InputError` if it is missing, damaged, or something else.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Fit the run again.") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path}: damaged, it is not JSON. Fit the run again.") from None
    if not isinstance(content, dict) or not content.keys() >= keys:
        raise InputError(f"{path}: damaged, it is no {what}. Fit the run again.")
    return content


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut; what is in its files is another matter."""
    if os.name == "nt":  # where a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
