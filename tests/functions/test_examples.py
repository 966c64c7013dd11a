"""Every example: its training function, and all of it as its reader would run it, in an environment of its own."""

import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from standins import Config, epochs, split

from goru.functions.files import load_experiment

ROOT = Path(__file__).parents[2]
FRAMEWORKS = {
    "pytorch": ["torch==2.13.0"],
    "pytorch_loop": ["torch==2.13.0"],
    "keras_model": ["keras", "torch==2.13.0"],
    "flax_nnx": ["flax"],
    "equinox_model": ["equinox"],
    "sklearn_partial_fit": [],
    "xgboost_rounds": ["xgboost"],
}

MODULES = {"keras_model": "keras", "flax_nnx": "flax", "equinox_model": "equinox", "xgboost_rounds": "xgboost"}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_its_training_function_learns(name):
    pytest.importorskip(MODULES.get(name, "torch" if "torch" in name else "sklearn"))
    X, y = load_digits(return_X_y=True)
    fit, validation = split(X[:400] / 16, y[:400], validation=100)
    experiment = load_experiment(f"{ROOT / 'examples' / name}.py:train")
    design = experiment.design
    config = Config({**design.plain, **design.configurations(design.plain, 1, seed=0)[0]})
    together = getattr(experiment.train, "population", False)
    yielded, model = epochs(experiment.train(fit, validation, [config] if together else config, 0), stop_after=4)
    last = yielded[-1][0] if together else yielded[-1]
    predicted = np.asarray(getattr(last, "values", last))
    assert len(yielded) == 4
    assert np.mean(predicted.argmax(1) == validation.y) > 0.3
    assert model is not None


def install(python, *arguments):
    command = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment with goru as its users have it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    for arguments in (["-r", str(ROOT / "requirements" / "run.txt")], ["--no-deps", "--editable", str(ROOT)]):
        installed = install(python, *arguments)
        assert installed.returncode == 0, installed.stderr
    return python


def test_all_examples_are_here():
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(FRAMEWORKS)


@pytest.mark.slow
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_example(name, python, tmp_path):
    if FRAMEWORKS[name] and install(python, *FRAMEWORKS[name]).returncode:
        pytest.skip(f"cannot be installed here: {', '.join(FRAMEWORKS[name])}")
    run = subprocess.run(
        [python, str(ROOT / "examples" / f"{name}.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "95%" in run.stdout
