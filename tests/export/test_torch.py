"""A module of PyTorch that knows nothing of goru: one file, its weights, and a description."""

import ast
import importlib.util
import json
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from exported import BUILTIN, assert_close, builtin, make_table, trained
from models import STACKS

from goru.data.pieces import fit_edges, piecewise_linear_encoding
from goru.data.schema.columns import DATE_PARTS, DateColumn
from goru.errors import InputError
from goru.export import torch as export
from goru.nn.layers.activation import FUNCTIONS

LAYERS = ("Identity", "ReLU", "Tanh", "Sigmoid", "SiLU", "GELU", "Mish", "SELU", "ModuleList", "Linear")
TASKS = {"classification": "kind", "regression": "price"}


@pytest.fixture(scope="module")
def model():
    return trained(make_table(), "kind", "classification", encoding="pieces")


@pytest.fixture
def load(tmp_path):
    """Write a model, and load what was written as a program does that has the folder alone."""
    pytest.importorskip("torch")

    def load(model):
        export.save(model, tmp_path / "exported", overwrite=True)
        spec = importlib.util.spec_from_file_location("exported_model", tmp_path / "exported" / "model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.load()

    return load


def assert_agrees(exported, model, table):
    if model.scaling is not None:
        assert_close(exported.predict(table), model.predict(table), model.scaling.std)
        return
    assert_close(exported.predict_proba(table), model.predict_proba(table))
    assert exported.predict(table).tolist() == model.predict(table).tolist()


class TestAgreement:
    @pytest.mark.parametrize("name", BUILTIN)
    def test_of_every_table_that_is_built_in(self, load, name):
        table, target, task = builtin(name)
        model = trained(table, target, task, encoding="pieces" if name in ("wine", "diabetes") else "squares")
        for given in (model, model.single):
            assert_agrees(load(given), given, table)

    @pytest.mark.parametrize("encoding", ["scaled", "squares", "pieces"])
    @pytest.mark.parametrize("task", TASKS)
    def test_of_a_table_with_everything_in_it(self, load, task, encoding):
        model = trained(make_table(), TASKS[task], task, encoding)
        for given in (model, model.single):
            assert_agrees(load(given), given, make_table(400, seed=1, new=True))

    @pytest.mark.parametrize("activation", FUNCTIONS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_with_every_activation_in_either_precision(self, load, activation, dtype):
        model = trained(make_table(), "kind", "classification", activation=activation, dtype=dtype)
        assert_agrees(load(model), model, make_table(seed=2))

    @pytest.mark.parametrize("stack", STACKS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("task", TASKS)
    def test_of_layers_of_any_kind(self, load, task, dtype, stack):
        model = trained(make_table(), TASKS[task], task, stack=stack, dtype=dtype)
        for given in (model, model.single):
            assert_agrees(load(given), given, make_table(400, seed=1, new=True))

    @pytest.mark.parametrize("rows", [0, 1, 5000])
    def test_of_any_number_of_rows(self, load, model, rows):
        table = make_table(max(rows, 1), seed=3)[:rows]
        found = load(model).predict_proba(table)
        assert_close(found, model.predict_proba(table) if rows else np.empty((0, 3)))


class TestCells:
    def test_lists_of_whatever_python_has_are_read_as_frames_are(self, load, model):
        table = make_table(60, seed=1, new=True)
        lists = {name: table[name].astype(object).where(table[name].notna(), None).tolist() for name in table}
        assert_close(load(model).predict_proba(lists), model.predict_proba(table))

    def test_text_is_read_as_from_a_file(self, load, model):
        table = make_table(60, seed=1)
        text = pd.DataFrame(
            {name: table[name].map(lambda cell: "" if pd.isna(cell) else f" {cell} ") for name in table}
        )
        assert_close(load(model).predict_proba(text), model.predict_proba(table))

    def test_spellings_of_one_level_are_one_level(self, load):
        table = make_table()[["district", "size", "kind"]]
        model = trained(table, "kind", "classification")
        rows = {"district": [2, "2", " 02 ", 2.0, "+2", "2e0", None, "NA", "2_0", "nine"], "size": [0.1] * 10}
        found = load(model).prepare(rows).numpy()
        wanted = model.preparation.transform(model.schema.encode(pd.DataFrame(rows)))
        np.testing.assert_array_equal(found, wanted)

    def test_names_that_look_like_numbers_are_levels_as_they_are_written(self, load):
        table = make_table()[["size", "kind"]].assign(code=pd.Categorical(["007", "7", "01", "1E5"] * 75))
        model = trained(table, "kind", "classification")
        codes = ["007", "7", 7, 7.0, "07", "01", "1", 1, " 01 ", "1E5", "1e+05", 100000, "1e5"]
        rows = {"code": codes, "size": [0.1] * len(codes)}
        found = load(model).prepare(rows).numpy()
        wanted = model.preparation.transform(model.schema.encode(pd.DataFrame(rows)))
        np.testing.assert_array_equal(found, wanted)
        assert (wanted[:, 1:].sum(axis=1) == 1).tolist() == [code not in ("07",) for code in codes]

    def test_words_for_missing_are_missing_among_numbers_and_dates(self, load):
        table = make_table()[["size", "colour", "opened", "kind"]]
        model = trained(table, "kind", "classification")
        words = ["?", "-", "None", "n/a", "#N/A", "."]
        rows = {"size": [*words, "\u22120.5"], "colour": [*words, "red"], "opened": [*words, "2024-05-01"]}
        found = load(model).prepare(rows).numpy()
        wanted = model.preparation.transform(model.schema.encode(pd.DataFrame(rows)))
        np.testing.assert_array_equal(found, wanted)

    def test_whole_numbers_beyond_those_of_numpy_are_labels_as_they_are(self, load):
        table = make_table()[["size", "kind"]].assign(kind=["-1", "9223372036854775808"] * 150)
        model = trained(table, "kind", "classification")
        assert set(load(model).predict(table)) <= {-1, 9223372036854775808}

    def test_dates_are_moments_text_with_zones_and_gaps(self, load):
        column = DateColumn("when", DATE_PARTS, missing=True)
        texts = ["2024-05", "1969-12-31T23:59:59.9", "2024-02-29 13:00", "2024-01-01T00:30+02:00", None, "1700-03-01"]
        whens = pd.Series(pd.date_range("2020-01-01", periods=80, freq="37h")).astype(str).tolist()
        whens[3] = ""
        table = pd.DataFrame({"when": whens, "kind": ["a", "b"] * 40})
        model = trained(table, "kind", "classification")
        assert [type(own) for own in model.schema.columns] == [type(column)]
        exported = load(model)
        rows = pd.DataFrame({"when": texts})
        wanted = model.preparation.transform(model.schema.encode(rows))
        np.testing.assert_array_equal(exported.prepare(rows).numpy(), wanted)
        moments = pd.to_datetime(pd.Series([*texts[1:3], *texts[4:]]), format="ISO8601")
        np.testing.assert_array_equal(exported.prepare({"when": moments}).numpy(), wanted[[1, 2, 4, 5]])

    @pytest.mark.parametrize(
        ("column", "cell", "why"),
        [
            ("size", "large", "column 'size': 'large' is no number"),
            ("size", "1_0", "is no number"),
            ("opened", "yesterday", "'yesterday' is no date"),
            ("opened", 3.5, "3.5 is no date"),
        ],
    )
    def test_a_cell_that_is_none_is_refused(self, load, model, column, cell, why):
        table = make_table(3).astype({column: object})
        table.loc[1, column] = cell
        with pytest.raises(ValueError, match=why):
            load(model).prepare(table)

    def test_a_column_that_is_not_there_is_named(self, load, model):
        with pytest.raises(ValueError, match="the table has no column 'size'"):
            load(model).prepare(make_table(3).drop(columns="size"))


class TestPreparing:
    """Cells become features by NumPy alone: that is looked at where there is no PyTorch, too."""

    @pytest.fixture
    def prepared(self, monkeypatch):
        """Numbers of one column as the file prepares them, after its pieces."""
        nothing = SimpleNamespace(**dict.fromkeys(("Module", "Sequential", *LAYERS), object))
        torch = SimpleNamespace(nn=nothing, Tensor=object)
        for name, module in {"torch": torch, "torch.nn": nothing, "safetensors.torch": SimpleNamespace()}.items():
            monkeypatch.setitem(sys.modules, name, module)
        sys.modules["safetensors.torch"].load_file = None
        spec = importlib.util.spec_from_file_location("exported_model", export.SOURCE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        ensemble = object.__new__(module.Ensemble)

        def prepare(cells, edges):
            ensemble.description = {"missing_words": [], "preparation": {"edges": [list(edges)]}}
            numbers = ensemble._numbers(module._cells({"c": cells}, "c"), {"name": "c", "boolean": False})
            return numbers[:, 0], ensemble._pieces(numbers)[0]

        return prepare

    @pytest.mark.parametrize("values", [(0, 1, 2, 3), (-1.7e308, 0, 1.7e308), (5e-324, 1e-323), (0, 1.5e-323)])
    def test_pieces_are_those_of_goru_at_the_ends_of_the_range_of_numbers(self, prepared, values):
        edges = fit_edges(np.array(values, dtype=float), 8)
        cells = np.array([0, 5e-324, 1e-323, 0.5, 2.5, 1e300, -1.7e308, np.nan, *values])
        _, pieces = prepared(cells, edges)
        np.testing.assert_array_equal(pieces, piecewise_linear_encoding(cells, edges))

    def test_times_are_seconds(self, prepared):
        moments = [time(18, 5, 30, 500_000), timedelta(days=1), None, 7]
        assert prepared(moments, (0, 1))[0].tolist()[:2] == [65130.5, 86400]
        assert prepared(np.array([90, 250], "timedelta64[ms]"), (0, 1))[0].tolist() == [0.09, 0.25]


class TestModule:
    def test_it_goes_on_learning(self, load, model):
        import torch

        exported = load(model)
        table = make_table(200, seed=1)
        x, y = exported.prepare(table), torch.tensor(model.target.encode(table["kind"])).long()
        optimizer = torch.optim.SGD(exported.parameters(), lr=0.1)
        losses = []
        for _ in range(5):
            loss = torch.nn.functional.nll_loss(exported(x).log(), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0]

    def test_a_regression_has_no_probabilities(self, load):
        exported = load(trained(make_table(), "price", "regression"))
        with pytest.raises(TypeError, match="no probabilities"):
            exported.predict_proba(make_table(3))

    def test_it_runs_in_its_folder_where_goru_and_pandas_are_not(self, load, model, tmp_path):
        exported = load(model)
        rows = {name: [None] for name in make_table(1)}
        script = (
            "import sys\n"
            "for name in ('goru', 'jax', 'pandas', 'sklearn'):\n"
            "    sys.modules[name] = None\n"
            "from model import load\n"
            f"print(load().predict_proba({rows!r}).tolist())\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], cwd=tmp_path / "exported", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        np.testing.assert_allclose(json.loads(done.stdout), exported.predict_proba(rows), rtol=1e-12)


class TestFiles:
    def test_three_are_written_without_pytorch(self, model, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        written = export.save(model, tmp_path / "exported")
        assert [path.name for path in written.files] == ["model.py", "model.safetensors", "model.json"]
        assert sorted(path.name for path in (tmp_path / "exported").iterdir()) == sorted(
            path.name for path in written.files
        )

    def test_the_source_imports_pytorch_numpy_and_safetensors_alone(self):
        found = set()
        for node in ast.walk(ast.parse(export.SOURCE.read_text("utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found |= {name.split(".")[0] for name in names}
        assert found - set(sys.stdlib_module_names) == {"numpy", "safetensors", "torch"}

    def test_the_source_has_a_module_for_every_layer_that_is_written_and_every_activation(self):
        tables = {
            node.targets[0].id: {key.value for key in node.value.keys}
            for node in ast.parse(export.SOURCE.read_text("utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        }
        assert tables == {"LAYERS": set(export.LAYERS), "ACTIVATIONS": set(FUNCTIONS)}

    def test_it_is_no_module_of_goru(self):
        assert not (Path(export.SOURCE).parent / "__init__.py").exists()

    def test_what_is_there_stays_unless_it_is_to_be_replaced(self, model, tmp_path):
        export.save(model, tmp_path)
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        with pytest.raises(InputError, match=r"model.py: is there already. Give overwrite=True .* name another folder"):
            export.save(model.single, tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
        export.save(model.single, tmp_path, overwrite=True)
        assert json.loads((tmp_path / "model.json").read_text("utf-8"))["networks"] == 1
