"""`models`, the models that these tests share, and `harm`, what is done to them, are imported by their names."""

import sys
from pathlib import Path
from shutil import copytree

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from models import flat, make_model

from goru.model.files import save_model


@pytest.fixture(scope="module", params=["classification", "regression"])
def saved(request, tmp_path_factory) -> Path:
    model, folder = make_model(request.param, temperature=1.5), tmp_path_factory.mktemp("saved") / "model"
    save_model(model, flat(model), folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    return Path(copytree(saved, tmp_path / "model"))
