"""Draws and their ranges, from losses made by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import make_losses

from goru.nn.architecture import Hyperparameters
from goru.study import defaults
from goru.study.candidates import Candidate
from goru.study.design import ARMS, PLAIN, Arm, draws
from goru.study.evidence.draws import MOST_DRAWS, RANGES, describe_draws, edge, of_draw

STEPS = 1_000
DROPOUT, DECAY, NORMED = Arm(dropout=True), Arm(weight_decay=True), Arm("after", True, True)
NORM = ["batch_norm_scale", "batch_norm_shift", "batch_norm_epsilon", "batch_norm_momentum"]
# λ 0.4 at a learning rate of 0.01 over 1,000 steps of a cosine: 0.4 x 0.01 x 1,000 / 2 is a strength of 2.
HYPER = Hyperparameters(
    learning_rate=0.01,
    dropout_rate=0.3,
    weight_decay=0.4,
    batch_norm_scale=0.5,
    batch_norm_shift=-0.5,
    batch_norm_epsilon=1e-3,
    batch_norm_momentum=0.7,
)


class TestTheNumbersOfADraw:
    def test_are_those_of_the_techniques_that_the_arm_has(self):
        rate = {"learning_rate": 0.01}
        decay = {"weight_decay": 0.4, "decay_strength": pytest.approx(2.0)}
        assert of_draw(PLAIN, HYPER, STEPS, False) == rate
        assert of_draw(DROPOUT, HYPER, STEPS, False) == rate | {"dropout_rate": 0.3}
        assert of_draw(DECAY, HYPER, STEPS, False) == rate | decay
        assert of_draw(NORMED, HYPER, STEPS, False) == rate | {"dropout_rate": 0.3} | decay

    def test_batch_norm_s_own_are_among_them_where_they_were_drawn(self):
        assert of_draw(Arm("before"), HYPER, STEPS, True) == {
            "learning_rate": 0.01,
            "batch_norm_scale": 0.5,
            "batch_norm_shift": -0.5,
            "batch_norm_epsilon": 1e-3,
            "batch_norm_momentum": 0.7,
        }
        assert of_draw(DROPOUT, HYPER, STEPS, True) == of_draw(DROPOUT, HYPER, STEPS, False)

    @pytest.mark.parametrize("steps", [30, 1_000, 50_000])
    def test_all_that_are_drawn_lie_in_their_ranges(self, steps):
        for hyper in draws(NORMED, 32, 0, steps, search_batch_norm=True):
            numbers = of_draw(NORMED, hyper, steps, True)
            for name, ((low, high), _) in RANGES.items():
                # In a short schedule decay is held back, for no step to turn weights over; it may be all but none.
                least = low if name != "decay_strength" else min(low, defaults.MOST_DECAY * steps / 2)
                assert least <= numbers[name] * (1 + 1e-9)
                assert numbers[name] <= high * (1 + 1e-9)


def at(share: float, low: float, high: float, log: bool) -> float:
    """The value at a share of a range."""
    return float(low * (high / low) ** share if log else low + share * (high - low))


class TestEdges:
    @pytest.mark.parametrize(
        ("share", "word"),
        [(0, "low"), (0.04, "low"), (0.06, None), (0.5, None), (0.94, None), (0.96, "high"), (1, "high")],
    )
    @pytest.mark.parametrize("name", RANGES)
    def test_are_a_twentieth_of_the_range_on_its_scale(self, name, share, word):
        (low, high), log = RANGES[name]
        assert edge(name, low, high, log, at(share, low, high, log)) == word

    def test_of_a_logarithmic_range_are_worked_out_by_hand(self):
        # From 0.01 to 100 are four decades, a twentieth of which is a fifth of a decade: to 0.0158 and from 63.1 on.
        found = [edge("", 0.01, 100.0, True, value) for value in (0.0158, 0.0159, 1.0, 63.0, 63.2)]
        assert found == ["low", None, None, None, "high"]

    def test_the_first_epochs_are_none_but_the_last_are(self):
        found = [edge("epochs", 1, 100, False, epochs) for epochs in (1, 2, 50, 95, 96, 100)]
        assert found == [None, None, None, None, "high", "high"]

    def test_of_one_epoch_and_of_what_the_recommendation_does_not_have_there_are_none(self):
        assert edge("epochs", 1, 1, False, 1) is None
        assert edge("dropout_rate", 0.05, 0.6, False, None) is None

    @given(st.floats(-2, 3), st.sampled_from(list(RANGES)))
    def test_what_lies_beyond_an_end_is_at_that_edge(self, share, name):
        (low, high), log = RANGES[name]
        word = edge(name, low, high, log, at(share, low, high, log))
        if abs(share - 0.05) > 1e-6 and abs(share - 0.95) > 1e-6:
            assert word == ("low" if share < 0.05 else "high" if share > 0.95 else None)


def candidate(arm: Arm, draw: int = 0, epochs: int = 2, hyper: Hyperparameters = HYPER) -> Candidate:
    return Candidate(arm, draw, hyper, epochs, loss=0.5)


def describe(losses, recommended, folds=2, searched=False, drawn=None):
    return describe_draws(losses, drawn or dict.fromkeys(losses, [HYPER] * 50), folds, STEPS, searched, recommended)


class TestDraws:
    # Two draws in four splits, three epochs; the second draw is not trained in the second partition.
    SCORE = np.array(
        [
            [[1.0, 0.8, 0.9], [1.0, 0.6, 0.9], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]],
            [[1.0, 0.5, 0.2], [1.0, 0.7, 0.4], [np.nan] * 3, [np.nan] * 3],
        ]
    )

    def test_each_has_its_best_epoch_in_the_first_partition_and_the_mean_loss_there(self):
        found = describe({PLAIN: make_losses(self.SCORE)}, candidate(PLAIN))["draws"]
        assert found == [
            {"arm": "plain", "draw": 0, "learning_rate": 0.01, "epochs": 2, "loss": pytest.approx(0.7)},
            {"arm": "plain", "draw": 1, "learning_rate": 0.01, "epochs": 3, "loss": pytest.approx(0.3)},
        ]

    def test_each_has_the_numbers_of_its_own(self):
        drawn = {arm: draws(arm, 2, 0, STEPS) for arm in (PLAIN, NORMED)}
        found = describe(dict.fromkeys(drawn, make_losses(self.SCORE)), candidate(PLAIN), drawn=drawn)["draws"]
        assert [(each["arm"], each["draw"]) for each in found] == [
            (arm.name, draw) for arm in drawn for draw in range(2)
        ]
        for each, (arm, draw) in zip(found, [(arm, draw) for arm in drawn for draw in range(2)], strict=True):
            assert each["learning_rate"] == drawn[arm][draw].learning_rate
            assert each.get("dropout_rate") == (drawn[arm][draw].dropout_rate if arm.dropout else None)
            assert each.get("weight_decay") == (drawn[arm][draw].weight_decay if arm.weight_decay else None)

    def test_one_that_was_not_trained_is_not_shown(self):
        found = describe({PLAIN: make_losses(np.stack([self.SCORE[0], np.full((4, 3), np.nan)]))}, candidate(PLAIN))
        assert [each["draw"] for each in found["draws"]] == [0]

    @pytest.mark.filterwarnings("error")
    def test_one_that_diverged_has_a_loss_until_then_or_none(self):
        score = self.SCORE[:, :2].copy()
        score[0, 1, 1:] = np.inf  # in one split, after the first epoch
        score[1, 0] = np.inf
        found = describe({PLAIN: make_losses(score)}, candidate(PLAIN))["draws"]
        assert [(each["epochs"], each["loss"]) for each in found] == [(1, 1.0), (1, np.inf)]

    def test_of_very_many_the_first_are_shown_and_the_recommended_one(self):
        score = np.random.default_rng(0).random((50, 2, 3))
        losses = {PLAIN: make_losses(score), DROPOUT: make_losses(score)}
        found = describe(losses, candidate(DROPOUT, draw=MOST_DRAWS + 5))["draws"]
        numbers = {arm: [each["draw"] for each in found if each["arm"] == arm] for arm in ("plain", "dropout")}
        first = list(range(MOST_DRAWS))
        assert numbers == {"plain": first, "dropout": [*first, MOST_DRAWS + 5]}

    def test_no_budget_pays_for_more_than_are_shown(self):
        assert MOST_DRAWS >= defaults.MOST_DRAWS

    @pytest.mark.parametrize("searched", [False, True])
    def test_they_stay_small_and_are_json(self, searched):
        drawn = {arm: draws(arm, 500, 0, STEPS, searched) for arm in ARMS}
        losses = dict.fromkeys(ARMS, make_losses(np.random.default_rng(0).random((500, 3, 4))))
        found = describe(losses, candidate(NORMED, draw=499), searched=searched, drawn=drawn)
        assert len(json.dumps(found, allow_nan=False, indent=1)) < 200_000


class TestHyperparameters:
    LOSSES = dict.fromkeys((PLAIN, DROPOUT, NORMED), make_losses(np.ones((1, 2, 100))))

    def test_each_has_its_range_its_scale_and_what_is_recommended(self):
        found = describe(self.LOSSES, candidate(NORMED, epochs=60))["hyperparameters"]
        assert found == [
            {"name": "learning_rate", "low": 3e-4, "high": 3e-2, "log": True, "recommended": 0.01, "edge": None},
            {"name": "dropout_rate", "low": 0.05, "high": 0.6, "log": False, "recommended": 0.3, "edge": None},
            {
                "name": "decay_strength",
                "low": 0.25,
                "high": 25.0,
                "log": True,
                "recommended": pytest.approx(2.0),
                "edge": None,
            },
            {"name": "epochs", "low": 1, "high": 100, "log": False, "recommended": 60, "edge": None},
        ]

    def test_what_the_recommended_arm_does_not_have_is_not_recommended(self):
        found = {each["name"]: each for each in describe(self.LOSSES, candidate(DROPOUT))["hyperparameters"]}
        assert [found[name]["recommended"] for name in ("dropout_rate", "decay_strength")] == [0.3, None]
        assert found["decay_strength"]["edge"] is None

    def test_what_no_arm_has_is_none(self):
        found = describe({PLAIN: self.LOSSES[PLAIN]}, candidate(PLAIN))["hyperparameters"]
        assert [each["name"] for each in found] == ["learning_rate", "epochs"]

    def test_batch_norm_s_own_are_there_where_they_were_drawn(self):
        names = [each["name"] for each in describe(self.LOSSES, candidate(NORMED), searched=True)["hyperparameters"]]
        assert names == ["learning_rate", "dropout_rate", "decay_strength", *NORM, "epochs"]

    def test_each_says_at_which_edge_it_lies(self):
        hyper = HYPER._replace(
            learning_rate=0.029,
            dropout_rate=0.06,
            weight_decay=defaults.decay(24.0, 0.029, STEPS),
            batch_norm_scale=0.26,
            batch_norm_shift=0.95,
            batch_norm_epsilon=1e-3,
            batch_norm_momentum=0.985,
        )
        found = describe(self.LOSSES, candidate(NORMED, epochs=99, hyper=hyper), searched=True)["hyperparameters"]
        assert {each["name"]: each["edge"] for each in found} == {
            "learning_rate": "high",
            "dropout_rate": "low",
            "decay_strength": "high",
            "batch_norm_scale": "low",
            "batch_norm_shift": "high",
            "batch_norm_epsilon": None,
            "batch_norm_momentum": "high",
            "epochs": "high",
        }

    def test_ranges_are_those_that_are_drawn_from(self):
        of_defaults = {name: getattr(defaults, name.upper()) for name in RANGES}
        assert {name: range_ for name, (range_, _) in RANGES.items()} == of_defaults
