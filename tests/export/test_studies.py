"""Models of whole studies, as the command writes them, in both forms that compute: they give what goru gives."""

import importlib.util

import pytest
from exported import BUILTIN, assert_agrees, assert_close, builtin, make_table

from goru.cli import app
from goru.export import torch
from goru.studies.runs.run import open_run

TABLES = (*BUILTIN, "kind", "price")


FORMS = ("scaled", "squares", "pieces")


@pytest.fixture(scope="module", params=[(name, form) for name in TABLES for form in FORMS], ids="-".join)
def study(request, tmp_path_factory):
    """A tiny study: its model, and rows that it has not seen where there are any."""
    name, numbers = request.param
    folder = tmp_path_factory.mktemp(name)
    source, target, rows = name, None, None
    if name in BUILTIN:
        rows, target, _ = builtin(name)
    else:
        source, target = str(folder / "table.parquet"), name
        other = "price" if name == "kind" else "kind"
        make_table().drop(columns=other).to_parquet(source, index=False)
        rows = make_table(500, seed=1, new=True)
    words = ["fit", source, "--target", target, "--numbers", numbers, "--networks", "36", "--hidden", "8"]
    words += [] if name in BUILTIN else ["--categorical", "district"]
    app([*words, "--out", str(folder / "run")], standalone_mode=False)
    return open_run(folder / "run").model, rows


@pytest.mark.slow
def test_the_graph_of_onnx_agrees(study):
    model, rows = study
    assert_agrees(model, rows)
    assert_agrees(model.single, rows)


@pytest.mark.slow
def test_the_module_of_pytorch_agrees(study, tmp_path):
    pytest.importorskip("torch")
    model, rows = study
    for given in (model, model.single):
        torch.save(given, tmp_path, overwrite=True)
        spec = importlib.util.spec_from_file_location("exported_model", tmp_path / "model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if given.scaling is None:
            assert_close(module.load().predict_proba(rows), given.predict_proba(rows))
        else:
            assert_close(module.load().predict(rows), given.predict(rows), given.scaling.std)
