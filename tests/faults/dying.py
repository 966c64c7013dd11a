"""A study that is killed at its n-th write, for every n: gone on with, and killed again, each ends as the first did.

    python dying.py TABLE.csv TARGET FOLDER      # prints, as JSON, at how many writes it was killed, and which differed

A write is whatever changes a folder, is forced to the disk, or is committed to the database. Processes are forked, so
that every one of them begins where all modules are imported and nothing has been done.
"""

import contextlib
import importlib
import json
import os
import signal
import sqlite3
import sys
import traceback
from pathlib import Path

import numpy as np
from commands import contents

from goru.report.writing import write_page
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.manifest import MANIFEST
from goru.studies.runs.run import REPORT, RunFolder, is_unfinished

OPTIONS = Options(networks=36, hidden=(4,), epochs=3)
OF_THE_SYSTEM = ("replace", "rename", "unlink", "rmdir", "mkdir", "fsync")
OF_THE_DATABASE = ("PRAGMA JOURNAL", "CREATE", "COMMIT")


class Dying:
    """Counts writes, and kills its process at one of them."""

    def __init__(self, at: int | None) -> None:
        self.done, self._at = 0, at
        for name in OF_THE_SYSTEM:
            setattr(os, name, self._watched(getattr(os, name)))
        connect = sqlite3.connect

        def connected(*args, **kwargs):
            connection = connect(*args, **kwargs)
            if args[0] != ":memory:":
                connection.set_trace_callback(self._statement)
            return connection

        sqlite3.connect = connected

    def _watched(self, do):
        def watched(*args, **kwargs):
            self._count()
            return do(*args, **kwargs)

        return watched

    def _statement(self, text: str) -> None:
        if text.upper().startswith(OF_THE_DATABASE):
            self._count()

    def _count(self) -> None:
        self.done += 1
        if self.done == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(do, *args) -> int:
    """How it ended: 0, or what killed it."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        do(*args)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def page(run: RunFolder) -> None:
    write_page("<html>", run.folder / REPORT, overwrite=True)


def studied(table: TableOptions, folder: Path, resume: bool, at: int | None, told: Path | None = None) -> None:
    """Fit, and die on the way; or tell how many writes there are, and which modules are imported."""
    dying = Dying(at)
    fit_table(table, OPTIONS, folder, resume=resume, report=page)
    if told is not None:
        told.write_text(json.dumps({"writes": dying.done, "modules": list(sys.modules)}))


def is_whole(folder: Path) -> bool:
    return not is_unfinished(folder) and (folder / MANIFEST).exists()


def main(source: str, target: str, place: str) -> None:
    table, folder = TableOptions(source, target), Path(place)
    assert in_a_process(studied, table, folder / "whole", False, None, folder / "told") == 0
    told, expected = json.loads((folder / "told").read_text()), contents(folder / "whole")
    for name in told["modules"]:  # so that no other process has to
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    rng, deaths, wrong = np.random.default_rng(0), 0, []
    for at in range(1, told["writes"] + 1):
        run = folder / str(at)
        ends = [in_a_process(studied, table, run, False, at)]
        if not is_whole(run):
            ends.append(in_a_process(studied, table, run, True, int(rng.integers(1, told["writes"]))))
        if not is_whole(run):
            ends.append(in_a_process(studied, table, run, True, None))
        deaths += ends.count(-signal.SIGKILL)
        if ends[0] != -signal.SIGKILL or 1 in ends or contents(run) != expected:
            wrong.append({"at": at, "ends": ends})
    print(json.dumps({"writes": told["writes"], "deaths": deaths, "wrong": wrong}))


if __name__ == "__main__":
    main(*sys.argv[1:])
