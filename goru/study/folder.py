"""The folder of a run while it is written: locked, whole in the end or as it was, and able to go on.

runs/credit-g/
  .lock           held by the process that writes
  .making/        a run that is not finished: config.json and study.sqlite, and at last everything else
  .ready/         a run that is whole, on its way to its place
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goru.errors import InputError
from goru.study.files import sync, write_json
from goru.study.manifest import MANIFEST, write_manifest
from goru.study.run import ANSWER, CONFIG, EVIDENCE, FORMAT, MODEL, REPORT, STORE, VERSION, read_config

LOCK, MAKING, READY = ".lock", ".making", ".ready"
_OWN = (LOCK, MAKING, READY)
_ORDER = (CONFIG, STORE, MODEL, EVIDENCE, REPORT, ANSWER, MANIFEST)


def is_unfinished(folder: Path) -> bool:
    """Whether a study that was stopped can go on there."""
    return (folder / MAKING / STORE).is_file() or (folder / READY).is_dir()


def check_free(folder: Path, overwrite: bool, resume: bool = False) -> None:
    """Raise InputError if a run cannot be written to the folder; nothing is changed."""
    if overwrite and resume:
        raise InputError("--resume and --overwrite exclude each other: go on, or begin anew.")
    if not os.path.lexists(folder):
        for parent in folder.parents:
            if os.path.lexists(parent):
                if not _is_writable(parent):
                    raise InputError(
                        f"{folder}: cannot be made, {parent} is no folder to write to. Choose another --out."
                    )
                return
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: there is a file of that name. Choose another --out.")
    if not _is_writable(folder):
        raise InputError(f"{folder}: this folder cannot be written to. Choose another --out.")
    if (folder / LOCK).exists():
        with _locked(folder):
            pass
    goes_on = is_unfinished(folder)
    if goes_on and not overwrite and not resume:
        raise InputError(
            f"{folder}: holds a run that was not finished. Give --resume to go on, or --overwrite to begin anew."
        )
    if all(path.name in _OWN for path in folder.iterdir()):
        return
    if not read_config(folder) and not (folder / READY).is_dir():
        raise InputError(f"{folder}: holds files that are not a run of goru's. Choose another --out.")
    if overwrite or (resume and goes_on):
        return
    finished = (folder / ANSWER).is_file()
    if resume and finished:
        raise InputError(f"{folder}: this run is finished, there is nothing to resume. --overwrite replaces it.")
    state = "a finished run" if finished else "a run that was not finished"
    raise InputError(f"{folder}: holds {state}. Give --overwrite to replace it, or choose another --out.")


@contextlib.contextmanager
def new_run(folder: Path, config: dict[str, Any], overwrite: bool, resume: bool = False) -> Iterator[Path]:
    """A folder to write a run into, inside the run's own, which is locked meanwhile.

    Only when all is written does the new run take the place of one that is there. Whatever else happens, the old one
    stays. What a study has recorded stays too, so that it can go on; unless the input was at fault from the start.

    **Arguments:**

    - `resume`: go on with what a process has left that was stopped; afresh, if it has left nothing.

    **Raises:** `InputError`, as `check_free` does, and if what is to go on was begun with something else.
    """
    check_free(folder, overwrite, resume)
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        _make(folder)
        with _locked(folder):
            making = folder / MAKING
            goes_on = resume and (making / STORE).is_file()
            try:
                if goes_on:
                    _check_same(folder, config)
                else:
                    shutil.rmtree(making, ignore_errors=True)  # of a process that was killed
                    shutil.rmtree(folder / READY, ignore_errors=True)
                    making.mkdir()
                    write_json(making / CONFIG, {"format": FORMAT, "version": VERSION, **config})
                yield making
                write_manifest(making)
                sync(making)
                making.rename(folder / READY)
                publish(folder)
            except BaseException as error:
                # Where the input is at fault from the start, it will be so again.
                if not goes_on and (isinstance(error, InputError) or not (making / STORE).is_file()):
                    shutil.rmtree(making, ignore_errors=True)
                raise
            finally:
                (folder / LOCK).unlink(missing_ok=True)
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()  # only where nothing is left in it


def finish_publishing(folder: Path) -> bool:
    """Put a run in its place that is whole, and was stopped on its way there. Whether there was one."""
    if not (folder / READY).is_dir():
        return False
    with _locked(folder):
        publish(folder)
        (folder / LOCK).unlink(missing_ok=True)
    return True


def publish(folder: Path) -> None:
    """Move a run that is whole to its place, file by file; done again, it goes on where it stopped.

    The old run ceases to be one before its first file goes, and the new one is one when its last file comes.
    """
    ready = folder / READY
    for name in (MANIFEST, ANSWER):
        if (ready / name).exists():
            (folder / name).unlink(missing_ok=True)
    sync(folder)
    for journal in ("wal", "shm", "journal"):
        (folder / f"{STORE}-{journal}").unlink(missing_ok=True)
    for name in _ORDER:
        _move(ready / name, folder / name)
    sync(folder)
    shutil.rmtree(ready, ignore_errors=True)


def _check_same(folder: Path, config: dict[str, Any]) -> None:
    """Raise InputError if what is to go on was begun with something else."""
    path = folder / MAKING / CONFIG
    try:
        begun = json.loads(path.read_bytes())
        before = {name: begun[name] for name in config}
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: damaged. Begin anew with --overwrite.") from None
    now = json.loads(json.dumps(config))
    if before["versions"] != now["versions"]:
        raise InputError(f"{folder}: was begun by other versions of goru or its packages. Begin anew with --overwrite.")
    for group in ("table", "options"):
        for name, value in now[group].items():
            if (was := before[group].get(name)) != value:
                raise InputError(
                    f"{folder}: was begun with {name.replace('_', '-')} {was}, not {value}. Give what was given then, "
                    "or --overwrite to begin anew."
                )
    if before != now:
        raise InputError(f"{folder}: the table has changed since this run was begun. Begin anew with --overwrite.")


def _move(source: Path, target: Path) -> None:
    """Move a file; or a folder's files, into a folder that may hold others."""
    if source.is_dir():
        target.mkdir(exist_ok=True)
        for path in source.iterdir():
            path.replace(target / path.name)
        sync(target)
    elif source.exists():
        source.replace(target)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}). Choose another --out.") from None


def _is_writable(folder: Path) -> bool:
    return os.path.isdir(folder) and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    try:
        file = (folder / LOCK).open("a")
    except OSError as error:
        raise InputError(f"{folder}: cannot be locked ({error.strerror}). Choose another --out.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{folder}: in use by another process. Wait for it, or choose another --out.") from None
        yield
