"""Files on disk: all of them whole, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from goru.errors import InputError, option


@dataclass(frozen=True)
class Written:
    """What an export has written.

    - `files`: each with what it holds, the most important first.
    - `notes`: what has to be known to use them, in plain sentences.
    """

    files: Mapping[Path, str]
    notes: tuple[str, ...] = ()


def write_files(contents: Mapping[Path, bytes], overwrite: bool, folder: Path | None = None) -> None:
    """Write files that belong together; until all are written, none takes its place.

    **Arguments:**

    - `contents`: bytes by file.
    - `overwrite`: whether they take the place of files that are there. Other files are left alone.
    - `folder`: the folder that they lie in, which is made if it is not there; by default it has to be there.

    **Raises:** `InputError` if they cannot be written, or one of them is there.
    """
    _check(contents, overwrite, folder)
    made = folder is not None and not folder.exists()
    temporaries = {path.with_name(f".{path.name}.part"): path for path in contents}
    try:
        if made and folder is not None:
            folder.mkdir()
        for temporary, path in temporaries.items():
            temporary.write_bytes(contents[path])
        for temporary, path in temporaries.items():
            temporary.replace(path)
    except OSError as error:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        if made and folder is not None and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise InputError(f"{folder or next(iter(contents))}: cannot be written ({error.strerror}).") from None


def _check(contents: Mapping[Path, bytes], overwrite: bool, folder: Path | None) -> None:
    if folder is not None and ((folder.exists() and not folder.is_dir()) or not folder.absolute().parent.is_dir()):
        raise InputError(f"{folder}: cannot be written, it is a file or lies in no folder. Name a folder.")
    for path in contents:
        if path.is_dir() or (folder is None and not path.parent.is_dir()):
            raise InputError(f"{path}: cannot be written, it is a folder or lies in none. Name a file.")
        if path.exists() and not overwrite:
            what = "file" if folder is None else "folder"
            raise InputError(
                f"{path}: is there already. Give {option('overwrite', True)} to replace it, or name another {what}."
            )
