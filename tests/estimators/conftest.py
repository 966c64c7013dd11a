"""What these tests share: fits of which only the study is seen, and one that is really trained, once for all of them.

`tables`, small data sets and estimators, and `studies_cv`, estimators that run a study, are imported by their names.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from studies_cv import StoppedError, fitted, stop
from tables import IRIS, SPECIES

import goru
from goru.studies.study import Study


@pytest.fixture
def study_of(monkeypatch):
    """Fit, and return the study that would be run; nothing is trained."""

    def study_of(*args, **given) -> Study:
        with monkeypatch.context() as patch:
            patch.setattr(Study, "run", stop)
            with pytest.raises(StoppedError) as stopped:
                fitted(*args, **given)
        return stopped.value.args[0]

    return study_of


@pytest.fixture(scope="session")
def iris():
    return goru.MLPClassifierCV(n_networks=36, hidden_layer_sizes=(16,), epochs=15, random_state=0).fit(IRIS, SPECIES)
