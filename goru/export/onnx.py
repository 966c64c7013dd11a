"""A model as one graph of ONNX: columns in, probabilities or values out, whatever reads ONNX.

The networks are folded: no batch norm is left. The graph prepares the columns and averages the networks, so that a
program has to give it cells, and nothing else; what remains to be done to cells stands beside it as JSON.
"""

from pathlib import Path
from typing import Any

import numpy as np

from goru.errors import InputError, option
from goru.export.columns import add_features
from goru.export.description import as_json, describe
from goru.export.graph import IR_VERSION, ML, ML_OPSET, OPSET, Graph
from goru.export.inputs import Input, free, inputs_of
from goru.export.networks import add_predictions, labels_of
from goru.export.writing import Written, write_files
from goru.model.model import Model
from goru.wording import listing, shortened

LARGEST = 2**31 - 2**20  # bytes; protocol buffers hold 2 GiB


def save(model: Model, path: str | Path, overwrite: bool = False) -> Written:
    """Write a model as ONNX.

    Inputs are called as the columns are, each of `(N, 1)`: `double` for numbers and booleans, NaN where missing;
    `string` for categories, `""` where missing; `int64` for dates, in seconds since 1970. Outputs are `probabilities`,
    `(N, classes)` double, and `label`, `(N,)`; or `value`, `(N,)` double, in the target's own units.

    **Arguments:**

    - `model`: the ensemble; `model.single` for its first network.
    - `path`: of the file. Where cells need more than ONNX can do, a JSON beside it says so.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if `onnx` is not installed, the file cannot be written, or the networks are too large.
    """
    path = Path(path)
    graph, inputs, outputs = _model(model)
    contents = {path: graph.SerializeToString()}
    files = {path: "the networks, and all that prepares columns for them"}
    notes = tuple(_notes(inputs, outputs, model))
    if any(given.kind != "numeric" for given in inputs) or notes:
        beside = path.parent / f"{path.name.removesuffix('.onnx')}.json"
        contents[beside] = as_json({"inputs": [given.to_json() for given in inputs], "outputs": list(outputs)})
        files[beside] = _beside(inputs)
    write_files(contents, overwrite)
    return Written(files, notes)


def build(model: Model) -> Any:
    """A `model` as `onnx.ModelProto`, checked; see `save`.

    **Raises:** `InputError`, as `save` does.
    """
    return _model(model)[0]


def _model(model: Model) -> tuple[Any, tuple[Input, ...], tuple[str, ...]]:
    if sum(array.nbytes for array in model.networks.arrays.values()) > LARGEST:
        raise InputError(
            f"the networks are larger than the 2 GiB that ONNX holds in one file. Export one: {option('single', True)}."
        )
    onnx = _imported()
    from onnx import checker, helper

    inputs = inputs_of(model.schema)
    taken = {given.name for given in inputs}
    wanted = ("value",) if model.target.classes is None else ("probabilities", "label")
    outputs = tuple(free(name, taken) for name in wanted)
    graph = Graph({*taken, *outputs})
    add_predictions(graph, add_features(graph, inputs, model.preparation), model, outputs)
    types = {"double": np.float64, "int64": np.int64}
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "goru",
            [_value(given.name, types.get(given.type, str), 1) for given in inputs],
            [_value(name, dtype, *more) for name, (dtype, *more) in zip(outputs, _outputs(model), strict=True)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)]
        + ([helper.make_opsetid(ML, ML_OPSET)] if any(node.domain == ML for node in graph.nodes) else []),
        ir_version=IR_VERSION,
        producer_name="goru",
    )
    helper.set_model_props(made, _properties(model, inputs, outputs))
    try:
        checker.check_model(made, full_check=True)
    except onnx.checker.ValidationError as error:
        raise InputError(f"ONNX does not hold this model ({shortened(error, 200)}).") from None
    return made, inputs, outputs


def _imported() -> Any:
    try:
        import onnx
    except ImportError:
        raise InputError("ONNX export needs the package onnx: pip install onnx") from None
    return onnx


def _outputs(model: Model) -> list[tuple[Any, ...]]:
    """The types of the outputs, and what follows the rows in their shapes."""
    if model.target.classes is None:
        return [(np.float64,)]
    return [(np.float64, len(model.target.classes)), (labels_of(model)[1],)]


def _value(name: str, dtype: Any, *more: int) -> Any:
    from onnx import TensorProto, helper

    kind = TensorProto.STRING if dtype is str else helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, ["N", *more])


def _properties(model: Model, inputs: tuple[Input, ...], outputs: tuple[str, ...]) -> dict[str, str]:
    """What a program may want to know, as JSON text where it is more than a word."""
    said = describe(model)
    return {
        "goru": said["goru"],
        "task": said["task"],
        "target": said["target"],
        "classes": as_json(said["classes"]).decode(),
        "columns": as_json([given.to_json() for given in inputs]).decode(),
        "outputs": as_json(list(outputs)).decode(),
        "networks": as_json(said["members"]).decode(),
    }


def _notes(inputs: tuple[Input, ...], outputs: tuple[str, ...], model: Model) -> list[str]:
    renamed = [f"{given.column.name!r} is {given.name!r}" for given in inputs if given.name != given.column.name]
    notes = [f"ONNX does not allow the names of some columns: {listing(renamed)}."] if renamed else []
    wanted = ("value",) if model.target.classes is None else ("probabilities", "label")
    moved = [f"{name!r} is {got!r}" for name, got in zip(wanted, outputs, strict=True) if name != got]
    return notes + ([f"Outputs that are called as a column is have another name: {listing(moved)}."] if moved else [])


def _beside(inputs: tuple[Input, ...]) -> str:
    """What has to be done to cells before they are fed."""
    kinds = {given.kind for given in inputs}
    words = {"categorical": "text of categories cleaned", "boolean": "booleans as 1 and 0", "date": "dates as seconds"}
    said = [words[kind] for kind in words if kind in kinds]
    return "how cells are fed, which ONNX cannot do itself: " + (listing(said) or "under which names")
