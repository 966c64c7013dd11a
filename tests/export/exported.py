"""Tables with everything in them, models that were trained for a moment, and a program that knows ONNX but not goru."""

import json
from typing import Any

import jax
import numpy as np
import onnxruntime
import pandas as pd
from models import HYPER, STACKS, as_trained, folded, initial, statistics_of

from goru.data.files.reading import read_table
from goru.data.pieces import pieces_of
from goru.data.preparing import Encoding, Preparation, TargetScaling
from goru.data.schema.encoding import Schema
from goru.data.squares import squared_columns
from goru.data.targets.target import Target
from goru.data.targets.task import Task
from goru.export import onnx
from goru.model.model import Model
from goru.nn import network
from goru.nn.architecture import Architecture
from goru.nn.layers.kinds import layers_to_json
from goru.nn.layers.layer import Context, Learned
from goru.nn.losses import LOSSES
from goru.nn.network import Layers

BUILTIN = ("digits", "breast_cancer", "wine", "iris", "diabetes")
RELATIVE, ABSOLUTE = 1e-5, 1e-6

HOSTILE = (
    '"quoted", it\'s',
    "🙂 émoji / \u202e",
    "n" * 3000,
    "a\nb\t",
    "label",
    "goru/features",
    "value",
    "probabilities",
    " ",
)


def make_table(rows: int = 300, seed: int = 0, new: bool = False) -> pd.DataFrame:
    """Numbers, booleans, categories and dates, with gaps; the column `price` or `kind` is the target.

    **Arguments:**

    - `new`: whether there are also cells as no row has had them: other levels, extreme numbers, gaps where none were.
    """
    rng = np.random.default_rng(seed)
    size, weight, large = rng.normal(size=(3, rows))
    table = pd.DataFrame(
        {
            "size": size,
            "weight": np.where(rng.random(rows) < 0.2, np.nan, weight),
            "ratio": np.select([rng.random(rows) < 0.1, rng.random(rows) < 0.1], [np.inf, -np.inf], size * 2 + 1),
            "moment": 1.7e9 + 1e-3 * large,  # single precision would hold one number for all of them
            "is_member": rng.random(rows) < 0.5,
            "agrees": pd.array(rng.choice([True, False, None], rows), dtype="boolean"),
            "colour": rng.choice(["red", "blue", "grün"], rows),
            "shade": rng.choice(["light", "dark", None], rows),
            "city": [f"city {number}" for number in (rng.random(rows) ** 2 * 70).astype(int)],
            "district": pd.Categorical(rng.integers(1, 5, rows)),
            "opened": pd.Timestamp("2019-12-20") + pd.to_timedelta(rng.integers(0, 40_000, rows), unit="h"),
            "closed": pd.Timestamp("1960-02-25") + pd.to_timedelta(rng.integers(0, 9000, rows), unit="D"),
            "constant": 1.0,
            "id": [f"C-{number:05d}" for number in rng.permutation(rows)],
        }
    )
    table.loc[rng.random(rows) < 0.2, "closed"] = pd.NaT
    score = size + 0.5 * (table["colour"] == "red") + 0.3 * table["is_member"] + 0.1 * rng.normal(size=rows)
    table["price"] = 250 + 40 * score
    table["kind"] = np.select([score > 0.7, score > -0.3], ["Äpfel", "yes, \u202e🙂"], "no")
    if new:
        table.loc[0::11, "colour"] = "violet"
        table.loc[1::11, "colour"] = None
        table.loc[2::11, "shade"] = "NA"
        table.loc[3::11, "city"] = "nowhere"
        table.loc[4::11, "size"] = np.nan
        table.loc[5::11, "size"] = rng.choice([1e308, -1e308, 1e-308, np.inf, 1e30], len(table.loc[5::11]))
        table.loc[6::11, "opened"] = pd.NaT
        table["district"] = table["district"].cat.add_categories([9])
        table.loc[7::11, "district"] = 9
    return table


def descend(layers: Layers, x: np.ndarray, y: np.ndarray, members: int) -> Learned:
    """What networks learn in a few steps of sign descent on all rows, `(rows, ...)` of features and of targets."""
    learned = initial(layers, members, dtype=x.dtype.type)
    loss = LOSSES["softmax_cross_entropy" if y.ndim == 1 else "squared_error"]
    for _ in range(15):
        outputs, kept = network.forward(layers, learned, x.T, Context(HYPER))
        _, gradient = loss.with_gradient(outputs, y.T)
        gradient, _ = network.backward(layers, learned, kept, gradient * (1 / len(x)))
        learned = jax.tree.map(lambda number, slope: number - 0.02 * np.sign(slope), learned, gradient)
    return learned


def trained(*table: Any, **given: Any) -> Model:
    """The model of `trained_with_arrays`."""
    return trained_with_arrays(*table, **given)[0]


def trained_with_arrays(
    table: pd.DataFrame,
    target: str,
    task: Task,
    encoding: Encoding = "scaled",
    members: int = 3,
    activation: str = "relu",
    stack: str | None = None,
    dtype: type = np.float32,
    temperature: float = 0.8,
) -> tuple[Model, dict[str, np.ndarray]]:
    """An ensemble that has learned for a moment, as a study would hand it over; and its networks as they were trained.

    **Arguments:**

    - `stack`: of which layers; by default two hidden ones with batch norm.
    """
    others = table.drop(columns=[name for name in ("price", "kind") if name in table and name != target])
    of_target = Target.from_column(others[target], task=task)
    schema = Schema.from_frame(others.drop(columns=target))
    encoded = schema.encode(others)
    rows = np.arange(len(table))
    cut = pieces_of(encoded.numeric) if encoding == "pieces" else ()
    squared = squared_columns(encoded.numeric) if encoding == "squares" else ()
    preparation = Preparation.fit(encoded, rows, pieces=cut, squared=squared)
    x, y = preparation.transform(encoded), of_target.encode(others[target])
    scaling = TargetScaling.fit(y, rows) if task == "regression" else None
    outputs = 1 if scaling else len(of_target.classes or ())
    layers = Architecture(x.shape[1], (8, 8), outputs, activation=activation, batch_norm="before").layers
    layers = layers if stack is None else STACKS[stack](x.shape[1], outputs)
    x = x.astype(dtype)
    learned = descend(layers, x, scaling.transform(y)[:, None].astype(dtype) if scaling else y, members)
    statistics = statistics_of(layers, learned, x)
    of_members = ({"arm": "batch norm before", "epochs": 15, "layers": layers_to_json(layers)} for _ in range(members))
    calibration = {} if scaling else {"temperature": temperature, "single_temperature": 1.3, "uniform_share": 0.04}
    networks = folded(layers, learned, statistics)
    model = Model(of_target, schema, preparation, scaling, networks, tuple(of_members), **calibration)
    return model, as_trained(learned, statistics)


def builtin(name: str) -> tuple[pd.DataFrame, str, Task]:
    """A table of scikit-learn's, its target and its task."""
    table = read_table(name)
    assert table.target_hint
    return table.frame, table.target_hint, "regression" if name == "diabetes" else "classification"


def session(model: Model | bytes) -> onnxruntime.InferenceSession:
    """The graph of a model, or of a file's content, as onnxruntime runs it."""
    content = model if isinstance(model, bytes) else onnx.build(model).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options)


def said(running: onnxruntime.InferenceSession, what: str) -> Any:
    """One of the properties that the file says of itself."""
    return json.loads(running.get_modelmeta().custom_metadata_map[what])


def fed(columns: list[dict[str, Any]], table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The cells of a table, as the file says that they are wanted."""
    return {column["input"]: _cells(column, table[column["column"]])[:, None] for column in columns}


def _cells(column: dict[str, Any], cells: pd.Series) -> np.ndarray:
    match column["type"]:
        case "string":
            return np.array(["" if pd.isna(cell) else str(cell) for cell in cells], dtype=object)
        case "int64":
            return pd.to_datetime(cells).to_numpy().astype("datetime64[s]").astype("int64")
    return cells.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)


def run(running: onnxruntime.InferenceSession, table: pd.DataFrame) -> dict[str, np.ndarray]:
    """What the graph makes of a table, by the names of its outputs."""
    outputs = [output.name for output in running.get_outputs()]
    return dict(zip(outputs, running.run(outputs, fed(said(running, "columns"), table)), strict=True))


def assert_close(found: np.ndarray, wanted: np.ndarray, unit: float = 1.0) -> None:
    """As close as single precision is: both sides add up the same products, in another order.

    **Arguments:**

    - `unit`: what counts as one where values are near zero: for a quantity, its standard deviation.
    """
    assert found.shape == wanted.shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=RELATIVE, atol=ABSOLUTE * unit)


def assert_agrees(model: Model, table: pd.DataFrame) -> None:
    """The graph gives what goru gives, whatever the rows."""
    found = run(session(model), table)
    if model.scaling is not None:
        assert_close(found["value"], model.predict(table), model.scaling.std)
        return
    wanted = model.predict_proba(table)
    assert_close(found["probabilities"], wanted)
    first, second = np.sort(wanted, axis=1)[:, -1], np.sort(wanted, axis=1)[:, -2]
    sure = first - second > 1e-4
    np.testing.assert_array_equal(found["label"][sure], model.predict(table)[sure])
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-12)
