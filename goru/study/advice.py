"""One sentence of advice, from the verdicts and from the test rows."""

import math

from goru.study import defaults
from goru.study.effects import Effect
from goru.study.rivals import Rival


def advise(
    recommended: Effect, plain_is_best: bool, words: str, rivals: list[Rival], draws: int, by_score: bool = False
) -> str:
    """What to do with this table.

    **Arguments:**

    - `recommended`: what the recommendation changes against the plain network.
    - `plain_is_best`: whether the recommendation is the plain network itself.
    - `words`: the recommendation.
    - `rivals`: the simplest first; none where there are no test rows.
    - `draws`: of each arm.
    - `by_score`: whether the recommendation is that with the best score, whatever its loss.
    """
    better = [rival for rival in rivals if rival.difference.high < 0 and _worth_having(rival)]
    if better:
        best = min(better, key=lambda rival: rival.loss)
        share = -best.difference.change / (best.loss - best.difference.change)
        return (
            f"Use {best.name} here: on the test rows the loss is {share:.0%} lower than the networks', "
            "more than chance would explain."
        )
    if rivals and rivals[0].difference.change < 0:
        return f"Try {rivals[0].name} first: on the test rows the networks do no better, and it is simpler."
    if by_score:
        return f"Use {'the plain network' if plain_is_best else words}: it has the best score on held-out rows."
    return _among_networks(recommended, plain_is_best, words, draws)


def _among_networks(recommended: Effect, plain_is_best: bool, words: str, draws: int) -> str:
    if plain_is_best:
        return "Use the plain network: none of the techniques did better."
    if draws < defaults.FEWEST_DRAWS:
        said = "one draw" if draws == 1 else f"{draws} draws"
        return f"Fit again with a larger budget: {said} of each combination cannot tell which is better."
    if recommended.verdict == "helps":
        share = -recommended.change / (recommended.margin / defaults.MARGIN)
        return f"Use {words}: in the folds the recommended loss is {share:.0%} lower than the plain network's."
    if recommended.verdict == "no effect worth having":
        return "The techniques make no difference worth having here: a plain network does as well."
    if not math.isfinite(recommended.change):
        return f"Use {words}: in some fold every plain network diverged."
    if recommended.change >= 0:
        return "Nothing speaks for the techniques here: what did best in some folds did no better in the others."
    return (
        f"Use {words} if it costs you nothing: it did best, but these rows do not show for sure that it is better "
        "than a plain network."
    )


def _worth_having(rival: Rival) -> bool:
    return -rival.difference.change > defaults.MARGIN * rival.loss
