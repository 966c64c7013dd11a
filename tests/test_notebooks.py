"""The notebooks in `examples/notebooks` run from the first cell to the last, and hold no output of an earlier run."""

import json
import re
from pathlib import Path

import pytest

import goru

FOLDER = Path(goru.__file__).parent.parent / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MODULES = {"pytorch": "torch"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_kept_without_output(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code")


def test_english_and_korean_run_the_same():
    def code(name: str) -> list[str]:
        cells = json.loads((FOLDER / name).read_text("utf-8"))["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]

    assert code("claims.ipynb") == code("claims.ko.ipynb") != []


def test_all_of_them_are_listed():
    listed = re.findall(r"\(notebooks/([\w.]+\.ipynb)\)", (FOLDER.parent / "README.md").read_text("utf-8"))
    assert sorted(listed) == [path.name for path in NOTEBOOKS] != []


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_run(path, tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip(MODULES.get(path.stem, "goru"))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert any(output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
