"""What stands for an arm in a split, and what it loses there, against arithmetic done by hand."""

import numpy as np
import pytest
from experiments import make_losses
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.experiment.effects.crossfit import choose, judge

INF, NAN = float("inf"), float("nan")

some_losses = st.one_of(st.floats(0, 10), st.just(INF))


@st.composite
def raced(draw, elements=some_losses, fewest=1):
    """The losses of an arm after a race, `(configurations, splits, epochs)`, and the number of folds.

    There are one or two partitions, and in the second not all configurations, but a few at least.
    """
    n_configurations, folds, epochs = draw(st.integers(fewest, 5)), draw(st.integers(2, 4)), draw(st.integers(1, 3))
    partitions = draw(st.integers(1, 2))
    losses = draw(arrays(np.float64, (n_configurations, folds * partitions, epochs), elements=elements))
    if partitions == 2:
        going_on = draw(st.sets(st.integers(0, n_configurations - 1), min_size=fewest))
        losses[[number for number in range(n_configurations) if number not in going_on], folds:] = NAN
    return losses, folds


class TestChoose:
    LOSSES = np.array(
        [
            [[5.0, 1.0], [4.0, 2.0], [3.0, 6.0]],  # configuration 0: two epochs in each of three splits
            [[2.0, 9.0], [4.0, 8.0], [4.0, 1.0]],  # configuration 1
        ]
    )

    def test_a_worked_example(self):
        # Split 0: the sums of the others are 7, 8 and 8, 9: configuration 0, epoch 0. Its loss in split 0 is 5, and not
        # 1. Split 1: 8, 7 and 6, 10: configuration 1, epoch 0. Split 2: 9, 3 and 6, 17: configuration 0, epoch 1.
        choice = choose(self.LOSSES, folds=3)
        assert (choice.configurations.tolist(), choice.epochs.tolist()) == ([0, 1, 0], [0, 0, 1])
        np.testing.assert_array_equal(choice.of(self.LOSSES), [5, 4, 6])

    def test_a_configuration_may_be_left_out_of_every_split(self):
        # Configuration 1 in split 0: 8, 9. Configuration 0 in split 1: 8, 7. Configuration 1 in split 2: 6, 17.
        choice = choose(self.LOSSES, folds=3, without=np.array([0, 1, 0]))
        assert (choice.configurations.tolist(), choice.epochs.tolist()) == ([1, 0, 1], [0, 1, 0])
        np.testing.assert_array_equal(choice.of(self.LOSSES), [2, 2, 4])

    def test_two_partitions_of_two_folds(self):
        losses = np.array([[1, 2, NAN, NAN], [3, 3, 5, 6], [4, 1, 2, 8]])[:, :, None]
        # Split 0 is chosen for by split 1, and the other way round; the same in the second partition, to which
        # configuration 0 has not gone on: there configuration 1 is best in split 3, and configuration 2 in split 2.
        choice = choose(losses, folds=2)
        assert choice.configurations.tolist() == [2, 0, 1, 2]
        np.testing.assert_array_equal(choice.of(losses), [4, 2, 5, 8])

    def test_a_configuration_that_was_not_trained_in_the_whole_partition_is_not_looked_at(self):
        losses = np.array([[0.1, 0.1, 0.1, NAN], [3, 4, 5, 6]])[:, :, None]
        assert choose(losses, folds=2).configurations.tolist() == [0, 0, 1, 1]

    def test_parts_are_those_of_the_configuration_and_the_epoch_that_were_chosen(self):
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
            assert others[choice.configurations[split], choice.epochs[split]] == np.nanmin(others)
        assert not np.isnan(choice.of(losses)).any()

    @given(raced(), st.data())
    def test_the_losses_of_a_split_have_no_say_in_what_is_chosen_for_it(self, race, data):
        losses, folds = race
        split = data.draw(st.integers(0, losses.shape[1] - 1))
        changed = losses.copy()
        other = data.draw(arrays(np.float64, losses[:, split].shape, elements=some_losses), label="other losses")
        changed[:, split] = np.where(np.isnan(losses[:, split]), NAN, other)
        before, after = choose(losses, folds), choose(changed, folds)
        assert (after.configurations[split], after.epochs[split]) == (
            before.configurations[split],
            before.epochs[split],
        )

    @given(raced(), st.data())
    def test_the_losses_of_a_partition_have_no_say_in_what_is_chosen_in_another(self, race, data):
        losses, folds = race
        start = folds * data.draw(st.integers(0, losses.shape[1] // folds - 1), label="partition")
        own = slice(start, start + folds)
        changed = data.draw(arrays(np.float64, losses.shape, elements=some_losses), label="other losses")
        changed[:, own] = losses[:, own]
        before, after = choose(losses, folds), choose(changed, folds)
        np.testing.assert_array_equal(after.configurations[own], before.configurations[own])
        np.testing.assert_array_equal(after.epochs[own], before.epochs[own])

    def test_it_is_not_better_than_the_truth_where_all_configurations_are_alike(self):
        """The best of many configurations by the rows that judge it would look far better than it is."""
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
    # One epoch; by the other two splits, configuration 0 is best in all of them, and configuration 1 second.
    LOSSES = np.array([[1.0, 2.0, 3.0], [2.0, 2.5, 3.0], [4.0, 4.0, 4.0]])[:, :, None]

    def test_an_arm_is_judged_by_the_rows_that_have_not_chosen(self):
        losses = TestChoose.LOSSES
        parts = np.stack([losses / 4, losses * 3 / 4], axis=-1)
        found = judge(make_losses(losses, parts=parts), folds=3)
        np.testing.assert_array_equal(found.losses, [5, 4, 6])
        np.testing.assert_array_equal(found.parts, [[1.25, 3.75], [1, 3], [1.5, 4.5]])

    def test_the_error_of_the_search_is_the_distance_to_the_second_best_configuration(self):
        found = judge(make_losses(self.LOSSES), folds=3)
        np.testing.assert_array_equal(found.losses, [1, 2, 3])
        assert found.search == pytest.approx(2.5 - 2.0)  # the means of configuration 1 and configuration 0

    def test_the_second_best_is_chosen_by_the_other_folds_too(self):
        losses = self.LOSSES.copy()
        losses[1, 0], losses[2, 0] = 6.0, 0.0  # in split 0 the configurations change places
        # Splits 1 and 2 still choose configuration 1 for second in split 0, and split 0 makes configuration 2 second in
        # the others.
        assert judge(make_losses(losses), folds=3).search == pytest.approx((6 + 4 + 4) / 3 - 2)

    def test_it_is_never_below_zero(self):
        # Above, the second best are 2, 2 and 4, and the best 5, 4 and 6.
        assert judge(make_losses(TestChoose.LOSSES), folds=3).search == 0

    def test_a_split_in_which_one_of_the_two_diverged_says_nothing_of_it(self):
        losses = self.LOSSES.copy()
        losses[1, 1] = INF
        # By split 1, configuration 2 is now second in the others: 4 and 4, instead of 1 and 3. In split 1 it is
        # configuration 1 still.
        assert judge(make_losses(losses), folds=3).search == pytest.approx(((4 - 1) + (4 - 3)) / 2)

    @pytest.mark.filterwarnings("error")
    def test_where_all_other_configurations_diverged_it_cannot_be_told(self):
        losses = self.LOSSES.copy()
        losses[1:] = INF
        found = judge(make_losses(losses), folds=3)
        np.testing.assert_array_equal(found.losses, [1, 2, 3])
        assert found.search == INF

    def test_shares_are_those_of_the_splits(self):
        shares = [[0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0, 1]]
        np.testing.assert_array_equal(judge(make_losses(self.LOSSES, shares=shares), folds=3).shares, shares)

    def test_a_configuration_alone_does_not_say_how_much_worse_another_would_have_been(self):
        assert judge(make_losses(self.LOSSES[:1]), folds=3).search == np.inf

    def test_in_the_second_partition_the_second_best_is_one_of_those_that_went_on(self):
        first = np.array([[1.0, 1.0], [2.0, 2.0], [9.0, 9.0]])
        second = np.array([[1.0, 1.0], [NAN, NAN], [9.0, 9.0]])
        losses = np.concatenate([first, second], axis=1)[:, :, None]
        assert judge(make_losses(losses), folds=2).search == pytest.approx((2 + 2 + 9 + 9) / 4 - 1)

    @given(raced(st.floats(0, 10), fewest=2), st.data())
    def test_more_configurations_that_are_worse_everywhere_change_no_loss(self, race, data):
        losses, folds = race
        worse = np.where(np.isnan(losses), NAN, losses + data.draw(st.floats(11, 20)))
        before, after = (judge(make_losses(each), folds) for each in (losses, np.concatenate([losses, worse])))
        np.testing.assert_array_equal(after.losses, before.losses)
        np.testing.assert_array_equal(after.parts, before.parts)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("n_configurations", [1, 2])
    def test_an_arm_that_diverged_has_an_infinite_loss(self, n_configurations):
        losses = np.full((n_configurations, 3, 2), INF)
        np.testing.assert_array_equal(judge(make_losses(losses), 3).losses, INF)

    @pytest.mark.filterwarnings("error")
    def test_one_that_diverged_in_a_split_has_an_infinite_loss_there(self):
        losses = self.LOSSES.copy()
        losses[:, 1] = INF
        found = judge(make_losses(losses), folds=3)
        np.testing.assert_array_equal(found.losses, [1, INF, 3])
        assert np.isfinite(found.search)
