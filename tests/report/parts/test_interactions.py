"""What two techniques do together, in lines of text."""

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from drawn import typed

from goru.report.parts.interactions import MOST, interaction_sentences


def pair(
    verdict="inconclusive", change=0.05, helps=0.5, without=-0.1, beside=-0.05, second="batch norm before", **other
):
    return {
        **{"name": f"dropout and {second}", "change": change, "low": -0.1, "high": 0.2, "margin": 0.01},
        **{"verdict": verdict, "rows": 0.01, "networks": 0.0, "search": 0.0, "helps": helps, "negligible": 0.05},
        **{"first": "dropout", "second": second, "without": without, "beside": beside, **other},
    }


def sentences(*pairs, answer=CLASSIFICATION):
    return interaction_sentences(typed(changed(answer, interactions=list(pairs))))


def test_none_where_no_pair_was_asked_about():
    assert sentences() == []


def test_a_decided_pair_says_what_the_one_does_without_the_other_and_with_it():
    (line,) = sentences(pair("hurts"))
    assert line == (
        "dropout: -20% without batch norm before, -10% with it; each makes the other less necessary"
    )  # of a plain loss of 0.5


def test_a_likely_pair_says_how_likely():
    (line,) = sentences(pair(helps=0.07))
    assert line.endswith("each makes the other less necessary (likely, 93%)")


def test_what_only_adds_up_or_is_unknown_is_not_told():
    assert sentences(pair("negligible"), pair()) == ["inconclusive for all 2 pairs of techniques"]


def test_the_surest_come_first_and_not_too_many():
    many = [pair(helps=0.82 + 0.01 * place, second=f"technique {place}") for place in range(MOST + 2)]
    lines = sentences(*many, pair("helps", second="the decided one"))
    assert "the decided one" in lines[0]
    assert "technique 5" in lines[1]
    assert len(lines) == MOST + 1
    assert lines[-1].startswith("and 3 other pairs")


def test_of_an_older_run_without_the_parts():
    (line,) = sentences(pair("helps", without=None, beside=None))
    assert line == "dropout and batch norm before: more together than apart"


@pytest.mark.parametrize("plain", [0.0, None])
def test_in_units_of_the_loss_without_a_plain_loss(plain):
    answer = changed(REGRESSION, judgement={"plain_loss": plain})
    (line,) = sentences(pair("helps"), answer=answer)
    assert line.startswith("dropout: -0.100 without")
