"""`goru export`: a run in the form that is asked for."""

from pathlib import Path
from typing import Literal, get_args

from goru.errors import InputError, option
from goru.export.writing import Written
from goru.model.files import load_trained
from goru.studies.runs.run import MODEL, open_run

Form = Literal["onnx", "safetensors", "torch"]
FORMS = get_args(Form)


def export_run(
    run: Path, to: str, output: Path | None = None, single: bool = False, overwrite: bool = False
) -> Written:
    """Write the networks of a run for programs that do not know goru.

    **Arguments:**

    - `run`: its folder.
    - `to`: `onnx`, `safetensors` or `torch`.
    - `output`: a file for ONNX, a folder for the others; by default called as the run is, in the current folder.
    - `single`: the first network alone instead of the ensemble.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if there is no such form, the run cannot be read, or something cannot be written.
    """
    if to not in FORMS:
        raise InputError(
            f"{option('to')}: {to!r} is no form to export to. Choose {', '.join(FORMS[:-1])} or {FORMS[-1]}."
        )
    model = open_run(run).model
    model = model.single if single else model
    name = run.resolve().name
    if to == "onnx":
        from goru.export import onnx

        return onnx.save(model, output or Path(f"{name}.onnx"), overwrite)
    if to == "torch":
        from goru.export import torch

        return torch.save(model, output or Path(f"{name}-torch"), overwrite)
    from goru.export import safetensors

    return safetensors.save(model, load_trained(run / MODEL), output or Path(f"{name}-safetensors"), overwrite)
