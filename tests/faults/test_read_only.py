"""A folder that may be read and not written to: a run in it is used as any, and that nothing can be written is said."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from commands import files, said

from goru.studies.runs.run import MAKING

FIT = ("iris", "--networks", "36", "--hidden", "8")
NOBODY = 65534


@contextlib.contextmanager
def as_nobody():
    """Without the rights of root, to whom every folder is open."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def close(folder: Path, mode: int = 0o555) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(mode if path.is_dir() else 0o444)


@pytest.fixture
def run(commands):
    """A run that nobody may change, in a folder that everybody can find."""
    whole, _ = commands.whole(*FIT)
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(shutil.copytree(whole, Path(place) / "run"))
        said("report", folder, "-o", Path(place) / "page.html")  # what is imported late, is imported
        said("predict", folder, "iris")
        close(folder)
        yield folder
        close(folder, mode=0o755)


def test_it_is_shown_and_predicts(run):
    with as_nobody():
        assert said("show", run)[0] == 0
        assert said("predict", run, "iris")[0] == 0


@pytest.mark.parametrize(
    "words",
    [("report",), ("fit", *FIT, "--overwrite", "--out"), ("fit", *FIT, "--resume", "--out"), ("fit", *FIT, "--out")],
    ids=" ".join,
)
def test_nothing_is_written_and_that_is_said(run, words):
    before = files(run)
    with as_nobody():
        code, out, err = said(*words, run)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "cannot be written" in err
    assert files(run) == before


def test_nor_is_a_study_gone_on_with(run):
    close(run, mode=0o755)
    (run / MAKING).mkdir()
    shutil.copy(run / "study.sqlite", run / MAKING)
    close(run)
    before = files(run)
    with as_nobody():
        code, out, err = said("fit", *FIT, "--out", run, "--resume")
    assert (code, out) == (2, "")
    assert "cannot be written" in err
    assert files(run) == before


def test_a_new_one_is_not_made(run):
    run.parent.chmod(0o555)
    try:
        with as_nobody():
            code, _, err = said("fit", *FIT, "--out", run.parent / "deep" / "new")
        assert code == 2
        assert f"{run.parent} is no folder to write to" in err
    finally:
        run.parent.chmod(0o755)
