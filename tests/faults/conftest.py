"""What these tests share: commands in processes of their own, and a run to damage. All of them are slow."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `commands` is imported by its name

import pytest
from commands import Commands


@pytest.fixture(scope="session")
def commands(tmp_path_factory) -> Commands:
    """The command line; its programs are compiled once for all tests here."""
    return Commands(tmp_path_factory.mktemp("faults"))


def pytest_collection_modifyitems(items):
    """Mark what is below this folder as slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
