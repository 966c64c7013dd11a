"""A training function and a design from a file."""

import sys

import cloudpickle
import pytest

import goru
from goru.functions.files import load_experiment

TEXT = """
import goru
from helper import NUMBER

design = goru.Design({"dropout": [False, True]})


def train(fit, validation, config, seed):
    yield NUMBER


def other(fit, validation, config, seed):
    yield 2
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "helper.py").write_text("NUMBER = 1")
    path = tmp_path / "an experiment.v2.py"
    path.write_text(TEXT)
    yield path
    sys.modules.pop("helper", None)


def test_it_is_run_and_finds_what_stands_beside_it(file):
    experiment = load_experiment(f"{file}:train")
    assert list(experiment.train(None, None, None, 0)) == [1]
    assert list(experiment.design.factors) == ["dropout"]
    assert experiment.save is None
    assert experiment.loss is None


def test_any_function_can_be_named(file):
    assert next(load_experiment(f"{file}:other").train(None, None, None, 0)) == 2
    assert load_experiment(str(file)).train.__name__ == "train"


def test_what_it_defines_can_be_sent_by_its_content(file):
    assert b"yield" not in cloudpickle.dumps(load_experiment(str(file)).train)[:1]
    assert len(cloudpickle.dumps(load_experiment(str(file)).train)) > 200  # a reference would be shorter


def test_save_and_loss_are_taken_too(file):
    file.write_text(TEXT + "\n\ndef save(model, folder): ...\n\n\ndef loss(y, p): return 0\n")
    experiment = load_experiment(str(file))
    assert experiment.save.__name__ == "save"
    assert experiment.loss(0, 0) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train = 'x'", "'train' is of type str. Name a function: an experiment.v2.py:train"),
        ("del train\ndef trains(): ...", "no 'train'. Did you mean 'trains'"),
        ("del train", "no 'train'. Name a function: an experiment.v2.py:train"),
        ("design = {}", "'design' is of type dict. Make it a goru.Design"),
        ("del design", "no 'design'. Add one: design = goru.Design"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_said_with_what_to_do(file, text, words):
    file.write_text(f"{TEXT}\n{text}\n")
    with pytest.raises(goru.InputError) as refused:
        load_experiment(str(file))
    assert words in str(refused.value)


def test_a_file_that_raises_is_no_module(file):
    file.write_text("1 / 0")
    before = set(sys.modules)
    with pytest.raises(goru.InputError, match=r"ZeroDivisionError: division by zero \(an experiment.v2.py, line 1\)"):
        load_experiment(str(file))
    assert set(sys.modules) == before
