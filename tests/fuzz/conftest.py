"""Bad input, made up by Hypothesis: `make fuzz` for many cases, the fast tests for a few, the same ones every time.

`calling` (the command, and what may come of it), `counting` (how many cases) and the modules that make input up are
imported by their names.
"""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from calling import call, place
from counting import LONG, summary
from made_up import make_table

MOST_MEMORY = 12 << 30  # bytes of addresses, of which few are taken


@pytest.fixture(scope="module", autouse=True)
def bounded() -> Iterator[None]:
    """What takes all memory after all takes none from others; a browser, in other tests, needs more addresses."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(scope="session", autouse=True)
def imported(tmp_path_factory) -> None:
    """What a first command imports takes memory and time that no later one does."""
    with place(tmp_path_factory.mktemp("imported")):
        call("fit", "iris", room=1 << 40)


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> dict[str, Path]:
    """A finished run of either task, on tables with a column of every kind: what new rows are predicted with."""
    found = {}
    for task, target in (("classification", "kind"), ("regression", "price")):
        folder = tmp_path_factory.mktemp(task)
        with place(folder), mock.patch("goru.studies.defaults.EPOCHS", 12):
            other = "price" if target == "kind" else "kind"
            make_table(150).drop(columns=other).to_csv("table.csv", index=False)
            words = ("fit", "table.csv", "--target", target, "--networks", 12, "--hidden", 4)
            came = call(*words, train=True, seconds=120, room=1 << 40)
        assert came.code == 0, came
        found[task] = folder / "runs" / "table"
    return found


def pytest_terminal_summary(terminalreporter) -> None:
    for line in summary() if LONG else ():
        terminalreporter.write_line(line)
