"""Candidates for the final model: ranked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from experiments import PLAIN, arm_of, make_losses

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate, rank, recommendable

DROPOUT, NORMED = arm_of(dropout=True), arm_of("before")
NAN, INF = float("nan"), float("inf")


def drawn(*learning_rates: float) -> list[dict[str, float]]:
    return [{"learning_rate": rate} for rate in learning_rates]


class TestRank:
    def test_the_lowest_mean_validation_loss_comes_first_each_configuration_at_its_best_epoch(self):
        losses = {
            PLAIN: make_losses([[[0.9, 0.5, 0.8], [0.7, 0.7, 0.4]]]),  # means 0.8, 0.6, 0.6
            DROPOUT: make_losses(
                [
                    [[0.5, 0.4, 0.3], [0.7, 0.6, 0.1]],  # means 0.6, 0.5, 0.2
                    [[0.4, INF, INF], [0.4, 0.1, 0.1]],  # means 0.4 and infinite
                ]
            ),
        }
        ranked = rank(losses, {PLAIN: drawn(0.1), DROPOUT: drawn(0.2, 0.3)})
        assert [(best.arm, best.configuration, best.epochs) for best in ranked] == [
            (DROPOUT, 0, 3),
            (DROPOUT, 1, 1),
            (PLAIN, 0, 2),  # of two epochs alike the first: less to train
        ]
        assert [best.loss for best in ranked] == pytest.approx([0.2, 0.4, 0.6])
        assert [best.values["learning_rate"] for best in ranked] == [0.2, 0.3, 0.1]

    def test_it_is_at_its_best_temperature_too(self):
        losses = replace(make_losses([[[0.9, 0.5, 0.7, 0.3], [0.9, 0.5, 0.7, 0.5]]]), temperatures=(1.0, 2.0))
        (only,) = rank({PLAIN: losses}, {PLAIN: drawn(0.1)})
        assert (only.epochs, only.temperature, only.loss) == (2, 2.0, pytest.approx(0.4))

    def test_a_configuration_that_did_not_go_on_to_the_second_partition_is_no_candidate(self):
        """Its mean would be over other rows than those of the others, and over luckier ones."""
        losses = make_losses(
            [
                [[0.6, 0.5], [0.6, 0.5], [0.9, 0.9], [0.8, 0.8]],
                [[0.1, 0.1], [0.1, 0.1], [NAN, NAN], [NAN, NAN]],
                [[0.7, 0.6], [0.7, 0.6], [0.5, 0.4], [0.5, 0.4]],
            ]
        )
        ranked = rank({PLAIN: losses}, {PLAIN: drawn(0.1, 0.2, 0.3)})
        assert [(best.configuration, best.values["learning_rate"], best.epochs) for best in ranked] == [
            (2, 0.3, 2),
            (0, 0.1, 2),
        ]
        assert [best.loss for best in ranked] == pytest.approx([0.5, 0.675])

    def test_configurations_that_were_never_trained_need_not_be_there(self):
        """A study draws more than it has time for."""
        (only,) = rank({PLAIN: make_losses([[[0.5]]])}, {PLAIN: drawn(0.1, 0.2, 0.3)})
        assert (only.configuration, only.values["learning_rate"]) == (0, 0.1)

    def test_a_configuration_that_diverged_comes_last(self):
        ranked = rank({PLAIN: make_losses([[[INF, INF]], [[0.9, 0.8]]])}, {PLAIN: drawn(0.1, 0.2)})
        assert [(best.configuration, best.loss) for best in ranked] == [(1, 0.8), (0, INF)]

    def test_the_numbers_are_pythons_own(self):
        """They are written as JSON."""
        (only,) = rank({PLAIN: make_losses([[[0.5]]])}, {PLAIN: drawn(0.1)})
        assert [type(value) for value in (only.configuration, only.epochs, only.loss)] == [int, int, float]


class TestRecommendable:
    """Three folds, one epoch: of an arm's configurations, in each fold, the one that is best on the two others is
    judged."""

    ALIKE = np.full((2, 3, 1), 0.5)

    def kept(self, losses, folds=3):
        losses = {arm: make_losses(score) for arm, score in losses.items()}
        ranked = rank(losses, {arm: drawn(0.1, 0.2, 0.3) for arm in losses})
        return [(each.arm, each.configuration) for each in recommendable(ranked, losses, PLAIN, folds)]

    def test_arms_that_do_better_on_folds_that_have_not_chosen_stay_in_order(self):
        losses = {PLAIN: self.ALIKE, DROPOUT: self.ALIKE - 0.1, NORMED: self.ALIKE - 0.2}
        assert [arm for arm, _ in self.kept(losses)] == [NORMED] * 2 + [DROPOUT] * 2 + [PLAIN] * 2

    def test_one_that_does_worse_there_is_not_recommended_however_low_the_mean_of_its_luckiest_configuration(self):
        # Each configuration is good in two folds, and so is chosen for the third, where it is bad: means of 0.4, judged
        # 0.8.
        lucky = np.full((3, 3, 1), 0.2) + 0.6 * np.eye(3)[:, :, None]
        kept = self.kept({PLAIN: self.ALIKE, DROPOUT: lucky, NORMED: self.ALIKE - 0.05})
        assert kept == [(NORMED, 0), (NORMED, 1), (PLAIN, 0), (PLAIN, 1)]

    def test_half_of_what_main_effects_do_not_explain_is_taken_for_luck(self):
        """The effects of both techniques add up to 0.2. So both together are recommended even where dropout alone has
        a lower loss, 0.3, by a bit."""
        both = arm_of("before", dropout=True)

        def first(of_both: float) -> Arm:
            seen = {PLAIN: 0.5, DROPOUT: 0.3, NORMED: 0.4, both: of_both}
            return self.kept({arm: np.full((1, 3, 1), loss) for arm, loss in seen.items()})[0][0]

        assert [first(loss) for loss in (0.2, 0.33, 0.34)] == [both, both, DROPOUT]

    def test_the_rest_stays_in_order(self):
        losses = {PLAIN: self.ALIKE, DROPOUT: self.ALIKE - 0.1, NORMED: self.ALIKE - [[[0.2]], [[0.05]]]}
        assert self.kept(losses) == [(NORMED, 0), (NORMED, 1), (DROPOUT, 0), (DROPOUT, 1), (PLAIN, 0), (PLAIN, 1)]

    def test_an_arm_that_exploded_has_no_say_in_main_effects(self):
        both = arm_of("before", dropout=True)
        seen = {PLAIN: 0.50, DROPOUT: 0.30, NORMED: 0.40, both: 1e6}
        assert self.kept({arm: np.full((1, 3, 1), loss) for arm, loss in seen.items()})[0] == (DROPOUT, 0)

    def test_where_every_plain_network_diverged_all_others_stay(self):
        losses = {PLAIN: np.full((1, 3, 1), INF), DROPOUT: self.ALIKE[:1]}
        assert self.kept(losses) == [(DROPOUT, 0), (PLAIN, 0)]


def test_a_candidate_is_the_same_whoever_made_it():
    """Shares are looked up by it."""
    one, other = (Candidate(NORMED, 1, {"learning_rate": np.float64(0.1)}, 5, 0.5) for _ in range(2))
    assert {one: 3}[other] == 3
