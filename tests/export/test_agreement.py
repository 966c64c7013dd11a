"""A graph of ONNX gives the probabilities and values that goru gives, read by onnxruntime."""

from dataclasses import replace

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

from goru.data.preparing import Unscaled
from goru.export import onnx
from goru.model.networks import PlainNetworks

TASKS = {"classification": "kind", "regression": "price"}


@pytest.mark.parametrize("pieces", [False, True], ids=["scaled", "pieces"])
@pytest.mark.parametrize("name", BUILTIN)
def test_of_every_table_that_is_built_in(name, pieces):
    table, target, task = builtin(name)
    model = trained(table, target, task, pieces)
    assert_agrees(model, table)
    assert_agrees(model.single, table)


@pytest.mark.parametrize("pieces", [False, True], ids=["scaled", "pieces"])
@pytest.mark.parametrize("task", TASKS)
def test_of_a_table_with_everything_in_it(task, pieces):
    model = trained(make_table(), TASKS[task], task, pieces)
    kinds = {(column.kind, getattr(column, "missing", None)) for column in model.schema.columns}
    assert kinds >= {(kind, gap) for kind in ("numeric", "categorical", "date") for gap in (False, True)}
    assert any(getattr(column, "other", False) for column in model.schema.columns)
    for new in (make_table(), make_table(400, seed=1, new=True)):
        assert_agrees(model, new)
        assert_agrees(model.single, new)


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "sigmoid"])
def test_with_every_activation_that_the_perceptron_has(activation):
    assert_agrees(trained(make_table(), "kind", "classification", activation=activation), make_table(seed=2))


@pytest.mark.parametrize("activation", ["silu", "gelu"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_with_the_others_in_either_precision(activation, dtype):
    model = trained(make_table(), "kind", "classification")
    weights, biases = (
        tuple(a.astype(dtype) for a in arrays) for arrays in (model.networks.weights, model.networks.biases)
    )
    assert_agrees(replace(model, networks=PlainNetworks(activation, weights, biases)), make_table(seed=2))


@pytest.mark.parametrize("rows", [0, 1, 5000])
@pytest.mark.parametrize("task", TASKS)
def test_of_any_number_of_rows(task, rows):
    model = trained(make_table(), TASKS[task], task, pieces=True)
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


def test_of_numbers_that_are_left_as_they_are():
    model = trained(make_table(), "kind", "classification")
    p = model.preparation
    moved = tuple(0.0 if scale > 100 else median for median, scale in zip(p.medians, p.scales, strict=True))
    table = make_table(seed=2).assign(moment=1.0)
    assert_agrees(replace(model, preparation=Unscaled(moved, p.scales, p.n_indicators, p.widths)), table)


def test_of_columns_that_did_not_vary_where_they_were_fitted():
    model = trained(make_table(), "kind", "classification", pieces=True)
    p = model.preparation
    flat = tuple(0.0 if index < 3 else scale for index, scale in enumerate(p.scales))
    flat_edges = ((1.0,) * 9, *p.edges[1:])
    assert_agrees(replace(model, preparation=replace(p, scales=flat, edges=flat_edges)), make_table(seed=2, new=True))


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


def test_in_the_reader_that_onnx_brings_too():
    from onnx.reference import ReferenceEvaluator

    model = trained(make_table(), "kind", "classification", pieces=True)
    table = make_table(50, seed=1, new=True)
    columns = said(session(model), "columns")
    with np.errstate(all="ignore"):
        found, _ = ReferenceEvaluator(onnx.build(model)).run(None, fed(columns, table))
    assert_close(found, model.predict_proba(table))
