"""`goru.export` as the documentation writes it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("begun", ["import goru", "import goru.export"])
@pytest.mark.parametrize("form", ["onnx", "safetensors", "torch"])
def test_every_form_is_there_after_one_import(begun, form):
    done = subprocess.run(
        [sys.executable, "-c", f"{begun}; print(goru.export.{form}.save.__module__)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == f"goru.export.{form}", done.stderr


def test_none_of_them_is_loaded_before_it_is_wanted():
    script = (
        "import sys, goru.export; print([name for name in sys.modules if name.startswith(('goru.export.', 'onnx'))])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


def test_they_are_listed_once_and_there_are_no_others():
    import goru
    import goru.export.onnx

    assert [name for name in dir(goru.export) if name in ("onnx", "safetensors", "torch")] == [
        "onnx",
        "safetensors",
        "torch",
    ]
    assert {"claims", "export"} <= {*dir(goru)}
    with pytest.raises(AttributeError, match="pickle"):
        goru.export.pickle  # noqa: B018


def test_onnx_that_is_not_installed_is_named(monkeypatch):
    import goru.export
    from goru.errors import InputError

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match="pip install onnx"):
        goru.export.onnx._imported()
