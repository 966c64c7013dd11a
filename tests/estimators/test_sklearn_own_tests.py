"""scikit-learn's own tests, with goru's classes in the place of scikit-learn's."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).parents[2] / "benchmarks" / "sklearn_mlp_tests.py"


@pytest.mark.slow
def test_every_test_passes_or_there_is_a_reason_why_it_does_not():
    done = subprocess.run([sys.executable, str(RUNNER)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests of scikit-learn" in done.stdout
