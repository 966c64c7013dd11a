"""What is advised, by the verdict on the recommendation and by what the other models do on the test rows."""

import pytest

from goru.study import defaults
from goru.study.advice import advise
from goru.study.effects import Effect
from goru.study.rivals import Rival
from goru.study.scores import Difference

WORDS = "batch norm before, dropout"


def recommended(verdict: str, change: float = -0.1) -> Effect:
    """The plain network's loss is 0.5, and so the margin 0.01."""
    name, margin = "the best of all combinations", 0.5 * defaults.MARGIN
    return Effect(name, change, change - 0.02, change + 0.02, margin, verdict, 0.01, 0.01, 0.01, None)


def linear(change: float, low: float, high: float, loss: float = 0.4) -> Rival:
    return Rival("logistic regression", Difference(change, low, high), loss)


def trees(change: float, low: float, high: float, loss: float = 0.4) -> Rival:
    return Rival("boosted trees", Difference(change, low, high), loss)


WORSE = linear(0.2, 0.1, 0.3)
BETTER = trees(-0.1, -0.15, -0.05)
AS_GOOD = linear(-0.1, -0.21, 0.01)
HELPS, NOTHING, HURTS, OPEN = (
    recommended(*said) for said in (("helps",), ("no effect worth having", 0.0), ("hurts", 0.1), ("undecided",))
)
EFFECTS = pytest.mark.parametrize("effect", [HELPS, NOTHING, HURTS, OPEN], ids=lambda effect: effect.verdict)


def advised(effect: Effect, *rivals: Rival, plain: bool = False, draws: int = defaults.FEWEST_DRAWS) -> str:
    return advise(effect, plain, WORDS, list(rivals), draws)


@EFFECTS
@pytest.mark.parametrize(("plain", "words"), [(True, "the plain network"), (False, WORDS)])
def test_of_what_has_the_best_score_no_loss_is_told(effect, plain, words):
    said = advise(effect, plain, WORDS, [], draws=1, by_score=True)
    assert said == f"Use {words}: it has the best score on held-out rows."


class TestOthers:
    @EFFECTS
    def test_one_that_is_better_for_sure_is_to_be_used(self, effect):
        # The networks' loss is 0.4 + 0.1, and a fifth of it less is 0.4.
        assert advised(effect, WORSE, BETTER) == (
            "Use boosted trees here: on the test rows the loss is 20% lower than the networks', "
            "more than chance would explain."
        )

    def test_of_several_that_are_better_the_best_is(self):
        said = advised(HELPS, linear(-0.1, -0.2, -0.01, loss=0.4), trees(-0.2, -0.3, -0.1, loss=0.3))
        assert said.startswith("Use boosted trees here")
        assert "40% lower" in said
        said = advised(HELPS, linear(-0.2, -0.3, -0.1, loss=0.3), trees(-0.1, -0.2, -0.01, loss=0.4))
        assert said.startswith("Use logistic regression here")
        assert "40% lower" in said

    @pytest.mark.parametrize(
        "other",
        [
            trees(-0.1, -0.21, 0.01),  # it may be chance
            trees(-0.007, -0.0075, -0.0065),  # it is not, but less than 2 % of 0.4
            trees(0.1, 0.05, 0.15),
        ],
    )
    def test_one_that_is_not_surely_or_not_noticeably_better_is_not(self, other):
        assert advised(HELPS, WORSE, other).startswith(f"Use {WORDS}:")

    @EFFECTS
    @pytest.mark.parametrize("simple", [AS_GOOD, linear(-0.007, -0.0075, -0.0065)], ids=["", "for sure"])
    def test_a_linear_model_that_is_as_good_is_to_be_tried_first(self, effect, simple):
        assert advised(effect, simple) == (
            "Try logistic regression first: on the test rows the networks do no better, and it is simpler."
        )

    def test_but_not_before_trees_that_are_better(self):
        assert advised(OPEN, AS_GOOD, BETTER).startswith("Use boosted trees here")

    def test_trees_that_are_as_good_are_no_simpler(self):
        assert "boosted trees" not in advised(OPEN, WORSE, trees(-0.1, -0.21, 0.01))

    def test_a_linear_model_with_a_higher_loss_is_not_as_good_though_that_may_be_chance(self):
        assert "logistic" not in advised(OPEN, linear(0.01, -0.1, 0.12))

    def test_they_are_better_whatever_the_networks_are_and_however_few(self):
        assert advised(OPEN, WORSE, BETTER, plain=True).startswith("Use boosted trees here")
        assert advised(OPEN, WORSE, BETTER, draws=1).startswith("Use boosted trees here")


class TestNetworks:
    @pytest.mark.parametrize("rivals", [(), (WORSE,), (WORSE, trees(0.1, 0.05, 0.15))], ids=len)
    @pytest.mark.parametrize(
        ("effect", "sentence"),
        [
            (HELPS, f"Use {WORDS}: in the folds the recommended loss is 20% lower than the plain network's."),
            (NOTHING, "The techniques make no difference worth having here: a plain network does as well."),
            (
                HURTS,
                "Nothing speaks for the techniques here: what did best in some folds did no better in the others.",
            ),
            (
                recommended("undecided", 0.01),
                "Nothing speaks for the techniques here: what did best in some folds did no better in the others.",
            ),
            (
                OPEN,
                f"Use {WORDS} if it costs you nothing: it did best, but these rows do not show for sure that it is "
                "better than a plain network.",
            ),
        ],
        ids=["helps", "no effect", "hurts", "undecided and worse", "undecided"],
    )
    def test_every_verdict_has_its_sentence(self, effect, sentence, rivals):
        assert advised(effect, *rivals) == sentence

    @EFFECTS
    def test_where_the_plain_network_did_best_it_is_to_be_used(self, effect):
        assert advised(effect, WORSE, plain=True) == "Use the plain network: none of the techniques did better."

    @pytest.mark.parametrize(("draws", "words"), [(1, "one draw"), (2, "2 draws")])
    def test_where_draws_were_too_few_that_is_what_is_to_be_mended(self, draws, words):
        said = advised(OPEN, WORSE, draws=draws)
        assert said == f"Fit again with a larger budget: {words} of each combination cannot tell which is better."

    @EFFECTS
    @pytest.mark.parametrize("plain", [False, True], ids=["", "plain"])
    @pytest.mark.parametrize("rivals", [(), (WORSE,), (AS_GOOD,), (WORSE, BETTER)], ids=len)
    def test_it_is_one_readable_sentence(self, effect, rivals, plain):
        said = advised(effect, *rivals, plain=plain)
        assert said[0].isupper()
        assert said.endswith(".")
        assert said.count(".") == 1
        assert "  " not in said
        assert said.isprintable()
        assert len(said) < 200
