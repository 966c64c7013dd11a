"""What verdicts are called."""

from dataclasses import replace

import pytest
from answers import CLASSIFICATION

from goru.experiment.findings.answer import Answer, SimplestFound
from goru.experiment.findings.effect import EffectFound
from goru.experiment.forms import from_json
from goru.report.parts import words
from goru.report.parts.interactions import TOGETHER

ANSWER = from_json(Answer, CLASSIFICATION, "an answer")


def effect(verdict: str = "inconclusive", helps: float | None = None, negligible: float | None = 0.0) -> EffectFound:
    return EffectFound("dropout", -0.1, -0.3, 0.1, 0.02, verdict, 0.1, 0.0, 0.0, helps=helps, negligible=negligible)


@pytest.mark.parametrize(
    ("helps", "negligible", "said"),
    [
        (0.913, 0.0, "likely helps (91%)"),
        (0.02, 0.0, "likely hurts (98%)"),
        (0.9951, 0.0, "likely helps (over 99%)"),
        (0.4, 0.84, "likely negligible (84%)"),
        (0.6, 0.2, "inconclusive"),
        (None, None, "inconclusive"),
    ],
)
def test_an_inconclusive_effect_is_called_what_it_likely_is(helps, negligible, said):
    assert words.verdict_in_words(effect(helps=helps, negligible=negligible)) == said


@pytest.mark.parametrize("verdict", ["helps", "hurts", "negligible"])
def test_a_decided_one_is_called_that(verdict):
    assert words.verdict_in_words(effect(verdict, helps=0.99)) == verdict


def test_verdicts_may_have_other_names():
    assert words.verdict_in_words(effect(helps=0.9), TOGETHER) == f"likely {TOGETHER['helps']} (90%)"
    assert words.verdict_in_words(effect("hurts"), TOGETHER) == TOGETHER["hurts"]


def test_the_simplest_is_named_where_it_is_another_than_the_best():
    simpler, same, plain = (
        replace(ANSWER, simplest=SimplestFound(arm, "dropout + weight decay", 0.01, 0.02))
        for arm in ("dropout", "dropout + weight decay", "plain")
    )
    assert [words.has_simplest(answer) for answer in (simpler, same, plain, ANSWER)] == [True, False, True, False]
    assert [words.simplest(answer) for answer in (simpler, plain)] == ["dropout", "the plain network"]


class TestLooks:
    def test_answers_that_were_looked_at_once_say_nothing(self):
        assert words.looked(ANSWER.judgement) is None

    def test_others_say_which_look_it_was_and_at_what_confidence(self):
        said = words.looked(replace(ANSWER.judgement, confidence=0.9875, looks=4))
        assert said == "look 4 at the answers, judged at 98.8% confidence, so that all looks together hold with 95%"
