"""What the answer says, from trials made by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from studies import losses_of, make_losses, make_trial

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.study import defaults
from goru.study.answer import (
    decided,
    describe_candidate,
    describe_data,
    describe_effect,
    describe_network,
    describe_plain,
    describe_plan,
    find_effects,
    finite,
    margin,
)
from goru.study.candidates import Candidate
from goru.study.design import ARMS, PLAIN, Arm
from goru.study.effects import Effect
from goru.study.plan import Plan, plan_networks
from goru.study.probe import Look

DROPOUT, BEST = Arm(dropout=True), Arm("after", True, True)


def raced(diverged=None, splits=range(3), draws=defaults.FEWEST_DRAWS):
    """Equal draws, in three splits: plain networks lose 2, 2.01 and 1.99, dropout takes 0.5 off, BEST leaves 0.1."""
    plain = (2.0, 2.01, 1.99)
    loss = dict.fromkeys(ARMS, (2.0, 2.0, 2.0))
    loss |= {PLAIN: plain, DROPOUT: tuple(value - 0.5 for value in plain), BEST: (0.1, 0.1, 0.1)}
    return losses_of(
        [
            make_trial(arm, draw, split, [np.nan, np.nan], "diverged")
            if arm == diverged and split in splits
            else make_trial(arm, draw, split, [3.0, loss[arm][split]])
            for arm in ARMS
            for draw in range(draws)
            for split in range(3)
        ]
    )


def found(losses, draws=defaults.FEWEST_DRAWS):
    return find_effects(losses, 3, draws)


class TestEffects:
    def test_there_is_one_for_every_question_and_the_recommendation_comes_last(self):
        assert [effect.name for effect in found(raced())[0]] == [
            "dropout",
            "weight decay",
            "batch norm before the activation",
            "batch norm after the activation",
            "batch norm after instead of before",
            "dropout and decay on top of batch norm",
            "the best of all combinations",
        ]

    def test_each_is_the_change_against_what_it_is_compared_with(self):
        effects, judgement = found(raced())
        # On top of batch norm alone, which loses 2, after the activation 0.1 is left and before it 2: the best counts.
        assert [effect.change for effect in effects] == pytest.approx([-0.5, 0.0, 0.0, 0.0, 0.0, -1.9, -1.9])
        assert [effect.verdict for effect in effects] == [
            "helps",
            *["undecided"] * 3,
            "no effect worth having",
            *["helps"] * 2,
        ]
        assert judgement == {"plain_loss": pytest.approx(2.0), "margin_share": 0.02, "confidence": 0.95}
        assert [effect.margin for effect in effects] == pytest.approx([0.04] * 7)

    @pytest.mark.parametrize("draws", [1, 2])
    def test_with_too_few_draws_nothing_is_decided_and_no_interval_is_known_but_all_changes_are(self, draws):
        (few, judged), (enough, as_well) = (found(raced(draws=n), n) for n in (draws, 3))
        assert {effect.verdict for effect in few} == {"undecided"}
        assert {effect.factor for effect in few} == {np.inf}  # more rows would not decide it, more draws may
        assert {(effect.low, effect.high, effect.search) for effect in few} == {(-np.inf, np.inf, np.inf)}
        assert [effect.verdict for effect in enough].count("helps") == 3
        assert [(effect.name, effect.change, effect.margin) for effect in few] == [
            (effect.name, effect.change, effect.margin) for effect in enough
        ]
        assert judged == as_well

    @pytest.mark.parametrize("draws", [1, 2, 3])
    def test_an_interval_that_leaves_out_zero_never_stands_beside_undecided(self, draws):
        for effect in found(raced(draws=draws), draws)[0]:
            assert effect.low <= 0 <= effect.high or effect.verdict != "undecided"

    def test_all_seven_intervals_hold_together(self):
        from scipy.stats import t

        # Splits 2.0 against 2.0, 2.01, 1.99: variance 0.0001, and none of it the rows', of which each part says the
        # same; 0.05 shared by seven; two degrees of freedom.
        decay = found(raced())[0][1]
        half = t.ppf(1 - 0.05 / 7 / 2, 2) * np.sqrt(0.0001 / 3)
        assert (decay.low, decay.high) == pytest.approx((-half, half), rel=1e-4)
        assert decay.factor == pytest.approx((half / 0.04) ** 2, rel=1e-4)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_of_an_arm_that_diverged_nothing_is_said_but_of_the_others_all(self, splits):
        dropout, *others = found(raced(DROPOUT, splits))[0]
        assert (dropout.change, dropout.low, dropout.verdict) == (np.inf, -np.inf, "undecided")
        assert [effect.change for effect in others] == pytest.approx([0.0, 0.0, 0.0, 0.0, -1.9, -1.9])

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_where_the_plain_network_diverged_there_is_nothing_to_compare_with(self, splits):
        effects, judgement = found(raced(PLAIN, splits))
        assert judgement["plain_loss"] == np.inf
        against_it = [*effects[:4], effects[6]]
        assert {(effect.change, effect.verdict) for effect in against_it} == {(np.inf, "undecided")}
        assert [effect.change for effect in effects[4:6]] == pytest.approx([0.0, -1.9])
        assert effects[5].verdict != "no effect worth having"  # no share of an infinite loss is a measure

    @pytest.mark.filterwarnings("error")
    def test_where_one_draw_of_an_arm_alone_survived_there_is_no_telling_how_lucky_it_was(self):
        """Another draw would have diverged, and the interval is without bounds; no number of rows would mend that."""
        score = np.full((3, 3, 2), np.inf)
        score[0] = [[3.0, 1.5], [3.0, 1.51], [3.0, 1.49]]
        effect = found(raced() | {DROPOUT: make_losses(score)})[0][0]
        assert effect.change == pytest.approx(-0.5)
        assert effect.verdict == "undecided"
        assert describe_effect(effect, 72)["rows_to_decide"] is None


class TestOneEffect:
    UNDECIDED = Effect("dropout", -0.1, -0.3, 0.1, 0.02, "undecided", 0.04, 0.03, 0.02, 4.0)

    def test_what_is_undecided_says_how_many_rows_of_the_table_would_decide_it(self):
        assert describe_effect(self.UNDECIDED, 720) == {
            "name": "dropout",
            "change": -0.1,
            "low": -0.3,
            "high": 0.1,
            "margin": 0.02,
            "verdict": "undecided",
            "rows": 0.04,
            "networks": 0.03,
            "search": 0.02,
            "rows_to_decide": 2880,
            "draws_to_decide": False,
        }

    def test_or_that_no_number_of_rows_would_but_more_draws_may(self):
        described = describe_effect(replace(self.UNDECIDED, factor=np.inf), 720)
        assert (described["rows_to_decide"], described["draws_to_decide"]) == (None, True)

    def test_what_is_decided_does_not(self):
        decided = Effect("dropout", -0.2, -0.3, -0.1, 0.02, "helps", 0.04, 0.03, 0.02, None)
        described = describe_effect(decided, 720)
        assert (described["rows_to_decide"], described["draws_to_decide"]) == (None, False)


class TestMargin:
    def test_it_is_a_share_of_the_plain_networks_loss(self):
        """They lose 2 on average, whatever other arms lose."""
        assert margin(raced(), 3) == pytest.approx(defaults.MARGIN * 2)
        assert margin({PLAIN: make_losses([[[-3.0], [-1.0], [-2.0]]])}, 3) == pytest.approx(defaults.MARGIN * 2)

    def test_it_is_that_of_every_effect(self):
        effects, judgement = found(raced())
        assert {effect.margin for effect in effects} == {margin(raced(), 3)}
        assert judgement["margin_share"] * judgement["plain_loss"] == pytest.approx(margin(raced(), 3))

    def test_where_plain_networks_diverged_it_is_infinite(self):
        assert margin(raced(PLAIN, [1]), 3) == np.inf


class TestDecided:
    EFFECTS = (
        replace(TestOneEffect.UNDECIDED, verdict="helps", factor=None),
        replace(TestOneEffect.UNDECIDED, verdict="hurts", factor=None),
        TestOneEffect.UNDECIDED,
    )

    @pytest.mark.parametrize("draws", [defaults.FEWEST_DRAWS, 32])
    def test_with_enough_draws_effects_stay_as_they_are(self, draws):
        assert decided(self.EFFECTS, draws) == list(self.EFFECTS)

    @pytest.mark.parametrize("draws", [1, defaults.FEWEST_DRAWS - 1])
    def test_with_fewer_all_are_undecided_with_an_error_of_the_search_that_nobody_knows(self, draws):
        unknown = replace(TestOneEffect.UNDECIDED, low=-np.inf, high=np.inf, search=np.inf, factor=np.inf)
        assert decided(self.EFFECTS, draws) == [unknown] * 3
        described = describe_effect(unknown, 720)
        assert (described["rows_to_decide"], described["draws_to_decide"]) == (None, True)

    def test_of_one_that_diverged_no_draws_are_said_to_decide_it(self):
        diverged = replace(TestOneEffect.UNDECIDED, change=np.inf, factor=None)
        assert decided([diverged], 1) == [diverged]


class TestPlain:
    def test_it_is_shown_by_its_best_draw_with_intervals(self):
        # The second draw is best after the second of three epochs, in every one of four splits.
        score = [[[9.0, 9.0, 9.0]] * 4, [[2.0, 1.0, 3.0]] * 4]
        described = describe_plain(make_losses(score), folds=4, score_to_fit=1 / 3)
        assert described == {
            "fit": 1.5,  # half the held-out loss
            "held_out": 3.0,
            "best": 1.0,
            "epoch": 2,
            "gap": 1.5,
            "gap_low": 1.5,
            "gap_high": 1.5,
            "rise": 2.0,
            "rise_low": 2.0,
            "rise_high": 2.0,
            "overfits": "rises",
        }


class TestCandidate:
    HYPER = Hyperparameters(
        learning_rate=0.01,
        dropout_rate=0.3,
        weight_decay=0.2,
        batch_norm_scale=0.5,
        batch_norm_shift=-0.5,
        batch_norm_epsilon=1e-3,
        batch_norm_momentum=0.7,
    )

    def describe(self, arm: Arm, networks: int = 8, searched: bool = False):
        return describe_candidate(Candidate(arm, 0, self.HYPER, 7, 0.4), networks, 80, searched)

    def test_in_words_and_numbers(self):
        assert self.describe(BEST, networks=5) == {
            "networks": 5,
            "arm": "batch norm after + dropout + weight decay",
            "batch_norm": "after",
            "dropout_rate": 0.3,
            "weight_decay": 0.2,
            "learning_rate": 0.01,
            "epochs": 7,
            "schedule_epochs": 80,
            "held_out_loss": 0.4,
        }

    def test_numbers_of_techniques_that_are_off_are_not_named(self):
        plain = self.describe(PLAIN)
        assert (plain["batch_norm"], plain["dropout_rate"], plain["weight_decay"]) == (None, None, None)
        decayed = self.describe(Arm(weight_decay=True))
        assert (decayed["dropout_rate"], decayed["weight_decay"]) == (None, 0.2)

    def test_numbers_of_batch_norm_are_named_where_they_were_drawn(self):
        drawn = {
            "batch_norm_scale": 0.5,
            "batch_norm_shift": -0.5,
            "batch_norm_epsilon": 1e-3,
            "batch_norm_momentum": 0.7,
        }
        assert self.describe(BEST, searched=True) == self.describe(BEST) | drawn
        assert self.describe(DROPOUT, searched=True) == self.describe(DROPOUT)


class TestPlan:
    def test_it_says_what_was_trained(self):
        described = describe_plan(Plan(3, 2, 5, 100), draws=6, splits=10, partitions=2)
        assert described == {"arms": 12, "partitions": 2, "folds": 5, "draws": 6, "epochs": 100, "shortfalls": []}

    def test_and_what_was_given_up_beforehand(self):
        described = describe_plan(Plan(3, 1, 3, 50, ("too short.",)), draws=3, splits=3, partitions=2)
        assert (described["partitions"], described["folds"], described["epochs"]) == (1, 3, 50)
        assert described["shortfalls"] == ["too short."]  # that there is one partition goes without saying

    def test_and_which_folds_there_was_no_time_for(self):
        described = describe_plan(Plan(5, 2, 5), draws=3, splits=3, partitions=2)
        assert (described["partitions"], described["folds"]) == (1, 3)
        (said,) = described["shortfalls"]
        assert "3 of 5 folds" in said

    @pytest.mark.parametrize("plan", [Plan(5, 1, 3), Plan(1, 1, 3, 8, ("too short.",)), plan_networks(72)])
    def test_and_once_that_draws_are_too_few(self, plan):
        said = " ".join(describe_plan(plan, draws=2, splits=3, partitions=1)["shortfalls"])
        assert said.count("2 draws of each arm, too few to tune it, so that nothing is decided") == 1
        assert "draws" not in " ".join(describe_plan(replace(plan, shortfalls=()), 3, 3, 1)["shortfalls"])

    def test_and_that_there_was_time_for_one_partition_alone(self):
        described = describe_plan(Plan(5, 2, 5), draws=5, splits=5, partitions=2)
        assert (described["partitions"], described["folds"]) == (1, 5)
        (said,) = described["shortfalls"]
        assert "folds twice" in said
        assert "larger budget" in said

    @pytest.mark.parametrize(
        ("splits", "done", "said"), [(15, 3, []), (10, 2, ["folds 3 times"]), (5, 1, ["folds 3 times"])]
    )
    def test_there_may_be_more_than_two(self, splits, done, said):
        described = describe_plan(Plan(5, 3, 5), draws=5, splits=splits, partitions=3)
        assert described["partitions"] == done
        assert [words in found for words, found in zip(said, described["shortfalls"], strict=True)] == [True] * len(
            said
        )

    def test_where_there_is_one_partition_only_nothing_was_given_up(self):
        """With times, rows can be cut in one way."""
        assert describe_plan(Plan(5, 1, 5), draws=5, splits=5, partitions=1)["shortfalls"] == []


def test_what_all_networks_have_in_common():
    base, recipe = Architecture(4, (16, 8), 1, activation="tanh"), Recipe(loss="squared_error")
    laboratory = SimpleNamespace(base=base, recipe=recipe, in_pieces=True)
    assert describe_network(laboratory, batch=32, look=Look(scaled=0.5, pieces=0.4)) == {
        "widths": [4, 16, 8, 1],
        "activation": "tanh",
        "batch_size": 32,
        "loss": "squared_error",
        "optimizer": "adam",
        "schedule": "cosine",
        "decay": "decoupled",
        "numbers": "pieces",
        "first_look": {"scaled": 0.5, "pieces": 0.4},
    }
    laboratory.in_pieces = False
    described = describe_network(laboratory, batch=32, look=None)
    assert (described["numbers"], described["first_look"]) == ("scaled", None)


def test_the_table(flowers, prices):
    described = describe_data(flowers)
    assert described["name"] == "flowers.csv"
    assert (described["rows"], described["development"], described["test"]) == (90, 72, 18)
    assert (described["target"], described["classes"]) == ("kind", ["iris", "lily", "rose"])
    assert described["columns"] == {"numeric": 2, "categorical": 1, "date": 0, "dropped": 0}
    assert (describe_data(prices)["task"], describe_data(prices)["classes"]) == ("regression", None)


def test_what_json_has_no_word_for_becomes_null():
    content = {"a": [1.5, float("nan"), (np.inf, 2)], "b": {"c": -np.inf, "d": "text"}, "e": None, "f": True}
    assert finite(content) == {"a": [1.5, None, [None, 2]], "b": {"c": None, "d": "text"}, "e": None, "f": True}
