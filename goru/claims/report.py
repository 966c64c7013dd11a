"""The report of claims: one page, which opens offline."""

from collections.abc import Sequence

from goru.claims.claim import Said
from goru.claims.effects import CONFIDENCE
from goru.claims.section import ClaimSection
from goru.language import _, _n, kept, retold
from goru.report.page import render
from goru.wording import listing

TEMPLATE = "claims.html"
SAID: tuple[Said, ...] = ("holds", "holds in part", "does not hold", "inconclusive")
NAMES = kept("holds"), kept("holds in part"), kept("does not hold"), kept("inconclusive")


def claims_html(sections: Sequence[ClaimSection]) -> str:
    """The report."""
    pictures = [picture for section in sections for picture in (section.effects, section.curves) if picture]
    return render(
        TEMPLATE,
        _contents(sections),
        pictures,
        title=retold(sections[0].claim.question) if len(sections) == 1 else _("Textbook claims, tested"),
        answer=promises_held(sections),
        tried=tried(sections),
        sections=sections,
    )


def _contents(sections: Sequence[ClaimSection]) -> list[tuple[str, str]]:
    if len(sections) > 1:
        return [("all", _("All claims")), *((one.claim.name, retold(one.claim.question)) for one in sections)]
    (one,) = sections
    name = one.claim.name
    parts = [(name, _("The claim")), (f"{name}-changes", _("What it rests on"))]
    parts += [(f"{name}-learning", _("Learning curves"))] * (one.curves is not None)
    return [*parts, (f"{name}-drawing", _("Drawing")), (f"{name}-trained", _("What was trained"))]


def promises_held(sections: Sequence[ClaimSection]) -> str:
    """How many of the claims hold, in a sentence."""
    found = [section.said for section in sections]
    if len(found) == 1:
        return _one(found[0], retold(sections[0].claim.promise))
    counts = {word: found.count(word) for word in SAID if word in found}
    if len(counts) == 1:
        return _all(found[0], len(found))
    *others, last = [_several(word, count) for word, count in counts.items()]
    return _("Of {count} claims {others} and {last}.", count=len(found), others=", ".join(others), last=last)


def _one(word: Said, promise: str) -> str:
    if word == "inconclusive":
        return _("Whether this holds is inconclusive: “{promise}”", promise=promise)
    if word == "holds":
        return _("The claim holds: “{promise}”", promise=promise)
    if word == "holds in part":
        return _("The claim holds in part: “{promise}”", promise=promise)
    return _("The claim does not hold: “{promise}”", promise=promise)


def _several(word: Said, count: int) -> str:
    """So many of all."""
    if word == "inconclusive":
        return _n("{n} stays inconclusive", "{n} stay inconclusive", count)
    if word == "holds":
        return _n("{n} holds", "{n} hold", count)
    if word == "holds in part":
        return _n("{n} holds in part", "{n} hold in part", count)
    return _n("{n} does not hold", "{n} do not hold", count)


def _all(word: Said, count: int) -> str:
    if word == "does not hold":
        return (
            _("Neither of the two claims holds.") if count == 2 else _("None of the {count} claims holds.", count=count)
        )
    claims = _("Both claims") if count == 2 else _("All {count} claims", count=count)
    if word == "inconclusive":
        return _("{claims} stay inconclusive.", claims=claims)
    if word == "holds":
        return _("{claims} hold.", claims=claims)
    return _("{claims} hold in part.", claims=claims)


def tried(sections: Sequence[ClaimSection]) -> str:
    """On what, how often, and what the brackets are."""
    tables = list(dict.fromkeys(section.table for section in sections))
    others = list(dict.fromkeys(name for section in sections for name in section.others if name not in tables))
    where = retold(listing(tables))
    if others:
        where = _(
            "{tables} (and, where a claim is about several tables, on {others})",
            tables=where,
            others=_(" and ").join(others),
        )
    what = (
        _(
            "What a textbook claims about batch normalization, weight decay and dropout, tested by an experiment on "
            "{where}."
        )
        if len(sections) == 1
        else _(
            "What a textbook claims about batch normalization, weight decay and dropout, tested by experiments on "
            "{where}."
        )
    )
    how = _(
        "Every network is trained with {seeds} seeds, each time from other initial weights, on other rows, in another "
        "order. Numbers in brackets are {confidence:.0%} intervals over the seeds; those of one claim are "
        "simultaneous.",
        seeds=_(" or ").join(str(seeds) for seeds in sorted({section.seeds for section in sections})),
        confidence=CONFIDENCE,
    )
    return f"{what.format(where=where)} {how}"
