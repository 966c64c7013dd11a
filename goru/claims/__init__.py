"""The textbook's promises about batch normalization, weight decay and dropout, run as experiments with a verdict."""

from goru.claims.running import NAMES, run, run_all

__all__ = ["NAMES", "run", "run_all"]
