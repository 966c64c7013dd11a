"""What is known while a race goes on, as rows and lines."""

from goru.data.numbers import number
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.interim import Interim
from goru.report import words
from goru.report.estimates import in_loss
from goru.report.terminal import shown
from goru.wording import confidence_in_words

MOST_IN_A_LINE = 8  # effects


def effect_rows(interim: Interim) -> list[tuple[str, ...]]:
    """A row a question; the first says what is in the columns."""
    confidence = confidence_in_words(interim.confidence)
    rows: list[tuple[str, ...]] = [("effect so far", "change", f"{confidence} interval", "verdict")]
    for effect in interim.effects:
        if effect.change is None:
            rows.append((shown(effect.name), "unknown", "", words.verdict_in_words(effect)))
            continue
        change, interval = in_loss(effect)
        rows.append((shown(effect.name), change + _share(effect, interim), interval, words.verdict_in_words(effect)))
    return rows


def leader_rows(interim: Interim) -> list[tuple[str, ...]]:
    """The best combinations; the first row says what is in the columns."""
    return [
        ("best combinations so far", "validation loss"),
        *((shown(name), "unknown" if loss is None else number(loss)) for name, loss in interim.leaders.items()),
    ]


def footnotes(interim: Interim) -> list[str]:
    """How many trials that is, and how long it goes on."""
    left = "" if interim.left is None else f"; training ends in {interim.left:,.0f} s at the latest"
    return [f"after {interim.trials:,} {interim.noun}{left}"]


def in_a_line(interim: Interim) -> str:
    """`after 108 networks: dropout helps (-9.9%); weight decay likely helps (87%); 4 inconclusive`."""
    by_certainty = sorted(
        interim.effects, key=lambda effect: effect.verdict == "inconclusive"
    )  # of many, the sure first
    known = [_known(effect, interim) for effect in by_certainty]
    told = [words_of_effect for words_of_effect in known if words_of_effect is not None]
    inconclusive = len(known) - len(told)
    if len(told) > MOST_IN_A_LINE:
        told[MOST_IN_A_LINE:] = [f"{len(told) - MOST_IN_A_LINE} more likely so"]
    if inconclusive:
        told.append(f"{inconclusive} inconclusive" if told else "all inconclusive")
    return f"after {interim.trials:,} {interim.noun}: {'; '.join(told)}"


def _known(effect: EffectFound, interim: Interim) -> str | None:
    if effect.verdict == "inconclusive":
        return None if effect.likely is None else f"{shown(effect.name)} {words.verdict_in_words(effect)}"
    verdict = f"is {effect.verdict}" if effect.verdict == "negligible" else effect.verdict
    return f"{shown(effect.name)} {verdict}{_share(effect, interim)}"


def _share(effect: EffectFound, interim: Interim) -> str:
    plain = interim.plain_loss
    return f" ({effect.change / plain:+.1%})" if plain and effect.change is not None else ""
