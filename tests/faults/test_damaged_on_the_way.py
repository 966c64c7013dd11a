"""What a study would go on from, damaged: it is named, or the run is that of a study never stopped."""

import contextlib
import shutil
from pathlib import Path

import pytest
from commands import assert_same, files
from damages import damage, damages

from goru.errors import InputError
from goru.experiment.racing.store import Store
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.run import CONFIG, MAKING, STORE

IRIS = TableOptions("iris")
FEW = Options(networks=36, hidden=(4,), epochs=3)
BLOCKS = 5  # of nine


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return fit_table(IRIS, FEW, tmp_path_factory.mktemp("whole") / "run").folder


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> Path:
    """What SIGKILL leaves in the middle of a race: a database, and a journal that is not empty."""
    folder, add, done = tmp_path_factory.mktemp("left"), Store.add, []

    def watched(store, trials):
        if len(done) == BLOCKS:
            shutil.copytree(folder / "run", folder / "left")
            raise KeyboardInterrupt
        done.append(1)
        return add(store, trials)

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Store, "add", watched)
        fit_table(IRIS, FEW, folder / "run")
    assert (folder / "left" / MAKING / f"{STORE}-wal").stat().st_size > 10_000
    return folder / "left"


@pytest.mark.parametrize("name", [CONFIG, STORE, f"{STORE}-wal"])
def test_it_is_named_or_does_not_matter(whole, left, tmp_path, name):
    """A journal that is cut short has lost its last blocks: they are trained again."""
    content, named = (left / MAKING / name).read_bytes(), 0
    for number, (kind, changed) in enumerate(damages(content, seed=len(name), flips=16)):
        folder = Path(shutil.copytree(left, tmp_path / str(number)))
        damage(folder / MAKING / name, changed)
        before = files(folder)
        said = ""
        try:
            fit_table(IRIS, FEW, folder, resume=True)
            assert_same(folder, whole)
        except InputError as error:
            said, named = str(error), named + 1
        if said:
            assert str(folder) in said, kind
            assert "overwrite=True" in said, kind
            assert before.get(f"{MAKING}/{CONFIG}") == files(folder).get(f"{MAKING}/{CONFIG}"), kind
    assert named > (10 if name == CONFIG else -1)


def test_what_the_processes_of_a_database_share_does_not_matter(whole, left, tmp_path):
    for number, content in enumerate((None, b"", b"?" * 32768)):
        folder = Path(shutil.copytree(left, tmp_path / str(number)))
        damage(folder / MAKING / f"{STORE}-shm", content)
        fit_table(IRIS, FEW, folder, resume=True)
        assert_same(folder, whole)


def test_as_it_was_left_it_is_gone_on_with(whole, left, tmp_path):
    folder = Path(shutil.copytree(left, tmp_path / "run"))
    fit_table(IRIS, FEW, folder, resume=True)
    assert_same(folder, whole)
