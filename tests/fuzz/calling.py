"""The command as a user gives it, and what may come of it: its work or one line, soon, and within its memory."""

import contextlib
import faulthandler
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest
from counting import count

if TYPE_CHECKING:
    from goru.data.dataset import Dataset
    from goru.studies.study import Study

SECONDS = 20.0
"""What takes longer hangs: these cases are of milliseconds."""

ROOM, TIMES = 200 << 20, 100
"""Bytes that a case may take beyond so many times those of its files."""

_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # Python prints none of them


class HungError(BaseException):
    """A case has not come to an end. No `Exception`, lest somebody handles it."""


@dataclass(frozen=True)
class Came:
    """What came of a call."""

    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    began: bool
    before: dict[str, str]
    after: dict[str, str]

    @property
    def outcome(self) -> str:
        return "taken" if self.code == 0 or self.began else "refused"

    def __str__(self) -> str:
        said = f"stdout: {self.stdout[:2000]}\nstderr: {self.stderr[:2000]}"
        return f"goru {' '.join(map(repr, self.words))}\nexit status {self.code}\n{said}"


@contextlib.contextmanager
def place(folder: Path) -> Iterator[Path]:
    """An empty folder to call the command in."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with contextlib.chdir(folder):
        yield folder


@contextlib.contextmanager
def watched(seconds: float = SECONDS, files: int = 0, room: int = ROOM) -> Iterator[None]:
    """End what hangs, and find out what takes more memory than its files have any need for.

    **Arguments:**

    - `files`: the bytes of the files that are read.
    - `room`: bytes of memory that anything may take.
    """

    def ring(*_) -> None:
        raise HungError(f"still busy after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    faulthandler.dump_traceback_later(3 * seconds, exit=True, file=sys.__stderr__)  # where no Python is reached
    signal.setitimer(signal.ITIMER_REAL, seconds)
    taken = _forget_peak()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
    if taken is not None:
        more = _peak("VmHWM") - taken
        assert more <= room + TIMES * files, f"{more:,} bytes of memory for files of {files:,}"


def call(
    *words: object,
    topic: str = "",
    train: bool = False,
    seconds: float = SECONDS,
    room: int = ROOM,
    encoding: str = "utf-8",
) -> Came:
    """Give a command in the current folder, and check whatever holds for all of them.

    **Arguments:**

    - `topic`: under which the case is counted.
    - `encoding`: of what it prints.
    - `train`: whether a study is really made. If not it ends where it begins: all input has been looked at.
    """
    from goru.cli import main

    words = tuple(map(str, words))
    begun: list[object] = []
    before = tree()
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    err.reconfigure(errors="backslashreplace")
    files = sum(path.stat().st_size for path in Path.cwd().rglob("*") if path.is_file())
    with (
        watched(seconds, files, room),
        warnings.catch_warnings(record=True) as warned,
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        mock.patch.object(sys, "argv", ["goru", *words]),
        contextlib.nullcontext() if train else _ending_where_it_begins(begun),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        try:
            code = main()
        except SystemExit as end:
            code = int(end.code or 0)
    stdout, stderr = (stream.buffer.getvalue().decode(encoding) for stream in (out, err))
    came = Came(words, code, stdout, stderr, bool(begun), before, tree())
    if topic:
        count(topic, came.outcome)
    said = [f"{one.category.__name__}: {one.message}" for one in warned if not issubclass(one.category, _QUIET)]
    assert not said, f"{said}\n{came}"
    _check(came, notes=train or words[:1] == ("predict",))
    return came


def tree() -> dict[str, str]:
    """All files below the current folder, with a digest of what they hold."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"
        for path in sorted(Path().rglob("*"))
    }


def _check(came: Came, notes: bool) -> None:
    """It did its work, or said in one line why not and left everything as it was.

    **Arguments:**

    - `notes`: whether other lines may come before: on rows that could be read, or how far training is.
    """
    assert came.code in (0, 2), came
    assert "Traceback" not in came.stdout + came.stderr, came
    assert not [path for path in came.after if path.endswith(".part") or ".making" in path], came
    if came.code == 2 and not came.began:
        lines = [line for line in came.stderr.splitlines() if line.strip()]
        ours = [line for line in lines if line.startswith("goru: ")]
        assert len(ours) == 1, came
        assert lines[-1:] == ours if notes else lines == ours, came
        assert ours[0].isprintable(), came
        assert len(ours[0]) > len("goru: "), came
    if came.code == 2:
        assert came.stdout == "", came
        assert came.after == came.before, f"something was left behind, or changed\n{came}"


@contextlib.contextmanager
def _ending_where_it_begins(begun: list[object]) -> Iterator[None]:
    from goru.errors import InputError
    from goru.studies.study import Study

    def begin(study: "Study", *_) -> None:
        begun.append(study)
        check_handed(study.dataset)
        raise InputError("the study would begin")

    with mock.patch.object(Study, "run", begin):
        yield


def check_handed(dataset: "Dataset") -> None:
    """What a study is given is finite, and what it would write at its end can be written and read again."""
    from goru.data.preparing import Preparation, TargetScaling
    from goru.data.schema.encoding import Schema
    from goru.data.targets.target import Target

    rows = np.arange(len(dataset.y_development))
    preparation = Preparation.fit(dataset.encoded_development, rows, pieces=dataset.pieces)
    for part in (dataset.encoded_development, dataset.encoded_test):
        assert np.isfinite(preparation.transform(part)).all()
    kept = [dataset.target, dataset.schema, preparation]
    if dataset.classes is None:
        kept.append(scaling := TargetScaling.fit(dataset.y_development, rows))
        assert np.isfinite(scaling.transform(dataset.y_development)).all()
    else:
        labels = dataset.target.decode(dataset.y_development)
        assert len(set(map(str, labels))) == len(np.unique(dataset.y_development))
    for one in kept:
        written = json.dumps(one.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8")
        assert type(one).from_json(json.loads(written)) == one
    assert {type(one) for one in kept} <= {Target, Schema, Preparation, TargetScaling}
    json.dumps([dataset.notes, dataset.name], allow_nan=False).encode("utf-8")


def _peak(which: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(which)) << 10


def _forget_peak() -> int | None:
    """The memory taken now, from which on its peak is measured; `None` where the system does not tell."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _peak("VmRSS")
    except OSError:
        return None


@contextlib.contextmanager
def only(*wanted: type[Exception]) -> Iterator[list[str]]:
    """Let pass what a function may raise, and give its message; whatever else it raises is a failure."""
    messages: list[str] = []
    try:
        yield messages
    except wanted as error:
        messages.append(str(error))
    except Exception as error:
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=True)
