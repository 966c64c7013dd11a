"""The report of claims: one page, which opens offline."""

from collections.abc import Sequence

from goru.claims.claim import Said
from goru.claims.effects import CONFIDENCE
from goru.claims.section import ClaimSection
from goru.report.page import render
from goru.wording import listing

TEMPLATE = "claims.html"
# What one claim does, and what several do.
DOES: dict[Said, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "holds in part": ("holds in part", "hold in part"),
    "does not hold": ("does not hold", "do not hold"),
    "inconclusive": ("stays inconclusive", "stay inconclusive"),
}


def claims_html(sections: Sequence[ClaimSection]) -> str:
    """The report."""
    pictures = [picture for section in sections for picture in (section.effects, section.curves) if picture]
    return render(
        TEMPLATE,
        _contents(sections),
        pictures,
        title=sections[0].claim.question if len(sections) == 1 else "Textbook claims, tested",
        answer=promises_held(sections),
        tried=tried(sections),
        sections=sections,
    )


def _contents(sections: Sequence[ClaimSection]) -> list[tuple[str, str]]:
    if len(sections) > 1:
        return [("all", "All claims"), *((one.claim.name, one.claim.question) for one in sections)]
    (one,) = sections
    name = one.claim.name
    parts = [(name, "The claim"), (f"{name}-changes", "What it rests on")]
    parts += [(f"{name}-learning", "Learning curves")] * (one.curves is not None)
    return [*parts, (f"{name}-drawing", "Drawing"), (f"{name}-trained", "What was trained")]


def promises_held(sections: Sequence[ClaimSection]) -> str:
    """How many of the claims hold, in a sentence."""
    found = [section.said for section in sections]
    if len(found) == 1:
        begun = "Whether this holds is inconclusive" if found[0] == "inconclusive" else f"The claim {found[0]}"
        return f"{begun}: “{sections[0].claim.promise}”"
    counts = [(word, found.count(word)) for word in DOES if word in found]
    if len(counts) == 1:
        return _all(counts[0][0], len(found))
    told = [f"{count} {DOES[word][count > 1]}" for word, count in counts]
    return f"Of {len(found)} claims {', '.join(told[:-1])} and {told[-1]}."


def _all(word: Said, count: int) -> str:
    if word == "does not hold":
        return "Neither of the two claims holds." if count == 2 else f"None of the {count} claims holds."
    return f"{'Both' if count == 2 else f'All {count}'} claims {DOES[word][1]}."


def tried(sections: Sequence[ClaimSection]) -> str:
    """On what, how often, and what the brackets are."""
    one = len(sections) == 1
    tables = list(dict.fromkeys(section.table for section in sections))
    others = list(dict.fromkeys(name for section in sections for name in section.others if name not in tables))
    further = f" (and, where a claim is about several tables, on {' and '.join(others)})" * bool(others)
    seeds = sorted({section.seeds for section in sections})
    return (
        f"What a textbook claims about batch normalization, weight decay and dropout, tested by "
        f"{'an experiment' if one else 'experiments'} on {listing(tables)}{further}. Every network is trained with "
        f"{' or '.join(map(str, seeds))} seeds, each time from other initial weights, on other rows, in another order. "
        f"Numbers in brackets are {CONFIDENCE:.0%} intervals over the seeds; those of one claim are simultaneous."
    )
