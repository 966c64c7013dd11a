"""`goru study`: a training function in a file, and a table."""

import json
import os
import signal
import subprocess
import sys

import pandas as pd
import pytest
from outcomes import wait_for_trials

import goru as library

EXPERIMENT = """
import json
import numpy as np
import goru

design = goru.Design({"sharp": [False, True], "placebo": ["no", "yes"]})


def train(fit, validation, config, seed):
    counts = np.bincount(fit.codes, minlength=len(fit.classes)).astype(float)
    income = validation.X["income"].to_numpy()
    middle = fit.X["income"].mean()
    for step in (0.5, 1.0):
        score = (2.0 if config.sharp else 1.0) * step * (income - middle) / 250
        good = 1 / (1 + np.exp(-score))
        yield np.stack([1 - good, good], axis=1)
    return {"middle": float(middle)}


def save(model, folder):
    (folder / "middle.json").write_text(json.dumps(model))
"""

ARGS = ("--target", "target", "--trials", 20, "--workers", 0)


@pytest.fixture
def experiment(goru, credit, write, tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    write(credit(), "credit.csv")
    return goru


def test_it_answers_and_writes_a_run(experiment, tmp_path):
    outcome = experiment("study", "experiment.py:train", "credit.csv", *ARGS)
    assert outcome.code == 0, outcome
    assert "sharp" in outcome.stdout
    assert "runs/credit" in outcome.stdout
    assert (tmp_path / "runs" / "credit" / "report.html").is_file()
    assert json.loads((tmp_path / "runs" / "credit" / "model" / "middle.json").read_text())["middle"] > 0
    run = library.load(tmp_path / "runs" / "credit")
    assert run.effects.set_index("name").loc["sharp", "verdict"] == "helps"
    assert run.answer.data.target == "target"
    shown = experiment("show", "runs/credit")
    assert shown.code == 0, shown
    assert "sharp" in shown.stdout
    assert experiment("show", "runs/credit", "--json").code == 0


def test_train_is_what_a_function_is_called_if_nobody_says(experiment):
    assert experiment("study", "experiment.py", "credit.csv", *ARGS).code == 0


def test_there_is_nothing_to_predict_with_or_to_export(experiment, refused):
    assert experiment("study", "experiment.py:train", "credit.csv", *ARGS).code == 0
    refused(experiment("predict", "runs/credit", "credit.csv"), "training function")
    for to in ("onnx", "torch", "safetensors"):
        refused(experiment("export", "runs/credit", "--to", to), "training function")


def test_a_finished_run_is_not_written_over(experiment, refused):
    assert experiment("study", "experiment.py:train", "credit.csv", *ARGS).code == 0
    refused(experiment("study", "experiment.py:train", "credit.csv", *ARGS), "--overwrite")
    refused(experiment("study", "experiment.py:train", "credit.csv", *ARGS, "--resume"), "finished")
    assert experiment("study", "experiment.py:train", "credit.csv", *ARGS, "--overwrite", "--seed", 1).code == 0


def test_a_study_that_was_stopped_goes_on(experiment, tmp_path, refused):
    whole = experiment("study", "experiment.py:train", "credit.csv", *ARGS, "--out", "whole")
    assert whole.code == 0, whole
    stopping = EXPERIMENT.replace(
        "    return {",
        "    if (here / 'stop').exists() and seed % 3 == 0:\n        raise KeyboardInterrupt\n    return {",
    )
    stopping = stopping.replace(
        "import json\n", f"import json\nfrom pathlib import Path\nhere = Path({str(tmp_path)!r})\n", 1
    )
    (tmp_path / "experiment.py").write_text(stopping)
    (tmp_path / "stop").touch()
    stopped = experiment("study", "experiment.py:train", "credit.csv", *ARGS)
    assert stopped.code == 130, stopped
    assert "--resume" in stopped.output
    (tmp_path / "stop").unlink()
    refused(experiment("study", "experiment.py:train", "credit.csv", *ARGS), "--resume")
    refused(experiment("study", "experiment.py:train", "credit.csv", *ARGS, "--resume", "--seed", 1), "seed")
    again = experiment("study", "experiment.py:train", "credit.csv", *ARGS, "--resume")
    assert again.code == 0, again
    one, other = (library.load(tmp_path / name) for name in ("whole", "runs/credit"))
    assert one.answer.effects == other.answer.effects
    assert one.trials.equals(other.trials)


def test_groups_time_drop_and_test_rows(experiment, credit, write):
    table = credit()
    table["bank"] = [number % 20 for number in range(len(table))]
    table["day"] = pd.date_range("2020-01-01", periods=len(table)).strftime("%Y-%m-%d")
    write(table, "more.csv")
    write(table.iloc[:30], "test.csv")
    for more in (("--groups", "bank"), ("--time", "day"), ("--drop", "bank,day"), ("--test", "test.csv")):
        outcome = experiment("study", "experiment.py:train", "more.csv", *ARGS, *more, "--overwrite")
        assert outcome.code == 0, outcome


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (EXPERIMENT, "experiment.py:fit", "'fit'"),
        (EXPERIMENT, "experiment.py:", "experiment.py"),
        (EXPERIMENT, "missing.py:train", "no such file"),
        (EXPERIMENT.replace("design =", "plan ="), "experiment.py:train", "'design'"),
        (EXPERIMENT.replace("design = goru.Design", "design = dict"), "experiment.py:train", "goru.Design"),
        ("def train(:", "experiment.py:train", "SyntaxError"),
        ("raise ValueError('one\\ntwo')", "experiment.py:train", "ValueError: one two"),
        ("import torchvison", "experiment.py:train", "torchvison"),
        ("raise SystemExit(3)", "experiment.py:train", "SystemExit"),
        (EXPERIMENT + "\ntrain = 3\n", "experiment.py:train", "'train' is of type int"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_line(experiment, tmp_path, refused, text, where, words):
    (tmp_path / "experiment.py").write_text(text)
    refused(experiment("study", where, "credit.csv", *ARGS), words)


def test_a_function_that_always_raises_is_refused_with_the_reason(experiment, tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT.replace("income - middle", "income - mean"))
    outcome = experiment("study", "experiment.py:train", "credit.csv", *ARGS)
    assert outcome.code == 2, outcome
    assert "NameError: name 'mean' is not defined" in outcome.stderr.splitlines()[-1]
    assert outcome.after == outcome.before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "tarket"), "Did you mean 'target'"),
        (("--target", "target", "--budget", "soon"), "budget"),
        (("--target", "target", "--budget", "10s", "--trials", 5), "--trials"),
        (("--target", "target", "--trials", 0), "--trials"),
        (("--target", "target", "--workers", -2), "workers"),
        (("--target", "target", "--groups", "bank"), "bank"),
        (("--target", "target", "--limit", 0), "limit"),
    ],
)
def test_options_that_make_no_sense_are_refused(experiment, refused, words, said):
    refused(experiment("study", "experiment.py:train", "credit.csv", *words), said)


def test_a_file_that_is_called_like_a_module_hides_none(experiment, tmp_path):
    (tmp_path / "random.py").write_text(EXPERIMENT)
    outcome = experiment("study", "random.py:train", "credit.csv", *ARGS)
    assert outcome.code == 0, outcome
    import random

    assert hasattr(random, "randint")


@pytest.mark.slow
def test_ctrl_c_once_ends_no_worker_and_the_study_with_what_there_is(experiment, tmp_path):
    """As a terminal sends it: to the command and to its workers."""
    slow = EXPERIMENT.replace("    for step in", "    import time\n\n    time.sleep(0.2)\n    for step in")
    (tmp_path / "slow.py").write_text(slow)
    words = ("study", "slow.py:train", "credit.csv", "--target", "target", "--trials", 100, "--workers", 2)
    process = subprocess.Popen(
        [sys.executable, "-m", "goru.cli", *map(str, words), "--out", "run"],
        cwd=tmp_path,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for_trials(tmp_path / "run", 6)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert "Ctrl-C again stops" in stderr
    assert "ended early, as asked: " in stdout
    assert ("failed" in stdout, "KeyboardInterrupt" in stdout + stderr) == (False, False)
    assert experiment("show", "run").code == 0
