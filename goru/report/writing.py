"""Pages on disk: whole, or not at all."""

import os
from pathlib import Path

from goru.errors import InputError, option


def write_page(page: str, path: Path, overwrite: bool) -> None:
    """Write a page.

    **Arguments:**

    - `overwrite`: whether it takes the place of a file that is there.

    **Raises:** `InputError` if it cannot be written, or a file is there.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written, it is a folder or lies in none. Name a file.")
    if path.exists() and not overwrite:
        raise InputError(
            f"{path}: is there already. Give {option('overwrite', True)} to replace it, or name another file."
        )
    temporary = path.with_name(f".{path.name}.part")
    try:
        # A file name that is no UTF-8 reaches us with lone surrogates.
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())  # a run lists its report by what is in it, after a power cut too
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written ({error.strerror}).") from None
