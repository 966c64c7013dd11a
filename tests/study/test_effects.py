"""From losses to verdicts, against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from studies import even_shares, make_losses

from goru.study.effects import Judged, choose, corrected_interval, effect, error, judge, verdict

INF, NAN = float("inf"), float("nan")

some_losses = st.one_of(st.floats(0, 10), st.just(INF))


@st.composite
def raced(draw, elements=some_losses, fewest=1):
    """The losses of an arm after a race, `(draws, splits, epochs)`, and the number of folds.

    There are one or two partitions, and in the second not all draws, but a few at least.
    """
    n_draws, folds, epochs = draw(st.integers(fewest, 5)), draw(st.integers(2, 4)), draw(st.integers(1, 3))
    partitions = draw(st.integers(1, 2))
    losses = draw(arrays(np.float64, (n_draws, folds * partitions, epochs), elements=elements))
    if partitions == 2:
        going_on = draw(st.sets(st.integers(0, n_draws - 1), min_size=fewest))
        losses[[number for number in range(n_draws) if number not in going_on], folds:] = NAN
    return losses, folds


def judged(parts: object, search: float = 0.0, shares: object = None) -> Judged:
    """An arm by what parts of the rows add in every split, `(splits, parts)`; they are of one size by default."""
    parts = np.asarray(parts, np.float64)
    shares = even_shares(*parts.shape) if shares is None else np.asarray(shares, np.float64)
    return Judged(parts.sum(axis=1), parts, shares, search)


def nothing(splits: int, parts: int, search: float = 0.0) -> Judged:
    """An arm to compare with that has no loss at all."""
    return judged(np.zeros((splits, parts)), search)


class TestChoose:
    LOSSES = np.array(
        [
            [[5.0, 1.0], [4.0, 2.0], [3.0, 6.0]],  # draw 0: two epochs in each of three splits
            [[2.0, 9.0], [4.0, 8.0], [4.0, 1.0]],  # draw 1
        ]
    )

    def test_a_worked_example(self):
        # Split 0: the sums of the others are 7, 8 and 8, 9: draw 0, epoch 0. Its loss in split 0 is 5, and not 1.
        # Split 1: 8, 7 and 6, 10: draw 1, epoch 0. Split 2: 9, 3 and 6, 17: draw 0, epoch 1.
        choice = choose(self.LOSSES, folds=3)
        assert (choice.draws.tolist(), choice.epochs.tolist()) == ([0, 1, 0], [0, 0, 1])
        np.testing.assert_array_equal(choice.of(self.LOSSES), [5, 4, 6])

    def test_a_draw_may_be_left_out_of_every_split(self):
        # Draw 1 in split 0: 8, 9. Draw 0 in split 1: 8, 7. Draw 1 in split 2: 6, 17.
        choice = choose(self.LOSSES, folds=3, without=np.array([0, 1, 0]))
        assert (choice.draws.tolist(), choice.epochs.tolist()) == ([1, 0, 1], [0, 1, 0])
        np.testing.assert_array_equal(choice.of(self.LOSSES), [2, 2, 4])

    def test_two_partitions_of_two_folds(self):
        losses = np.array([[1, 2, NAN, NAN], [3, 3, 5, 6], [4, 1, 2, 8]])[:, :, None]
        # Split 0 is chosen for by split 1, and the other way round; the same in the second partition, to which draw 0
        # has not gone on: there draw 1 is best in split 3, and draw 2 in split 2.
        choice = choose(losses, folds=2)
        assert choice.draws.tolist() == [2, 0, 1, 2]
        np.testing.assert_array_equal(choice.of(losses), [4, 2, 5, 8])

    def test_a_draw_that_was_not_trained_in_the_whole_partition_is_not_looked_at(self):
        losses = np.array([[0.1, 0.1, 0.1, NAN], [3, 4, 5, 6]])[:, :, None]
        assert choose(losses, folds=2).draws.tolist() == [0, 0, 1, 1]

    def test_parts_are_those_of_the_draw_and_the_epoch_that_were_chosen(self):
        parts = np.arange(2 * 3 * 2 * 4).reshape(2, 3, 2, 4)
        np.testing.assert_array_equal(
            choose(self.LOSSES, folds=3).of(parts), [parts[0, 0, 0], parts[1, 1, 0], parts[0, 2, 1]]
        )

    @given(raced())
    def test_it_is_the_best_of_what_may_be_chosen_by_the_other_folds(self, race):
        losses, folds = race
        choice = choose(losses, folds)
        for split in range(losses.shape[1]):
            partition = range(split // folds * folds, split // folds * folds + folds)
            others = losses[:, [other for other in partition if other != split]].sum(axis=1)
            assert others[choice.draws[split], choice.epochs[split]] == np.nanmin(others)
        assert not np.isnan(choice.of(losses)).any()

    @given(raced(), st.data())
    def test_the_losses_of_a_split_have_no_say_in_what_is_chosen_for_it(self, race, data):
        losses, folds = race
        split = data.draw(st.integers(0, losses.shape[1] - 1))
        changed = losses.copy()
        other = data.draw(arrays(np.float64, losses[:, split].shape, elements=some_losses), label="other losses")
        changed[:, split] = np.where(np.isnan(losses[:, split]), NAN, other)
        before, after = choose(losses, folds), choose(changed, folds)
        assert (after.draws[split], after.epochs[split]) == (before.draws[split], before.epochs[split])

    @given(raced(), st.data())
    def test_the_losses_of_a_partition_have_no_say_in_what_is_chosen_in_another(self, race, data):
        losses, folds = race
        start = folds * data.draw(st.integers(0, losses.shape[1] // folds - 1), label="partition")
        own = slice(start, start + folds)
        changed = data.draw(arrays(np.float64, losses.shape, elements=some_losses), label="other losses")
        changed[:, own] = losses[:, own]
        before, after = choose(losses, folds), choose(changed, folds)
        np.testing.assert_array_equal(after.draws[own], before.draws[own])
        np.testing.assert_array_equal(after.epochs[own], before.epochs[own])

    def test_it_is_not_better_than_the_truth_where_all_draws_are_alike(self):
        """The best of many draws by the rows that judge it would look far better than it is."""
        losses = 1 + 0.1 * np.random.default_rng(0).normal(size=(32, 200, 10))
        found = choose(losses, folds=5).of(losses)
        assert found.mean() == pytest.approx(1, abs=4 * 0.1 / np.sqrt(200))
        assert losses.min(axis=(0, 2)).mean() < 0.8

    def test_a_network_that_diverged_is_chosen_only_where_all_did(self):
        losses = np.full((2, 3, 2), INF)
        losses[1, :, 0] = [0.3, 0.2, 0.1]
        np.testing.assert_array_equal(choose(losses, 3).of(losses), [0.3, 0.2, 0.1])
        np.testing.assert_array_equal(choose(losses[:1], 3).of(losses[:1]), [INF, INF, INF])


class TestJudge:
    # One epoch; by the other two splits, draw 0 is best in all of them, and draw 1 second.
    LOSSES = np.array([[1.0, 2.0, 3.0], [2.0, 2.5, 3.0], [4.0, 4.0, 4.0]])[:, :, None]

    def test_an_arm_is_judged_by_the_rows_that_have_not_chosen(self):
        losses = TestChoose.LOSSES
        parts = np.stack([losses / 4, losses * 3 / 4], axis=-1)
        found = judge(make_losses(losses, parts=parts), folds=3)
        np.testing.assert_array_equal(found.losses, [5, 4, 6])
        np.testing.assert_array_equal(found.parts, [[1.25, 3.75], [1, 3], [1.5, 4.5]])

    def test_the_error_of_the_search_is_the_distance_to_the_second_best_draw(self):
        found = judge(make_losses(self.LOSSES), folds=3)
        np.testing.assert_array_equal(found.losses, [1, 2, 3])
        assert found.search == pytest.approx(2.5 - 2.0)  # the means of draw 1 and draw 0

    def test_the_second_best_is_chosen_by_the_other_folds_too(self):
        losses = self.LOSSES.copy()
        losses[1, 0], losses[2, 0] = 6.0, 0.0  # in split 0 the draws change places
        # Splits 1 and 2 still choose draw 1 for second in split 0, and split 0 makes draw 2 second in the others.
        assert judge(make_losses(losses), folds=3).search == pytest.approx((6 + 4 + 4) / 3 - 2)

    def test_it_is_never_below_zero(self):
        # Above, the second best are 2, 2 and 4, and the best 5, 4 and 6.
        assert judge(make_losses(TestChoose.LOSSES), folds=3).search == 0

    def test_a_split_in_which_one_of_the_two_diverged_says_nothing_of_it(self):
        losses = self.LOSSES.copy()
        losses[1, 1] = INF
        # By split 1, draw 2 is now second in the others: 4 and 4, instead of 1 and 3. In split 1 it is draw 1 still.
        assert judge(make_losses(losses), folds=3).search == pytest.approx(((4 - 1) + (4 - 3)) / 2)

    @pytest.mark.filterwarnings("error")
    def test_where_all_other_draws_diverged_it_cannot_be_told(self):
        losses = self.LOSSES.copy()
        losses[1:] = INF
        found = judge(make_losses(losses), folds=3)
        np.testing.assert_array_equal(found.losses, [1, 2, 3])
        assert found.search == INF

    def test_shares_are_those_of_the_splits(self):
        shares = [[0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0, 1]]
        np.testing.assert_array_equal(judge(make_losses(self.LOSSES, shares=shares), folds=3).shares, shares)

    def test_a_draw_alone_has_none(self):
        assert judge(make_losses(self.LOSSES[:1]), folds=3).search == 0

    def test_in_the_second_partition_the_second_best_is_one_of_those_that_went_on(self):
        first = np.array([[1.0, 1.0], [2.0, 2.0], [9.0, 9.0]])
        second = np.array([[1.0, 1.0], [NAN, NAN], [9.0, 9.0]])
        losses = np.concatenate([first, second], axis=1)[:, :, None]
        assert judge(make_losses(losses), folds=2).search == pytest.approx((2 + 2 + 9 + 9) / 4 - 1)

    @given(raced(st.floats(0, 10), fewest=2), st.data())
    def test_more_draws_that_are_worse_everywhere_change_no_loss(self, race, data):
        losses, folds = race
        worse = np.where(np.isnan(losses), NAN, losses + data.draw(st.floats(11, 20)))
        before, after = (judge(make_losses(each), folds) for each in (losses, np.concatenate([losses, worse])))
        np.testing.assert_array_equal(after.losses, before.losses)
        np.testing.assert_array_equal(after.parts, before.parts)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("n_draws", [1, 2])
    def test_an_arm_that_diverged_has_an_infinite_loss(self, n_draws):
        losses = np.full((n_draws, 3, 2), INF)
        np.testing.assert_array_equal(judge(make_losses(losses), 3).losses, INF)

    @pytest.mark.filterwarnings("error")
    def test_one_that_diverged_in_a_split_has_an_infinite_loss_there(self):
        losses = self.LOSSES.copy()
        losses[:, 1] = INF
        found = judge(make_losses(losses), folds=3)
        np.testing.assert_array_equal(found.losses, [1, INF, 3])
        assert np.isfinite(found.search)


class TestError:
    """Four splits and two parts of the rows."""

    PARTS = np.array([[0.1, 0.3], [0.3, 0.1], [0.6, 0.8], [0.2, 0.2]])

    def test_a_worked_example(self):
        found = error(judged(self.PARTS, search=0.2), nothing(4, 2, search=0.4))
        # Means over the splits: 0.3 and 0.35, of variance 0.00125; two parts make 0.0025 of rows.
        assert found.rows == pytest.approx(0.05)
        # Losses 0.4, 0.4, 1.4 and 0.4: variance 0.25, over four splits 0.0625. Of it the rows explain: variances
        # within the splits 0.02, 0.02, 0.02 and 0, on average 0.015, of two parts 0.03, over four splits 0.0075.
        assert found.networks == pytest.approx(np.sqrt(0.0625 - 0.0075))
        # A quarter of 0.2² + 0.4² = 0.2.
        assert found.search == pytest.approx(np.sqrt(0.05))
        assert found.total == pytest.approx(np.sqrt(0.0025 + 0.055 + 0.05))
        # (0.0025 + 0.055)² / (0.0025² / 1 + 0.0625² / 3) = 2.53: fewer than the splits alone have.
        assert found.freedom == 3

    def test_degrees_of_freedom_after_satterthwaite(self):
        # Of five parts, each adds 0, 0.1 or 0.2 in all splits, and in the splits -0.06, 0 or 0.06 more.
        found = error(judged(np.add.outer([-0.06, 0, 0.06], [0, 0.1, 0.2, 0.1, 0.1])), nothing(3, 5))
        # Rows: variance 0.005 of five parts, 0.025. Splits: 0.2, 0.5, 0.8, of variance 0.09, over three 0.03; of it
        # the rows explain 0.025 / 3.
        rows, networks = 0.025, 0.03 - 0.025 / 3
        assert (found.rows**2, found.networks**2) == pytest.approx((rows, networks))
        assert found.freedom == pytest.approx((rows + networks) ** 2 / (rows**2 / 4 + 0.03**2 / 2))

    def test_where_rows_explain_all_that_splits_differ_by_networks_add_nothing(self):
        # The splits lose 1 and 1.1, of variance 0.005; within them parts differ by more.
        found = error(judged([[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.4]]), nothing(2, 4))
        assert found.networks == 0
        # Means 0.15, 0.15, 0.35, 0.4, of variance 0.051875 / 3; four parts.
        assert found.rows == pytest.approx(np.sqrt(4 * 0.051875 / 3))
        assert found.freedom == pytest.approx(3)  # of four parts, whose variance is all there is

    def test_where_parts_agree_all_that_splits_differ_by_is_the_networks(self):
        found = error(judged([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), nothing(3, 2))
        assert found.rows == pytest.approx(0, abs=1e-15)
        assert found.networks == pytest.approx(np.sqrt(0.04 / 3))  # 0.2, 0.4, 0.6
        assert found.freedom == pytest.approx(2)

    def test_a_part_of_more_rows_may_add_more(self):
        """All rows of a split lose as much: a part then adds its share of the rows, and rows leave nothing open."""
        shares = np.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
        found = error(judged(shares * [[0.4], [0.7], [0.1]], shares=shares), judged(0 * shares, shares=shares))
        assert found.networks == pytest.approx(np.sqrt(0.09 / 3))  # of 0.4, 0.7 and 0.1
        even = error(judged(shares * 0.4, shares=shares), judged(0 * shares, shares=shares))
        assert (even.rows, even.networks) == pytest.approx((0, 0), abs=1e-12)

    def test_parts_of_different_sizes_by_hand(self):
        # Half of the rows are in one part, a quarter in each of two others. The mean loss is 1; by their shares parts
        # would add 0.5, 0.25, 0.25, and they add 0.1 more, 0.1 less and as much. 3 / 2 of the squares: 0.03.
        found = error(judged([[0.6, 0.15, 0.25]] * 2, shares=[[0.5, 0.25, 0.25]] * 2), nothing(2, 3))
        assert found.rows == pytest.approx(np.sqrt(0.03))
        assert found.freedom == pytest.approx(2)

    def test_a_part_without_a_row_is_no_part(self):
        wide = np.insert(self.PARTS, 1, 0.0, axis=1)
        shares = [[0.5, 0, 0.5]] * 4
        found, expected = error(judged(wide, shares=shares), nothing(4, 3)), error(judged(self.PARTS), nothing(4, 2))
        assert (found.rows, found.networks, found.freedom) == pytest.approx(
            (expected.rows, expected.networks, expected.freedom)
        )

    def test_a_part_may_have_rows_in_some_splits_alone(self):
        # In each of two splits one of three parts has no row; the two others add 0.1 more and 0.1 less than their half.
        parts, shares = [[0.6, 0.4, 0.0], [0.0, 0.6, 0.4]], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
        found = error(judged(parts, shares=shares), nothing(2, 3))
        # On average parts have 1/4, 1/2 and 1/4 of the rows, and add 0.3, 0.5 and 0.2: 3/2 (0.05² + 0 + 0.05²).
        assert found.rows == pytest.approx(np.sqrt(0.0075))
        assert found.networks == 0

    @pytest.mark.filterwarnings("error")
    def test_of_one_part_rows_cannot_tell(self):
        found = error(judged([[0.4], [0.6], [0.5]]), nothing(3, 1))
        assert found.rows == 0
        assert found.networks == pytest.approx(np.sqrt(0.01 / 3))

    def test_what_both_arms_have_in_common_is_no_error(self):
        difficulty = 10 * np.random.default_rng(0).random((4, 2))
        found = error(judged(self.PARTS + difficulty), judged(difficulty))
        expected = error(judged(self.PARTS), nothing(4, 2))
        assert (found.rows, found.networks) == pytest.approx((expected.rows, expected.networks))

    def test_an_arm_differs_from_itself_by_nothing_but_its_search(self):
        found = error(judged(self.PARTS, 0.2), judged(self.PARTS, 0.2))
        assert (found.rows, found.networks) == (0, 0)
        assert found.search == pytest.approx(np.sqrt(2 * 0.2**2 / 4))
        assert found.freedom == 3


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

    def test_where_the_plain_network_diverged_there_is_no_margin_to_decide_by(self):
        assert verdict(-0.1, 0.3, INF) == "undecided"


class TestEffect:
    PARTS = TestError.PARTS

    def test_a_worked_example(self):
        found = effect("dropout", judged(self.PARTS, 0.1), nothing(4, 2, 0.2), 0.02, 0.95, comparisons=1)
        # The mean of 0.4, 0.4, 1.4 and 0.4. Variances, as above, 0.0025 of rows, 0.055 of networks, and here of the
        # search 0.0125, are 0.07, whose root is 0.2646; with three degrees of freedom 97.5 % are at 3.1824.
        assert (found.name, found.margin) == ("dropout", 0.02)
        assert found.change == pytest.approx(0.65)
        assert (found.low, found.high) == pytest.approx((0.65 - 0.8420, 0.65 + 0.8420), abs=1e-4)
        assert (found.rows, found.networks, found.search) == pytest.approx((0.05, 0.2345, 0.1118), abs=1e-4)
        assert found.verdict == "undecided"
        # Narrow enough is an interval of 0.65 to both sides: (0.65 / 3.1824)² = 0.04172. Of this 0.0125 are the
        # search's, which more rows leave as it is; 0.0575 must shrink to the other 0.02922.
        assert found.factor == pytest.approx(1.968, abs=1e-3)

    def test_seven_intervals_hold_together(self):
        alone = effect("", judged(self.PARTS), nothing(4, 2), 0.02, 1 - 0.05 / 7, comparisons=1)
        together = effect("", judged(self.PARTS), nothing(4, 2), 0.02, 0.95, comparisons=7)
        assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
        # 1 - 0.05 / 14 of Student's t with three degrees of freedom are at 6.58, and not at 3.18.
        assert (together.high - together.change) / np.sqrt(0.0025 + 0.055) == pytest.approx(6.58, abs=0.01)

    @pytest.mark.parametrize(
        ("change", "noise", "word"),
        [
            (-0.5, 0.01, "helps"),
            (0.5, 0.01, "hurts"),
            (-0.5, 10.0, "undecided"),
            (0.001, 0.001, "no effect worth having"),
            (0.001, 1.0, "undecided"),
        ],
    )
    def test_each_of_the_four_verdicts(self, change, noise, word):
        parts = change / 40 + noise * np.random.default_rng(0).normal(size=(10, 40)) / 40
        found = effect("", judged(parts), nothing(10, 40), 0.02, 0.95, 7)
        assert found.verdict == word == verdict(found.low, found.high, 0.02)
        assert (found.factor is None) == (word != "undecided")

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize(("arm", "against"), [(INF, 1.0), (1.0, INF), (INF, INF)])
    def test_where_an_arm_diverged_nothing_is_decided(self, arm, against):
        arms = [judged(np.array([[1.0], [loss], [1.0]]).repeat(2, axis=1)) for loss in (arm, against)]
        found = effect("dropout", *arms, 0.02, 0.95, 7)
        assert (found.change, found.low, found.high, found.verdict) == (INF, -INF, INF, "undecided")
        assert found.factor is None

    @pytest.mark.filterwarnings("error")
    def test_an_arm_against_itself_changes_nothing(self):
        found = effect("", judged(self.PARTS), judged(self.PARTS), 0.02, 0.95, 7)
        assert (found.change, found.low, found.high) == (0, 0, 0)
        assert found.verdict == "no effect worth having"

    def test_a_search_that_found_one_good_draw_alone_is_less_sure(self):
        sure, unsure = (effect("", judged(self.PARTS, d), nothing(4, 2), 0.02, 0.95, 7) for d in (0.0, 1.0))
        assert unsure.high - unsure.low > sure.high - sure.low
        assert unsure.change == sure.change

    numbers = arrays(np.float64, (4, 3), elements=st.floats(-1, 1).map(lambda number: round(number, 3)))

    @given(numbers, numbers, st.floats(0, 1), st.floats(1e-3, 1e3))
    def test_in_other_units_everything_is_that_many_times_as_large_and_said_alike(self, one, other, search, units):
        before = effect("", judged(one, search), judged(other), 0.02, 0.95, 7)
        after = effect("", judged(units * one, units * search), judged(units * other), units * 0.02, 0.95, 7)
        for name in ("change", "low", "high", "margin", "rows", "search"):
            assert getattr(after, name) == pytest.approx(units * getattr(before, name), rel=1e-4, abs=1e-6 * units)
        far = np.abs([before.low, before.high, before.low + 0.02, before.high - 0.02]).min() > 1e-6
        assert after.verdict == before.verdict or not far

    @given(numbers, numbers, st.floats(0, 1), st.floats(0, 1))
    def test_the_other_way_round_it_is_the_mirror_image(self, one, other, search, search_of_other):
        arms = judged(one, search), judged(other, search_of_other)
        there, back = effect("", *arms, 0.02, 0.95, 7), effect("", *arms[::-1], 0.02, 0.95, 7)
        assert (back.change, back.low, back.high) == pytest.approx((-there.change, -there.high, -there.low))
        mirrored = {"helps": "hurts", "hurts": "helps"}
        assert back.verdict == mirrored.get(there.verdict, there.verdict)
        assert back.factor == (None if there.factor is None else pytest.approx(there.factor))


class TestRowsToDecide:
    """`factor`: with so many times as many rows the errors of rows and networks are its root times smaller."""

    @staticmethod
    def found(change, noise, margin=0.02, search=0.0):
        """Ten splits, in which forty parts disagree; seeded, so that another noise is the same one, larger."""
        disagree = np.random.default_rng(3).normal(size=(10, 40))
        disagree -= disagree.mean()
        return effect("", judged(change / 40 + noise * disagree, search), nothing(10, 40), margin, 0.95, 7)

    @pytest.mark.parametrize(
        ("change", "width"),
        [
            (0.0, 0.02),  # an interval that stays within the margin
            (0.005, 0.015),
            (-0.005, 0.015),
            (0.015, 0.015),  # one that leaves out zero comes first
            (-0.05, 0.05),
        ],
    )
    def test_an_interval_narrow_enough_is_the_wider_of_two(self, change, width):
        found = self.found(change, noise=0.1)
        assert found.verdict == "undecided"
        assert found.factor == pytest.approx(((found.high - found.change) / width) ** 2)

    @given(st.floats(-0.2, 0.2), st.floats(0.02, 1), st.one_of(st.just(0.0), st.floats(0, 0.02)))
    def test_so_many_rows_decide_and_a_little_fewer_do_not(self, change, noise, search):
        found = self.found(change, noise, search=search)
        if found.verdict != "undecided":
            assert found.factor is None
        elif found.factor < INF:
            assert found.factor >= 1
            # The verdict goes by the interval alone, and its borders are not part of it.
            narrower, wider = (noise / np.sqrt(times * found.factor) for times in (1.01, 0.99))
            assert self.found(change, narrower, search=search).verdict != "undecided"
            assert self.found(change, wider, search=search).verdict == "undecided"
        else:
            assert self.found(change, 1e-9, search=search).verdict == "undecided"

    def test_where_the_search_alone_leaves_it_open_no_number_of_rows_is_enough(self):
        assert self.found(0.0, noise=1e-6, search=0.1).factor == INF

    def test_of_no_change_at_all_no_number_of_rows_says_that_it_is_less_than_nothing(self):
        parts = [[0.5, -0.5], [-0.25, 0.25]]
        found = effect("", judged(parts), nothing(2, 2), margin=0.0, confidence=0.95, comparisons=1)
        assert (found.change, found.verdict, found.factor) == (0, "undecided", INF)


class TestCoverage:
    """Rows that differ and networks that differ, of known variance: intervals cover the truth as often as they say.

    400 rows in 40 parts are cut twice into five folds, as a study does; a row's difference is that of the row, the same
    in both partitions, plus that of the network which has judged it.
    """

    ROWS, FOLDS, TRUTH, REPEATS = 400, 5, 0.3, 600

    def simulate(self, rng, rows_sd: float, networks_sd: float) -> Judged:
        own = rng.normal(self.TRUTH, rows_sd, self.ROWS)
        parts = np.zeros((2 * self.FOLDS, 40))
        part = np.arange(self.ROWS) % 40
        for partition in range(2):
            for fold, rows in enumerate(np.split(rng.permutation(self.ROWS), self.FOLDS)):
                seen = own[rows] + rng.normal(0, networks_sd)
                parts[partition * self.FOLDS + fold] = np.bincount(part[rows], seen, 40) / len(rows)
        return judged(parts)

    @pytest.mark.parametrize("comparisons", [1, 7])
    @pytest.mark.parametrize(
        ("rows_sd", "networks_sd"),
        [(1.0, 0.0), (1.0, 0.05), (1.0, 0.2), (0.1, 0.2)],
        ids=["rows", "some", "more", "networks"],
    )
    def test_at_least_as_often_as_it_says(self, rows_sd, networks_sd, comparisons):
        rng = np.random.default_rng(comparisons)
        found = [
            effect("", self.simulate(rng, rows_sd, networks_sd), nothing(10, 40), 0.02, 0.95, comparisons)
            for _ in range(self.REPEATS)
        ]
        covered = np.mean([each.low < self.TRUTH < each.high for each in found])
        promised = 1 - 0.05 / comparisons
        assert covered > promised - 3 * np.sqrt(promised * (1 - promised) / self.REPEATS)

    @pytest.mark.parametrize(("rows_sd", "networks_sd"), [(1.0, 0.0), (1.0, 0.05), (1.0, 0.2), (0.1, 0.2)])
    def test_each_source_is_told_apart(self, rows_sd, networks_sd):
        rng = np.random.default_rng(0)
        found = [error(self.simulate(rng, rows_sd, networks_sd), nothing(10, 40)) for _ in range(self.REPEATS)]
        rows, networks = (np.mean([getattr(each, name) ** 2 for each in found]) for name in ("rows", "networks"))
        # Variances of the mean: of 400 rows, and of ten networks. A row is judged by one network of five, twice, which
        # adds 4/5 · 1/2 of their variance to its own; and what is estimated to be below zero is taken for zero.
        assert rows == pytest.approx((rows_sd**2 + 0.4 * networks_sd**2) / 400, rel=0.05)
        assert networks == pytest.approx(networks_sd**2 / 10, rel=0.1, abs=0.0003)
