"""What these tests share: two tiny tables, laboratories, and what little is really trained, once for all of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "experiment"))  # `experiments` is imported by its name
sys.path.insert(0, str(Path(__file__).parent))  # and so is `studies`

import pytest
from studies import TINY, make_flowers, make_prices

from goru.data.dataset import Dataset, load_dataset
from goru.data.splitting import Split, folds
from goru.experiment.racing.record import Record
from goru.experiment.trial import Trial
from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.population.trainer import Trainer
from goru.studies.final.conclusion import Result
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.laboratory import NetworkLaboratory, block_shape
from goru.studies.runs.run import RunFolder
from goru.studies.study import Study


@pytest.fixture(scope="session")
def flowers_csv(tmp_path_factory) -> Path:
    """A table of classes in a file."""
    path = tmp_path_factory.mktemp("tables") / "flowers.csv"
    make_flowers().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def flowers(flowers_csv) -> Dataset:
    """Classes, from that file."""
    return load_dataset(str(flowers_csv), target="kind")


@pytest.fixture(scope="session")
def prices() -> Dataset:
    """A number to predict."""
    return load_dataset(make_prices(), target="price")


@pytest.fixture(scope="session")
def splits(flowers) -> list[Split]:
    """Three folds of the classes' development rows."""
    return folds(flowers.y_development, flowers.task, 3, seed=0)


@pytest.fixture(scope="session")
def laboratory(flowers, splits):
    """Programs for the classes, of the shape that the study has, so that JAX's cache on disk serves both."""
    devices.prepare()
    base = Architecture(flowers.n_features, (8,), flowers.n_outputs)
    shape = block_shape(len(flowers.y_development), splits, batch=8, networks=2)
    laboratory = NetworkLaboratory(flowers, base, Recipe(), shape, seed=0)
    laboratory.wait()
    yield laboratory
    laboratory.close()


@pytest.fixture
def build(monkeypatch):
    """A laboratory that compiles nothing."""

    def build(dataset, splits, **changes):
        base = Architecture(dataset.n_features, (8,), dataset.n_outputs)
        of_block = {"batch": 8, "networks": 2} | {
            name: changes.pop(name) for name in ("batch", "networks") & changes.keys()
        }
        shape = block_shape(len(dataset.y_development), splits, **of_block)
        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "compile", lambda trainer: None)
            return NetworkLaboratory(dataset, base, changes.pop("recipe", Recipe()), shape, **{"seed": 0} | changes)

    return build


@pytest.fixture(scope="session")
def record() -> Record:
    """What the study of the classes has recorded."""
    return Record()


@pytest.fixture(scope="session")
def kept(record) -> list[Trial]:
    """The trials that the study of the classes has handed over, in that order."""
    return record.trials


@pytest.fixture(scope="session")
def classified(flowers, record) -> Result:
    """A study of the classes."""
    return Study(flowers, TINY).run(record)


@pytest.fixture(scope="session")
def regressed(prices) -> Result:
    """A study of the number."""
    return Study(prices, TINY).run()


@pytest.fixture(scope="session")
def run(flowers_csv, tmp_path_factory) -> RunFolder:
    """The study of the classes once more, from the file to a run on disk."""
    return fit_table(TableOptions(str(flowers_csv), "kind"), TINY, tmp_path_factory.mktemp("runs") / "flowers")
