"""A run's folder: what a study was asked, every trial, the answer, and the model.

runs/credit-g/
  config.json     what was asked, and what every column is taken for
  study.sqlite    every trial
  evidence.json   what the pictures of the report are drawn from
  report.html     the report
  model/          the networks of the final model
  answer.json     what the study found; a run without it is unfinished
  manifest.json   the files, and their hashes; it comes last
  .making/        a run that is not finished: config.json and study.sqlite, and at last everything else
  .ready/         a run that is whole, on its way to its place
"""

import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from goru.errors import InputError, option
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence
from goru.experiment.forms import from_json
from goru.studies.runs.files import read_json
from goru.studies.runs.manifest import MANIFEST, check_files, is_sound

if TYPE_CHECKING:
    import numpy as np

    from goru.experiment.trial import Trial
    from goru.model.model import Model

# 2: seven contrasts, rivals, advice; 3: evidence; 4: a manifest; 5: any factors;
# 6: names that the field uses; 7: what judges, and temperatures; 8: interactions in the answer;
# 9: other words for verdicts; 10: column scales in all networks, an overview of the table;
# 11: dropout in the program of every combination; 12: a share of the uniform distribution in probabilities;
# 13: squares of numbers; 14: levels of large categories scaled down in training
T = TypeVar("T")
Json = dict[str, Any]
FORMAT, VERSION = "goru run", 14
WITH_EVIDENCE, WITH_MANIFEST = 3, 4
OLDEST = 2  # that can be read
CONFIG, STORE, ANSWER, MODEL = "config.json", "study.sqlite", "answer.json", "model"
EVIDENCE, REPORT = "evidence.json", "report.html"
FRAME = {"frame": True}  # in `config.json`, where a file would be named
MAKING, READY = ".making", ".ready"
_MENDED = {REPORT: "Write it again with `goru report`."}


@dataclass(frozen=True)
class RunFolder:
    """A finished run."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """What was asked."""
        return read_config(self.folder)

    @cached_property
    def answer(self) -> Answer:
        """What the study found."""
        return self._read(Answer, ANSWER)

    @cached_property
    def evidence(self) -> Evidence:
        """What the pictures are drawn from.

        **Raises:** `InputError` for a run of an older goru, which kept none.
        """
        if self.config["version"] < WITH_EVIDENCE:
            raise InputError(
                f"{self.folder}: written by an older goru, which stored no data for pictures. "
                f"Fit it again with {option('overwrite', True)}."
            )
        return self._read(Evidence, EVIDENCE)

    def _read(self, cls: type[T], name: str) -> T:
        path = self.folder / name
        content = read_json(path, cls.__name__.lower(), set())
        if self.config["version"] < VERSION:
            from goru.studies.runs.older import lifted_answer, lifted_evidence

            version = self.config["version"]
            try:
                if name == EVIDENCE:
                    content = lifted_evidence(content, version)
                else:
                    evidence: Json = {}
                    with suppress(InputError):  # it is missed when it is wanted, and not before
                        evidence = read_json(self.folder / EVIDENCE, "evidence", set())
                    content = lifted_answer(content, version, evidence)
            except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
                raise InputError(f"{path}: damaged, it is no {cls.__name__.lower()}. Make it again.") from None
        return from_json(cls, content, f"{path}")

    @cached_property
    def model(self) -> "Model":
        """The networks of the final model.

        **Raises:** `InputError` for a study of a training function, whose models goru does not know.
        """
        self._check_networks()
        from goru.model.files import load_model

        return load_model(self.folder / MODEL)

    @cached_property
    def trained(self) -> "dict[str, np.ndarray]":
        """The same networks as they were trained, with γ, β and statistics of batch norm apart, an array a name.

        Weights are `(outputs, inputs)`, or the other way round in runs of model format 3 and before; biases, γ, β and
        statistics are `(units,)`.

        **Raises:** `InputError` as `model` does.
        """
        self._check_networks()
        from goru.model.files import load_trained

        return load_trained(self.folder / MODEL)

    def _check_networks(self) -> None:
        if "function" in self.config:
            raise InputError(
                f"{self.folder}: a study of a training function, which has no goru networks. What the function "
                "returned is `model` of what goru.study gave, or what the `save` of its file wrote."
            )

    @cached_property
    def recorded(self) -> "list[Trial]":
        """Every trial."""
        from goru.experiment.racing.store import read_trials

        return read_trials(self.folder / STORE)


def open_run(folder: str | os.PathLike[str], but: Collection[str] = ()) -> RunFolder:
    """Open a finished run: `goru.load("runs/credit-g").model.predict(table)`.

    **Arguments:**

    - `but`: files that need not be as they were written: those that will be written again.

    **Raises:** `InputError` if the folder is no run of goru's, or is not finished, or a file is missing or has changed.
    """
    run = RunFolder(Path(folder))
    if is_unfinished(run.folder) and not all((run.folder / name).is_file() for name in (ANSWER, MANIFEST)):
        raise _unfinished(folder)
    if is_sound(run.folder):
        check_files(run.folder, but, _MENDED)  # before anything is read that may have changed
    if not run.config:
        raise InputError(f"{folder}: not a goru run folder. Give a folder that `goru fit` has written.")
    if run.config["version"] < OLDEST:
        raise InputError(
            f"{folder}: written by an older goru, whose answers were others. "
            f"Fit it again with {option('overwrite', True)}."
        )
    if not (run.folder / ANSWER).is_file():
        raise _unfinished(folder)
    if run.config["version"] >= WITH_MANIFEST:
        check_files(run.folder, but, _MENDED)
    return run


def is_unfinished(folder: Path) -> bool:
    """Whether a study that was stopped can go on there."""
    return (folder / MAKING / STORE).is_file() or (folder / READY).is_dir()


def _unfinished(folder: str | os.PathLike[str]) -> InputError:
    return InputError(
        f"{folder}: this run is not finished. Resume it with `goru fit ... --resume`, or {option('overwrite')} it."
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a run, or nothing if the folder is no run."""
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        return {}
    if not isinstance(config.get("version"), int) or config["version"] > VERSION:
        raise InputError(f"{folder}: written by a newer goru. Upgrade goru.")
    return config
