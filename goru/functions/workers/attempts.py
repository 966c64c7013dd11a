"""One training: what a worker does with a job, and what comes back."""

import contextlib
import io
import random
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goru.functions.config import Config
from goru.functions.outputs import Loss, Scored, scored
from goru.functions.rows import Rows, WholeTable
from goru.functions.workers.pickling import modules_by_name

MOST_OUTPUT = 10_000  # characters that are kept of what a trial prints: the last ones

TrainingFunction = Callable[[Rows, Rows, Any, int], Any]


@dataclass(frozen=True, eq=False)
class Held:
    """What all jobs of a study share.

    - `function`: the user's.
    - `tables`: development rows, and test rows if there are any.
    - `part`: the part of every development row, `(rows,)`; see [`Trial.parts`][goru.experiment.trial.Trial].
    - `parts`: how many there are.
    - `loss`, `scale`: see [`scored`][goru.functions.outputs.scored].
    - `epochs`: after so many a training is ended, whatever it would go on to yield.
    """

    function: TrainingFunction
    tables: tuple[WholeTable, ...]
    part: np.ndarray
    parts: int
    loss: Loss | None
    scale: float
    epochs: int | None = None

    @property
    def population(self) -> bool:
        """Whether the function trains several configurations of an arm at a time."""
        return bool(getattr(self.function, "population", False))


@dataclass(frozen=True, eq=False)
class TrainingTask:
    """A job on its way to a worker: configurations of one arm, one after another unless the function takes several.

    - `training`, `validation`: places among the rows of a table.
    - `table`: which table the validation rows are of.
    - `stop`: the epoch after which training is told to stop; then models and predictions are wanted.
    """

    configs: tuple[dict[str, Any], ...]
    training: np.ndarray
    validation: np.ndarray
    seed: int
    table: int = 0
    stop: int | None = None


@dataclass(frozen=True, eq=False)
class Attempt:
    """What came of one configuration.

    - `curves`, `parts`, `seconds`, `output`: as of [`Trial`][goru.experiment.trial.Trial].
    - `failure`: the traceback, if it raised.
    - `predicted`, `losses`: of the last epoch, `(rows, ...)` and `(rows,)`, where it was told to stop.
    - `model`: what the function returned, where it was told to stop; `no_model`: why it is lost, if it is.
    """

    curves: np.ndarray
    parts: np.ndarray
    seconds: float
    output: str = ""
    failure: str | None = None
    predicted: np.ndarray | None = None
    losses: np.ndarray | None = None
    model: Any = field(default=None, repr=False)
    no_model: str | None = None


def failed(parts: int, reason: str, seconds: float, output: str = "") -> Attempt:
    """An attempt of which there is nothing but the reason why."""
    nothing = np.full((1, 2, 1), np.nan, np.float32)
    last = reason.splitlines()[-1]
    return Attempt(nothing, np.full((1, parts), np.nan, np.float32), seconds, output, reason, no_model=last)


def attempt(held: Held, task: TrainingTask) -> list[Attempt]:
    """Train, and score every epoch. Whatever the function raises or prints is in what comes back."""
    began, printed = time.monotonic(), io.StringIO()
    random.seed(task.seed)
    np.random.seed(task.seed % 2**32)  # noqa: NPY002  # of functions that use what is global
    epochs: list[list[Scored]] = []
    models: Sequence[Any] = ()
    failure = None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            fit = held.tables[0].rows(task.training)
            validation = held.tables[task.table].rows(task.validation)
            models = _run(held, task, fit, validation, epochs)
        except (Exception, SystemExit):
            failure = _traceback()
    modules_by_name()  # which models may need on their way back
    seconds, output = (time.monotonic() - began) / len(task.configs), printed.getvalue()[-MOST_OUTPUT:]
    if failure is not None:
        return [failed(held.parts, failure, seconds, output)] * len(task.configs)
    part = held.part[task.validation] if task.table == 0 else np.zeros(len(validation), int)
    attempts = []
    for place in range(len(task.configs)):
        epochs_of_config = [epoch[place] for epoch in epochs]
        curves, parts = _curves(epochs_of_config, validation, part, held.parts)
        if task.stop is None:
            attempts.append(Attempt(curves, parts, seconds, output))
        else:
            last, model = epochs_of_config[-1], models[place] if models else None
            attempts.append(Attempt(curves, parts, seconds, output, None, last.predicted, last.losses, model))
    return attempts


def _run(held: Held, task: TrainingTask, fit: Rows, validation: Rows, epochs: list[list[Scored]]) -> Sequence[Any]:
    """The models that the function returns, one a configuration; what it yields is scored as it comes."""
    configs: Any = [Config(config) for config in task.configs]
    training = held.function(fit, validation, configs if held.population else configs[0], task.seed)
    if not isinstance(training, Iterator):
        raise TypeError("train: it is no generator. Let it yield predictions of the validation rows after every epoch.")
    try:
        yielded = next(training)
        while True:
            values = _taken_apart(yielded, len(configs)) if held.population else [yielded]
            epochs.append([scored(value, validation, held.loss, held.scale) for value in values])
            if task.stop is None and len(epochs) == held.epochs:
                return ()
            last = task.stop is not None and len(epochs) >= task.stop
            send = getattr(training, "send", None)
            yielded = next(training) if send is None else send(last or None)
    except StopIteration as stopped:
        if not epochs:
            raise ValueError(
                "train: it yielded nothing. Let it yield predictions of the validation rows after every epoch."
            ) from None
        if task.stop is None or stopped.value is None:
            return ()
        return _models(stopped.value, len(configs)) if held.population else [stopped.value]


def _taken_apart(yielded: Any, configs: int) -> list[Any]:
    """One for every configuration."""
    if len(yielded) != configs:
        raise ValueError(f"train: a population yields one entry a configuration: {len(yielded)} instead of {configs}.")
    return list(yielded)


def _models(returned: Any, configs: int) -> list[Any]:
    """One for every configuration."""
    if not isinstance(returned, Iterable):
        raise TypeError(f"train: a population returns a list of models, or nothing, not a {type(returned).__name__}.")
    models = list(returned)
    if len(models) != configs:
        raise ValueError(f"train: a population returns one model a configuration: {len(models)} instead of {configs}.")
    return models


def _curves(epochs: Sequence[Scored], rows: Rows, part: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    shares = weights / weights.sum() if weights.sum() > 0 else np.full(len(rows), 1 / max(len(rows), 1))
    classes = rows.classes is not None
    classes = classes and all(epoch.predicted is not None and epoch.predicted.ndim == 2 for epoch in epochs)
    curves = np.full((len(epochs), 2, 1 + classes), np.nan, np.float32)
    added_by_part = np.full((len(epochs), parts), np.nan, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for place, epoch in enumerate(epochs):
            added = shares * epoch.losses
            curves[place, :, 0] = epoch.training, added.sum()
            added_by_part[place] = np.bincount(part, added, minlength=parts)
            if classes and epoch.predicted is not None:
                curves[place, 1, 1] = np.sum(shares * (epoch.predicted.argmax(axis=1) == rows.codes))
    return curves, added_by_part


def _traceback() -> str:
    """Of the exception that is handled, from the user's own lines on."""
    import sys

    kind, error, frames = sys.exc_info()
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__ and frames.tb_next is not None:
        frames = frames.tb_next
    return "".join(traceback.format_exception(kind, error, frames)).strip()
