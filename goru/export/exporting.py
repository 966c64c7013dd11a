"""A run or a model in the form that is asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from goru.errors import InputError, option
from goru.export.writing import Written
from goru.model.files import load_trained
from goru.model.model import Model
from goru.studies.runs.run import MODEL, open_run

Form = Literal["onnx", "safetensors", "torch"]
FORMS = get_args(Form)
_ENDINGS = {"onnx": ".onnx", "safetensors": "-safetensors", "torch": "-torch"}


def check_form(form: str) -> None:
    """Raise `InputError` if there is no such export format."""
    if form not in FORMS:
        raise InputError(
            f"{option('to')}: unknown export format {form!r}. Choose {', '.join(FORMS[:-1])} or {FORMS[-1]}."
        )


def export_model(
    model: Model,
    trained: Callable[[], Mapping[str, np.ndarray]],
    form: str,
    path: str | Path,
    single: bool = False,
    overwrite: bool = False,
) -> Written:
    """Write the networks of a model for other programs.

    **Arguments:**

    - `trained`: gives the networks as they were trained, which only safetensors needs.
    - `form`: `"onnx"`, `"safetensors"` or `"torch"`.
    - `path`: a file for ONNX, a folder for the others.
    - `single`: the first network alone instead of the ensemble.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if there is no such form, or something cannot be written.
    """
    check_form(form)
    model = model.single if single else model
    if form == "onnx":
        from goru.export import onnx

        return onnx.save(model, path, overwrite)
    if form == "torch":
        from goru.export import torch

        return torch.save(model, path, overwrite)
    from goru.export import safetensors

    return safetensors.save(model, trained(), path, overwrite)


def export_run(
    run: Path, to: str, output: str | Path | None = None, single: bool = False, overwrite: bool = False
) -> Written:
    """Write the networks of a run, as `export_model` does.

    **Arguments:**

    - `run`: its folder.
    - `output`: by default called as the run is, in the current folder.

    **Raises:** `InputError`, as `export_model` does, or if the run cannot be read.
    """
    check_form(to)
    path = output or Path(f"{run.resolve().name}{_ENDINGS[to]}")
    return export_model(open_run(run).model, lambda: load_trained(run / MODEL), to, path, single, overwrite)
