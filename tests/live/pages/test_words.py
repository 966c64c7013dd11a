"""All words in both languages, and the page's weight."""

import json
import re

from goru.live.paths import STATIC

MOST_BYTES = 300_000
KOREAN = re.compile(r"[가-힣]")


def flat(words: dict, prefix: str = "") -> dict[str, str]:
    found = {}
    for name, value in words.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def of(language: str) -> dict[str, str]:
    return flat(json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8")))


def values_in(text: str) -> set[str]:
    """What is put into a text, but for what only chooses between words."""
    chosen = re.findall(r"\{(\w+)\|([^}]*)\}", text)
    return {*re.findall(r"\{(\w+)(?=[}:])", text), *(name for name, words in chosen if "#" in words)}


def test_languages_have_the_same_texts_in_the_same_order():
    assert list(of("en")) == list(of("ko"))


def test_translations_say_the_same_values():
    english, korean = of("en"), of("ko")
    assert {key for key in english if values_in(english[key]) != values_in(korean[key])} == set()


def test_no_korean_text_was_left_in_english():
    korean = of("ko")
    own = {key for key, text in korean.items() if re.search(r"[A-Za-z]{3}", text) and not KOREAN.search(text)}
    own = {key for key in own if not values_in(korean[key])}
    assert {key for key in own if not key.startswith(("options.", "page.other_language"))} == set()


def test_every_text_that_modules_ask_for_is_there():
    english = of("en")
    for module in STATIC.rglob("*.js"):
        for key in re.findall(r'\bt\("([\w.]+)"', module.read_text(encoding="utf-8")):
            assert key in english, f"{module.name}: {key}"


def test_weight():
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) <= MOST_BYTES
