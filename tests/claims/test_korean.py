"""What a claim's experiment found, in Korean: no English is left but what somebody has named, and sources."""

import re

import pytest
from planted import four, plant

from goru.claims.claim import outcome
from goru.claims.report import claims_html
from goru.claims.running import NAMES as EVERY
from goru.claims.running import claim
from goru.claims.section import section
from goru.claims.terminal import outcome_lines, summary_lines
from goru.language import retold, spoken

NAMES = ("bn-speed", "bn-overfit", "bn-placement", "bn-suffices", "layer-norm", "decay-or-dropout", "mixup")
# Three words of English in a row.
ENGLISH = re.compile(r"(?<![\w'./-])(?:[A-Za-z][a-z']+[ ,;:]+){2,}[A-Za-z][a-z']+(?![\w/-])")


@pytest.fixture(autouse=True)
def korean():
    with spoken("ko"):
        yield


@pytest.fixture(scope="module")
def outcomes():
    return [outcome(claim(name), four(), plant(name, four())) for name in NAMES]


def test_no_english_is_left_in_the_terminal(outcomes):
    lines = [line for one in outcomes for line in outcome_lines(one)] + list(summary_lines(outcomes))
    assert [line for line in lines if ENGLISH.search(line)] == []


def test_no_english_is_left_on_the_page(outcomes):
    page = claims_html([section(one, "<svg/>") for one in outcomes])
    assert '<html lang="ko">' in page
    body = re.sub(r"<(script|style)\b.*?</\1>|<a href=\"http.*?</a>", "", page, flags=re.DOTALL)
    texts = [*re.sub(r"<[^>]+>", "\n", body).splitlines(), *re.findall(r'aria-label="(.*?)"', body)]
    assert [text for text in texts if ENGLISH.search(text)] == []


@pytest.mark.parametrize("part", ["question", "promise", "shows"])
def test_every_claim_is_told(part):
    texts = [getattr(claim(name), part) for name in EVERY]
    assert [text for text in texts if retold(text) == text] == []


def test_outcomes_are_kept_in_english(outcomes):
    assert not any(re.search("[가-힣]", one.paragraph) for one in outcomes)
