"""What stands for an arm in a split, and what it loses there, against arithmetic done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.experiment.effects.crossfit import NONE, OtherFolds, choose, crossfitted

INF, NAN = float("inf"), float("nan")

some_losses = st.one_of(st.floats(0, 10), st.just(INF))


@st.composite
def raced(draw, elements=some_losses, fewest=1):
    """The losses of an arm after a race, `(configurations, splits, epochs)`, and the number of folds.

    There are one or two partitions, and in the second not all configurations, but a few at least.
    """
    configurations, folds, epochs = draw(st.integers(fewest, 5)), draw(st.integers(2, 4)), draw(st.integers(1, 3))
    partitions = draw(st.integers(1, 2))
    losses = draw(arrays(np.float64, (configurations, folds * partitions, epochs), elements=elements))
    if partitions == 2:
        going_on = draw(st.sets(st.integers(0, configurations - 1), min_size=fewest))
        losses[[number for number in range(configurations) if number not in going_on], folds:] = NAN
    return losses, folds


#: Two configurations, three splits, two epochs.
LOSSES = np.array([[[5.0, 1.0], [4.0, 2.0], [3.0, 6.0]], [[2.0, 9.0], [4.0, 8.0], [4.0, 1.0]]])


class TestOtherFolds:
    def test_a_worked_example(self):
        # Configuration 0: sums of the other two splits by epoch 7, 8; then 8, 7; then 9, 3. Configuration 1: 8, 9; then
        # 6, 10; then 6, 17.
        others = OtherFolds.of(LOSSES, folds=3)
        np.testing.assert_array_equal(others.losses, [[3.5, 3.5, 1.5], [4, 3, 3]])
        np.testing.assert_array_equal(others.stops, [[0, 1, 1], [0, 0, 0]])
        assert others.trained.all()

    def test_there_may_be_several_arms(self):
        one, both = OtherFolds.of(LOSSES, 3), OtherFolds.of(np.stack([LOSSES, LOSSES[::-1]]), 3)
        for name in ("losses", "stops", "trained"):
            first, second = getattr(both, name)
            np.testing.assert_array_equal(first, getattr(one, name))
            np.testing.assert_array_equal(second, getattr(one, name)[::-1])

    def test_what_was_not_trained_in_the_whole_partition_is_not_the_best_there(self):
        losses = np.array([[1.0, 2.0, 3.0, NAN], [5.0, 6.0, 7.0, 8.0]])[:, :, None]
        others = OtherFolds.of(losses, folds=2)
        np.testing.assert_array_equal(others.losses, [[2, 1, INF, INF], [6, 5, 8, 7]])
        np.testing.assert_array_equal(others.trained, [[True, True, False, False], [True] * 4])

    def test_what_diverged_elsewhere_is_infinite_and_trained(self):
        others = OtherFolds.of(np.array([[[1.0], [INF], [2.0]]]), folds=3)
        np.testing.assert_array_equal(others.losses, [[INF, 1.5, INF]])
        assert others.trained.all()


class TestChoose:
    def test_a_worked_example(self):
        # See above: of 3.5 and 4 the first, whose loss in split 0 after epoch 0 is 5; and so on.
        choice = choose(LOSSES, folds=3)
        assert (choice.configurations.tolist(), choice.stops.tolist()) == ([0, 1, 0], [0, 0, 1])
        np.testing.assert_array_equal(choice.of(LOSSES), [5, 4, 6])

    def test_two_partitions_of_two_folds(self):
        losses = np.array([[1, 2, NAN, NAN], [3, 3, 5, 6], [4, 1, 2, 8]])[:, :, None]
        # Split 0 is chosen for by split 1, and the other way round; the same in the second partition, to which
        # configuration 0 has not gone on: there configuration 1 is best in split 3, and configuration 2 in split 2.
        choice = choose(losses, folds=2)
        assert choice.configurations.tolist() == [2, 0, 1, 2]
        np.testing.assert_array_equal(choice.of(losses), [4, 2, 5, 8])

    def test_one_that_was_not_trained_in_the_whole_partition_is_not_looked_at(self):
        losses = np.array([[0.1, 0.1, 0.1, NAN], [3, 4, 5, 6]])[:, :, None]
        assert choose(losses, folds=2).configurations.tolist() == [0, 0, 1, 1]

    def test_where_none_was_there_is_none_and_nothing_to_look_up(self):
        losses = np.array([[1.0, 2.0, 3.0, NAN], [2.0, 1.0, NAN, 3.0]])[:, :, None]
        choice = choose(losses, folds=2)
        assert choice.configurations.tolist() == [1, 0, NONE, NONE]
        np.testing.assert_array_equal(choice.of(losses), [2, 2, NAN, NAN])
        np.testing.assert_array_equal(choice.of(np.ones((2, 4, 1, 3), int))[:, 0], [1, 1, NAN, NAN])

    def test_of_the_last_partition_there_may_be_fewer_folds(self):
        losses = np.array([[1, 1, 1, 9, 2], [2, 2, 2, 3, 4]])[:, :, None]
        assert choose(losses, folds=3).configurations.tolist() == [0, 0, 0, 0, 1]  # split 4 chooses for 3, 3 for 4

    def test_of_a_single_fold_nothing_else_can_choose_and_the_first_one_trained_stands(self):
        losses = np.array([[[1.0], [NAN]], [[2.0], [3.0]]]).repeat(2, axis=2)
        choice = choose(losses, folds=1)
        assert (choice.configurations.tolist(), choice.stops.tolist()) == ([0, 1], [0, 0])

    def test_of_some_that_are_as_good_it_is_the_first_and_of_epochs_too(self):
        choice = choose(np.ones((3, 4, 2)), folds=2)
        assert (choice.configurations.tolist(), choice.stops.tolist()) == ([0] * 4, [0] * 4)

    def test_parts_are_those_of_the_configuration_and_the_epoch(self):
        parts = np.arange(2 * 3 * 2 * 4).reshape(2, 3, 2, 4)
        np.testing.assert_array_equal(
            choose(LOSSES, folds=3).of(parts), [parts[0, 0, 0], parts[1, 1, 0], parts[0, 2, 1]]
        )

    @given(raced())
    def test_it_is_the_best_of_what_may_be_chosen_by_the_other_folds(self, race):
        losses, folds = race
        choice = choose(losses, folds)
        for split in range(losses.shape[1]):
            partition = range(split // folds * folds, split // folds * folds + folds)
            others = losses[:, [other for other in partition if other != split]].mean(axis=1)
            assert others[choice.configurations[split], choice.stops[split]] == pytest.approx(np.nanmin(others))
        assert not np.isnan(choice.of(losses)).any()

    @given(raced(), st.data())
    def test_the_losses_of_a_split_have_no_say_in_what_is_chosen_for_it(self, race, data):
        losses, folds = race
        split = data.draw(st.integers(0, losses.shape[1] - 1))
        changed = losses.copy()
        other = data.draw(arrays(np.float64, losses[:, split].shape, elements=some_losses), label="other losses")
        changed[:, split] = np.where(np.isnan(losses[:, split]), NAN, other)
        before, after = choose(losses, folds), choose(changed, folds)
        assert after.configurations[split] == before.configurations[split]
        assert after.stops[split] == before.stops[split]

    @given(raced(), st.data())
    def test_the_losses_of_a_partition_have_no_say_in_what_is_chosen_in_another(self, race, data):
        losses, folds = race
        start = folds * data.draw(st.integers(0, losses.shape[1] // folds - 1), label="partition")
        partition = slice(start, start + folds)
        changed = data.draw(arrays(np.float64, losses.shape, elements=some_losses), label="other losses")
        changed[:, partition] = losses[:, partition]
        before, after = choose(losses, folds), choose(changed, folds)
        np.testing.assert_array_equal(after.configurations[partition], before.configurations[partition])
        np.testing.assert_array_equal(after.stops[partition], before.stops[partition])


class TestCrossfitted:
    # One epoch; by the other two splits configuration 0 is best in all of them.
    THREE = np.array([[1.0, 2.0, 3.0], [2.0, 2.5, 3.0], [4.0, 4.0, 4.0]])[:, :, None]

    def test_an_arm_is_judged_by_the_rows_that_have_not_chosen(self):
        np.testing.assert_array_equal(crossfitted(LOSSES, folds=3), [5, 4, 6])

    def test_it_is_not_better_than_the_truth_where_all_configurations_are_alike(self):
        """The best of many by the rows that judge it would look far better than it is."""
        losses = 1 + 0.1 * np.random.default_rng(0).normal(size=(32, 200, 10))
        assert crossfitted(losses, folds=5).mean() == pytest.approx(1, abs=4 * 0.1 / np.sqrt(200))
        assert losses.min(axis=(0, 2)).mean() < 0.8

    @given(raced(st.floats(0, 10)), st.data())
    def test_more_configurations_that_are_worse_everywhere_change_no_loss(self, race, data):
        losses, folds = race
        worse = np.where(np.isnan(losses), NAN, losses + data.draw(st.floats(11, 20)))
        np.testing.assert_array_equal(crossfitted(np.concatenate([losses, worse]), folds), crossfitted(losses, folds))

    @pytest.mark.filterwarnings("error")
    def test_a_network_that_diverged_is_chosen_only_where_all_did(self):
        losses = np.full((2, 3, 2), INF)
        losses[1, :, 0] = [0.3, 0.2, 0.1]
        np.testing.assert_array_equal(crossfitted(losses, 3), [0.3, 0.2, 0.1])
        np.testing.assert_array_equal(crossfitted(losses[:1], 3), [INF, INF, INF])

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("configurations", [1, 2])
    def test_an_arm_that_diverged_has_an_infinite_loss(self, configurations):
        np.testing.assert_array_equal(crossfitted(np.full((configurations, 3, 2), INF), 3), INF)

    @pytest.mark.filterwarnings("error")
    def test_one_that_diverged_in_a_split_has_an_infinite_loss_there(self):
        losses = self.THREE.copy()
        losses[:, 1] = INF
        np.testing.assert_array_equal(crossfitted(losses, folds=3), [1, INF, 3])

    @pytest.mark.filterwarnings("error")
    def test_where_one_configuration_alone_survived_it_stands(self):
        losses = self.THREE.copy()
        losses[:2] = INF
        np.testing.assert_array_equal(crossfitted(losses, folds=3), [4, 4, 4])

    def test_where_nothing_was_trained_in_the_whole_partition_nothing_stands(self):
        losses = np.array([[1.0, 2.0, 3.0, NAN]])[:, :, None]
        np.testing.assert_array_equal(crossfitted(losses, folds=2), [1, 2, INF, INF])
