"""The catalogue of every language has what the code and the templates say: all of it, and nothing else."""

import re
from string import Formatter

import pytest

pytest.importorskip("babel")

from catalogue import KEPT_CONTEXT, LANGUAGES, compiled, in_code, kept_in, path_of, template

from goru import language

LANGUAGE = pytest.mark.parametrize("name", LANGUAGES)


def places(sentence: str) -> set[str]:
    return {place for _letters, place, *_rest in Formatter().parse(sentence) if place is not None}


def ids(message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings(message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_every_language_that_can_be_chosen_has_one():
    assert {"en", *LANGUAGES} == set(language.LANGUAGES)


@LANGUAGE
class TestCatalogue:
    def test_it_has_every_sentence_and_no_other(self, name):
        said = {(message.context, message.id) for message in template() if message.id}
        known = {(message.context, message.id) for message in kept_in(name) if message.id}
        assert said - known == set(), "run tests/catalogue.py, and translate"
        assert known - said == set(), "run tests/catalogue.py"
        assert not kept_in(name).obsolete

    def test_every_sentence_is_translated_and_none_is_guessed(self, name):
        messages = [message for message in kept_in(name) if message.id]
        assert [message.id for message in messages if not all(strings(message))] == []
        assert [message.id for message in messages if message.fuzzy] == []

    def test_values_have_the_same_places(self, name):
        wrong = []
        for message in kept_in(name):
            known = set().union(*map(places, ids(message)))
            wrong += [message.id for string in strings(message) if message.id and places(string) != known]
        assert wrong == []

    def test_what_was_kept_is_text_by_now(self, name):
        kept = [message for message in kept_in(name) if message.context == KEPT_CONTEXT]
        assert [message.id for message in kept if re.search(r"{\w+[:!]", message.string)] == []

    def test_it_is_compiled(self, name):
        assert path_of(name, "mo").read_bytes() == compiled(kept_in(name)), "run tests/catalogue.py"


def test_sentences_are_found_wherever_they_stand():
    code = 'a = _("one {x}", x=_("two " "parts"))\nb = [f"{_n("row", "rows", 3)}" for _ in ()], kept("three")'
    code = code.replace('f"{_n("row", "rows", 3)}"', """f"{_n('row', 'rows', 3)}\"""")
    assert sorted(map(str, in_code(code))) == sorted(
        map(str, [("one {x}", None), ("two parts", None), (("row", "rows"), None), ("three", "kept")])
    )
