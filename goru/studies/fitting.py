"""From a table on disk to a finished run on disk."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from goru import __version__
from goru.data.dataset import load_dataset
from goru.data.files.reading import Source, read_table
from goru.data.roles import check_columns, check_test
from goru.data.targets.task import Task
from goru.errors import InputError
from goru.experiment.clock import Clock
from goru.experiment.forms import to_json
from goru.experiment.racing.watcher import Watcher
from goru.model.files import save_model
from goru.studies.asked.options import Options
from goru.studies.environment import digest
from goru.studies.runs.files import write_json
from goru.studies.runs.folder import check_free, finish_publishing, new_run
from goru.studies.runs.run import ANSWER, EVIDENCE, FRAME, MODEL, STORE, RunFolder, open_run
from goru.versions import versions

WRITING_SECONDS = 1.6  # on a quiet machine: the model, what was found, and the report


@dataclass(frozen=True)
class TableOptions:
    """Which table, and what its columns are; as `goru.data.dataset.load_dataset` takes them."""

    source: Source
    target: str | None = None
    task: Task | None = None
    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    groups: str | None = None
    time: str | None = None
    test: Source | None = None
    merge_rare: bool = False
    group_duplicates: bool = False

    def arguments(self) -> dict[str, Any]:
        """All of it by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; of a frame nothing but that it is one."""
        frames = {name: FRAME for name in ("source", "test") if isinstance(getattr(self, name), pd.DataFrame)}
        paths = {name: os.fspath(value) for name, value in self.arguments().items() if isinstance(value, os.PathLike)}
        return self.arguments() | paths | frames

    def check(self) -> None:
        """Raise `InputError` for files and columns that are not there; rows are not read."""
        header = read_table(self.source, self.drop, header=True)
        target, _ = check_columns(header, self.target, self.task, self.drop, self.categorical, self.groups, self.time)
        if self.test is not None:
            check_test(read_table(self.test, self.drop, header=True), header, target)


def fit_table(
    table: TableOptions,
    options: Options,
    folder: Path,
    overwrite: bool = False,
    resume: bool = False,
    watcher: Watcher | None = None,
    clock: Clock | None = None,
    report: Callable[[RunFolder], None] = lambda run: None,
    cluster: str | None = None,
) -> RunFolder:
    """Study a table and write the run.

    **Arguments:**

    - `folder`: of the run; it is made, if nothing is there.
    - `overwrite`: replace the run that is there.
    - `resume`: resume a run that was stopped, as if it had not been; begin it, if it was stopped before it began.
    - `watcher`, `clock`: see `Study`.
    - `report`: is given the run when all but the report is there, and may add it.
    - `cluster`: where networks are trained, if not in this process; see [`connected`][goru.cluster.crew.connected].

    **Raises:** `InputError` for whatever is wrong with the table, the options or the folder; nothing is left behind,
    and a run that was there stays as it was. Whatever else stops it leaves what can go on.
    """
    clock = clock or Clock()
    clock.afterwards = WRITING_SECONDS
    try:
        check_free(folder, overwrite, resume)  # before the table is read
    except InputError:
        table.check()  # whoever has mistyped a column is told so first: it is not that run that was meant
        raise
    clock.begin("reading")
    dataset = load_dataset(**table.arguments(), seed=options.seed)
    clock.begin("start")

    from goru.cluster.crew import connected
    from goru.experiment.racing.store import Store
    from goru.studies.study import Study

    config: dict[str, Any] = {
        "goru": __version__,
        "table": {**table.to_json(), "target": dataset.target_name, "task": dataset.task},
        "options": asdict(options),
        "columns": dataset.schema.to_json(),
        "versions": versions(),
        "fingerprint": dataset.fingerprint(),
        "sha256": {
            name: digest_of_file for name in ("source", "test") if (digest_of_file := digest(getattr(table, name)))
        },
    }
    if resume and finish_publishing(folder, config):
        return open_run(folder)
    with connected(cluster) as crew:
        study = Study(dataset, options, watcher=watcher, clock=clock, crew=crew)
        with new_run(folder, config, overwrite, resume) as making:
            store = Store(making / STORE)
            try:
                result = study.run(store)
            finally:
                store.close()
            clock.begin("writing")
            save_model(result.model, result.trained, making / MODEL)
            write_json(making / EVIDENCE, to_json(result.evidence))
            write_json(making / ANSWER, to_json(result.answer))
            _report(report, RunFolder(making))
    clock.begin("end")
    return RunFolder(folder)


def _report(report: Callable[[RunFolder], None], run: RunFolder) -> None:
    """Let the report be written; if it cannot be, the disk is at fault, and what was trained is not for nothing."""
    try:
        report(run)
    except InputError as error:
        raise OSError(str(error).rstrip(".")) from None
