"""A study in a notebook, without a script."""

import copy

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from drawn import fragment_of as fragment
from evidences import HOSTILE
from looking import Page

from goru.report.parts.forest import LABEL, WIDTH
from goru.report.pictures.effects import LOOKS


def marks(answer) -> list[dict]:
    return Page(fragment(answer)).named("circle")


def band(answer) -> tuple[float, float]:
    (found,) = Page(fragment(answer)).named("rect")
    return float(found["x"]), float(found["x"]) + float(found["width"])


@pytest.fixture
def sure():
    """An answer in which all changes are within a margin that is wider than all intervals."""
    answer = copy.deepcopy(CLASSIFICATION)
    for effect in answer["effects"]:
        effect |= {"change": 0.001, "low": -0.001, "high": 0.003, "verdict": "negligible"}
    return answer


class TestTheFragment:
    @pytest.mark.parametrize("answer", [CLASSIFICATION, REGRESSION], ids=["classes", "numbers"])
    def test_has_the_answer_the_first_figures_and_the_effects(self, answer):
        page = Page(fragment(answer))
        assert answer["advice"] in page.text
        assert "best combination against plain, validation loss: -12% (-26% to +2%: inconclusive)" in page.text
        heading, *rows = page.tables[next(iter(page.tables))]
        assert heading == ["what", "change in validation loss", "interval", "of the plain loss", "verdict"]
        assert [row[0] for row in rows] == [effect["name"] for effect in answer["effects"]]

    @pytest.mark.parametrize("answer", [CLASSIFICATION, REGRESSION], ids=["classes", "numbers"])
    def test_needs_no_script_and_fetches_nothing(self, answer):
        page = Page(fragment(answer))
        assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "style", "object"})
        assert not {name for _, given in page.elements for name in given} & {"href", "src", "srcset", "onclick"}

    def test_says_what_is_drawn_to_those_who_cannot_see_it(self):
        (drawing,) = Page(fragment(CLASSIFICATION)).named("svg")
        assert drawing["role"] == "img"
        assert "validation loss" in drawing["aria-label"]

    def test_shows_hostile_names_as_they_are(self):
        for name in HOSTILE:
            page = Page(fragment(changed(CLASSIFICATION, data={"name": name})))
            assert f"goru: what helped on {name}" in page.text
            assert len(page.elements) == len(Page(fragment(CLASSIFICATION)).elements)


class TestTheDrawing:
    def test_has_a_mark_for_every_known_change_better_to_the_left(self):
        found = marks(CLASSIFICATION)
        known = [effect for effect in CLASSIFICATION["effects"] if effect["change"] is not None]
        places = [float(mark["cx"]) for mark in found]
        changes = [effect["change"] for effect in known]
        assert sorted(range(6), key=places.__getitem__) == sorted(range(6), key=changes.__getitem__)
        assert [mark["stroke"] for mark in found] == [LOOKS[effect["verdict"]][0] for effect in known]
        assert [mark["fill"] == "none" for mark in found] == [effect["verdict"] == "inconclusive" for effect in known]

    def test_bars_reach_over_the_intervals(self):
        zero, *bars = Page(fragment(CLASSIFICATION)).named("line")
        scale = (WIDTH - LABEL) * 0.48 / 0.13
        assert float(bars[0]["x1"]) == pytest.approx(float(zero["x1"]) - 0.08 * scale, abs=0.1)
        assert float(bars[0]["x2"]) == pytest.approx(float(zero["x1"]) - 0.02 * scale, abs=0.1)

    @pytest.mark.parametrize("kind", ["sure", "usual"])
    def test_stays_beside_the_names(self, sure, kind):
        answer = sure if kind == "sure" else CLASSIFICATION
        ends = [*band(answer)]
        for line in Page(fragment(answer)).named("line"):
            ends += [float(line["x1"]), float(line["x2"])]
        assert min(ends) >= LABEL
        assert max(ends) <= WIDTH

    def test_of_nothing_known_has_names_and_verdicts_alone(self):
        answer = copy.deepcopy(CLASSIFICATION)
        for effect in answer["effects"]:
            effect |= dict.fromkeys(("change", "low", "high", "margin")) | {"verdict": "inconclusive"}
        assert marks(answer) == []
        assert "a network diverged" in fragment(answer)
