"""Frozen dataclasses as JSON, and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goru.errors import InputError
from goru.experiment.arms import Level
from goru.experiment.findings.answer import (
    Answer,
    Data,
    FirstLook,
    Judgement,
    ModelScores,
    Network,
    OverfittingFound,
    Planned,
    Recommendation,
    RivalFound,
    Trained,
)
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.evidence import Activations, ClassPredictions, Evidence, ValuePredictions
from goru.experiment.findings.failure import Failure
from goru.experiment.forms import as_read, from_json, to_json


@dataclass(frozen=True)
class Leaf:
    word: Literal["one", "two"] | None
    number: float | None = None


@dataclass(frozen=True)
class Other:
    number: int


@dataclass(frozen=True)
class Tree:
    name: str
    count: int
    sure: bool
    leaves: tuple[Leaf, ...]
    levels: Mapping[str, Level]
    rows: tuple[tuple[float, ...], ...] = ()
    kind: Leaf | Other | None = None
    more: Mapping[str, tuple[Leaf, ...]] = field(default_factory=dict)


TREE = Tree("oak", 2, True, (Leaf("one", 1.5), Leaf(None)), {"a": None, "b": True, "c": 1, "d": 0.5, "e": "x"})
FORM = {
    "name": "oak",
    "count": 2,
    "sure": True,
    "leaves": [{"word": "one", "number": 1.5}, {"word": None, "number": None}],
    "levels": {"a": None, "b": True, "c": 1, "d": 0.5, "e": "x"},
    "rows": [],
    "kind": None,
    "more": {},
}


class TestTheForm:
    def test_is_plain_json_with_an_entry_a_field(self):
        assert to_json(TREE) == FORM
        assert from_json(Tree, json.loads(json.dumps(FORM)), "tree.json") == TREE

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_what_json_has_no_word_for_is_null(self, value):
        assert to_json(Leaf("two", value)) == {"word": "two", "number": None}
        assert as_read(Leaf("two", value)) == Leaf("two", None)

    def test_numbers_and_text_of_numpy_are_numbers_and_text(self):
        levels = to_json({"rate": np.float64(0.5), "name": np.str_("x")})
        assert [type(level) for level in levels.values()] == [float, str]

    def test_a_level_stays_of_its_kind(self):
        """True is 1 to Python, and 1.0 as well; they are three levels."""
        levels = from_json(Tree, json.loads(json.dumps(FORM | {"levels": {"a": True, "b": 1, "c": 1.0}})), "")
        assert [type(level) for level in levels.levels.values()] == [bool, int, float]

    def test_a_whole_number_will_do_where_a_number_is_wanted(self):
        assert from_json(Leaf, {"word": None, "number": 3}, "") == Leaf(None, 3.0)

    def test_of_several_kinds_an_object_is_the_one_whose_entries_it_has(self):
        for kind in (Leaf("one", 2.0), Other(3), None):
            assert as_read(Tree("oak", 2, True, (), {}, kind=kind)).kind == kind

    def test_what_has_a_default_may_be_missing(self):
        few = {name: FORM[name] for name in ("name", "count", "sure", "leaves", "levels")}
        assert from_json(Tree, few, "") == TREE


class TestDamage:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"name": 3}, "name is 3"),
            ({"count": 2.5}, "count is 2.5"),
            ({"count": True}, "count is True"),
            ({"sure": 1}, "sure is 1"),
            ({"leaves": {}}, "leaves is an object"),
            ({"leaves": [3]}, r"leaves\[0\] is 3"),
            ({"leaves": [{"word": "three"}]}, r"leaves\[0\].word is 'three'"),
            ({"leaves": [{}]}, r"leaves\[0\].word is missing"),
            ({"leaves": [{"word": None, "number": "1"}]}, r"leaves\[0\].number is '1'"),
            ({"rows": [[1.0, None]]}, r"rows\[0\]\[1\] is null"),
            ({"levels": {"a": []}}, "levels.a is a list"),
            ({"kind": {"number": []}}, "kind"),
            ({"colour": "green"}, "'colour' is unknown"),
            ({"name": "x" * 3, "n\x1b[2J": 1}, "is unknown"),
        ],
    )
    def test_is_told_in_one_line_with_the_file_and_the_place(self, change, words):
        with pytest.raises(InputError, match=rf"^run/tree\.json: damaged, it is no tree: .*{words}.*\.$") as told:
            from_json(Tree, FORM | change, "run/tree.json")
        assert str(told.value).isprintable()

    @pytest.mark.parametrize("missing", ["name", "count", "sure", "leaves", "levels"])
    def test_so_is_an_entry_that_is_missing(self, missing):
        with pytest.raises(InputError, match=f"{missing} is missing"):
            from_json(Tree, {name: part for name, part in FORM.items() if name != missing}, "tree.json")

    @pytest.mark.parametrize("content", [None, [], 3, "text", True])
    def test_so_is_what_is_no_object(self, content):
        with pytest.raises(InputError, match="all of it is"):
            from_json(Tree, content, "tree.json")

    json_like = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(FORM)), inner, max_size=4),
        max_leaves=10,
    )

    @given(json_like, st.sampled_from(list(FORM)))
    def test_whatever_stands_in_an_entry_is_read_or_refused(self, content, name):
        try:
            found = from_json(Tree, FORM | {name: content}, "tree.json")
        except InputError:
            return
        assert as_read(found) == found


def made(kind: Any) -> st.SearchStrategy:
    """Whatever there may be of a kind, but for what JSON has no word for."""
    st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
    return st.from_type(kind)


KINDS = [
    *(Data, EffectFound, Failure, FirstLook, Judgement, Network, OverfittingFound, Planned, Recommendation),
    *(RivalFound, ModelScores, Trained, Activations, ClassPredictions, ValuePredictions, Answer, Evidence),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_an_answer_is_read_as_it_was_written(kind):
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(made(kind))
    def there_and_back(value):
        text = json.dumps(to_json(value), allow_nan=False)
        assert from_json(kind, json.loads(text), "") == value

    there_and_back()
