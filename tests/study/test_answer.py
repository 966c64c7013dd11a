"""What the answer says, from trials made by hand."""

import numpy as np
import pytest
from studies import make_trial

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.study import defaults
from goru.study.answer import (
    describe_candidate,
    describe_data,
    describe_effects,
    describe_network,
    describe_plain,
    describe_plan,
    finite,
)
from goru.study.design import ARMS, PLAIN, Arm
from goru.study.handover import Candidate
from goru.study.plan import Plan

DROPOUT, BEST = Arm(dropout=True), Arm("after", True, True)


def trials(diverged=None, splits=range(3), draws=defaults.FEWEST_DRAWS):
    """Equal draws, in three splits: plain networks lose 2, 2.01 and 1.99, dropout takes 0.5 off, BEST leaves 0.1."""
    plain = (2.0, 2.01, 1.99)
    loss = dict.fromkeys(ARMS, (2.0, 2.0, 2.0))
    loss |= {PLAIN: plain, DROPOUT: tuple(value - 0.5 for value in plain), BEST: (0.1, 0.1, 0.1)}
    return [
        make_trial(arm, draw, split, [np.nan, np.nan], "diverged")
        if arm == diverged and split in splits
        else make_trial(arm, draw, split, [3.0, loss[arm][split]])
        for arm in ARMS
        for draw in range(draws)
        for split in range(3)
    ]


class TestEffects:
    def test_there_is_one_for_every_technique_and_one_for_the_recommendation(self):
        names = [effect["name"] for effect in describe_effects(trials(), 0.5)["effects"]]
        assert names == [
            "dropout",
            "weight decay",
            "batch norm before the activation",
            "batch norm after the activation",
            "the best of all combinations",
        ]

    def test_each_is_the_change_against_the_plain_network(self):
        found = describe_effects(trials(), 0.5)
        changes = [effect["change"] for effect in found["effects"]]
        assert changes == pytest.approx([-0.5, 0.0, 0.0, 0.0, -1.9])
        assert found["effects"][0]["verdict"] == "helps"
        assert found["judgement"] == {"plain_loss": pytest.approx(2.0), "margin_share": 0.02, "confidence": 0.95}
        assert found["effects"][0]["margin"] == pytest.approx(0.04)

    @pytest.mark.parametrize("draws", [1, 2])
    def test_with_too_few_draws_nothing_is_decided_but_all_is_shown(self, draws):
        few, enough = (describe_effects(trials(draws=n), 0.5) for n in (draws, 3))
        assert {effect["verdict"] for effect in few["effects"]} == {"undecided"}
        assert [effect["verdict"] for effect in enough["effects"]].count("helps") == 2
        without = [[{**effect, "verdict": ""} for effect in found["effects"]] for found in (few, enough)]
        assert without[0] == without[1]
        assert few["judgement"] == enough["judgement"]

    def test_all_five_intervals_hold_together(self):
        from scipy.stats import t

        # Splits 2.0 against 2.0, 2.01, 1.99: variance 0.0001; 0.95 shared by five; two degrees of freedom.
        decay = describe_effects(trials(), 0.5)["effects"][1]
        half = t.ppf(1 - 0.05 / 5 / 2, 2) * np.sqrt(0.0001 * (1 / 3 + 0.5))
        assert (decay["low"], decay["high"]) == pytest.approx((-half, half), rel=1e-4)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_of_an_arm_that_diverged_nothing_is_said_but_of_the_others_all(self, splits):
        dropout, *others = describe_effects(trials(DROPOUT, splits), 0.5)["effects"]
        assert (dropout["change"], dropout["low"], dropout["verdict"]) == (np.inf, -np.inf, "undecided")
        assert [effect["change"] for effect in others] == pytest.approx([0.0, 0.0, 0.0, -1.9])

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_where_the_plain_network_diverged_there_is_nothing_to_compare_with(self, splits):
        found = describe_effects(trials(PLAIN, splits), 0.5)
        assert found["judgement"]["plain_loss"] == np.inf
        assert {(effect["change"], effect["verdict"]) for effect in found["effects"]} == {(np.inf, "undecided")}


class TestWords:
    def test_the_plain_network_is_shown_by_the_means_of_its_best_draw(self):
        candidate = Candidate(PLAIN, 1, Hyperparameters(learning_rate=0.01), 2, 0.5)
        curves = {0: [9.0, 9.0, 9.0], 1: [2.0, 1.0, 3.0]}
        raced = [make_trial(PLAIN, draw, split, curves[draw]) for draw in curves for split in range(2)]
        assert describe_plain(raced, candidate) == {
            "fit": 1.5,  # half the held-out loss
            "held_out": 3.0,
            "best": 1.0,
            "epoch": 2,
            "gap": True,
            "rises": True,
            "learning_rate": 0.01,
        }

    def test_numbers_of_techniques_that_are_off_are_not_named(self):
        hyper = Hyperparameters(learning_rate=0.01, dropout_rate=0.3, weight_decay=0.2)
        full = describe_candidate(Candidate(BEST, 0, hyper, 7, 0.4), networks=5, schedule_epochs=80)
        assert full == {
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
        plain = describe_candidate(Candidate(PLAIN, 0, hyper, 7, 0.4), networks=8, schedule_epochs=80)
        assert (plain["batch_norm"], plain["dropout_rate"], plain["weight_decay"]) == (None, None, None)

    def test_what_all_networks_have_in_common(self):
        base, recipe = Architecture(4, (16, 8), 1, activation="tanh"), Recipe(loss="squared_error")
        assert describe_network(base, recipe, batch=32) == {
            "widths": [4, 16, 8, 1],
            "activation": "tanh",
            "batch_size": 32,
            "loss": "squared_error",
            "optimizer": "adam",
            "schedule": "cosine",
            "decay": "decoupled",
        }

    def test_the_plan_says_how_many_draws_were_made(self):
        described = describe_plan(Plan(3, 2, 50, ("too short.",)), draws=6, folds=3)
        assert described == {"arms": 12, "folds": 3, "draws": 6, "epochs": 50, "shortfalls": ["too short."]}

    def test_the_plan_says_which_folds_there_was_no_time_for(self):
        described = describe_plan(Plan(5, 2, 50), draws=2, folds=3)
        assert described["folds"] == 3
        assert "3 of 5 folds" in described["shortfalls"][0]

    def test_the_table(self, flowers, prices):
        described = describe_data(flowers)
        assert described["name"] == "flowers.csv"
        assert (described["rows"], described["development"], described["test"]) == (90, 72, 18)
        assert (described["target"], described["classes"]) == ("kind", ["iris", "lily", "rose"])
        assert described["columns"] == {"numeric": 2, "categorical": 1, "date": 0, "dropped": 0}
        assert (describe_data(prices)["task"], describe_data(prices)["classes"]) == ("regression", None)


def test_what_json_has_no_word_for_becomes_null():
    content = {"a": [1.5, float("nan"), (np.inf, 2)], "b": {"c": -np.inf, "d": "text"}, "e": None, "f": True}
    assert finite(content) == {"a": [1.5, None, [None, 2]], "b": {"c": None, "d": "text"}, "e": None, "f": True}
