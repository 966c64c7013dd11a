"""What is known while a race goes on, as rows and lines."""

from goru.data.numbers import number
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.interim import Interim
from goru.language import _, retold
from goru.report.parts import words
from goru.report.parts.estimates import in_loss
from goru.report.terminal import shown
from goru.wording import confidence_in_words

MOST_IN_A_LINE = 8  # effects


def effect_rows(interim: Interim) -> list[tuple[str, ...]]:
    """A row a question; the first says what is in the columns."""
    confidence = confidence_in_words(interim.confidence)
    head = _("effect so far"), _("change"), _("{confidence} interval", confidence=confidence), _("verdict")
    rows: list[tuple[str, ...]] = [head]
    for effect in interim.effects:
        name, verdict = shown(retold(effect.name)), words.verdict_in_words(effect)
        if effect.change is None:
            rows.append((name, _("unknown"), "", verdict))
            continue
        change, interval = in_loss(effect)
        rows.append((name, change + _share(effect, interim), interval, verdict))
    return rows


def leader_rows(interim: Interim) -> list[tuple[str, ...]]:
    """The best combinations; the first row says what is in the columns."""
    return [
        (_("best combinations so far"), _("validation loss")),
        *(
            (shown(retold(name)), _("unknown") if loss is None else number(loss))
            for name, loss in interim.leaders.items()
        ),
    ]


def footnotes(interim: Interim) -> list[str]:
    """How many trials that is, and how long it goes on."""
    after = {"count": interim.trials, "noun": retold(interim.noun)}
    if interim.left is None:
        return [_("after {count:,} {noun}", **after)]
    return [_("after {count:,} {noun}; training ends in {seconds:,.0f} s at the latest", **after, seconds=interim.left)]


def in_a_line(interim: Interim) -> str:
    """`after 108 networks: dropout helps (-9.9%); weight decay likely helps (87%); 4 inconclusive`."""
    by_certainty = sorted(
        interim.effects, key=lambda effect: effect.verdict == "inconclusive"
    )  # of many, the sure first
    known = [_known(effect, interim) for effect in by_certainty]
    told = [words_of_effect for words_of_effect in known if words_of_effect is not None]
    inconclusive = len(known) - len(told)
    if len(told) > MOST_IN_A_LINE:
        told[MOST_IN_A_LINE:] = [_("{count} more likely so", count=len(told) - MOST_IN_A_LINE)]
    if inconclusive:
        told.append(_("{count} inconclusive", count=inconclusive) if told else _("all inconclusive"))
    return _(
        "after {count:,} {noun}: {verdicts}",
        count=interim.trials,
        noun=retold(interim.noun),
        verdicts="; ".join(told),
    )


def _known(effect: EffectFound, interim: Interim) -> str | None:
    if effect.verdict == "inconclusive":
        if effect.likely is None:
            return None
        return _("{technique} {verdict}", technique=shown(retold(effect.name)), verdict=words.verdict_in_words(effect))
    technique, share = shown(retold(effect.name)), _share(effect, interim)
    if effect.verdict == "negligible":
        return _("{technique} is negligible{share}", technique=technique, share=share)
    if effect.verdict == "helps":
        return _("{technique} helps{share}", technique=technique, share=share)
    return _("{technique} hurts{share}", technique=technique, share=share)


def _share(effect: EffectFound, interim: Interim) -> str:
    plain = interim.plain_loss
    return f" ({effect.change / plain:+.1%})" if plain and effect.change is not None else ""
