"""Outcomes as lines of text."""

import textwrap
from collections.abc import Iterator, Sequence

from goru.claims.claim import ClaimOutcome
from goru.report.terminal import WIDTH, printable, table


def outcome_lines(outcome: ClaimOutcome) -> Iterator[str]:
    """One claim: what is asked, whether the claim holds, by what, and in words."""
    yield f"{outcome.name}: {outcome.claim.question}"
    yield f"The claim {outcome.said}." if outcome.said != "inconclusive" else "Inconclusive."
    yield ""
    rows = [("what changes", "by (95% interval)", "verdict")]
    rows += [(effect.what, effect.numbers, effect.word(effect.verdict)) for effect in outcome.effects]
    yield from table(rows)
    yield ""
    for text in (outcome.done, f"{outcome.found} {outcome.meaning}"):
        yield from textwrap.wrap(printable(text), WIDTH)


def summary_lines(outcomes: Sequence[ClaimOutcome]) -> Iterator[str]:
    """All claims, a line each."""
    yield from table([("claim", "question", "verdict"), *((o.name, o.claim.question, o.said) for o in outcomes)])
