"""Every trial of a study, in one SQLite file."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from goru.errors import InputError
from goru.nn.architecture import Hyperparameters
from goru.study.design import Arm
from goru.study.trial import Trial

_SCHEMA = """
create table trials (
    arm text not null,              -- in words
    batch_norm text,                -- null, 'before' or 'after'
    dropout integer not null,       -- 0 or 1
    weight_decay integer not null,  -- 0 or 1
    draw integer not null,
    split integer not null,
    hyperparameters text not null,  -- JSON
    mask_id integer not null,       -- what dropout masks are a function of
    seed text not null,             -- JSON; what initial weights are a function of
    epochs integer not null,
    figures integer not null,       -- 1: loss; 2: loss and accuracy
    curves blob not null,           -- float32, little-endian: epochs x (fit rows, score rows) x figures
    parts blob not null,            -- float32, little-endian: epochs x parts of the score rows' loss
    ended text not null,            -- 'finished' or 'diverged'
    checksum text not null,         -- SHA-256 of the other cells
    primary key (arm, draw, split)
) strict
"""


class Store:
    """A new file of trials; one transaction for the trials of a block, so that a block is there or is not."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        with self._connection:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute(_SCHEMA)

    def add(self, trials: Iterable[Trial]) -> None:
        """Write trials, durably."""
        rows = [_row(trial) for trial in trials]
        with self._connection:
            self._connection.executemany(f"insert into trials values ({', '.join('?' * 15)})", rows)

    def close(self) -> None:
        """Leave one file, without a journal beside it."""
        self._connection.execute("pragma journal_mode = delete")
        self._connection.close()


def read_trials(path: Path) -> list[Trial]:
    """All trials of a file, in the order in which they were written.

    **Raises:** `InputError` if the file is missing, or a row does not fit its checksum.
    """
    return [_trial(row, path) for row in _rows(path)]


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    if not path.is_file():
        raise InputError(f"{path}: missing. Fit the run again with --overwrite.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            # Checksums tell what is wrong in a row; this, whether rows are lost.
            (found,) = connection.execute("pragma integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError("rows are lost or out of place")
            yield from connection.execute("select * from trials order by rowid")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: damaged ({error}). Fit the run again with --overwrite.") from None


def _row(trial: Trial) -> tuple[Any, ...]:
    arm = trial.arm
    cells = (
        arm.name,
        arm.batch_norm,
        int(arm.dropout),
        int(arm.weight_decay),
        trial.draw,
        trial.split,
        json.dumps(trial.hyper._asdict()),
        trial.id,
        json.dumps(trial.seed),
        trial.curves.shape[0],
        trial.curves.shape[2],
        trial.curves.astype("<f4").tobytes(),
        trial.parts.astype("<f4").tobytes(),
        trial.ended,
    )
    return (*cells, _checksum(cells))


def _trial(row: tuple[Any, ...], path: Path) -> Trial:
    *cells, checksum = row
    if _checksum(tuple(cells)) != checksum:
        raise InputError(f"{path}: damaged, a trial of '{cells[0]}' has changed. Fit the run again with --overwrite.")
    _, batch_norm, dropout, weight_decay, draw, split, hyper, mask_id, seed, epochs, figures, curves, parts, ended = (
        cells
    )
    return Trial(
        arm=Arm(batch_norm, bool(dropout), bool(weight_decay)),
        draw=draw,
        split=split,
        hyper=Hyperparameters(**json.loads(hyper)),
        id=mask_id,
        seed=tuple(json.loads(seed)),
        curves=np.frombuffer(curves, "<f4").reshape(epochs, 2, figures),
        parts=np.frombuffer(parts, "<f4").reshape(epochs, -1),
        ended=ended,
    )


def _checksum(cells: tuple[Any, ...]) -> str:
    return hashlib.sha256(repr(cells).encode()).hexdigest()
