"""Korean particles, which follow the sound before them: `손실이(가)` is `손실이`, `정확도이(가)` is `정확도가`."""

import re

# After a consonant, and after a vowel.
_PAIRS = {
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
_PARTICLE = re.compile(f"(.)({'|'.join(map(re.escape, _PAIRS))})")
_DIGITS = {**dict.fromkeys("245", 0), "9": 0, "%": 0, **dict.fromkeys("036", 1), **dict.fromkeys("178", 8)}
_RIEUL = 8  # the one consonant that 로 follows as it follows a vowel


def with_particles(text: str) -> str:
    """The text with every pair of particles made the one that fits; both stand where that is not known."""
    return _PARTICLE.sub(_fitting, text)


def _fitting(match: re.Match[str]) -> str:
    before, pair = match.groups()
    final = (ord(before) - ord("가")) % 28 if "가" <= before <= "힣" else _DIGITS.get(before)
    if final is None:
        return match.group()
    after_consonant, after_vowel = _PAIRS[pair]
    vowel = final == 0 or (final == _RIEUL and pair == "(으)로")
    return before + (after_vowel if vowel else after_consonant)
