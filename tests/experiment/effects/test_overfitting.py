"""Overfitting: a gap, or a rise after the best epoch, each above the margin and above zero for sure."""

from dataclasses import replace

import numpy as np
import pytest
from experiments import make_losses
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.experiment.effects.overfitting import corrected_interval, overfitting

INF = float("inf")


def found(score, fit, folds=3, margin=0.02, validation_to_training=0.5):
    """Of an arm with one configuration: losses `(splits, epochs)`."""
    return overfitting(make_losses([score], training=[fit]), folds, validation_to_training, margin, 0.95)


class ModelScores:
    """Three splits and three epochs."""

    SCORE = np.array([[1.0, 0.6, 0.9], [1.0, 0.8, 1.1], [1.0, 0.7, 1.0]])
    FIT = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.2], [0.9, 0.5, 0.3]])

    def test_a_worked_example(self):
        one = found(self.SCORE, self.FIT)
        assert (one.training, one.validation) == pytest.approx((0.2, 1.0))
        assert one.best == pytest.approx(0.7)  # the second epoch is best on the others of each
        assert one.epoch == 2
        assert (one.gap, one.rise) == pytest.approx((0.8, 0.3))
        assert one.overfits == "rises"

    def test_intervals_are_the_corrected_ones_of_the_differences_between_splits(self):
        one = found(self.SCORE, self.FIT, validation_to_training=1 / 3)
        gap, rise = np.array([0.8, 0.9, 0.7]), np.array([0.3, 0.3, 0.3])
        assert (one.gap_low, one.gap_high) == pytest.approx(corrected_interval(gap, 1 / 3, 0.95))
        assert (one.rise_low, one.rise_high) == pytest.approx(corrected_interval(rise, 1 / 3, 0.95))
        # The gap by hand: variance 0.01 (1/3 + 1/3), 97.5 % of Student's t with two degrees of freedom at 4.3027.
        assert one.gap_high == pytest.approx(0.8 + 4.3027 * np.sqrt(0.02 / 3), abs=1e-4)

    def test_the_best_epoch_of_a_split_is_that_of_the_other_folds(self):
        score = np.array([[0.1, 0.5, 1.0], [0.9, 0.5, 1.0], [0.9, 0.5, 1.0]])
        one = found(score, score)
        # The first epoch would be best for the first split alone; on the other two the second is. For these two the
        # first epoch adds up to 1.0 and the second as well: the first of epochs as good.
        assert one.best == pytest.approx((0.5 + 0.9 + 0.9) / 3)
        assert one.epoch == 1  # the median of 2, 1 and 1

    def test_the_folds_of_another_partition_have_no_say(self):
        late, early = [[0.9, 0.5]] * 3, [[0.5, 0.9]] * 3
        one = found(np.array(late + early), np.zeros((6, 2)))
        assert one.best == 0.5
        assert one.epoch == 1  # of 2, 2, 2, 1, 1, 1 the median is between the two

    @given(arrays(np.float64, (3, 4), elements=st.floats(0.5, 2)), arrays(np.float64, (3, 4), elements=st.floats(0, 2)))
    def test_gap_and_rise_are_what_the_losses_differ_by(self, score, fit):
        one = found(score, fit)
        assert one.gap == pytest.approx(one.validation - one.training)
        assert one.rise == pytest.approx(one.validation - one.best)
        assert one.gap_low <= one.gap <= one.gap_high
        assert one.rise_low <= one.rise <= one.rise_high
        assert 1 <= one.epoch <= 4


class TestConfiguration:
    def test_the_best_configuration_is_looked_at(self):
        bad, good = np.full((3, 2), 0.9), np.full((3, 2), 0.4)
        one = overfitting(make_losses([bad, good, bad], training=[bad, good / 4, bad]), 3, 0.5, 0.02, 0.95)
        assert (one.validation, one.training) == pytest.approx((0.4, 0.1))

    def test_it_is_best_at_its_own_epoch_on_average_over_all_splits(self):
        first = np.array([[0.1, 0.9], [0.9, 0.3], [0.9, 0.8]])  # 0.63 and 0.67, though 0.4 if each split chose its own
        second = np.array([[0.9, 0.6], [0.9, 0.6], [0.9, 0.6]])  # 0.6 after the second
        one = overfitting(make_losses([first, second]), 3, 0.5, 0.02, 0.95)
        assert one.validation == pytest.approx(0.6)

    def test_one_that_has_not_seen_every_split_is_not_looked_at(self):
        short = np.full((4, 2), 0.1)
        short[2:] = np.nan
        one = overfitting(make_losses([short, np.full((4, 2), 0.5)]), 2, 0.5, 0.02, 0.95)
        assert one.validation == 0.5

    def test_one_that_diverged_is_not_looked_at_where_another_did_not(self):
        one = overfitting(make_losses([np.full((3, 2), INF), np.full((3, 2), 0.5)]), 3, 0.5, 0.02, 0.95)
        assert one.validation == 0.5


class TestOverfits:
    """All splits are alike, so that intervals have no width; the margin is 0.02 of the loss."""

    @pytest.mark.parametrize(
        ("last", "fit", "said"),
        [
            (1.0, 1.0, None),
            (1.019, 1.01, None),  # neither is worth a word
            (1.021, 1.01, "rises"),
            (1.021, 0.5, "rises"),  # a rise says more than the gap
            (1.0, 0.979, "gap"),
            (1.0, 0.981, None),
            (1.019, 0.5, "gap"),
            (1.0, 1.5, None),  # the training rows are harder
        ],
    )
    def test_a_rise_or_a_gap_within_the_margin_does_not_count(self, last, fit, said):
        one = found(np.array([[1.0, last]] * 3), np.array([[1.0, fit]] * 3))
        assert one.overfits == said

    def test_a_margin_is_a_share_of_the_loss(self):
        for units in (0.001, 1000.0):
            score, fit = units * np.array([[1.0, 1.019]] * 3), units * np.array([[1.0, 1.01]] * 3)
            assert found(score, fit).overfits is None
            assert found(score + units * np.array([0, 0.01]), fit).overfits == "rises"

    def test_what_is_not_above_zero_for_sure_does_not_count(self):
        gap = np.array([0.1, 0.5, -0.1])  # 0.17 on average
        score = np.stack([np.ones(3), np.ones(3)], axis=1)
        one = found(score, np.stack([np.ones(3), 1 - gap], axis=1))
        assert one.gap == pytest.approx(0.5 / 3)
        assert one.gap_low < 0
        assert one.overfits is None

    def test_a_loss_that_only_falls_is_best_at_the_last_epoch(self):
        one = found(np.array([[3.0, 2.0, 1.5]] * 3), np.array([[3.0, 2.0, 1.0]] * 3))
        assert (one.epoch, one.best, one.validation, one.rise) == (3, 1.5, 1.5, 0)
        assert one.overfits == "gap"

    def test_it_is_of_no_importance_that_the_loss_is_below_zero(self):
        """A margin is a share of how far the loss is from zero."""
        one = found(np.array([[-1.0, -0.9]] * 3), np.array([[-1.0, -1.0]] * 3))
        assert one.overfits == "rises"


class TestDivergence:
    @pytest.mark.filterwarnings("error")
    def test_a_network_that_diverged_on_validation_rows_alone_leaves_both_open(self):
        one = found(np.array([[1.0, 2.0], [1.0, INF], [1.0, 2.0]]), np.array([[1.0, 0.5]] * 3))
        assert (one.best, one.epoch, one.validation) == (1.0, 1, INF)
        assert (one.rise_low, one.rise_high, one.gap_low, one.gap_high) == (-INF, INF, -INF, INF)
        assert one.overfits is None

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("best", [1.0, INF])
    def test_a_network_that_diverged_on_all_rows_does_too(self, best):
        one = found(np.array([[best, INF]] * 3), np.array([[1.0, INF]] * 3))
        assert (one.best, one.validation, one.training) == (best, INF, INF)
        assert (one.rise_low, one.rise_high, one.gap_low, one.gap_high) == (-INF, INF, -INF, INF)
        assert one.overfits is None


class TestCorrectedInterval:
    DIFFERENCES = np.array([-0.10, -0.06, -0.14, -0.02, -0.08])
    """Mean -0.08; squared deviations 0.0004, 0.0004, 0.0036, 0.0036, 0: variance 0.008 / 4 = 0.002."""

    def test_the_formula_of_nadeau_and_bengio(self):
        # 0.002 (1/5 + 1/4) = 0.0009, whose root is 0.03; 97.5 % of Student's t with 4 degrees of freedom: 2.7764.
        low, high = corrected_interval(self.DIFFERENCES, validation_to_training=1 / 4, confidence=0.95)
        assert (low, high) == pytest.approx((-0.08 - 2.7764 * 0.03, -0.08 + 2.7764 * 0.03), abs=1e-5)

    def test_without_shared_training_rows_it_is_students_interval(self):
        from scipy.stats import ttest_1samp

        students = ttest_1samp(self.DIFFERENCES, 0).confidence_interval(0.9)
        assert corrected_interval(self.DIFFERENCES, 0, 0.9) == pytest.approx(tuple(students))

    def test_five_intervals_that_hold_together_are_each_as_wide_as_one_of_99_percent(self):
        together = corrected_interval(self.DIFFERENCES, 1 / 4, 0.95, comparisons=5)
        assert together == pytest.approx(corrected_interval(self.DIFFERENCES, 1 / 4, 0.99))
        assert together[1] == pytest.approx(-0.08 + 4.6041 * 0.03, abs=1e-5)  # 99.5 % of t: 4.6041

    @pytest.mark.parametrize("comparisons", [1, 5])
    def test_it_covers_the_true_difference_as_often_as_it_says(self, comparisons):
        """Independent differences: then no correction is needed, and each interval covers in 1 - 5 % / comparisons."""
        repeats, truth = 3000, 0.3
        drawn = np.random.default_rng(comparisons).normal(truth, 2.0, size=(repeats, 10))
        intervals = np.array([corrected_interval(row, 0, 0.95, comparisons) for row in drawn])
        covered = np.mean((intervals[:, 0] < truth) & (truth < intervals[:, 1]))
        promised = 1 - 0.05 / comparisons
        assert covered == pytest.approx(promised, abs=4 * np.sqrt(promised * (1 - promised) / repeats))


def test_it_is_of_the_loss_that_networks_are_trained_by_whatever_judges():
    """The configuration is the one that is judged best, the curves are its own."""
    curves = np.array([ModelScores.SCORE, 2 * ModelScores.SCORE])
    judged = np.repeat(np.array([[[0.9]], [[0.1]]]), 3, axis=1)
    losses = make_losses(judged, training=np.array([ModelScores.FIT] * 2))
    one = overfitting(replace(losses, learning=curves), 3, 0.5, 0.02, 0.95)
    assert (one.validation, one.best, one.epoch) == (pytest.approx(2.0), pytest.approx(1.4), 2)
