"""`goru.fit`: from a table to a run, as one call."""

import operator
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from goru.data.files.reading import Source
from goru.data.table import frame_of, pandas_of
from goru.durations import seconds_of
from goru.errors import InputError, argument, option, spelled
from goru.estimators.parameters import factor_names
from goru.experiment.clock import Clock
from goru.experiment.racing.watcher import Silent
from goru.language import spoken
from goru.nn.architecture import ActivationName
from goru.nn.judge import Measure
from goru.report.run import Run
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.interrupting import interruptible


@spelled(partial(argument, names={"folder": "out"}))
def fit(
    data: Any,
    y: Any = None,
    *,
    target: str | None = None,
    task: Literal["classification", "regression"] | None = None,
    drop: Sequence[str] | str = (),
    categorical: Sequence[str] | str = (),
    groups: Any = None,
    time: Any = None,
    test: Any = None,
    merge_rare: bool = False,
    group_duplicates: bool = False,
    budget: float | str | None = None,
    networks: int | None = None,
    until_decided: bool = False,
    hidden: Sequence[int] | int | str | None = None,
    activation: ActivationName = "relu",
    batch_size: int | None = None,
    epochs: int | None = None,
    factors: str | Sequence[str] | Mapping[str, Any] | None = None,
    numbers: Literal["auto", "scaled", "squares", "pieces"] = "auto",
    single: bool = False,
    search_batch_norm: bool = False,
    class_weight: Literal["balanced"] | None = None,
    judge: Measure | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    cluster: str | None = None,
    verbose: bool = True,
    lang: str | None = None,
) -> Run:
    """Train every combination of batch norm, weight decay and dropout on a table; say what helped; keep the best.

        run = goru.fit(frame, target="default", budget="60s")
        run = goru.fit(X, y)
        run = goru.fit("credit.csv")

        run                                    # the answer; with a picture in a notebook
        run.predict(new), run.predict_proba(new)
        run.effects, run.report(), run.save("runs/credit"), run.export("onnx", "credit.onnx")

    It is the command `goru fit`; keyword arguments are called as its options are.

    **Arguments:**

    - `data`: a frame of pandas, polars or PyArrow; features `(rows, columns)` if `y` is given; or the name of a file or
      of a built-in table. Columns of an array are called `x0`, `x1`, ...
    - `y`: the target `(rows,)`, where it is no column of `data`.
    - `target`: the column to predict, or the name of `y`. By default the column `target`, `class`, `label` or `y`, or
      the last one.
    - `task`: `"classification"` or `"regression"`, where the target's values do not tell.
    - `drop`, `categorical`: names of columns to ignore, and of numeric columns that are categories.
    - `groups`: a column, or values `(rows,)`: rows of one group stay in one fold. `time`: likewise; train on earlier
      rows, validate on later ones.
    - `test`: the test rows, as `data`, or `(X, y)`. Default: a fifth of the rows is set aside.
    - `merge_rare`: merge classes that are too rare for the folds. `group_duplicates`: copies of a row stay in one fold.
    - `budget`: seconds for everything, or `"60s"`, `"2m"`; two minutes by default. `networks`: networks to train
      instead: the result is then the same on every run. `until_decided`: stop when every main effect is decided.
    - `hidden`: widths of the hidden layers; by default 128, 128, or 256, 256 from 4,000 development rows.
    - `activation`: `"relu"`, `"sigmoid"`, `"tanh"`, `"gelu"`, `"silu"`, `"mish"`, `"selu"` or `"identity"`.
    - `batch_size`: rows in a mini-batch; by default it follows the number of rows. `epochs`: the length of the
      schedule, 100 by default; which epoch is the best is found out as well.
    - `factors`: the techniques, `"norm,dropout,decay"` by default; names, or levels by name:
      `{"norm": ["none", "layer"], "mixup": None}`; `"all"`.
    - `numbers`: `"scaled"`, `"squares"` (squares added), `"pieces"` (piecewise-linear encoding added), or `"auto"`:
      a pilot run chooses.
    - `single`: one network instead of an ensemble. `search_batch_norm`: tune batch norm's own hyperparameters too.
    - `class_weight`: `"balanced"`: every class counts alike.
    - `judge`: what effects and configurations are judged by: `"log-loss"` (default), `"brier"` or `"accuracy"`; in
      regression `"rmse"` (default) or `"mae"`.
    - `seed`: the random seed.
    - `out`: the run's folder; `overwrite` replaces a run there, `resume` continues one. By default a temporary folder,
      which lives as long as the run that is returned.
    - `cluster`: a Ray cluster to train on: `"local"`, `"auto"`, `"host:port"` or `"ray://host:port"`.
    - `verbose`: show progress.
    - `lang`: the language of progress and report, `"en"` or `"ko"`; by default that of the locale.

    **Returns:** the run: see [`Run`][goru.report.run.Run]. Ctrl-C once finishes early with what there is.

    **Raises:** `InputError` for whatever is wrong with the table or the arguments.
    """
    source, target, roles = _joined(data, y, target, {"groups": groups, "time": time})
    if isinstance(test, tuple):
        X_test, y_test = test
        test = _joined(X_test, y_test, target, {})[0]
    table = TableOptions(
        source,
        target,
        task,
        _names(drop),
        _names(categorical),
        **roles,
        test=test if test is None or isinstance(test, pd.DataFrame) else _source(test),
        merge_rare=merge_rare,
        group_duplicates=group_duplicates,
    )
    options = Options(
        budget=seconds_of(budget),
        networks=networks,
        hidden=None if hidden is None else _widths(hidden),
        activation=activation,
        batch_size=batch_size,
        seed=seed,
        single=single,
        search_batch_norm=search_batch_norm,
        class_weight=class_weight,
        epochs=epochs,
        numbers=numbers,
        factors=factor_names(factors),
        until_decided=until_decided,
        judge=judge,
    )
    if out is not None:
        return run_in(Path(out), table, options, overwrite, resume, cluster, verbose=verbose, lang=lang)
    if resume:
        raise InputError(f"{option('resume')}: a temporary folder has nothing to resume. Give {option('folder')} too.")
    folder = tempfile.mkdtemp(prefix="goru-")
    try:
        run = run_in(Path(folder), table, options, cluster=cluster, verbose=verbose, lang=lang)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
    return run


def run_in(
    folder: Path,
    table: TableOptions,
    options: Options,
    overwrite: bool = False,
    resume: bool = False,
    cluster: str | None = None,
    clock: Clock | None = None,
    verbose: bool = True,
    lang: str | None = None,
) -> Run:
    """Study a table, show how far it has got, and write the run and its report into a folder.

    **Arguments:** as of [`fit_table`][goru.studies.fitting.fit_table], and `lang` as of [`fit`][goru.fitting.fit].
    """
    from goru.report.progress.progress import watcher
    from goru.report.study_page import write_study_page

    clock = clock or Clock()
    watch = watcher if verbose else partial(nullcontext, Silent())
    with spoken(lang), interruptible(clock.ending), watch() as watching:
        run = fit_table(table, options, folder, overwrite, resume, watching, clock, write_study_page, cluster)
    return Run(run.folder)


def _joined(
    data: Any, y: Any, target: str | None, roles: Mapping[str, Any]
) -> tuple[Source, str | None, dict[str, str | None]]:
    """A table that has the target, groups and times among its columns, and what these are called."""
    columns = {name: values for name, values in roles.items() if values is not None and not isinstance(values, str)}
    names = {name: name if name in columns else values for name, values in roles.items()}
    if y is None and not columns:
        return _source(data), target, names
    if (frame := _features(data)) is None:
        raise InputError(f"{type(data).__name__}: y, groups and time have to be columns of a file. Give their names.")
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    if y is not None:
        target = str(target or getattr(y, "name", None) or "y")
        columns = {target: y, **columns}
    for name, values in columns.items():
        values = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
        values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if values.shape != (len(frame),):
            raise InputError(f"{name}: shape {values.shape}, where the table has {len(frame):,} rows.")
        if name in frame.columns:
            raise InputError(f"'{name}' is a column of the table already. Rename it, or give {option('target')}.")
        frame[name] = values
    return frame, target, names


def _features(data: Any) -> pd.DataFrame | None:
    """A frame, or an array as one; nothing of a name."""
    if isinstance(data, str | os.PathLike):
        return None
    if hasattr(data, "toarray"):
        raise InputError("a sparse matrix: a study trains on dense rows only. Give X.toarray() if it fits in memory.")
    frame = pandas_of(data)
    return frame_of(np.asarray(data)) if frame is None else frame


def _source(data: Any) -> Source:
    if isinstance(data, str | os.PathLike):
        return os.fspath(data)
    frame = pandas_of(data)
    if frame is None:
        raise InputError(
            f"{type(data).__name__}: give a frame of pandas, polars or PyArrow, the name of a file, or features and y."
        )
    return frame


def _widths(hidden: Sequence[int] | int | str) -> tuple[int, ...]:
    widths = hidden.split(",") if isinstance(hidden, str) else hidden if np.iterable(hidden) else [hidden]
    try:
        return tuple(int(width) if isinstance(width, str) else operator.index(width) for width in widths)
    except (TypeError, ValueError):
        raise InputError(f"{option('hidden')}: invalid layer widths {hidden!r}. Give whole numbers: 128,128.") from None


def _names(names: Sequence[str] | str) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(map(str, names))
