"""What is advised, by the verdict on the recommendation and by what the other models do on the test rows."""

import re
from dataclasses import replace

import pytest

from goru.experiment.effects.comparison import Difference, Rival
from goru.experiment.effects.effects import Effect
from goru.studies import defaults
from goru.studies.advice import advise

WORDS = "batch norm before, dropout"
NETWORKS = 0.5  # their loss on the test rows, of which shares are told
INF = float("inf")


def recommended(verdict: str, change: float = -0.1, half: float = 0.02) -> Effect:
    """The plain network's loss is 0.5, and so the margin 0.01."""
    name, margin = "best combination (cross-validated choice)", 0.5 * defaults.MARGIN
    return Effect(name, change, change - half, change + half, margin, verdict, 0.01, 0.01, 0.01, None)


def rival(name: str, change: float, low: float, high: float) -> Rival:
    return Rival(name, Difference(change, low, high), NETWORKS + change)


def linear(*difference: float) -> Rival:
    return rival("logistic regression", *difference)


def trees(*difference: float) -> Rival:
    return rival("boosted trees", *difference)


def plain(*difference: float) -> Rival:
    return rival("plain", *difference)


WORSE = linear(0.2, 0.1, 0.3)
BETTER = trees(-0.1, -0.15, -0.05)
AS_GOOD = linear(-0.005, -0.02, 0.009)  # at the interval's upper end 1.8 % above the networks'
UNTOLD = linear(-0.005, -0.04, 0.03)  # lower, but which is lower these rows do not show
HELPS, NOTHING, HURTS, OPEN = (
    recommended("helps"),
    recommended("negligible", 0.0, 0.005),
    recommended("hurts", 0.1),
    recommended("inconclusive", -0.1, 0.12),
)
EFFECTS = pytest.mark.parametrize("effect", [HELPS, NOTHING, HURTS, OPEN], ids=lambda effect: effect.verdict)


def advised(
    effect: Effect, *rivals: Rival, is_plain: bool = False, configurations: int = defaults.FEWEST_CONFIGURATIONS, **more
) -> str:
    return advise(effect, is_plain, WORDS, list(rivals), configurations, **more)


@EFFECTS
@pytest.mark.parametrize(("is_plain", "words"), [(True, "the plain network"), (False, WORDS)])
def test_of_what_has_the_best_score_no_loss_is_told_and_that_a_score_has_no_interval_is(effect, is_plain, words):
    said = advise(effect, is_plain, WORDS, [], configurations=1, by_score=True)
    assert said == f"Use {words}: it has the best validation score, whose margin of error is unknown."


NO_DIFFERENCE = (
    f"Nothing speaks for one combination here: the recommendation ({WORDS}) was chosen by the validation loss, but "
    "what did best in some folds did no better in the others."
)


class TestOthers:
    @EFFECTS
    def test_one_that_is_better_for_sure_is_to_be_used(self, effect):
        assert advised(effect, WORSE, BETTER) == (
            "Use boosted trees: the test loss is 20% (95% CI 10% to 30%) lower than that of the networks recommended "
            "here."
        )

    def test_of_several_that_are_better_the_best_is(self):
        said = advised(HELPS, linear(-0.1, -0.2, -0.02), trees(-0.2, -0.3, -0.1))
        assert said.startswith("Use boosted trees: the test loss is 40% (")
        said = advised(HELPS, linear(-0.2, -0.3, -0.1), trees(-0.1, -0.2, -0.02))
        assert said.startswith("Use logistic regression: the test loss is 40% (")

    @pytest.mark.parametrize(
        "other",
        [
            trees(-0.1, -0.21, 0.01),  # it may be chance
            trees(-0.007, -0.0075, -0.0065),  # it is not, but less than 2 % of 0.5
            trees(0.1, 0.05, 0.15),
        ],
    )
    def test_one_that_is_not_surely_or_not_noticeably_better_is_not(self, other):
        assert advised(HELPS, WORSE, other).startswith(f"Use {WORDS}:")

    @EFFECTS
    @pytest.mark.parametrize("simple", [AS_GOOD, linear(-0.007, -0.0075, -0.0065), linear(0.004, 0.001, 0.007)])
    def test_a_linear_model_that_is_surely_as_good_to_within_the_margin_is_to_be_tried_first(self, effect, simple):
        said = advised(effect, simple)
        assert said.startswith(
            "Try logistic regression first: it is simpler, and its test loss is lower than the networks' or at most 2% "
            "higher ("
        )

    def test_with_the_interval_by_which_that_is_known(self):
        assert advised(OPEN, AS_GOOD).endswith("(-1.0%, 95% CI -4.0% to +1.8%).")

    @EFFECTS
    def test_one_with_a_lower_test_loss_is_not_to_be_tried_first_where_that_may_be_chance(self, effect):
        """0.451 against 0.456 on 200 rows is no reason."""
        said = advised(effect, UNTOLD)
        assert "first" not in said
        assert said.startswith(advised(effect))
        assert said.endswith(
            " Logistic regression, which is simpler, may do as well: test loss -1.0%, 95% CI -8.0% to +6.0%."
        )

    def test_of_one_with_a_higher_test_loss_nothing_is_said_where_that_may_be_chance(self):
        assert "ogistic" not in advised(OPEN, linear(0.012, -0.1, 0.12))

    def test_one_row_is_too_few_to_say_anything(self):
        assert "interval" not in advised(OPEN, linear(0.3, -INF, INF), trees(-0.3, -INF, INF))
        said = advised(OPEN, linear(-0.3, -INF, INF), trees(-0.3, -INF, INF))
        assert said.startswith(advised(OPEN))
        assert said.endswith("test loss -60%, 95% CI unknown.")

    def test_but_not_before_trees_that_are_better(self):
        assert advised(OPEN, AS_GOOD, BETTER).startswith("Use boosted trees:")

    def test_trees_that_are_as_good_are_no_simpler(self):
        assert "boosted trees" not in advised(OPEN, WORSE, trees(-0.005, -0.02, 0.009))

    def test_they_are_better_whatever_the_networks_are_and_however_few(self):
        assert advised(OPEN, WORSE, BETTER, is_plain=True).startswith("Use boosted trees:")
        assert advised(OPEN, WORSE, BETTER, configurations=1).startswith("Use boosted trees:")


class TestThePlainNetworkOnTheTestRows:
    """The table above the advice shows both: nothing is advised that it says is worse, without a word."""

    @EFFECTS
    def test_where_it_is_better_for_sure_it_is_to_be_used(self, effect):
        said = advised(effect, WORSE, plain=plain(-0.1, -0.15, -0.05))
        assert said == (
            "Use the plain network: the test loss is 20% (95% CI 10% to 30%) lower than that of the networks "
            "recommended here."
        )

    def test_unless_another_model_is_better_still(self):
        assert advised(HELPS, trees(-0.2, -0.3, -0.1), plain=plain(-0.1, -0.15, -0.05)).startswith("Use boosted trees")

    def test_where_it_is_lower_and_nothing_is_sure_a_technique_is_not_advised(self):
        assert advised(OPEN, plain=plain(-0.02, -0.06, 0.02)) == (
            f"Use the plain network: {WORDS} was chosen by the validation loss, but that is not significantly lower "
            "than the plain network's (-20%, 95% CI -44% to +4%), and the test loss is higher."
        )

    def test_where_it_is_lower_though_folds_are_sure_that_is_said(self):
        assert advised(HELPS, plain=plain(-0.02, -0.06, 0.02)).endswith(
            "; the test rows do not show it (plain network: -4%, 95% CI -12% to +4%)."
        )

    @pytest.mark.parametrize("effect", [HELPS, OPEN])
    @pytest.mark.parametrize("other", [plain(0.02, -0.06, 0.1), plain(0.0, 0.0, 0.0)], ids=["higher", "the same"])
    def test_where_it_is_no_lower_there_is_nothing_to_add(self, effect, other):
        assert advised(effect, plain=other) == advised(effect)


class TestNetworks:
    @pytest.mark.parametrize("rivals", [(), (WORSE,), (WORSE, trees(0.1, 0.05, 0.15))], ids=len)
    @pytest.mark.parametrize(
        ("effect", "sentence"),
        [
            (
                HELPS,
                f"Use {WORDS}: the validation loss is 20% (95% CI 16% to 24%) lower than the plain network's.",
            ),
            (NOTHING, "The effects of the techniques are negligible here: a plain network does as well."),
            (HURTS, NO_DIFFERENCE),
            (recommended("inconclusive", 0.01), NO_DIFFERENCE),
            (
                OPEN,
                f"{WORDS[:1].upper()}{WORDS[1:]} was chosen by the validation loss, but that is not significantly "
                "lower than the plain network's (-20%, 95% CI -44% to +4%).",
            ),
        ],
        ids=["helps", "no effect", "hurts", "inconclusive and worse", "inconclusive"],
    )
    def test_every_verdict_has_its_sentence(self, effect, sentence, rivals):
        assert advised(effect, *rivals) == sentence

    def test_an_interval_without_ends_is_said_to_be_unknown(self):
        assert "(-20%, 95% CI unknown)" in advised(replace(OPEN, low=-INF, high=INF))

    @EFFECTS
    def test_where_the_plain_network_did_best_it_is_to_be_used(self, effect):
        said = "Use the plain network: nothing shows that a combination does better."
        assert advised(effect, WORSE, is_plain=True) == said

    @pytest.mark.parametrize("is_plain", [False, True])
    @pytest.mark.parametrize(("configurations", "words"), [(1, "1 configuration"), (2, "2 configurations")])
    def test_where_configurations_were_too_few_that_is_what_is_to_be_mended(self, configurations, words, is_plain):
        said = advised(OPEN, WORSE, configurations=configurations, is_plain=is_plain)
        assert said == f"Fit again with a larger budget: {words} of each combination cannot tell which is better."

    @EFFECTS
    @pytest.mark.parametrize("is_plain", [False, True], ids=["", "plain"])
    @pytest.mark.parametrize("other", [None, plain(-0.02, -0.06, 0.02)], ids=["", "plain is lower"])
    @pytest.mark.parametrize("rivals", [(), (WORSE,), (AS_GOOD,), (UNTOLD,), (WORSE, BETTER)], ids=len)
    def test_it_is_a_readable_sentence_or_two(self, effect, rivals, is_plain, other):
        said = advised(effect, *rivals, is_plain=is_plain, plain=other)
        sentences = re.split(r"(?<=\.) (?=[A-Z])", said)
        assert len(sentences) <= 2
        for sentence in sentences:
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert len(sentence) < 240
        assert "  " not in said
        assert said.isprintable()

    @EFFECTS
    @pytest.mark.parametrize("rivals", [(), (WORSE,), (AS_GOOD,), (UNTOLD,), (WORSE, BETTER)], ids=len)
    @pytest.mark.parametrize("other", [None, plain(-0.02, -0.06, 0.02), plain(-0.1, -0.2, -0.05)])
    def test_no_share_stands_there_without_its_interval(self, effect, rivals, other):
        said = advised(effect, *rivals, plain=other)
        shares = re.findall(r"[-+]?\d+(?:\.\d+)?%", said.replace("95% CI", "").replace("at most 2% higher", ""))
        assert len(shares) == 3 * said.count("95% CI")


class TestLikely:
    def test_what_likely_does_better_is_to_be_used_with_how_likely_that_is(self):
        said = advised(replace(OPEN, helps=0.913))
        assert said == f"Use {WORDS}: it likely does better than the plain network (91%; -20%, 95% CI -44% to +4%)."

    def test_below_four_fifths_nothing_is_likely(self):
        assert advised(replace(OPEN, helps=0.79)) == advised(OPEN)

    def test_not_where_the_test_rows_say_otherwise(self):
        better = plain(-0.005, -0.05, 0.04)
        assert advised(replace(OPEN, helps=0.95), plain=better) == advised(OPEN, plain=better)


def test_it_names_what_judges():
    assert "the Brier score is 20% " in advised(HELPS, measure="Brier score")
    assert "chosen by the error rate, but" in advised(OPEN, measure="error rate")
