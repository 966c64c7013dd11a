"""What a study found, in Korean: `korean/` has all that is read of an answer and of a report.

GORU_GOLDEN=write pytest tests/report/test_korean.py    # when sentences have changed: writes them again
"""

import json
import os
import re
from pathlib import Path

import pytest
from answers import CLASSIFICATION, changed, text
from drawn import html
from evidences import config_of, numbers, three, two, write_run

from goru.language import spoken
from goru.report.comparison import comparison_page

GOLDEN = Path(__file__).parent / "korean"
TEXTS = {"text", "name", "hovertemplate", "ticktext", "customdata"}  # of a figure, what is read
# Four words of English in a row that nobody has named; names of functions, files and versions are no words.
ENGLISH = re.compile(r"(?<![\w'./-])(?:[A-Za-z][a-z]+[ ,;:]+){3,}[A-Za-z][a-z]+(?![\w'/-])")
PARTS = {  # as a study writes them
    "advice": "Use batch norm before the activation, dropout and weight decay: it likely does better than the plain "
    "network (93%; -12%, 95% CI -26% to +2%). Logistic regression, which is simpler, may do as well: test loss "
    "-3.0%, 95% CI -9.0% to +3.0%.",
    "data": {"notes": ["Dropped 'id': it holds the groups.", "The dates of 'opened' became year and month."]},
    "plan": {
        "shortfalls": ["budget too small for a full study: 3 folds instead of 5 (that would take about 300 s here)."]
    },
}


def as_written(answer):
    """An answer whose sentences are those that a study writes."""
    answer = changed(answer, **PARTS)
    name = "dropout and decay on top of batch norm"
    effects = [one if one["name"] != name else {**one, "name": "optimizer momentum"} for one in answer["effects"]]
    return changed(answer, effects=effects)


def report(study):
    answer, evidence = study()
    answer = as_written(answer)
    return html(answer, evidence, config_of(answer))


def same_as(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GORU_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def read_of(page: str) -> list[str]:
    """All that is read of a page and its figures, but what is typed."""
    figures = json.loads(re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)[1])
    body = re.sub(r"<(script|style|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    labels = re.findall(r'aria-label="(.*?)"', body)
    return [*re.sub(r"<[^>]+>", "\n", body).splitlines(), *labels, *_texts(figures)]


def _texts(part, name=""):
    if isinstance(part, dict):
        for key, inner in part.items():
            yield from _texts(inner, key)
    elif isinstance(part, list):
        for inner in part:
            yield from _texts(inner, name)
    elif isinstance(part, str) and name in TEXTS:
        yield re.sub("<[^>]+>", "\n", part)


@pytest.fixture(autouse=True)
def korean():
    with spoken("ko"):
        yield


def test_the_answer():
    same_as("answer.txt", text(as_written(CLASSIFICATION)) + "\n")


def test_the_report():
    lines = [line.strip() for line in read_of(report(two)) if re.search("[가-힣]", line)]
    same_as("report.txt", "\n".join(dict.fromkeys(lines)) + "\n")


@pytest.mark.parametrize("study", [two, three, numbers])
def test_no_english_is_left_on_a_report(study):
    page = report(study)
    assert '<html lang="ko">' in page
    assert [line for line in read_of(page) if ENGLISH.search(line)] == []


def test_no_english_is_left_where_runs_are_compared(tmp_path):
    runs = []
    for name, study in (("credit", two), ("houses", numbers)):
        answer, evidence = study()
        runs.append(write_run(tmp_path / name, as_written(answer), evidence))
    page = comparison_page(runs)
    assert [line for line in read_of(page) if ENGLISH.search(line)] == []


def test_english_would_be_found():
    with spoken("en"):
        assert sum(ENGLISH.search(line) is not None for line in read_of(report(two))) > 20
