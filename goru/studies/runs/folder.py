"""The folder of a run while it is written: locked, whole in the end or as it was, and able to go on.

runs/credit-g/
  .lock           held by the process that writes
  .making/        a run that is not finished: config.json and study.sqlite, and at last everything else
  .ready/         a run that is whole, on its way to its place

Whatever stops the process, at whatever moment: either a study can go on from `.making`, or `.ready` can be moved to its
place, or there is nothing that would be worth it; and the old run is whole until the new one is.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from goru.errors import InputError, option
from goru.studies.runs.files import sync, write_json
from goru.studies.runs.manifest import MANIFEST, is_sound, read_manifest, write_manifest
from goru.studies.runs.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    FORMAT,
    MAKING,
    MODEL,
    READY,
    REPORT,
    STORE,
    VERSION,
    is_unfinished,
    read_config,
)

LOCK = ".lock"
_OWN = (LOCK, MAKING, READY)
_ORDER = (CONFIG, STORE, MODEL, EVIDENCE, REPORT, ANSWER, MANIFEST)


def check_free(folder: Path, overwrite: bool, resume: bool = False) -> None:
    """Raise InputError if a run cannot be written to the folder; nothing is changed."""
    if overwrite and resume:
        raise InputError(
            f"{option('resume', True)} and {option('overwrite', True)} cannot be combined: continue, or start over."
        )
    if not os.path.lexists(folder):
        for parent in folder.parents:
            if os.path.lexists(parent):
                if not _is_writable(parent):
                    raise InputError(f"{folder}: cannot be made, {parent} is no folder to write to. {_another()}")
                return
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: there is a file of that name. {_another()}")
    if not _is_writable(folder):
        raise InputError(f"{folder}: this folder cannot be written to. {_another()}")
    if (folder / LOCK).exists():
        with _locked(folder):
            pass
    goes_on = is_unfinished(folder)
    if goes_on and not overwrite and not resume:
        raise InputError(
            f"{folder}: holds a run that was not finished. "
            f"Give {option('resume', True)} to continue it, or {option('overwrite', True)} to start over."
        )
    if all(path.name in _OWN for path in folder.iterdir()):
        return
    if not read_config(folder) and not is_sound(folder) and not (folder / READY).is_dir():
        raise InputError(f"{folder}: holds files, and is not a goru run folder. {_another()}")
    if overwrite or (resume and goes_on):
        return
    finished = (folder / ANSWER).is_file()
    if resume and finished:
        raise InputError(
            f"{folder}: this run is finished, there is nothing to resume. {option('overwrite', True)} replaces it."
        )
    state = "a finished run" if finished else "a run that was not finished"
    raise InputError(
        f"{folder}: holds {state}. "
        f"Give {option('overwrite', True)} to replace it, or choose another {option('folder')}."
    )


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
                    _check_same(folder, making, config)
                    _clear_all_but_the_record(making)
                else:
                    _discard(folder)
                    making.mkdir()
                    for path in (folder, *(path.parent for path in made)):
                        sync(path)
                    write_json(making / CONFIG, _stated(config))
                yield making
                write_manifest(making)
                sync(making)
                making.rename(folder / READY)
                sync(folder)
                publish(folder)
            except BaseException as error:
                # Where the input is at fault from the start, it will be so again.
                if not (making / STORE).is_file() or (isinstance(error, InputError) and not goes_on):
                    shutil.rmtree(making, ignore_errors=True)
                raise
            finally:
                _remove_lock(folder)
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()  # only where nothing is left in it


def finish_publishing(folder: Path, config: dict[str, Any]) -> bool:
    """Put a run in its place that is whole, and was stopped on its way there. Whether there was one.

    **Raises:** `InputError` if it was begun with something else.
    """
    ready = folder / READY
    if not ready.is_dir():
        return False
    with _locked(folder):
        try:
            _check_same(folder, ready if (ready / CONFIG).exists() else folder, config)
            publish(folder)
        finally:
            _remove_lock(folder)
    return True


def publish(folder: Path) -> None:
    """Move a run that is whole to its place, file by file; done again, it goes on where it stopped.

    The old run ceases to be one before its first file goes, and the new one is one when its last file comes.
    """
    ready = folder / READY
    if (ready / MANIFEST).exists():
        files = read_manifest(ready)
        for name in (MANIFEST, ANSWER):
            if (ready / name).exists():
                (folder / name).unlink(missing_ok=True)
        sync(folder)
        if REPORT not in files:
            (folder / REPORT).unlink(missing_ok=True)
        for journal in ("wal", "shm", "journal"):
            (folder / f"{STORE}-{journal}").unlink(missing_ok=True)
        for name in _ORDER[:-1]:
            _move(ready / name, folder / name)
        sync(folder)
        _move(ready / MANIFEST, folder / MANIFEST)
        sync(folder)
    shutil.rmtree(ready, ignore_errors=True)


def _stated(config: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **config}


def _check_same(folder: Path, held: Path, config: dict[str, Any]) -> None:
    """Raise InputError if the run in the folder, whose configuration is held there, was begun with something else."""
    now = json.loads(json.dumps(_stated(config)))
    try:
        begun = json.loads((held / CONFIG).read_bytes())
        for group in ("versions", "table", "options"):
            for name, value in now[group].items():
                if (was := begun[group].get(name)) != value:
                    values = (_option_in_words(was), _option_in_words(value))
                    difference = f"was begun with {name.replace('_', '-')} {values[0]}, not {values[1]}"
                    raise InputError(
                        f"{folder}: {difference}. Give the same, or {option('overwrite', True)} to start over."
                    )
        for name, words in (("design", "design"), ("function", "training function"), ("code", "training function")):
            if begun.get(name) != now.get(name):
                raise InputError(f"{folder}: the {words} has changed since this run was begun. {_anew()}")
        the_same_table = all(begun[name] == now[name] for name in ("columns", "fingerprint", "sha256"))
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{held / CONFIG}: damaged. {_anew()}") from None
    if not the_same_table:
        raise InputError(f"{folder}: the table has changed since this run was begun. {_anew()}")
    if begun != now:
        raise InputError(f"{held / CONFIG}: damaged, or of another version. {_anew()}")


def _another() -> str:
    return f"Choose another {option('folder')}."


def _anew() -> str:
    return f"Start over with {option('overwrite', True)}."


def _option_in_words(value: Any) -> str:
    """An option's value, as it would be given."""
    if isinstance(value, list):
        value = ",".join(map(str, value))
    return "none" if value in (None, "") else str(value)


def _clear_all_but_the_record(making: Path) -> None:
    """Remove what was written when all was trained: it is written again, and some of it may not be whole."""
    for path in making.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != CONFIG and not path.name.startswith(STORE):
            path.unlink()


def _discard(folder: Path) -> None:
    """Remove what a process has left that was stopped. What makes it worth going on goes first, so that there is never
    a half to go on from."""
    for name in (MAKING, READY):
        if (folder / name).is_dir():
            (folder / name).rename(folder / MAKING)
            (folder / MAKING / STORE).unlink(missing_ok=True)
            shutil.rmtree(folder / MAKING, ignore_errors=True)


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
        raise InputError(f"{folder}: cannot be made ({error.strerror}). {_another()}") from None


def _is_writable(folder: Path) -> bool:
    return os.path.isdir(folder) and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{folder}: in use by another process. Wait for it, or choose another {option('folder')}."
        ) from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be locked ({error.strerror}). {_another()}") from None
    try:
        yield
    finally:
        lock.release()


def _remove_lock(folder: Path) -> None:
    with contextlib.suppress(PermissionError):  # Windows keeps a file that is open, and removes this one by itself
        (folder / LOCK).unlink(missing_ok=True)
