"""What two techniques do together, in words."""

from collections.abc import Sequence

from goru.data.numbers import numbers, percents
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import InteractionFound
from goru.language import _, _n, kept, retold
from goru.report.parts.words import chance_in_words

TOGETHER: dict[Verdict, str] = {
    "helps": kept("more together than apart"),
    "hurts": kept("each makes the other less necessary"),
    "negligible": kept("they add up"),
    "inconclusive": kept("inconclusive"),
}
MOST = 4  # that lines name; the report has them all


def interaction_sentences(answer: Answer) -> list[str]:
    """What is known or likely, the surest first: `dropout: -21% without batch norm before, -3% with it; each makes the
    other less necessary`. None where no pair was asked about."""
    pairs = answer.interactions
    if not pairs:
        return []
    known = [pair for pair in pairs if _is_told(pair)]
    told = sorted(known, key=lambda pair: (pair.verdict == "inconclusive", -_distance(pair)))[:MOST]
    sentences = [_sentence(answer, pair) for pair in told]
    if len(known) > MOST:
        more = len(known) - MOST
        sentences.append(_n("and {n} other pair: see the report", "and {n} other pairs: see the report", more))
    if not known:
        sentences.append(
            _("inconclusive for all {count} pairs of techniques", count=len(pairs))
            if len(pairs) > 1
            else _("inconclusive")
        )
    return sentences


def _is_told(pair: InteractionFound) -> bool:
    verdict = pair.verdict if pair.likely is None else pair.likely[0]
    return verdict in ("helps", "hurts")


def _distance(pair: InteractionFound) -> float:
    """From an even chance, of helping."""
    return abs((0.5 if pair.helps is None else pair.helps) - 0.5)


def _sentence(answer: Answer, pair: InteractionFound) -> str:
    verdict = retold(TOGETHER[pair.verdict])
    if pair.likely is not None:
        likely, chance = pair.likely
        verdict = _("{verdict} (likely, {chance})", verdict=retold(TOGETHER[likely]), chance=chance_in_words(chance))
    if pair.without is None or pair.beside is None:
        return f"{retold(pair.name)}: {verdict}"
    without, beside = _shares([pair.without, pair.beside], answer.judgement.plain_loss)
    return _(
        "{first}: {without} without {second}, {beside} with it; {verdict}",
        first=retold(pair.first),
        second=retold(pair.second),
        without=without,
        beside=beside,
        verdict=verdict,
    )


def _shares(changes: Sequence[float], plain: float | None) -> list[str]:
    return percents([change / plain for change in changes]) if plain else numbers(changes, sign=True)
