"""`goru.study`: an experiment on a training function, as one call."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from goru import __version__
from goru.durations import seconds_of
from goru.errors import argument, spelled
from goru.experiment.clock import Clock
from goru.experiment.design import Design
from goru.experiment.forms import to_json
from goru.experiment.racing.record import Record
from goru.experiment.racing.store import Store
from goru.experiment.racing.watcher import Silent, Watcher
from goru.functions.options import FunctionOptions, Sources
from goru.functions.result import StudyResult
from goru.functions.study import FunctionStudy, FunctionStudyResult
from goru.functions.workers.pools import pool_of
from goru.studies.runs.files import write_json
from goru.studies.runs.folder import check_free, finish_publishing, new_run
from goru.studies.runs.run import ANSWER, EVIDENCE, STORE, RunFolder, is_unfinished

WRITING_SECONDS = 1.0  # on a quiet machine: what was found, and the report


@spelled(partial(argument, names={"trials": "n_trials"}))
def study(
    train: Callable[..., Any],
    X: Any,
    y: Any = None,
    *,
    design: Design,
    budget: float | str | None = None,
    n_trials: int | None = None,
    folder: str | Path | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    cluster: str | None = None,
    test: Any = True,
    cv: Any = None,
    groups: Any = None,
    time: Any = None,
    sample_weight: Any = None,
    stratify: Any = None,
    task: Any = None,
    loss: Callable[..., Any] | None = None,
    limit: float | None = None,
    seed: int = 0,
    epochs: int | None = None,
    until_decided: bool = False,
    name: str | None = None,
    verbose: bool = True,
) -> StudyResult:
    """Find out what each factor of a design changes for your own network, and get the best configuration.

    Every combination of levels is trained in every fold, its knobs tuned by themselves; what stands for a combination
    in a fold is chosen on the others.

        def train(fit, validation, config, seed):
            model = build(config)
            for epoch in range(30):
                model.train_one_epoch(fit.X, fit.y)
                yield model.predict_proba(validation.X)
            return model

        result = goru.study(train, X, y, design=design, budget="10m")

    **Arguments:**

    - `train`: a generator function `(fit, validation, config, seed)`; both rows have `X`, `y`, `codes`, `classes`,
      `weights` and `indices`; `config` has the levels and knobs as attributes. It yields, after every epoch,
      probabilities `(rows, classes)` or values `(rows,)` of the validation rows, or `goru.losses(per_row)`. What it
      returns is the model. `yield` gives True in the last training, when the best epoch is over.
    - `X`, `y`: rows and targets as you have them: arrays, frames, lists, a mapping of several inputs; `range(n)` for
      indices into a data set of your own.
    - `design`: factors, knobs and questions; see [`Design`][goru.experiment.design.Design].
    - `budget`: seconds for everything, or `"10m"`; `n_trials`: how many trials instead. Default: 10 minutes.
    - `folder`: keeps every trial; a study that was stopped goes on there. `overwrite`: replaces the run in it.
    - `workers`: processes that train, by default one a GPU or a core; 0 trains in this one. `cluster`: a Ray cluster,
      as of `goru.fit`.
    - `test`: True sets a fifth of the rows aside, False none; or a pair `(X, y)`.
    - `cv`: a number of folds, a splitter of scikit-learn's, or pairs of indices. `groups`, `(rows,)`, are kept
      together, `time`, `(rows,)`, puts the past before the future, `stratify=False` or an array `(rows,)` changes what
      is spread evenly over the folds.
    - `sample_weight`: what every row counts for, `(rows,)`.
    - `task`: `"classification"` or `"regression"`, where `y` does not say it; `loss`: a function `(y, predicted)` that
      gives a loss a row, instead of the log loss or the squared error.
    - `limit`: seconds after which a trial is taken to hang; by default 20 times what trials take.
    - `epochs`: after so many every training is ended, however many `train` would yield; by default it says when.
    - `seed`: of folds, configurations, and what `train` is given.
    - `until_decided`: end as soon as every main effect is decided; the budget is then the most, 30 minutes by default.
    - `name`: what the rows are called.
    - `verbose`: whether it says how far it has got.

    **Returns:** what was found; it prints itself. `model` is that of the recommended configuration.

    **Raises:** `InputError` for whatever is wrong with the arguments, or if the first trials all fail.
    """
    options = FunctionOptions(
        design, seconds_of(budget), n_trials, workers, cluster, limit, seed, until_decided, epochs
    )
    target = getattr(y, "name", None)
    sources = Sources(
        train, X, y, task, groups, time, sample_weight, stratify, test, cv, loss, name or "X", str(target or "y")
    )
    from goru.report.progress.progress import watcher

    with watcher() if verbose else nullcontext(Silent()) as watching:
        if folder is None:
            record, clock = Record(), Clock()
            # First of all, so that processes start while this one imports what cuts rows and draws configurations.
            with closing(pool_of(options.workers, options.cluster)) as pool:
                result = FunctionStudy(sources, options, pool, watching, clock).run(record)
            return StudyResult(result.answer, result.evidence, result.model, record.trials)
        return run_in(Path(folder), sources, options, overwrite, watching)


def run_in(
    folder: Path,
    sources: Sources,
    options: FunctionOptions,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    clock: Clock | None = None,
    table: Mapping[str, Any] | None = None,
    save: Callable[[Any, Path], None] | None = None,
    resume: bool | None = None,
) -> StudyResult:
    """Study a training function and write the run.

    **Arguments:**

    - `table`: where the rows come from, if they come from a file.
    - `save`: writes the model into the run's folder.
    - `resume`: whether to resume a run that was stopped there; by default, if there is one.

    **Raises:** see [`fit_table`][goru.studies.fitting.fit_table].
    """
    if resume is None:
        resume = not overwrite and is_unfinished(folder)
    check_free(folder, overwrite, resume)
    clock = clock or Clock()
    clock.afterwards = WRITING_SECONDS
    with closing(pool_of(options.workers, options.cluster)) as pool:
        study = FunctionStudy(sources, options, pool, watcher, clock)
        config = _config(sources, options, table)
        if resume and finish_publishing(folder, config):  # it was whole, but for its model, which nobody has kept
            run = RunFolder(folder)
            return StudyResult(run.answer, run.evidence, None, run.recorded)
        with new_run(folder, config, overwrite, resume) as making:
            store = Store(making / STORE)
            try:
                result = study.run(store)
            finally:
                store.close()
            pool.close()  # no process is kept for the report
            _write(making, result, save)
    run = RunFolder(folder)
    return StudyResult(result.answer, result.evidence, result.model, run.recorded)


def _write(making: Path, result: FunctionStudyResult, save: Callable[[Any, Path], None] | None) -> None:
    from goru.report import study_page

    if save is not None and result.model is not None:
        (making / "model").mkdir()
        save(result.model, making / "model")
    write_json(making / EVIDENCE, to_json(result.evidence))
    write_json(making / ANSWER, to_json(result.answer))
    study_page.write_study_page(RunFolder(making))


def _config(sources: Sources, options: FunctionOptions, table: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was asked: a study that goes on was asked the same.

    **Arguments:**

    - `table`: of a command, whose words it can be given again by.
    """
    asked = {name: getattr(options, name) for name in ("budget", "trials", "limit", "seed", "until_decided", "epochs")}
    settings = {name: _setting_in_words(getattr(sources, name)) for name in ("task", "cv", "test", "stratify")}
    asked["loss"] = None if sources.loss is None else _source(sources.loss) or "of unknown source"
    name = getattr(sources.train, "__qualname__", type(sources.train).__name__)
    return {
        "goru": __version__,
        "function": name if table is None else table["function"],
        "design": options.design.to_json(),
        "table": {} if table is None else {key: value for key, value in table.items() if key != "function"},
        "options": {**asked, **(settings if table is None else {})},
        "columns": {},
        "versions": {"goru": __version__, "numpy": np.__version__},
        "fingerprint": _fingerprint(sources),
        "code": _source(sources.train),
        "sha256": {},
    }


def _setting_in_words(value: Any) -> Any:
    """A setting that may be anything, by what it looks like."""
    return value if value is None or isinstance(value, bool | int | str) else type(value).__name__


def _fingerprint(sources: Sources) -> str:
    """Of the rows, and of how they are divided, if that was given: of two tables that differ it differs."""
    names = ("X", "y", "groups", "time", "sample_weight", "stratify", "test", "cv")
    return hashlib.sha256(" ".join(_hash(getattr(sources, name)) for name in names).encode()).hexdigest()


def _hash(value: Any) -> str:
    import joblib

    try:
        return str(joblib.hash(value))
    except Exception:  # whatever pickling the user's objects raises: then nobody can say that they are the same
        return f"{type(value).__name__} of unknown content"


def _source(function: Any) -> str | None:
    """SHA-256 of the text of a function, or of its class; `None` where nobody knows it."""
    try:
        text = inspect.getsource(function if inspect.isroutine(function) else type(function))
    except (OSError, TypeError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()
