"""`exported`, the tables and models that these tests share, is imported by its name; so is `models` of the models'."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "model")]
