"""Runs and models that are damaged, or made by others: with manifests that no longer fit, and with some that do."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from bending import bent
from calling import call, place
from counting import cases
from hypothesis import assume, given
from hypothesis import strategies as st
from made_up import WORDS, make_table, numbers
from sealing import MODEL_FILES, seal

FILES = (
    "config.json",
    "answer.json",
    "evidence.json",
    "manifest.json",
    "report.html",
    "study.sqlite",
    "model/manifest.json",
)
FILES += tuple(f"model/{name}" for name in MODEL_FILES)
COMMANDS = {
    "predict": ("predict", "run", "new.csv"),
    "proba": ("predict", "run", "new.csv", "--proba", "-o", "predicted.csv"),
    "show": ("show", "run"),
    "json": ("show", "run", "--json"),
    "report": ("report", "run", "-o", "page.html"),
    "compare": ("report", "--compare", "run", "other", "-o", "page.html"),
}
# What `goru.study` opens without a look at what it is: reading it would never end.
ENDLESS = {(name, what) for name in FILES[:4] for what in ("pipe", "zero")}
TASKS = st.sampled_from(["classification", "regression"])
VALUES = st.one_of(
    st.none(), st.booleans(), numbers, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(WORDS),
    st.sampled_from([[], {}, [[]], [None], {"": None}, [0.0, 1.0], "relu", "9" * 5000, 1e308]),
)  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs") / "here"


def bring(runs: dict[str, Path], task: str, command: str) -> Path:
    """A copy of a run that may be damaged, new rows, and another run if the command needs one."""
    # A report is large, and nothing reads it.
    shutil.copytree(runs[task], "run", ignore=shutil.ignore_patterns("report.html"))
    Path("run", "report.html").write_text("<html></html>")
    seal(Path("run"))
    if command == "compare":
        shutil.copytree("run", "other")
    new = make_table(9, seed=1)
    new.to_csv("new.csv", index=False)
    return Path("run")


def places(content: Any, path: tuple = ()) -> list[tuple]:
    """The way to everything in a JSON document."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(place for key, value in pairs for place in places(value, (*path, key)))]


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """A JSON document with something else in one or two places, or without what was there."""
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([path for path in places(content) if path] or [()]))
        if not path:
            return draw(VALUES)
        at = content
        for key in path[:-1]:
            at = at[key]
        if draw(st.integers(0, 3)) == 0:
            del at[path[-1]]
        else:
            at[path[-1]] = draw(VALUES)
    return content


def test_a_run_that_is_sealed_again_is_good(here, runs):
    for task in runs:
        for command in COMMANDS:
            with place(here):
                bring(runs, task, command)
                if command == "proba" and task == "regression":
                    continue
                assert call(*COMMANDS[command]).code == 0


@cases(4)
@given(data=st.data(), name=st.sampled_from(FILES), task=TASKS, command=st.sampled_from(sorted(COMMANDS)))
def test_a_damaged_file_is_found(here, runs, data, name, task, command):
    with place(here):
        file = bring(runs, task, command) / name
        file.write_bytes(data.draw(bent(file.read_bytes()), label="content")[: 1 << 20])
        call(*COMMANDS[command], topic="damaged runs")


@cases(8)
@given(
    data=st.data(),
    name=st.sampled_from([name for name in FILES if name.endswith("json") and "manifest" not in name]),
    task=TASKS,
    command=st.sampled_from(sorted(COMMANDS)),
)
def test_anything_in_json_that_is_sealed(here, runs, data, name, task, command):
    with place(here):
        run = bring(runs, task, command)
        content = json.loads((run / name).read_text())
        (run / name).write_text(json.dumps(data.draw(changed(content), label="content")))
        seal(run)
        call(*COMMANDS[command], topic="foreign runs: JSON")


@cases(5)
@given(data=st.data(), name=st.sampled_from([f"model/{name}" for name in MODEL_FILES]), task=TASKS)
def test_bent_models_that_are_sealed(here, runs, data, name, task):
    with place(here):
        run = bring(runs, task, "predict")
        content = (run / name).read_bytes()
        head = min(len(content), 900)  # where the header is
        (run / name).write_bytes(data.draw(bent(content[:head]), label="content") + content[head:])
        seal(run)
        call(*COMMANDS["predict"], topic="foreign runs: models")


@cases(4)
@given(
    name=st.sampled_from(FILES),
    what=st.sampled_from(["link", "loop", "folder", "pipe", "zero", "nothing", "empty", "forbidden"]),
    task=TASKS,
    command=st.sampled_from(sorted(COMMANDS)),
)
def test_what_stands_in_a_file_s_place(here, runs, name, what, task, command):
    assume((name, what) not in ENDLESS)
    with place(here):
        file = bring(runs, task, command) / name
        shutil.move(file, "aside")
        match what:
            case "link":
                file.symlink_to(Path("aside").absolute())
            case "loop":
                file.symlink_to(file.absolute())
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case "zero":
                file.symlink_to("/dev/zero")
            case "empty":
                file.touch()
            case "forbidden":
                file.touch(mode=0)
        call(*COMMANDS[command], topic="what stands in files' places")
