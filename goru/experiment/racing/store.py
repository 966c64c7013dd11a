"""Every trial of a study, and what was decided on the way, in one SQLite file that survives whatever stops it."""

import hashlib
import itertools
import json
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goru.errors import InputError, option
from goru.experiment.arms import Arm, technique
from goru.experiment.racing.record import Record
from goru.experiment.trial import Trial, judged

_FACTS = """
create table if not exists facts (
    name text primary key,          -- 'spent': seconds; others: what was decided
    value text not null,            -- JSON
    checksum text not null          -- SHA-256 of the other cells
) strict
"""
_SCHEMA = """
create table if not exists trials (
    arm text not null,              -- in words
    levels text not null,           -- JSON: of every factor
    techniques text not null,       -- JSON: what is not at its reference, in words
    configuration integer not null,
    split integer not null,
    hyperparameters text not null,  -- JSON
    mask_id integer not null,       -- what is random in it alone is a function of this
    seed text not null,             -- JSON; what is random in all trials of a split is a function of this
    epochs integer not null,
    figures integer not null,       -- 1: loss; 2: loss and accuracy
    curves blob not null,           -- float32, little-endian: epochs x (training rows, validation rows) x figures
    temperatures integer not null,  -- that validation rows were judged at; 0: by the loss of the curves
    parts blob not null,            -- float32, little-endian: epochs x temperatures x parts of the validation rows
    ended text not null,            -- 'finished', 'diverged' or 'failed'
    seconds real not null,          -- 0 where it was not taken alone
    output text not null,           -- what it printed, and its traceback
    checksum text not null,         -- SHA-256 of the other cells
    primary key (arm, configuration, split)
) strict
"""


# Networks that are trained in milliseconds would wait for the disk most of the time.
FLUSHED_EVERY = 1.0  # seconds


class Store(Record):
    """A file of trials, new or begun before; the trials of a block are in one transaction, so that a block is there or
    is not.

    What is written outlives this process at once. It outlives a power cut once the disk has been waited for: that is
    done with the first block after a second, and what comes sooner goes with the next.

    **Raises:** `InputError` if the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._flushed = -float("inf")
        try:
            self._connection = sqlite3.connect(path)
            try:
                self._read()
            except BaseException:
                self._connection.close()
                raise
        except InputError:
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            if getattr(error, "sqlite_errorname", "").startswith(_NOT_OF_THE_FILE):
                raise
            raise _damaged(path, error) from None
        self.spent = float(self._facts.get(_SPENT, 0.0))

    def _read(self) -> None:
        """What is there already."""
        self._connection.execute("pragma journal_mode = wal")
        with self._connection:
            _make_tables(self._connection)
        columns = [name for _, name, *_ in self._connection.execute("pragma table_info(trials)")]
        if "draw" in columns or "temperatures" not in columns:  # a draw is called configuration now
            raise InputError(f"{self._path}: begun by an older version of goru. {_again()}")
        with closing(sqlite3.connect(":memory:")) as fresh:
            _make_tables(fresh)
            if _tables(self._connection) != _tables(fresh):
                raise sqlite3.DatabaseError("its tables are others")
        with closing(_checked_rows(self._connection)) as rows:
            self.trials = [self._slim(_trial(row, self._path)) for row in rows]
        self._facts = dict(_facts(self._connection, self._path))

    def add(self, trials: Iterable[Trial]) -> list[Trial]:
        """Write trials, and how much time has been spent; what is large is not held in memory any more."""
        trials = list(trials)
        rows = [_row(trial) for trial in trials]
        if not rows:
            return []
        with self._writing(durably=time.monotonic() - self._flushed >= FLUSHED_EVERY):
            self._connection.executemany(f"insert into trials values ({', '.join('?' * len(rows[0]))})", rows)
        return super().add(map(self._slim, trials))

    def _slim(self, trial: Trial) -> Trial:
        return replace(trial, parts=_PartsOnDisk(self._connection, trial))  # type: ignore[arg-type]

    def remember(self, name: str, value: Any) -> None:
        """Write what was decided, durably, and how much time has been spent."""
        with self._writing(durably=True):
            self._write(name, value)
        super().remember(name, value)

    @contextmanager
    def _writing(self, durably: bool) -> Iterator[None]:
        """A transaction; with one that is durable, the disk has all that was written before it too."""
        self._connection.execute(f"pragma synchronous = {'full' if durably else 'normal'}")
        with self._connection:
            yield
            self._write(_SPENT, time.monotonic() - self._started)
        if durably:
            self._flushed = time.monotonic()

    def _write(self, name: str, value: Any) -> None:
        cells = (name, json.dumps(value))
        self._connection.execute("insert or replace into facts values (?, ?, ?)", (*cells, _checksum(cells)))

    def close(self) -> None:
        """Leave one file, without a journal beside it; or none, where no trial was recorded."""
        try:
            self._connection.execute("pragma journal_mode = delete")
            recorded = self._connection.execute("select count(*) from trials").fetchone()[0]
        finally:
            self._connection.close()
        if not recorded:
            self._path.unlink()


class _PartsOnDisk:
    """A trial's `parts`, that are read where they are looked at."""

    def __init__(self, connection: sqlite3.Connection, trial: Trial) -> None:
        self._connection = connection
        self._key, self.shape = (trial.arm.name, trial.configuration, trial.split), trial.parts.shape

    def __getitem__(self, places: Any) -> np.ndarray:
        return self.__array__()[places]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        row = self._connection.execute(
            "select parts from trials where arm = ? and configuration = ? and split = ?", self._key
        ).fetchone()
        array = np.frombuffer(row[0], "<f4").reshape(self.shape)
        return array if dtype is None else array.astype(dtype)


_SPENT = "spent"
_NOT_OF_THE_FILE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_NOMEM")


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute(_SCHEMA)
    connection.execute(_FACTS)


def _tables(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("select type, name, sql from sqlite_master order by name").fetchall()


def read_trials(path: Path) -> list[Trial]:
    """All trials of a file, in the order in which they were written.

    **Raises:** `InputError` if the file is missing, or a row does not fit its checksum.
    """
    return [_trial(row, path) for row in _rows(path)]


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    if not path.is_file():
        raise InputError(f"{path}: missing. {_again()}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield from _checked_rows(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from None


def _checked_rows(connection: sqlite3.Connection) -> Generator[tuple[Any, ...], None, None]:
    # Checksums tell what is wrong in a row; this, whether rows are lost.
    (integrity,) = connection.execute("pragma integrity_check(1)").fetchone()
    if integrity != "ok":
        raise sqlite3.DatabaseError("rows are lost or out of place")
    yield from connection.execute("select * from trials order by rowid")


def _facts(connection: sqlite3.Connection, path: Path) -> Iterator[tuple[str, Any]]:
    for name, value, checksum in connection.execute("select * from facts"):
        if _checksum((name, value)) != checksum:
            raise InputError(f"{path}: damaged, what it says of '{name}' has changed. {_again()}")
        yield name, json.loads(value)


def _again() -> str:
    return f"Fit the run again with {option('overwrite', True)}."


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: damaged ({error}). {_again()}")


def _row(trial: Trial) -> tuple[Any, ...]:
    arm = trial.arm
    cells = (
        arm.name,
        json.dumps(arm.levels),
        json.dumps(arm.techniques),
        trial.configuration,
        trial.split,
        json.dumps(dict(trial.values)),
        trial.id,
        json.dumps(trial.seed),
        trial.curves.shape[0],
        trial.curves.shape[2],
        trial.curves.astype("<f4").tobytes(),
        trial.parts.shape[1] if trial.parts.ndim == 3 else 0,
        trial.parts.astype("<f4").tobytes(),
        trial.ended,
        trial.seconds,
        trial.output.encode(errors="backslashreplace").decode(),  # what is half a character is no text
    )
    return (*cells, _checksum(cells))


def _trial(row: tuple[Any, ...], path: Path) -> Trial:
    *cells, checksum = row
    if checksum != _checksum(tuple(cells)) and checksum != _checksum_before(tuple(cells)):  # the latter is slow
        raise InputError(f"{path}: damaged, a trial of '{cells[0]}' has changed. {_again()}")
    if len(cells) == len(_BEFORE):
        cells = _as_now(dict(zip(_BEFORE, cells, strict=True)))
    if len(cells) == _UNTEMPERED:
        cells.insert(_TEMPERATURES, 0)
    (
        _,
        levels,
        techniques,
        configuration,
        split,
        values,
        mask_id,
        seed,
        epochs,
        figures,
        curves,
        temperatures,
        blob,
        ended,
        took,
        output,
    ) = cells
    arm = Arm(tuple((factor, level) for factor, level in json.loads(levels)), tuple(json.loads(techniques)))
    parts = np.frombuffer(blob, "<f4")
    parts = parts.reshape(*(epochs, temperatures) if temperatures else (epochs,), -1 if epochs else 0)
    return Trial(
        arm=arm,
        configuration=configuration,
        split=split,
        values=json.loads(values),
        id=mask_id,
        seed=tuple(json.loads(seed)),
        curves=np.frombuffer(curves, "<f4").reshape(epochs, 2, figures),
        parts=parts,
        ended=ended,
        seconds=took,
        output=output,
        judged=judged(parts),
    )


# Before there were temperatures, a row had one cell less: where it is now.
_TEMPERATURES, _UNTEMPERED = 11, 15
# The cells of a row before factors were data.
_BEFORE = (
    *("arm", "batch_norm", "dropout", "weight_decay", "draw", "split", "hyperparameters", "mask_id", "seed", "epochs"),
    *("figures", "curves", "parts", "ended"),
)


def _as_now(row: dict[str, Any]) -> list[Any]:
    levels = [
        ("batch_norm", row["batch_norm"]),
        ("dropout", bool(row["dropout"])),
        ("weight_decay", bool(row["weight_decay"])),
    ]
    techniques = [technique(factor, level) for factor, level in levels if level]
    return [row["arm"], json.dumps(levels), json.dumps(techniques), *(row[name] for name in _BEFORE[4:]), 0.0, ""]


def _checksum(cells: tuple[Any, ...]) -> str:
    """Of the cells, each by its type, its length and its bytes."""
    contents = [cell if isinstance(cell, bytes) else repr(cell).encode() for cell in cells]
    heads = [f"{type(cell).__name__} {len(content)} ".encode() for cell, content in zip(cells, contents, strict=True)]
    return hashlib.sha256(b"".join(itertools.chain(*zip(heads, contents, strict=True)))).hexdigest()


def _checksum_before(cells: tuple[Any, ...]) -> str:
    """As it was of runs without a manifest; slower by far for large cells."""
    return hashlib.sha256(repr(cells).encode()).hexdigest()
