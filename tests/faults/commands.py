"""The command line in processes of its own, which can be killed; and when two runs are the same."""

import contextlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest import mock


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def line(self) -> str:
        """The last one on standard error."""
        return self.stderr.splitlines()[-1] if self.stderr else ""

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def __str__(self) -> str:
        return f"exit status {self.code}\nstdout: {self.stdout}\nstderr: {self.stderr}"


# No file becomes larger than so many bytes, in the process that runs this.
LIMITED = """
import resource, runpy, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
runpy.run_module("goru.cli", run_name="__main__")
"""


class Commands:
    """Runs them; what they compile is kept in one cache."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder, folder / "cache" / "goru" / "programs"
        self._environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONWARNINGS": "ignore"}
        self._wholes: dict[tuple[str, ...], tuple[Path, Ended]] = {}

    def __call__(self, *words: object, kill_after: float | None = None, most_bytes: int | None = None) -> Ended:
        """Run a command to its end, or kill it after so many seconds."""
        began = time.monotonic()
        what = ["-m", "goru.cli"] if most_bytes is None else ["-c", LIMITED, str(most_bytes)]
        process = subprocess.Popen(
            [sys.executable, *what, *map(str, words)],
            cwd=self.folder,
            env=self._environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            stdout, stderr = process.communicate(timeout=300 if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
        return Ended(process.returncode, stdout, stderr, time.monotonic() - began)

    def whole(self, *words: str) -> tuple[Path, Ended]:
        """The run of a `goru fit` that was never stopped, and how it ended."""
        if words not in self._wholes:
            run = self.folder / "wholes" / str(len(self._wholes))
            ended = self("fit", *words, "--out", run)
            assert ended.code == 0, ended
            self._wholes[words] = run, ended
        return self._wholes[words]


def said(*words: object) -> tuple[int, str, str]:
    """Run the command in this process."""
    from goru.cli import main

    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    argv = ["goru", *map(str, words)]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main()
        out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def contents(run: Path) -> dict[str, object]:
    """All that a run holds, clocks aside."""
    with closing(sqlite3.connect(f"file:{run / 'study.sqlite'}?mode=ro", uri=True)) as study:
        rows = study.execute("select * from trials order by arm, configuration, split").fetchall()
        facts = study.execute("select name, value from facts where name not in ('spent', 'pace')").fetchall()
    return {
        "trials": rows,
        "facts": sorted(facts),
        "answer": {**json.loads((run / "answer.json").read_text()), "seconds": 0, "timings": None},
        "evidence": _timeless(json.loads((run / "evidence.json").read_text())),
        "config": (run / "config.json").read_bytes(),
        "model": files(run / "model"),
        "files": [name for name in files(run) if name != ".lock"],  # which a process that is killed leaves
    }


def _timeless(evidence: dict) -> dict:
    for entry in evidence["leaderboard"]:
        entry |= {"fit_seconds": None, "predict_seconds": None}
    return evidence


def assert_same(run: Path, whole: Path) -> None:
    found, expected = contents(run), contents(whole)
    for name, content in expected.items():
        assert found[name] == content, f"{run}: {name} differs from that of {whole}"
