"""The textbook's promises about batch normalization, weight decay and dropout, run as experiments with a verdict.

`goru.claims.run("dropout")` tries one of `NAMES`, `run_all()` all of them.
"""

from goru.claims.running import NAMES, run, run_all

__all__ = ["NAMES", "run", "run_all"]
