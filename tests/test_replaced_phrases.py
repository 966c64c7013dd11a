"""Phrases that readers stumbled over, and that the field says otherwise: none is left in what they read.

Beside each, in the comments, what is said instead.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = {".py", ".md", ".html", ".js", ".json", ".ipynb"}
PLACES = ("goru", "docs", "examples", "README.md", "CONTRIBUTING.md")
# Files that read what an older goru has written, and so must know its words.
OLDER = {ROOT / "goru/studies/runs/older.py", ROOT / "goru/claims/section.py"}

REPLACED = (
    # validation loss, training loss; validation rows, training rows
    *("held-out loss", "fit loss", "score rows", "fit rows", "held-out rows", "rows for development"),
    # non-neural baselines, compared like for like; the final model; ensemble
    *("models that are no networks", "models that are none", "like beside like", "handed over"),
    # 2 x 5 folds; a piecewise-linear encoding; a pilot run
    *("folds, twice", "cut into pieces", "numbers are better in pieces", "looking whether"),
    # no clear rise in validation loss; overfits after epoch ...; may overfit (CI includes 0)
    *("that it rises again", "until the last, ", "seems to overfit", "overfits: not for sure", "overfits from epoch"),
    # negligible; simultaneous intervals; inconclusive; needs over 50x the rows; best combination
    *("no effect worth having", "no difference worth having", "all intervals hold together", "undecided"),
    *("more draws", "times the rows would decide", "best of all combinations"),
    # budget too small; exceeded the budget; slower than estimated; temperature scaling
    *("time was too short", "a study needs that here", "slower than it was measured", "calibrated on held-out"),
    # lowest validation loss, but not significantly lower; significant at 95 %
    *("if it costs you nothing", "more than chance would explain"),
    # Show the version and exit; columns to ignore; rows of one group stay in one fold; train on earlier rows
    *("columns that are no features", "share its value are never split", "that share its value", "the past is fitted"),
    *("Go on with a run", "Everything random is a function of it", "programs that do not know goru", "Try a textbook"),
    # invalid duration, layer widths, export format; unknown activation; invalid
    *("is no time:", "is no list of widths", "no form to export to", "senseless"),
    # cannot be combined; Fix; start over; not a goru run folder; the file is too short; ONNX export needs
    *("exclude each other", "begin anew", "not a run of goru's", "the file has not that"),
    "is written by the package onnx",
    # Effect of each technique; Interactions; Confusion matrix and ROC; Calibration; expected calibration error
    *("what helps</", "what helps so far", '"what helps"', "Together, or one instead", "are taken for which"),
    *("Do predictions mean what", "what is said and what is found"),
    # Predicted vs actual; Data table; false / true positive rate; Preprocessing; outliers soft-clipped; one-hot
    *("Predicted and true", ">The numbers<", "other rows taken for", "What was done to each", "ends bent in"),
    "a column each for",
    # generalization gap; dead (constant) units; Validation loss vs hyperparameters; optimum may lie outside the range
    *("held-out loss less fit loss", "say the same about every row", "Loss over each hyperparameter"),
    "beyond it there may be better",
    # Reproduce; Compute; a defensible comparison; bit-for-bit reproducible; modules import only from those below
    *("To do it again", "Time and networks spent", "comparison to stand", "to the same bits", "arrow of imports"),
    # scored as a constant predictor; need no tuning; penalised; memorises; selection and evaluation use disjoint data
    *("worth as much as a guess", "numbers need no attention", "weights are punished", "learns them by heart"),
    "nothing that judges has chosen",
)


def texts() -> dict[Path, str]:
    """Every file that is read by people, without its breaks of lines."""
    files = [path for place in PLACES for path in ([ROOT / place, *(ROOT / place).rglob("*")])]
    read = [path for path in files if path.is_file() and path.suffix in READ and path not in OLDER]
    return {path: re.sub(r'["\']?\s*\n\s*(f?["\'])?', " ", path.read_text("utf-8")) for path in read}


@pytest.fixture(scope="module")
def read() -> dict[Path, str]:
    return texts()


@pytest.mark.parametrize("phrase", REPLACED)
def test_a_phrase_that_was_replaced_is_left_nowhere(read, phrase):
    found = [str(path.relative_to(ROOT)) for path, text in read.items() if phrase.lower() in text.lower()]
    assert found == []


def test_what_is_read_is_found(read):
    assert len(read) > 300
    assert any(path.suffix == ".html" for path in read)
