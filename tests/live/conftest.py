"""A server of the page under test."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
sys.path.insert(0, str(Path(__file__).parent))  # `live_served` and `live_states` are imported by their names

from live_served import SMALL, Served

from goru.live.rows import Source
from goru.live.session import Session


@pytest.fixture(scope="module")
def served():
    """Nothing is compiled: that takes longer than all else, and has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("goru.live.worker.SETTLED_SECONDS", float("inf"))
        yield from _served()


def _served():
    server = Served(Session(SMALL, Source()))
    yield server
    server.close()
