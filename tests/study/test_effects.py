"""From losses to verdicts, against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.study.effects import corrected_interval, cross_fitted, effect, overfitting, verdict

INF = float("inf")

losses_of_an_arm = st.tuples(st.integers(1, 4), st.integers(2, 5), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.one_of(st.floats(0, 10), st.just(INF)))
)


class TestCrossFitted:
    def test_a_worked_example(self):
        losses = np.array(
            [
                [[5.0, 1.0], [4.0, 2.0], [3.0, 6.0]],  # draw 0: two epochs in each of three splits
                [[2.0, 9.0], [4.0, 8.0], [4.0, 1.0]],  # draw 1
            ]
        )
        # Split 0: the sums of the others are 7, 8 and 8, 9: draw 0, epoch 0. Its loss in split 0 is 5, and not 1.
        # Split 1: 8, 7 and 6, 10: draw 1, epoch 0. Split 2: 9, 3 and 6, 17: draw 0, epoch 1.
        np.testing.assert_array_equal(cross_fitted(losses), [5.0, 4.0, 6.0])

    @settings(deadline=None)
    @given(losses_of_an_arm, st.data())
    def test_the_losses_of_a_split_have_no_say_in_what_is_chosen_for_it(self, losses, data):
        split = data.draw(st.integers(0, losses.shape[1] - 1))
        # With numbers in place of that split's losses, the judged loss tells which draw and epoch was chosen.
        numbered = losses.copy()
        numbered[:, split] = np.arange(losses.shape[0] * losses.shape[2]).reshape(losses.shape[0], -1)
        chosen = np.argwhere(numbered[:, split] == cross_fitted(numbered)[split])[0]

        assert cross_fitted(losses)[split] == losses[chosen[0], split, chosen[1]]
        others = np.delete(losses, split, axis=1).sum(axis=1)
        assert others[tuple(chosen)] == others.min()

    def test_it_is_not_better_than_the_truth_where_all_draws_are_alike(self):
        """The best of many draws by the rows that judge it would look far better than it is."""
        losses = 1 + 0.1 * np.random.default_rng(0).normal(size=(32, 200, 10))
        judged = cross_fitted(losses)
        assert judged.mean() == pytest.approx(1, abs=4 * 0.1 / np.sqrt(200))
        assert losses.min(axis=(0, 2)).mean() < 0.8

    def test_a_network_that_diverged_is_chosen_only_where_all_did(self):
        losses = np.full((2, 3, 2), INF)
        losses[1, :, 0] = [0.3, 0.2, 0.1]
        np.testing.assert_array_equal(cross_fitted(losses), [0.3, 0.2, 0.1])
        np.testing.assert_array_equal(cross_fitted(losses[:1]), [INF, INF, INF])

    def test_one_split_is_judged_by_itself_for_there_is_no_other(self):
        np.testing.assert_array_equal(cross_fitted(np.array([[[3.0, 2.0]], [[4.0, 5.0]]])), [2.0])


class TestCorrectedInterval:
    DIFFERENCES = np.array([-0.10, -0.06, -0.14, -0.02, -0.08])
    """Mean -0.08; squared deviations 0.0004, 0.0004, 0.0036, 0.0036, 0: variance 0.008 / 4 = 0.002."""

    def test_the_formula_of_nadeau_and_bengio(self):
        # 0.002 (1/5 + 1/4) = 0.0009, whose root is 0.03; 97.5 % of Student's t with 4 degrees of freedom: 2.7764.
        low, high = corrected_interval(self.DIFFERENCES, score_to_fit=1 / 4, confidence=0.95)
        assert (low, high) == pytest.approx((-0.08 - 2.7764 * 0.03, -0.08 + 2.7764 * 0.03), abs=1e-5)

    def test_without_shared_fit_rows_it_is_students_interval(self):
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


class TestVerdict:
    @pytest.mark.parametrize(
        ("low", "high", "word"),
        [
            (-0.01, 0.01, "no effect worth having"),
            (-0.019, -0.001, "no effect worth having"),  # surely better, but by too little
            (0.001, 0.019, "no effect worth having"),
            (0.0, 0.0, "no effect worth having"),
            (-0.02, -0.001, "helps"),  # the margin itself is worth having
            (-0.05, -0.001, "helps"),
            (-0.05, -0.03, "helps"),
            (0.001, 0.02, "hurts"),
            (0.001, 0.05, "hurts"),
            (0.03, 0.05, "hurts"),
            (-0.05, 0.0, "undecided"),
            (0.0, 0.05, "undecided"),
            (-0.02, 0.01, "undecided"),
            (-0.01, 0.02, "undecided"),
            (-0.05, 0.05, "undecided"),
            (-INF, -0.1, "undecided"),
            (0.1, INF, "undecided"),
            (float("nan"), float("nan"), "undecided"),
        ],
    )
    def test_at_a_margin_of_002(self, low, high, word):
        assert verdict(low, high, margin=0.02) == word


class TestEffect:
    def test_it_is_the_mean_of_paired_differences(self):
        plain = np.array([1.0, 2.0, 3.0])
        found = effect("dropout", plain - [0.5, 0.5, 0.5], plain, 0.02, 0.5, 0.95, 5)
        assert (found.name, found.change, found.margin, found.verdict) == ("dropout", -0.5, 0.02, "helps")
        assert (found.low, found.high) == (-0.5, -0.5)  # every split says the same, however much the splits differ

    def test_its_interval_is_that_of_all_comparisons_together(self):
        arm, plain = np.random.default_rng(0).normal(size=(2, 5))
        found = effect("dropout", arm, plain, 0.02, 0.25, 0.95, 5)
        assert (found.low, found.high) == corrected_interval(arm - plain, 0.25, 0.95, 5)
        assert found.verdict == verdict(found.low, found.high, 0.02)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize(("arm", "against"), [(INF, 1.0), (1.0, INF), (INF, INF)])
    def test_where_an_arm_diverged_nothing_is_decided(self, arm, against):
        found = effect("dropout", np.array([1.0, arm, 1.0]), np.array([2.0, against, 2.0]), 0.02, 0.5, 0.95, 5)
        assert (found.change, found.low, found.high, found.verdict) == (INF, -INF, INF, "undecided")


class TestOverfitting:
    def test_the_held_out_loss_falls_and_rises_again(self):
        found = overfitting(np.array([0.9, 0.5, 0.1]), np.array([1.0, 0.8, 0.9]), margin=0.02)
        assert (found.fit, found.held_out, found.best, found.epoch) == (0.1, 0.9, 0.8, 2)
        assert (found.gap, found.rises) == (True, True)

    @pytest.mark.parametrize(("last", "rises"), [(1.0, False), (1.019, False), (1.021, True), (INF, True)])
    def test_a_rise_within_the_margin_does_not_count(self, last, rises):
        assert overfitting(np.zeros(2), np.array([1.0, last]), margin=0.02).rises is rises

    @pytest.mark.parametrize(("fit", "gap"), [(0.1, True), (0.979, True), (0.981, False), (1.0, False), (1.5, False)])
    def test_a_gap_within_the_margin_does_not_count_and_needs_no_rise(self, fit, gap):
        found = overfitting(np.array([2.0, fit]), np.array([2.0, 1.0]), margin=0.02)
        assert (found.gap, found.rises) == (gap, False)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("fit", [0.5, INF, float("nan")])
    def test_a_network_that_diverged_after_its_best_epoch_rises(self, fit):
        found = overfitting(np.array([0.5, fit]), np.array([1.0, INF]), margin=0.02)
        assert (found.best, found.epoch, found.rises) == (1.0, 1, True)

    def test_a_loss_that_only_falls_is_best_at_the_last_epoch(self):
        found = overfitting(np.array([3.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.5]), margin=0.02)
        assert (found.epoch, found.best, found.held_out, found.rises) == (3, 1.5, 1.5, False)
