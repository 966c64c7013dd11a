"""A graph of ONNX gives the probabilities and values that goru gives, read by onnxruntime."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from exported import (
    BUILTIN,
    assert_agrees,
    assert_close,
    builtin,
    fed,
    make_table,
    run,
    said,
    session,
    trained,
)
from models import STACKS, stacked

from goru.errors import InputError
from goru.export import onnx, torch
from goru.model.networks import Networks
from goru.nn.layers.activation import FUNCTIONS
from goru.nn.layers.kinds import LAYERS
from goru.nn.layers.layer import Layer
from goru.nn.layers.residual import Residual

TASKS = {"classification": "kind", "regression": "price"}


@pytest.mark.parametrize("encoding", ["scaled", "squares", "pieces"])
@pytest.mark.parametrize("name", BUILTIN)
def test_of_every_table_that_is_built_in(name, encoding):
    table, target, task = builtin(name)
    model = trained(table, target, task, encoding)
    assert_agrees(model, table)
    assert_agrees(model.single, table)


@pytest.mark.parametrize("encoding", ["scaled", "squares", "pieces"])
@pytest.mark.parametrize("task", TASKS)
def test_of_a_table_with_everything_in_it(task, encoding):
    model = trained(make_table(), TASKS[task], task, encoding)
    kinds = {(column.kind, getattr(column, "missing", None)) for column in model.schema.columns}
    assert kinds >= {(kind, gap) for kind in ("numeric", "categorical", "date") for gap in (False, True)}
    assert any(getattr(column, "other", False) for column in model.schema.columns)
    for new in (make_table(), make_table(400, seed=1, new=True)):
        assert_agrees(model, new)
        assert_agrees(model.single, new)


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_with_every_activation_in_either_precision(activation, dtype):
    model = trained(make_table(), "kind", "classification", activation=activation, dtype=dtype)
    assert model.networks.dtype == dtype
    assert_agrees(model, make_table(seed=2))


def test_with_decision_weights():
    model = trained(make_table(), "kind", "classification")
    weighted = replace(model, decision_weights=(1.0, *[4.0] * (len(model.target.classes) - 1)))
    assert weighted.predict(make_table()).tolist() != model.predict(make_table()).tolist()
    assert_agrees(weighted, make_table())


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("task", TASKS)
def test_of_layers_of_any_kind(task, dtype, stack):
    model = trained(make_table(), TASKS[task], task, stack=stack, dtype=dtype)
    for given in (model, model.single):
        assert_agrees(given, make_table(400, seed=1, new=True))


def test_every_kind_of_layer_that_is_left_when_networks_are_folded_is_among_them():
    def kinds(layers):
        return {layer.kind for layer in layers}.union(*(kinds(getattr(layer, "layers", ())) for layer in layers))

    found = set().union(*(kinds(stacked(stack, 5, 3).layers) for stack in STACKS))
    left = {kind for kind, layer in LAYERS.items() if not hasattr(layer, "fold")}
    assert found == left - {"scaled_affine"}  # which is an affine layer then


@dataclass(frozen=True)
class Doubling(Layer):
    """A layer that no other program knows."""

    kind = "doubling"

    def forward(self, learned, x, context):
        return 2 * x, None


@pytest.mark.parametrize("inside", [False, True])
def test_a_layer_that_no_operators_are_known_for_is_refused(inside, monkeypatch, tmp_path):
    monkeypatch.setitem(LAYERS, "doubling", Doubling)
    model = trained(make_table(), "kind", "classification")
    affine, *others = model.networks.layers
    odd = Residual((Doubling(),)) if inside else Doubling()
    networks = Networks((odd, affine, *others), (((),) if inside else (), *model.networks.learned))
    model = replace(model, networks=networks)
    assert len(model.predict(make_table(5))) == 5
    for form in (onnx, torch):
        with pytest.raises(InputError, match="'doubling'"):
            form.save(model, tmp_path / "exported")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rows", [0, 1, 5000])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("encoding", ["squares", "pieces"])
def test_of_any_number_of_rows(task, rows, encoding):
    model = trained(make_table(), TASKS[task], task, encoding)
    table = make_table(max(rows, 1), seed=3, new=True)[:rows]
    running = session(model)
    if rows:
        assert_agrees(model, table)
    found = run(running, table)
    shapes = {"value": (rows,)} if task == "regression" else {"probabilities": (rows, 3), "label": (rows,)}
    assert {name: array.shape for name, array in found.items()} == shapes


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_with_any_temperature(temperature):
    assert_agrees(trained(make_table(), "kind", "classification", temperature=temperature), make_table(seed=2))


def test_of_columns_that_did_not_vary_where_they_were_fitted():
    model = trained(make_table(), "kind", "classification", encoding="pieces")
    p = model.preparation
    flat = tuple(0.0 if index < 3 else scale for index, scale in enumerate(p.scales))
    flat_edges = ((1.0,) * 9, *p.edges[1:])
    assert_agrees(replace(model, preparation=replace(p, scales=flat, edges=flat_edges)), make_table(seed=2, new=True))
    model = trained(make_table(), "kind", "classification", encoding="squares")
    assert_agrees(replace(model, preparation=replace(model.preparation, scales=flat)), make_table(seed=2, new=True))


def test_of_a_date_of_which_only_the_gaps_say_something():
    days = pd.Series(pd.Timestamp("2020-02-29T13:00"), index=range(60)).mask(np.arange(60) % 3 == 0)
    table = pd.DataFrame({"when": days, "x": np.arange(60.0), "kind": np.where(days.isna(), "a", "b")})
    model = trained(table, "kind", "classification")
    assert model.schema.columns[0].parts == ()
    assert_agrees(model, table)
    alone = trained(table.drop(columns="x"), "kind", "classification")
    assert_agrees(alone, table)


def test_of_categories_alone():
    table = make_table()[["colour", "shade", "kind"]]
    assert_agrees(trained(table, "kind", "classification"), make_table(seed=1, new=True))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("a", "b"), object),
        ((3, 11), np.int64),
        ((0.5, 2.25), np.float64),
        ((False, True), np.bool_),
        ((1, 2**70), object),
        (("1", 0.5), object),
    ],
)
def test_labels_have_the_type_of_the_classes(labels, kind):
    table = make_table().assign(kind=make_table()["size"] > 0)
    model = trained(table, "kind", "classification")
    model = replace(model, target=replace(model.target, classes=labels))
    found = run(session(model), table)["label"]
    assert found.dtype == kind
    same = [str(label) for label in model.predict(table)]
    assert [str(label) for label in found] == same


@pytest.mark.parametrize("stack", [None, *STACKS])
def test_in_the_reader_that_onnx_brings_too(stack):
    from onnx.reference import ReferenceEvaluator

    model = trained(make_table(), "kind", "classification", encoding="pieces", stack=stack)
    table = make_table(50, seed=1, new=True)
    columns = said(session(model), "columns")
    with np.errstate(all="ignore"):
        found, _ = ReferenceEvaluator(onnx.build(model)).run(None, fed(columns, table))
    assert_close(found, model.predict_proba(table))
