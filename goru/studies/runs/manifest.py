"""The files of a finished run, and their hashes: whatever is lost or has changed is found when the run is opened."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from goru.errors import InputError, option
from goru.studies.runs.files import read_json, write_json

MANIFEST = "manifest.json"


def _again() -> str:
    return f"Fit the run again with {option('overwrite', True)}."


def write_manifest(folder: Path) -> None:
    """List all files of a folder that has no manifest yet, and of the folders in it."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / MANIFEST, {"files": files, "sha256": _hash_of_all(files)})


def read_manifest(folder: Path) -> dict[str, Any]:
    """The size and the hash of every file.

    **Raises:** `InputError` if the manifest itself is missing or has changed.
    """
    manifest = read_json(folder / MANIFEST, "manifest", {"files", "sha256"})
    files = manifest["files"]
    if not isinstance(files, dict) or manifest["sha256"] != _hash_of_all(files):
        raise InputError(f"{folder / MANIFEST}: damaged, its contents have changed. {_again()}")
    return files


def is_sound(folder: Path) -> bool:
    """Whether there is a manifest, as it was written; its files are another matter."""
    try:
        return bool(read_manifest(folder))
    except InputError:
        return False


def check_files(folder: Path, but: Collection[str] = (), mended: Mapping[str, str] | None = None) -> None:
    """Compare the files of a run with its manifest.

    **Arguments:**

    - `but`: those that are not looked at.
    - `mended`: what else can be done about a file than fitting the run again.

    **Raises:** `InputError` that names the first file that is missing or has changed.
    """
    for name, listed in read_manifest(folder).items():
        path, again = folder / name, (mended or {}).get(name, _again())
        if name in but:
            continue
        if not path.is_file():
            raise InputError(f"{path}: missing. {again}")
        size = path.stat().st_size
        if size != listed["bytes"]:
            raise InputError(f"{path}: damaged, {size:,} bytes instead of {listed['bytes']:,}. {again}")
        if _digest(path) != listed["sha256"]:
            raise InputError(f"{path}: damaged, its contents have changed. {again}")


def list_again(folder: Path, name: str) -> None:
    """List a file anew that was written again."""
    if not (folder / MANIFEST).is_file():
        return
    files, path = read_manifest(folder), folder / name
    files[name] = {"bytes": path.stat().st_size, "sha256": _digest(path)}
    write_json(folder / MANIFEST, {"files": files, "sha256": _hash_of_all(files)})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of_all(files: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
