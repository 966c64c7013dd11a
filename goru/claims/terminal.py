"""Outcomes as lines of text."""

from collections.abc import Iterator, Sequence

from goru.claims.claim import ClaimOutcome, Said
from goru.language import _, kept, retold
from goru.report.terminal import printable, table, wrapped

SAID: dict[Said, str] = {
    "holds": kept("The claim holds."),
    "holds in part": kept("The claim holds in part."),
    "does not hold": kept("The claim does not hold."),
    "inconclusive": kept("Inconclusive."),
}


def outcome_lines(outcome: ClaimOutcome) -> Iterator[str]:
    """One claim: what is asked, whether the claim holds, by what, and in words."""
    yield f"{outcome.name}: {retold(outcome.claim.question)}"
    yield retold(SAID[outcome.said])
    yield ""
    rows: list[tuple[str, ...]] = [(_("what changes"), _("by ({confidence} interval)", confidence="95%"), _("verdict"))]
    rows += [
        tuple(map(retold, (effect.what, effect.numbers, effect.word(effect.verdict)))) for effect in outcome.effects
    ]
    yield from table(rows)
    yield ""
    for texts in ([outcome.done], [outcome.found, outcome.meaning]):
        yield from wrapped(printable(" ".join(map(retold, texts))))


def summary_lines(outcomes: Sequence[ClaimOutcome]) -> Iterator[str]:
    """All claims, a line each."""
    yield from table(
        [
            (_("claim"), _("question"), _("verdict")),
            *((o.name, retold(o.claim.question), retold(o.said)) for o in outcomes),
        ]
    )
