"""Models that earlier versions have written are read, and predict what they predicted then; see `kept/make.py`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from goru.data.files.reading import read_table
from goru.model.files import load_trained
from goru.report.terminal import answer_lines
from goru.studies.runs.run import REPORT, STORE, RunFolder, open_run

KEPT = sorted(path.parent for path in Path(__file__).parent.glob("kept/*/answer.json"))
LARGEST = 300_000  # bytes, all of them together


@pytest.fixture(params=KEPT, ids=lambda folder: folder.name)
def folder(request) -> Path:
    return request.param


@pytest.fixture
def run(folder) -> RunFolder:
    """The report and the trials are not kept: they are large."""
    return open_run(folder, but=(REPORT, STORE))


def test_some_are_kept_of_either_task_and_they_are_small():
    tasks = {json.loads((folder / "config.json").read_text())["table"]["task"] for folder in KEPT}
    assert tasks == {"classification", "regression"}
    assert sum(path.stat().st_size for folder in KEPT for path in folder.rglob("*")) < LARGEST


def test_columns_of_every_kind_with_and_without_gaps_are_among_theirs(run):
    kinds = {(column.kind, column.missing) for column in run.model.schema.columns}
    assert kinds >= {
        ("numeric", True),
        ("numeric", False),
        ("categorical", True),
        ("categorical", False),
        ("date", True),
    }
    assert any(column.kind == "numeric" and column.boolean for column in run.model.schema.columns)


def test_they_predict_what_they_predicted_then(folder, run):
    then = pd.read_csv(folder / "predicted.csv")
    new = read_table(folder / "new.csv")
    encoded = run.model.schema.encode(new.frame, new.name)
    if run.model.target.classes is None:
        np.testing.assert_allclose(run.model.predict_encoded(encoded), then[run.model.target.name], rtol=1e-6)
    else:
        assert [str(label) for label in run.model.target.classes] == list(then.columns)
        np.testing.assert_allclose(run.model.probabilities(encoded), then, atol=1e-6)
        assert list(run.model.predict_encoded(encoded)) == list(then.idxmax(axis=1))


def test_a_frame_predicts_the_same_as_the_file(folder, run):
    new = pd.read_csv(folder / "new.csv")
    table = read_table(folder / "new.csv")
    np.testing.assert_array_equal(run.model.predict(new), run.model.predict(table.frame))


def test_the_networks_as_trained_are_read_too(folder, run):
    trained = load_trained(folder / "model")
    numbers = {name.split(".")[0] for name in trained}
    assert numbers == {str(index) for index in range(len(run.model.networks))}
    assert all(np.isfinite(array).all() for array in trained.values())


def test_the_answer_is_told_and_what_pictures_are_drawn_from_is_there(run):
    lines = list(answer_lines(run.answer))
    assert any("recommended" in line for line in lines)
    assert run.evidence.arms


def test_a_copy_elsewhere_is_as_good(folder, run, tmp_path):
    again = open_run(shutil.copytree(folder, tmp_path / "moved"), but=(REPORT, STORE)).model
    new = pd.read_csv(folder / "new.csv")
    np.testing.assert_array_equal(again.predict(new), run.model.predict(new))
