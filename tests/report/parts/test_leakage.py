"""Test rows that are copies of training rows are told where test figures are, once."""

import json

import pytest
from answers import CLASSIFICATION, changed, text
from drawn import cards, html, repeated, sections
from drawn import fragment_of as fragment
from drawn import leakage_warning as warning
from evidences import two

TOLD = "36 of 200 test rows are duplicates of training rows"


@pytest.fixture
def answer():
    return changed(CLASSIFICATION, data={**CLASSIFICATION["data"], "repeated_test_rows": 36})


def test_nothing_is_told_where_there_are_none():
    for answer in (CLASSIFICATION, changed(CLASSIFICATION, data={"repeated_test_rows": 0})):
        assert repeated(answer) == ""
        assert warning(answer) == []
    assert "copies" not in text(CLASSIFICATION)


def test_they_are_counted_with_what_to_do(answer):
    (told,) = warning(answer)
    assert told.startswith(TOLD)
    assert "group_duplicates=True" in told


def test_the_terminal_tells_it_below_the_figures(answer):
    lines = text(answer).splitlines()
    (place,) = [place for place, line in enumerate(lines) if line.startswith(f"warning: {TOLD}")]
    assert lines[place - 1].endswith("final model")


class TestThePage:
    @pytest.fixture
    def evidence(self):
        return two()[1]

    def told(self, answer, evidence):
        return [one.id for one in sections(answer, evidence) if any(TOLD in said for said in one.warnings)]

    def test_tells_it_once_and_in_short_beside_the_first_test_figure(self, answer, evidence):
        assert self.told(answer, evidence) == ["leaderboard"]
        assert html(answer, evidence).count(TOLD) == 2
        (card,) = [one for one in cards(answer) if "test rows" in one.label]
        assert TOLD in card.more

    def test_of_an_older_run_without_a_leaderboard_beside_the_picture_of_the_test(self, answer, evidence):
        del evidence["leaderboard"]
        assert self.told(answer, evidence) == ["test"]

    def test_a_notebook_is_told_too(self, answer):
        assert TOLD in fragment(answer)


def test_it_is_in_plain_json(answer):
    assert json.loads(json.dumps(answer))["data"]["repeated_test_rows"] == 36
