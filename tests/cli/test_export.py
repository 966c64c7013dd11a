"""`goru export`: what a run becomes for programs that do not know goru."""

import json
import sys

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from safetensors.numpy import load_file

from goru.studies.runs.run import open_run


def predicted(goru, run, target):
    """Probabilities or values that `goru predict` gives for the run's new rows."""
    run.features.to_csv("new.csv", index=False)
    model = open_run(run.folder).model
    proba = () if model.target.classes is None else ("--proba",)
    assert goru("predict", run.folder, "new.csv", *proba, "-o", "predicted.csv").code == 0
    found = pd.read_csv("predicted.csv")
    return found.to_numpy() if proba else found[target].to_numpy()


def through_onnx(path, table):
    """The first output of the graph, for cells given as the file says."""
    running = onnxruntime.InferenceSession(path)
    given = {}
    for column in json.loads(running.get_modelmeta().custom_metadata_map["columns"]):
        cells = table[column["column"]]
        match column["type"]:
            case "string":
                made = cells.astype(object).where(cells.notna(), "").astype(str).to_numpy(object)
            case "int64":
                made = pd.to_datetime(cells).to_numpy().astype("datetime64[s]").astype("int64")
            case _:
                made = pd.to_numeric(cells).to_numpy(np.float64)
        given[column["input"]] = made[:, None]
    return running.run(None, given)[0]


class TestOnnx:
    @pytest.mark.parametrize("name", ["credit_run", "houses_run", "messy_run"])
    def test_the_graph_predicts_what_goru_predicts(self, goru, request, name):
        run = request.getfixturevalue(name)
        outcome = goru("export", run.folder, "--to", "onnx", "-o", "model.onnx")
        assert outcome.code == 0, outcome
        wanted = predicted(goru, run, run.target)
        np.testing.assert_allclose(through_onnx("model.onnx", run.features), wanted, rtol=1e-5, atol=1e-6)

    def test_it_is_said_what_was_written_and_what_is_beside(self, goru, said, credit_run):
        outcome = goru("export", credit_run.folder, "--to", "onnx")
        assert outcome.code == 0, outcome
        assert set(outcome.after) - set(outcome.before) == {"credit.onnx", "credit.json"}
        said(outcome, r"written +credit\.onnx")
        said(outcome, r"credit\.json", "ONNX cannot do", "text of categories")
        assert outcome.stderr == ""

    def test_single_is_one_network(self, goru, credit_run):
        assert goru("export", credit_run.folder, "--to", "onnx", "--single").code == 0
        model = open_run(credit_run.folder).model
        wanted = model.single.predict_proba(credit_run.features)
        found = through_onnx("credit.onnx", credit_run.features)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)

    def test_without_the_package_one_line_says_how_to_get_it(self, goru, refused, credit_run, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        refused(goru("export", credit_run.folder, "--to", "onnx"), "pip install onnx")


class TestFolders:
    @pytest.mark.parametrize(
        ("form", "files"),
        [
            ("torch", {"model.py", "model.safetensors", "model.json"}),
            ("safetensors", {"folded.safetensors", "trained.safetensors", "tensors.json"}),
        ],
    )
    @pytest.mark.parametrize("single", [(), ("--single",)], ids=["ensemble", "single"])
    def test_files_are_written_into_a_folder_that_is_called_as_the_run_is(self, goru, credit_run, form, files, single):
        outcome = goru("export", credit_run.folder, "--to", form, *single)
        assert outcome.code == 0, outcome
        folder = f"credit-{form}"
        assert set(outcome.after) - set(outcome.before) == {folder, *(f"{folder}/{file}" for file in files)}
        assert all(file in outcome.stdout for file in files)

    def test_every_tensor_of_a_study_is_described(self, goru, credit_run, houses_run, tmp_path):
        for run in (credit_run, houses_run):
            assert goru("export", run.folder, "--to", "safetensors", "-o", "tensors", "--overwrite").code == 0
            tensors = json.loads((tmp_path / "tensors" / "tensors.json").read_text("utf-8"))["tensors"]
            assert all(said["what"] for said in tensors["trained.safetensors"].values())

    @pytest.mark.parametrize("name", ["credit_run", "optional_run", "messy_run"])
    def test_the_description_is_enough_to_compute_what_was_trained(self, goru, request, tmp_path, name):
        run = request.getfixturevalue(name)
        assert goru("export", run.folder, "--to", "safetensors", "-o", "tensors").code == 0
        said = json.loads((tmp_path / "tensors" / "tensors.json").read_text("utf-8"))
        tensors = load_file(tmp_path / "tensors" / "trained.safetensors")
        model = open_run(run.folder).model
        x = model.preparation.transform(model.schema.encode(run.features))
        outputs = [as_trained(x, network, said, tensors) for network in range(said["networks"])]
        np.testing.assert_allclose(outputs, model.networks.outputs(x), rtol=1e-3, atol=1e-3)


def as_trained(x, network, said, tensors):
    """The outputs of one network, batch norm apart."""
    member, h = said["members"][network], x
    for place, layer in enumerate(member["layers"]):
        own = {name: tensors.get(f"{network}.{place}.{name}") for name in ("weight", "bias", "scale", "shift")}
        match layer["kind"]:
            case "scaled_affine":
                scales = 1 + layer["factor"] * tensors[f"{network}.{place}.stretch"]
                h = (h * scales) @ own["weight"].T + (0 if own["bias"] is None else own["bias"])
            case "affine":
                h = h @ own["weight"].T + (0 if own["bias"] is None else own["bias"])
            case "batch_norm":
                mean, variance = (tensors[f"{network}.{place}.{name}"] for name in ("mean", "variance"))
                h = (h - mean) / np.sqrt(variance + member["batch_norm_epsilon"]) * own["scale"] + own["shift"]
            case "activation":
                assert layer["name"] == "relu"
                h = np.maximum(h, 0)
    return h


class TestRefused:
    def test_a_form_that_there_is_not(self, goru, refused, credit_run):
        refused(goru("export", credit_run.folder, "--to", "pickle"), "'pickle'", "onnx, safetensors or torch")

    def test_no_form(self, goru, refused, credit_run):
        refused(goru("export", credit_run.folder), "--to")

    @pytest.mark.parametrize("form", ["onnx", "safetensors", "torch"])
    def test_a_folder_that_is_no_run(self, goru, refused, form):
        refused(goru("export", "nowhere", "--to", form), "nowhere", "not a goru run folder")

    @pytest.mark.parametrize("form", ["onnx", "safetensors", "torch"])
    def test_what_is_there_unless_it_is_to_be_replaced(self, goru, refused, credit_run, form):
        assert goru("export", credit_run.folder, "--to", form, "-o", "out").code == 0
        refused(goru("export", credit_run.folder, "--to", form, "-o", "out"), "is there already", "--overwrite")
        again = goru("export", credit_run.folder, "--to", form, "-o", "out", "--overwrite")
        assert again.code == 0, again
        assert again.after == again.before

    @pytest.mark.parametrize("form", ["onnx", "safetensors", "torch"])
    def test_a_place_in_no_folder(self, goru, refused, credit_run, form):
        refused(goru("export", credit_run.folder, "--to", form, "-o", "no/where/out"), "cannot be written")

    def test_weights_that_have_changed(self, goru, refused, bring, credit_run):
        run = bring(credit_run)
        path = run / "model" / "networks.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"\x01")
        refused(goru("export", run, "--to", "safetensors"), "networks.safetensors", "damaged")
