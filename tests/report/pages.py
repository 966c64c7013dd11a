"""The pages that are looked at in a browser, and how they are looked at."""

from pathlib import Path

import pytest
from answers import CLASSIFICATION, changed
from drawn import html
from evidences import (
    HOSTILE_FOLDERS,
    LOWEST,
    STUDIES,
    config_of,
    evidence_of,
    hostile,
    numbers,
    three,
    two,
    write_run,
)

from goru.report.comparison import comparison_page

PHONE, DESK = 390, 1440
SHEET = 718  # pixels between the margins of A4
FOREST = "#plot-effects .annotation text"
ELEMENTS = "script, b, i, img, iframe, object, embed, link, base, form, input, a"
NAMES = ["two", "three", "numbers", "nothing", "hostile", "capitals", "compared", "compared hostile"]
EVERY = pytest.mark.parametrize("name", NAMES)
WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])


def nothing():
    """A study in which everything diverged, without test rows."""
    answer = changed(CLASSIFICATION, judgement={"plain_loss": None}, plan={"configurations": 3})
    answer["test"] = answer["against_networks"] = []
    for effect in answer["effects"]:
        effect |= dict.fromkeys(("change", "low", "high", "margin")) | {"verdict": "inconclusive"}
    evidence = evidence_of(answer, diverged=list(LOWEST))
    return answer, evidence | {"activations": None, "predictions": None}


def capitals():
    """A study of two classes and a target with names as wide as they can be."""
    answer = changed(CLASSIFICATION, data={"classes": ["no", "CUSTOMER_WWWWWWWWWWWWWWWWWWWWWW"], "target": "W" * 40})
    return answer, evidence_of(answer, searched=True)


def report(study) -> str:
    answer, evidence, *config = study()
    return html(answer, evidence, *(config or [config_of(answer)]))


def written_pages(folder: Path) -> dict[str, Path]:
    """Every page by its name, written into a folder."""
    found = {
        **{name: report(study) for name, study in STUDIES.items()},
        "nothing": report(nothing),
        "hostile": report(hostile),
        "capitals": report(capitals),
        "compared": comparison_page(
            [write_run(folder / name, *study()) for name, study in (("credit", two), ("houses", numbers))]
        ),
        "compared hostile": comparison_page(
            [write_run(folder / name, *study()) for name, study in zip(HOSTILE_FOLDERS, [two, three] * 6, strict=True)]
        ),
    }
    for name, page in found.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in found}
