"""A run's folder: what a study was asked, every trial, the answer, and the model.

runs/credit-g/
  config.json     what was asked, and what every column is taken for
  study.sqlite    every trial
  evidence.json   what the pictures of the report are drawn from
  report.html     the report
  answer.json     what the study found; it comes last, so that a run without it is unfinished
  model/          the networks that are handed over
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goru.errors import InputError
from goru.model.files import load_model, remove_model
from goru.model.model import Model

if TYPE_CHECKING:
    from goru.study.trial import Trial

FORMAT, VERSION = "goru run", 3  # 2: seven contrasts, rivals, advice; 3: evidence
OLDEST = 2  # that can be read
CONFIG, STORE, ANSWER, MODEL = "config.json", "study.sqlite", "answer.json", "model"
EVIDENCE, REPORT = "evidence.json", "report.html"
_ANSWERS = {
    *("advice", "data", "network", "options", "plan", "plain", "effects", "judgement", "recommended", "selection"),
    *("temperature", "test", "against_networks", "trained", "seconds"),
}
_EVIDENCE = {"curves", "arms", "interactions", "draws", "hyperparameters", "activations", "predictions"}
LOCK, MAKING = ".lock", ".making"


@dataclass(frozen=True)
class Run:
    """A finished run."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """What was asked."""
        return _read_config(self.folder)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """What the study found, in plain JSON types."""
        return _read_json(self.folder / ANSWER, "answer", _ANSWERS)

    @cached_property
    def evidence(self) -> dict[str, Any]:
        """What the pictures are drawn from, in plain JSON types."""
        if self.config["version"] < VERSION:
            raise InputError(
                f"{self.folder}: written by an older goru, which kept nothing to draw. Fit it again with --overwrite."
            )
        return _read_json(self.folder / EVIDENCE, "evidence", _EVIDENCE)

    @cached_property
    def model(self) -> Model:
        """The networks that are handed over."""
        return load_model(self.folder / MODEL)

    @cached_property
    def recorded(self) -> "list[Trial]":
        """Every trial."""
        from goru.study.store import read_trials

        return read_trials(self.folder / STORE)


def load(folder: str | os.PathLike[str]) -> Run:
    """Open a finished run: `goru.load("runs/credit-g").model.predict(table)`.

    **Raises:** `InputError` if the folder is no run of goru's, or is not finished.
    """
    run = Run(Path(folder))
    if not run.config:
        raise InputError(f"{folder}: not a run of goru's. Name a folder that `goru fit` has written.")
    if run.config["version"] < OLDEST:
        raise InputError(
            f"{folder}: written by an older goru, whose answers were others. Fit it again with --overwrite."
        )
    if not (run.folder / ANSWER).is_file():
        raise InputError(f"{folder}: this run is not finished. Fit it again with --overwrite.")
    return run


def check_free(folder: Path, overwrite: bool) -> None:
    """Raise InputError if a new run cannot be written to the folder; nothing is changed."""
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
    if all(path.name in (LOCK, MAKING) for path in folder.iterdir()):
        return
    if not _read_config(folder):
        raise InputError(f"{folder}: holds files that are not a run of goru's. Choose another --out.")
    if not overwrite:
        state = "a finished run" if (folder / ANSWER).is_file() else "a run that was not finished"
        raise InputError(f"{folder}: holds {state}. Give --overwrite to replace it, or choose another --out.")


@contextlib.contextmanager
def new_run(folder: Path, config: dict[str, Any], overwrite: bool) -> Iterator[Path]:
    """A folder to write a new run into, inside the run's own, which is locked meanwhile.

    Only when all is written does the new run take the place of one that is there. Whatever else happens, the old one
    stays, and nothing of the new one does.

    **Raises:** `InputError`, as `check_free` does.
    """
    check_free(folder, overwrite)
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        _make(folder)
        with _locked(folder):
            making = folder / MAKING
            try:
                shutil.rmtree(making, ignore_errors=True)  # of a process that was killed
                making.mkdir()
                write_json(making / CONFIG, {"format": FORMAT, "version": VERSION, **config})
                yield making
                _clear(folder)
                for name in (CONFIG, STORE, MODEL, EVIDENCE, REPORT, ANSWER):
                    _move(making / name, folder / name)
            finally:
                shutil.rmtree(making, ignore_errors=True)
                (folder / LOCK).unlink(missing_ok=True)
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()  # only where nothing is left in it


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


def _clear(folder: Path) -> None:
    """Remove what a run consists of, and nothing else."""
    for name in (
        ANSWER,
        REPORT,
        EVIDENCE,
        CONFIG,
        STORE,
        *(f"{STORE}-{journal}" for journal in ("wal", "shm", "journal")),
    ):
        (folder / name).unlink(missing_ok=True)
    remove_model(folder / MODEL)


def _move(source: Path, target: Path) -> None:
    """Move a file; or a folder's files, into a folder that may hold others."""
    if source.is_dir():
        target.mkdir(exist_ok=True)
        for path in source.iterdir():
            path.rename(target / path.name)
    elif source.exists():
        source.rename(target)


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


def _read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a run, or nothing if the folder is no run."""
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        return {}
    if not isinstance(config.get("version"), int) or config["version"] > VERSION:
        raise InputError(f"{folder}: written by a newer goru. Upgrade goru.")
    return config


def _read_json(path: Path, what: str, keys: set[str]) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Fit the run again.") from None
    except ValueError:
        raise InputError(f"{path}: damaged, it is not JSON. Fit the run again.") from None
    if not isinstance(content, dict) or not content.keys() >= keys:
        raise InputError(f"{path}: damaged, it is no {what}. Fit the run again.")
    return content
