"""What these tests share; `experiments`, a design, a race and trials that nobody trained, is imported by its name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from experiments import PretendedRace


@pytest.fixture
def pretend_race(monkeypatch):
    """Make a race whose laboratory only pretends to train."""
    return lambda *args, **kwargs: PretendedRace(monkeypatch, *args, **kwargs)
