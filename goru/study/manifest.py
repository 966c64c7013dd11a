"""The files of a finished run, and their hashes: whatever is lost or has changed is found when the run is opened."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from goru.errors import InputError
from goru.study.files import read_json, write_json

MANIFEST = "manifest.json"


def write_manifest(folder: Path) -> None:
    """List all files of a folder, and of the folders in it."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / MANIFEST, {"files": files, "sha256": _own(files)})


def check(folder: Path, but: Collection[str] = ()) -> None:
    """Compare the files of a run with its manifest.

    **Arguments:**

    - `but`: those that are not looked at.

    **Raises:** `InputError` that names the first file that is missing or has changed.
    """
    manifest = read_json(folder / MANIFEST, "manifest", {"files", "sha256"})
    files = manifest["files"]
    if not isinstance(files, dict) or manifest["sha256"] != _own(files):
        raise InputError(f"{folder / MANIFEST}: damaged, its contents have changed. Fit the run again.")
    for name, listed in files.items():
        path = folder / name
        if name in but:
            continue
        if not path.is_file():
            raise InputError(f"{path}: missing. Fit the run again with --overwrite.")
        size = path.stat().st_size
        if size != listed["bytes"]:
            raise InputError(f"{path}: damaged, {size:,} bytes instead of {listed['bytes']:,}. Fit the run again.")
        if _digest(path) != listed["sha256"]:
            raise InputError(f"{path}: damaged, its contents have changed. Fit the run again.")


def list_again(folder: Path, name: str) -> None:
    """List a file anew that was written again."""
    path, manifest = folder / name, folder / MANIFEST
    if not manifest.is_file():
        return
    files = read_json(manifest, "manifest", {"files"})["files"]
    files[name] = {"bytes": path.stat().st_size, "sha256": _digest(path)}
    write_json(manifest, {"files": files, "sha256": _own(files)})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own(files: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
