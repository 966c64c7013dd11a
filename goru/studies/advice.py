"""Advice in a sentence or two, from the verdicts and from the test rows; whatever it compares has an interval."""

import math
from collections.abc import Sequence

from goru.data.numbers import estimate, percents
from goru.experiment.effects.comparison import Difference, Rival
from goru.experiment.effects.effects import Effect
from goru.language import kept
from goru.studies import defaults
from goru.wording import confidence_in_words, counted


def advise(
    recommended: Effect,
    plain_is_best: bool,
    words: str,
    rivals: Sequence[Rival],
    configurations: int,
    by_score: bool = False,
    plain: Rival | None = None,
    noun: str = "network",
    confidence: float = defaults.CONFIDENCE,
    measure: str = "validation loss",
) -> str:
    """What to do with this table.

    A model is advised instead of the networks where its test loss is lower by more than the interval, and by more than
    the margin; the linear one also where its test loss is, at the interval's upper end, within the margin of theirs:
    it is simpler.

    **Arguments:**

    - `recommended`: what the recommendation changes against the plain network.
    - `plain_is_best`: whether the recommendation is the plain network itself.
    - `words`: the recommendation.
    - `rivals`: the simplest first; none where there are no test rows.
    - `configurations`: of each arm.
    - `by_score`: whether the recommendation is that with the best score, whatever its loss.
    - `plain`: the plain networks on the test rows.
    - `noun`: what the plain arm's are called.
    - `confidence`: with which `recommended` was judged.
    - `measure`: what effects are judged by.
    """
    better = [rival for rival in (*rivals, *([plain] if plain else [])) if _better(rival)]
    if better:
        best = min(better, key=lambda rival: rival.loss)
        name = kept("the plain {noun}", noun=noun) if best is plain else best.name
        lower = Difference(*(-end for end in (best.shares.change, best.shares.high, best.shares.low)))
        return kept(
            "Use {name}: the test loss is {share} lower than that of the networks recommended here.",
            name=name,
            share=_spelt(lower, ""),
        )
    if rivals and rivals[0].shares.high <= defaults.MARGIN:
        return kept(
            "Try {name} first: it is simpler, and its test loss is lower than the networks' or at most {margin:.0%} "
            "higher ({share}).",
            name=rivals[0].name,
            margin=defaults.MARGIN,
            share=_spelt(rivals[0].shares),
        )
    if by_score:
        sentences = kept(
            "Use {words}: it has the best validation score, whose margin of error is unknown.",
            words=kept("the plain {noun}", noun=noun) if plain_is_best else words,
        )
    else:
        sentences = _among_networks(recommended, plain_is_best, words, configurations, plain, noun, confidence, measure)
    if rivals and rivals[0].shares.change < 0:
        simpler = kept(
            "{name}, which is simpler, may do as well: test loss {share}.",
            name=rivals[0].name.capitalize(),
            share=_spelt(rivals[0].shares),
        )
        return f"{sentences} {simpler}"
    return sentences


def _among_networks(
    recommended: Effect,
    plain_is_best: bool,
    words: str,
    configurations: int,
    plain: Rival | None,
    noun: str,
    confidence: float,
    measure: str,
) -> str:
    if configurations < defaults.FEWEST_CONFIGURATIONS:
        return kept(
            "Fit again with a larger budget: {configurations} of each combination cannot tell which is better.",
            configurations=counted(configurations, "configuration"),
        )
    if plain_is_best:
        return kept("Use the plain {noun}: nothing shows that a combination does better.", noun=noun)
    if not math.isfinite(recommended.change):
        return kept("Use {words}: in some fold every plain {noun} diverged.", words=words, noun=noun)
    loss = recommended.margin / defaults.MARGIN
    change = Difference(*(end / loss for end in (recommended.change, recommended.low, recommended.high)))
    worse = plain is not None and plain.difference.change < 0
    if recommended.verdict == "helps":
        lower = Difference(*(-end for end in (change.change, change.high, change.low)))
        given = {"words": words, "measure": measure, "share": _spelt(lower, "", confidence), "noun": noun}
        if plain is not None and worse:
            return kept(
                "Use {words}: the {measure} is {share} lower than the plain {noun}'s; the test rows do not show it "
                "(plain {noun}: {test}).",
                **given,
                test=_spelt(plain.shares),
            )
        return kept("Use {words}: the {measure} is {share} lower than the plain {noun}'s.", **given)
    if recommended.verdict == "negligible":
        return kept("The effects of the techniques are negligible here: a plain {noun} does as well.", noun=noun)
    if recommended.change >= 0:
        return kept(
            "Nothing speaks for one combination here: the recommendation ({words}) was chosen by the {measure}, but "
            "what did best in some folds did no better in the others.",
            words=words,
            measure=measure,
        )
    spelt = _spelt(change, confidence=confidence)
    if not worse and (recommended.helps or 0.0) >= defaults.LIKELY:
        chance = min(recommended.helps or 0.0, 0.99)
        return kept(
            "Use {words}: it likely does better than the plain {noun} ({chance:.0%}; {share}).",
            words=words,
            noun=noun,
            chance=chance,
            share=spelt,
        )
    given = {"words": words, "measure": measure, "noun": noun, "share": spelt}
    if worse:
        return kept(
            "Use the plain {noun}: {words} was chosen by the {measure}, but that is not significantly lower than the "
            "plain {noun}'s ({share}), and the test loss is higher.",
            **given,
        )
    given["words"] = f"{words[:1].upper()}{words[1:]}"
    return kept(
        "{words} was chosen by the {measure}, but that is not significantly lower than the plain {noun}'s ({share}).",
        **given,
    )


def _better(rival: Rival) -> bool:
    """Whether it is, beyond the interval, and by more than the margin."""
    return rival.difference.high < 0 and -rival.shares.change > defaults.MARGIN


def _spelt(shares: Difference, sign: str = "+", confidence: float = defaults.CONFIDENCE) -> str:
    """Shares and their interval: `-12%, 95% CI -26% to +2%`, or without signs, `12% (95% CI 2% to 26%)`."""
    known = math.isfinite(shares.low) and math.isfinite(shares.high)
    change, interval = estimate([shares.change, *((shares.low, shares.high) if known else (None, None))], percents)
    if sign:
        return kept(
            "{change}, {level} CI {interval}", change=change, level=confidence_in_words(confidence), interval=interval
        )
    spelt = kept(
        "{change} ({level} CI {interval})", change=change, level=confidence_in_words(confidence), interval=interval
    )
    return spelt.replace("+", "")
