"""Configurations and the ranges of their numbers, from losses made by hand."""

import json

import numpy as np
import pytest
from experiments import ARMS, DESIGN, PLAIN, arm_of, make_losses
from hypothesis import given
from hypothesis import strategies as st

from goru.experiment import defaults
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.experiment.findings.configurations import MOST_CONFIGURATIONS, configurations_and_ranges, edge
from goru.experiment.findings.evidence import Configuration, Hyperparameter
from goru.experiment.forms import to_json
from goru.experiment.knobs import log_uniform

DROPOUT, BOTH = arm_of(dropout=True), arm_of("after", True, True)
VALUES = {"learning_rate": 0.01, "dropout_rate": 0.3, "decay": 2.0}


def own_of(arm, values=VALUES):
    return {name: values[name] for name in DESIGN.knobs_of(arm)}


def candidate(arm, configuration=0, epochs=2, **changes):
    return Candidate(arm, configuration, own_of(arm, VALUES | changes), epochs, loss=0.5)


def describe(losses, recommended, folds=2, design=DESIGN, configurations=None):
    configurations = configurations or {arm: [own_of(arm)] * 50 for arm in losses}
    return configurations_and_ranges(losses, design, configurations, folds, recommended)


class TestEdges:
    RANGES = ((0.01, 100.0, True), (0.05, 0.6, False), (-1.0, 1.0, False))

    @staticmethod
    def at(share, low, high, log):
        """The value at a share of a range."""
        return float(low * (high / low) ** share if log else low + share * (high - low))

    @pytest.mark.parametrize(
        ("share", "word"),
        [(0, "low"), (0.04, "low"), (0.06, None), (0.5, None), (0.94, None), (0.96, "high"), (1, "high")],
    )
    @pytest.mark.parametrize("ends", RANGES)
    def test_are_a_twentieth_of_the_range_on_its_scale(self, ends, share, word):
        assert edge(Hyperparameter("rate", *ends, self.at(share, *ends))) == word

    def test_of_a_logarithmic_range_are_worked_out_by_hand(self):
        # From 0.01 to 100 are four decades, a twentieth of which is a fifth of a decade: to 0.0158 and from 63.1 on.
        found = [edge(Hyperparameter("", 0.01, 100.0, True, value)) for value in (0.0158, 0.0159, 1.0, 63.0, 63.2)]
        assert found == ["low", None, None, None, "high"]

    def test_the_first_epochs_are_none_but_the_last_are(self):
        found = [
            edge(Hyperparameter("epochs", 1, 100, False, epochs, is_epochs=True)) for epochs in (1, 2, 50, 95, 96, 100)
        ]
        assert found == [None, None, None, None, "high", "high"]

    def test_of_one_epoch_and_of_what_the_recommendation_does_not_have_there_are_none(self):
        assert edge(Hyperparameter("epochs", 1, 1, False, 1, is_epochs=True)) is None
        assert edge(Hyperparameter("dropout_rate", 0.05, 0.6, False, None)) is None

    @given(st.floats(-2, 3), st.sampled_from(RANGES))
    def test_what_lies_beyond_an_end_is_at_that_edge(self, share, ends):
        word = edge(Hyperparameter("rate", *ends, self.at(share, *ends)))
        if abs(share - 0.05) > 1e-6 and abs(share - 0.95) > 1e-6:
            assert word == ("low" if share < 0.05 else "high" if share > 0.95 else None)


class TestConfigurations:
    # Two configurations in four splits, three epochs; the second configuration is not trained in the second partition.
    SCORE = np.array(
        [
            [[1.0, 0.8, 0.9], [1.0, 0.6, 0.9], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]],
            [[1.0, 0.5, 0.2], [1.0, 0.7, 0.4], [np.nan] * 3, [np.nan] * 3],
        ]
    )

    def test_each_has_its_best_epoch_in_the_first_partition_and_the_mean_loss_there(self):
        found, _ = describe({PLAIN: make_losses(self.SCORE)}, candidate(PLAIN))
        rate = {"learning_rate": 0.01}
        assert found == (
            Configuration("plain", 0, rate, 2, pytest.approx(0.7)),
            Configuration("plain", 1, rate, 3, pytest.approx(0.3)),
        )

    def test_each_has_the_numbers_of_its_own(self):
        own = {arm: DESIGN.configurations(arm, 2, 0) for arm in (PLAIN, BOTH)}
        found, _ = describe(dict.fromkeys(own, make_losses(self.SCORE)), candidate(PLAIN), configurations=own)
        assert [(each.arm, each.configuration, each.values) for each in found] == [
            (arm.name, configuration, values)
            for arm, several in own.items()
            for configuration, values in enumerate(several)
        ]

    def test_they_may_be_others_than_those_that_it_is_trained_with(self):
        losses = {PLAIN: make_losses(self.SCORE)}
        configurations = {PLAIN: [{"learning_rate": 0.01}] * 2}
        found, ranges = configurations_and_ranges(
            losses, DESIGN, configurations, 2, candidate(PLAIN), lambda arm, values: {"learning_rate": 0.05}
        )
        assert [each.values for each in found] == [{"learning_rate": 0.05}] * 2
        assert ranges[0].recommended == 0.05

    def test_one_that_was_not_trained_is_not_shown(self):
        losses = {PLAIN: make_losses(np.stack([self.SCORE[0], np.full((4, 3), np.nan)]))}
        assert [each.configuration for each in describe(losses, candidate(PLAIN))[0]] == [0]

    @pytest.mark.filterwarnings("error")
    def test_one_that_diverged_has_a_loss_until_then_or_none(self):
        score = self.SCORE[:, :2].copy()
        score[0, 1, 1:] = np.inf  # in one split, after the first epoch
        score[1, 0] = np.inf
        found, _ = describe({PLAIN: make_losses(score)}, candidate(PLAIN))
        assert [(each.epochs, each.loss) for each in found] == [(1, 1.0), (1, np.inf)]

    def test_of_very_many_the_first_are_shown_and_the_recommended_one(self):
        score = np.random.default_rng(0).random((50, 2, 3))
        losses = {PLAIN: make_losses(score), DROPOUT: make_losses(score)}
        found, _ = describe(losses, candidate(DROPOUT, configuration=MOST_CONFIGURATIONS + 5))
        numbers = {arm: [each.configuration for each in found if each.arm == arm] for arm in ("plain", "dropout")}
        first = list(range(MOST_CONFIGURATIONS))
        assert numbers == {"plain": first, "dropout": [*first, MOST_CONFIGURATIONS + 5]}

    def test_no_budget_pays_for_more_than_are_shown(self):
        assert MOST_CONFIGURATIONS >= defaults.MOST_CONFIGURATIONS

    def test_they_stay_small_and_are_json(self):
        own = {arm: DESIGN.configurations(arm, 500, 0) for arm in ARMS}
        losses = dict.fromkeys(ARMS, make_losses(np.random.default_rng(0).random((500, 3, 4))))
        found = describe(losses, candidate(BOTH, configuration=499), configurations=own)
        assert len(json.dumps(to_json(found), allow_nan=False)) < 200_000


class TestHyperparameters:
    LOSSES = dict.fromkeys((PLAIN, DROPOUT, BOTH), make_losses(np.ones((1, 2, 100))))

    def test_each_has_its_range_its_scale_and_what_is_recommended(self):
        _, found = describe(self.LOSSES, candidate(BOTH, epochs=60))
        assert found == (
            Hyperparameter("learning_rate", 1e-3, 1e-1, True, 0.01),
            Hyperparameter("dropout_rate", 0.1, 0.5, False, 0.3),
            Hyperparameter("decay", 0.1, 10, True, 2.0),
            Hyperparameter("epochs", 1, 100, False, 60, is_epochs=True),
        )

    def test_what_the_recommended_arm_does_not_have_is_not_recommended(self):
        found = {each.name: each for each in describe(self.LOSSES, candidate(DROPOUT))[1]}
        assert [found[name].recommended for name in ("dropout_rate", "decay")] == [0.3, None]
        assert found["decay"].edge is None

    def test_what_no_arm_has_is_none(self):
        _, found = describe({PLAIN: self.LOSSES[PLAIN]}, candidate(PLAIN))
        assert [each.name for each in found] == ["learning_rate", "epochs"]

    def test_each_says_at_which_edge_it_lies(self):
        _, found = describe(self.LOSSES, candidate(BOTH, epochs=99, learning_rate=0.099, dropout_rate=0.11, decay=1.0))
        assert {each.name: each.edge for each in found} == {
            "learning_rate": "high",
            "dropout_rate": "low",
            "decay": None,
            "epochs": "high",
        }

    def test_of_one_epoch_there_is_no_choice_and_without_knobs_nothing_to_tune(self):
        one = make_losses(np.ones((1, 2, 1)))
        design = Design({"dropout": [False, True]})
        losses = dict.fromkeys(design.arms, one)
        best = Candidate(design.plain, 0, {}, 1, 0.5)
        assert describe(losses, best, design=design, configurations={arm: [{}] for arm in losses})[1] == ()

    def test_a_knob_may_be_called_epochs(self):
        design = Design({"dropout": [False, True]}, {"epochs": log_uniform(1, 1000)})
        losses = dict.fromkeys(design.arms, make_losses(np.ones((1, 2, 100))))
        own = {arm: [{"epochs": 999.0}] for arm in losses}
        best = Candidate(design.plain, 0, {"epochs": 999.0}, 7, 0.5)
        configurations, found = describe(losses, best, design=design, configurations=own)
        assert [(each.of(configurations[0]), each.recommended, each.edge) for each in found] == [
            (999.0, 999.0, "high"),
            (1, 7, None),
        ]
