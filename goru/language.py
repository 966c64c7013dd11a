"""The language of what people read: English, as the code has it, or one of the catalogue (`goru/locale`).

Sentences are looked up when they are shown. What is kept, an answer or a run's files, is the same whoever reads it:
English, of which `kept` marks the sentences and `retold` finds the translation when they are shown.
"""

import gettext
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter

from goru.errors import InputError, option
from goru.particles import with_particles

LANGUAGES = ("en", "ko")
KEPT = "kept"  # the context of sentences that are kept, in the catalogue
# What fills some places of kept sentences: numbers alone, or a name; or a sentence of few words would take any other.
NUMBERS = {"n", "low", "high", "value", "count", "folds", "epochs", "planned", "trials"}  # and what is formatted as one
NUMBER = r"[-+−\d.,e%]+|[-+−]?(?:nan|inf)%?"
NAMES = {"level", "other"}
CATALOGUES = Path(__file__).parent / "locale"

_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """The one that was chosen, or the locale's; English where there is no other."""
    return _chosen.get() or of_locale(os.environ)


def of_locale(environment: Mapping[str, str]) -> str:
    """The first of the user's languages that goru knows, as gettext finds it."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    if re.split("[.@]", locale)[0] in ("C", "POSIX"):
        return "en"
    names = [*environment.get("LANGUAGE", "").split(":"), locale]
    languages = (re.split("[_.@-]", name)[0].lower() for name in names)
    return next((one for one in languages if one in LANGUAGES), "en")


def choose(wanted: str | None) -> None:
    """Speak a language from now on, in this thread; the locale's, if there is none.

    **Raises:** `InputError` for one that there is not.
    """
    if wanted not in (None, *LANGUAGES):
        raise InputError(f"{option('lang', wanted)}: unknown language. There are {' and '.join(LANGUAGES)}.")
    _chosen.set(wanted)


@contextmanager
def spoken(wanted: str | None) -> Iterator[None]:
    """Speak a language meanwhile, in this thread; without one, that which is spoken."""
    token = _chosen.set(_chosen.get())
    try:
        if wanted is not None:
            choose(wanted)
        yield
    finally:
        _chosen.reset(token)


def _(sentence: str, /, **values: object) -> str:
    """A sentence in the language that is spoken, with values in its places: `_("{rows} rows", rows=3)`."""
    translation = _catalogue(language()).gettext(sentence)
    return _read(translation.format(**values) if values else translation)


def _n(one: str, several: str, n: int, /, **values: object) -> str:
    """The same of a number `{n}` of things."""
    return _read(_catalogue(language()).ngettext(one, several, n).format(n=f"{n:,}", **values))


def kept(sentence: str, /, **values: object) -> str:
    """A sentence that is kept, or a part of one: English."""
    return sentence.format(**values) if values else sentence


@lru_cache(maxsize=4096)
def _retold(text: str, spoken: str) -> str:
    return text if spoken == "en" else with_particles(_patterns(spoken).paragraph(text))


def retold(text: str) -> str:
    """What was kept, in the language that is spoken; as it is, where the catalogue knows no such sentence."""
    return _retold(text, language())


def _read(text: str) -> str:
    return with_particles(text) if language() == "ko" else text


@cache
def _catalogue(of: str) -> gettext.NullTranslations:
    if of == "en":
        return gettext.NullTranslations()
    with (CATALOGUES / of / "LC_MESSAGES" / "goru.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


@cache
def _patterns(of: str) -> "_Patterns":
    known: Mapping[object, str] = vars(_catalogue(of))["_catalog"]  # gettext lists its sentences nowhere else
    begin = f"{KEPT}\x04"
    return _Patterns(
        {
            key.removeprefix(begin): translation
            for key, translation in known.items()
            if isinstance(key, str) and key.startswith(begin)
        }
    )


class _Patterns:
    """Kept sentences, found again by what stands between their places."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._whole = {sentence: translation for sentence, translation in sentences.items() if "{" not in sentence}
        places = {sentence: translation for sentence, translation in sentences.items() if "{" in sentence}
        by_letters = sorted(places, key=lambda sentence: -len(re.sub("{.*?}", "", sentence)))
        # What stands in quotes somebody has named: it is nothing to translate.
        self._patterns = [
            (re.compile(_pattern(sentence), re.DOTALL), places[sentence], re.findall(r"'{(\w+)", sentence))
            for sentence in by_letters
        ]

    def paragraph(self, text: str) -> str:
        """One sentence or several, or a list; nothing is lost of those that nobody knows."""
        # A pattern that ends with a bracket would take a list of such items for one.
        if (items := self._list(text, r"(?<=\))(, )")) is not None:
            return items
        if (translation := self._one(text)) is not None:
            return translation
        for end in re.finditer(r"[.!?] ", text):
            if (translation := self._one(text[: end.start() + 1])) is not None:
                return f"{translation} {self.paragraph(text[end.end() :])}"
        for between in ("(; )", "(, | and | [+] )"):
            if (items := self._list(text, between)) is not None:
                return items
        return text

    def _list(self, text: str, between: str) -> str | None:
        """A list of which every item is known."""
        items = re.split(between, text)
        translations = [item if re.fullmatch(NUMBER, item) else self._one(item) for item in items[::2]]
        if len(translations) == 1 or None in translations:
            return None
        signs = [", " if sign == " and " else sign for sign in items[1::2]]
        return "".join(map("".join, zip(map(str, translations), [*signs, ""], strict=True)))

    def _one(self, text: str) -> str | None:
        """What is known as a whole; a name may begin a sentence."""
        for spelling in dict.fromkeys((text, text[:1].lower() + text[1:])):
            if (translation := self._whole.get(spelling)) is not None:
                return translation
        for pattern, translation, quoted in self._patterns:
            if match := pattern.fullmatch(text):
                values = match.groupdict()
                return translation.format(
                    **{name: value if name in quoted else self.paragraph(value) for name, value in values.items()}
                )
        return None


def _pattern(sentence: str) -> str:
    """Places are filled by anything that ends no sentence, some by numbers alone."""
    parts, seen = [], set[str]()
    for letters, place, spec, *_rest in Formatter().parse(sentence):
        parts.append(re.escape(letters))
        if place:
            is_number = place in NUMBERS or (spec or "")[-1:] in (*"defg%,",)
            filled = NUMBER if is_number else "[^:;.,]+?" if place in NAMES else r"(?:(?![.] [A-Z]).)+?"
            parts.append(f"(?P={place})" if place in seen else f"(?P<{place}>{filled})")
            seen.add(place)
    return "".join(parts)
