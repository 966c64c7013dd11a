"""The file of ONNX itself: its inputs and names, what it says of itself, and what is written beside it."""

import json
import sys
from dataclasses import replace

import numpy as np
import onnx as package
import pandas as pd
import pytest
from exported import HOSTILE, assert_close, make_table, run, said, session, trained

import goru
from goru.data.schema.encoding import Schema
from goru.errors import InputError
from goru.export import onnx


@pytest.fixture(scope="module")
def model():
    return trained(make_table(), "kind", "classification")


@pytest.fixture(scope="module")
def numbers():
    """A model whose columns are numbers alone."""
    return trained(make_table()[["size", "weight", "price"]], "price", "regression")


class TestForm:
    def test_it_passes_the_checker_with_operators_and_a_form_that_are_old(self, model):
        made = onnx.build(model)
        package.checker.check_model(made, full_check=True)
        assert {opset.domain: opset.version for opset in made.opset_import} == {"": 13, "ai.onnx.ml": 2}
        assert made.ir_version == 7

    def test_without_categories_plain_operators_are_enough(self, numbers):
        assert [opset.domain for opset in onnx.build(numbers).opset_import] == [""]

    def test_batch_norm_and_dropout_are_in_no_node(self, model):
        kinds = {node.op_type for node in onnx.build(model).graph.node}
        assert not kinds & {"BatchNormalization", "Dropout", "Loop", "Scan", "If"}

    def test_the_ensemble_is_one_graph_with_an_affine_layer_a_network_and_a_layer(self, model):
        def gemms(of):
            return sum(node.op_type == "Gemm" for node in onnx.build(of).graph.node)

        assert gemms(model) == 3 * 3
        assert gemms(model.single) == 3

    def test_the_same_model_is_the_same_bytes(self, model):
        assert onnx.build(model).SerializeToString() == onnx.build(model).SerializeToString()


class TestInputs:
    def test_they_are_the_columns_of_the_table_each_of_rows_by_one(self, model):
        inputs = {given.name: (given.type, given.shape) for given in session(model).get_inputs()}
        used = [column.name for column in model.schema.columns if column.kind != "dropped"]
        assert list(inputs) == used
        assert all(shape == ["N", 1] for _, shape in inputs.values())
        types = {"size": "double", "is_member": "double", "colour": "string", "opened": "int64"}
        assert {name: inputs[name][0] for name in types} == {name: f"tensor({kind})" for name, kind in types.items()}

    def test_a_column_that_is_dropped_is_none(self, model):
        dropped = {column.name for column in model.schema.columns if column.kind == "dropped"}
        assert dropped == {"constant", "id"}
        assert not dropped & {given.name for given in session(model).get_inputs()}


class TestNames:
    def named(self, names):
        """A model whose columns have these names, and rows."""
        rng = np.random.default_rng(0)
        table = pd.DataFrame({name: rng.normal(size=80) for name in names})
        table["the target"] = np.where(table.sum(axis=1) > 0, 'yes, "really"', "nö 🙂")
        return trained(table, "the target", "classification"), table

    def test_they_are_kept_whatever_they_are(self):
        model, table = self.named(HOSTILE)
        running = session(model)
        assert [given.name for given in running.get_inputs()] == list(HOSTILE)
        found = run(running, table)
        assert list(found) == ["probabilities_", "label_"]
        assert said(running, "outputs") == ["probabilities_", "label_"]
        assert_close(found["probabilities_"], model.predict_proba(table))

    def test_an_output_that_has_another_one_is_said(self, tmp_path):
        model, _ = self.named(HOSTILE)
        written = onnx.save(model, tmp_path / "model.onnx")
        assert any("'label' is 'label_'" in note for note in written.notes)

    def test_one_that_onnx_does_not_have_is_replaced_and_said(self, tmp_path):
        model, table = self.named(["a\0b", "a\0c", "column 1", "z"])
        columns = list(model.schema.columns)
        columns[3] = replace(columns[3], name="")
        model = replace(model, schema=Schema(tuple(columns)))
        table = table.rename(columns={"z": ""})
        running = session(model)
        assert [given.name for given in running.get_inputs()] == ["column 1_", "column 2", "column 1", "column 4"]
        assert_close(run(running, table)["probabilities"], model.predict_proba(table))
        written = onnx.save(model, tmp_path / "model.onnx")
        assert any("does not allow the names" in note for note in written.notes)
        beside = json.loads((tmp_path / "model.json").read_text())
        assert [given["column"] for given in beside["inputs"]] == ["a\0b", "a\0c", "column 1", ""]


class TestProperties:
    def test_it_says_what_it_is(self, model):
        running = session(model)
        properties = running.get_modelmeta().custom_metadata_map
        assert properties["goru"] == goru.__version__
        assert (properties["target"], properties["task"]) == ("kind", "classification")
        assert said(running, "classes") == list(model.target.classes)
        assert len(said(running, "networks")) == 3
        kinds = {column["column"]: column["kind"] for column in said(running, "columns")}
        wanted = {"size": "numeric", "is_member": "boolean", "colour": "categorical", "closed": "date"}
        assert wanted.items() <= kinds.items()


class TestFiles:
    def test_what_onnx_cannot_do_is_written_beside_and_said(self, model, tmp_path):
        written = onnx.save(model, tmp_path / "model.onnx")
        assert list(written.files) == [tmp_path / "model.onnx", tmp_path / "model.json"]
        assert "text of categories" in written.files[tmp_path / "model.json"]
        beside = json.loads((tmp_path / "model.json").read_text())
        by_name = {given["column"]: given for given in beside["inputs"]}
        assert by_name["shade"]["levels"] == ["light", "dark"] or by_name["shade"]["levels"] == ["dark", "light"]
        assert "" in by_name["shade"]["missing"]
        assert "1970" in by_name["opened"]["before"]
        assert session((tmp_path / "model.onnx").read_bytes())

    def test_of_numbers_nothing_is_beside(self, numbers, tmp_path):
        assert list(onnx.save(numbers, tmp_path / "model.onnx").files) == [tmp_path / "model.onnx"]
        assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]

    def test_files_that_are_there_stay_unless_they_are_to_be_replaced(self, model, tmp_path):
        (tmp_path / "model.json").write_text("mine")
        with pytest.raises(InputError, match=r"model.json: is there already. Give overwrite=True"):
            onnx.save(model, tmp_path / "model.onnx")
        assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["mine"]
        onnx.save(model, tmp_path / "model.onnx", overwrite=True)
        assert len(list(tmp_path.iterdir())) == 2

    @pytest.mark.parametrize(("name", "beside"), [("a.b.onnx", "a.b.json"), ("a", "a.json"), ("a.json", "a.json.json")])
    def test_what_is_beside_is_called_alike(self, model, tmp_path, name, beside):
        onnx.save(model, tmp_path / name)
        assert {path.name for path in tmp_path.iterdir()} == {name, beside}

    @pytest.mark.parametrize("place", [".", "", "missing/model.onnx"])
    def test_a_folder_or_what_lies_in_none_is_refused(self, model, tmp_path, monkeypatch, place):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match="cannot be written"):
            onnx.save(model, place)
        assert not list(tmp_path.iterdir())

    def test_without_the_package_it_is_said_where_to_get_it(self, model, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(InputError, match=r"pip install onnx"):
            onnx.save(model, tmp_path / "model.onnx")
        assert not list(tmp_path.iterdir())

    def test_networks_that_fill_no_file_are_refused(self, model, tmp_path, monkeypatch):
        monkeypatch.setattr(onnx, "LARGEST", 1000)
        with pytest.raises(InputError, match="larger than the 2 GiB"):
            onnx.save(model, tmp_path / "model.onnx")
