"""What stands for every arm, and what would without a configuration, against arithmetic done by hand."""

import numpy as np
import pytest
from experiments import losses_of, make_losses, make_trial
from hypothesis import given
from hypothesis import strategies as st

from goru.experiment.design import Design
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.effects.standings import Standings

INF, NAN = float("inf"), float("nan")
ARMS = Design({"a": [0, 1], "b": [0, 1]}).arms

#: Two configurations, three splits, two epochs; worked out in `test_crossfit`.
LOSSES = np.array([[[5.0, 1.0], [4.0, 2.0], [3.0, 6.0]], [[2.0, 9.0], [4.0, 8.0], [4.0, 1.0]]])

seeds = st.integers(0, 2**32 - 1)


def raced(seed: int) -> tuple[np.ndarray, int]:
    """The losses of an arm, some infinite, after a race of two partitions; and the number of folds."""
    rng = np.random.default_rng(seed)
    configurations, folds, epochs = rng.integers(2, [6, 5, 4])
    losses = rng.random((configurations, 2 * folds, epochs))
    losses[rng.random(losses.shape) < 0.2] = INF
    losses[rng.integers(2, configurations + 1) :, folds:] = NAN
    return rng.permutation(losses), int(folds)


def standings(*scores, folds=3, tuned=True, **more) -> Standings:
    """Of some arms, each by its losses `(configurations, splits, epochs)`."""
    return Standings({arm: make_losses(score, **more) for arm, score in zip(ARMS, scores, strict=False)}, folds, tuned)


class TestAll:
    def test_a_worked_example(self):
        # Of the other folds, the best configuration has means of 3.5, 3 and 1.5; see `test_crossfit`.
        standing = standings(LOSSES, LOSSES + 1).all
        np.testing.assert_array_equal(standing.losses, [[5, 4, 6], [6, 5, 7]])
        np.testing.assert_array_equal(standing.elsewhere, [[3.5, 3, 1.5], [4.5, 4, 2.5]])

    @given(seeds)
    def test_the_losses_are_the_crossfitted_ones(self, seed):
        losses, folds = raced(seed)
        standing, expected = standings(losses, folds=folds).all, crossfitted(losses, folds)
        stands = np.isfinite(standing.elsewhere[0])
        np.testing.assert_array_equal(standing.losses[0, stands], expected[stands])
        assert np.isfinite(standing.losses).all() == np.isfinite(expected).all()

    @pytest.mark.filterwarnings("error")
    def test_where_nothing_stands_for_an_arm_its_loss_is_infinite(self):
        standing = standings([[[1.0], [2.0], [3.0], [NAN]]], np.full((1, 4, 1), INF), folds=2).all
        np.testing.assert_array_equal(standing.losses, [[1, 2, INF, INF], [INF] * 4])
        np.testing.assert_array_equal(standing.elsewhere, [[2, 1, INF, INF], [INF] * 4])

    def test_arms_have_places(self):
        some = standings(LOSSES, LOSSES, LOSSES)
        assert some.places == {arm: place for place, arm in enumerate(ARMS[:3])}
        assert some.indices([ARMS[2], ARMS[0], ARMS[2]]).tolist() == [2, 0, 2]

    def test_shares_are_those_of_the_splits(self):
        shares = [[0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0, 1]]
        np.testing.assert_array_equal(standings(LOSSES, shares=shares).shares, shares)


class TestWithout:
    def test_a_configuration_is_left_out_of_all_splits_and_all_arms(self):
        some = standings(LOSSES, LOSSES[::-1])
        # Configuration 1 alone: after epoch 0 in all splits; configuration 0 alone: after epochs 0, 1, 1.
        first, second = [2, 4, 4], [5, 2, 6]
        np.testing.assert_array_equal(some.without[0].losses, [first, second])
        np.testing.assert_array_equal(some.without[1].losses, [second, first])
        np.testing.assert_array_equal(some.without[0].elsewhere, [[4, 3, 3], [3.5, 3.5, 1.5]])

    @given(seeds)
    def test_it_is_as_if_it_had_not_been_tried(self, seed):
        losses, folds = raced(seed)
        some = standings(losses, losses + 1, folds=folds)
        assert len(some.without) == len(losses)
        for left_out, standing in enumerate(some.without):
            rest = np.delete(losses, left_out, axis=0)
            expected = standings(rest, rest + 1, folds=folds).all
            np.testing.assert_array_equal(standing.losses, expected.losses)
            np.testing.assert_array_equal(standing.elsewhere, expected.elsewhere)

    def test_one_that_is_never_chosen_is_not_missed(self):
        some = standings(np.concatenate([LOSSES, LOSSES + 10]))
        for left_out in (2, 3):
            np.testing.assert_array_equal(some.without[left_out].losses, some.all.losses)

    def test_in_a_later_partition_another_one_that_was_trained_there_takes_its_place(self):
        first = np.array([[1.0, 1.0], [2.0, 2.0], [9.0, 9.0]])
        second = np.array([[1.0, 1.0], [NAN, NAN], [9.0, 9.0]])
        some = standings(np.concatenate([first, second], axis=1)[:, :, None], folds=2)
        np.testing.assert_array_equal(some.without[0].losses, [[2, 2, 9, 9]])
        np.testing.assert_array_equal(some.without[1].losses, [[1, 1, 1, 1]])

    @pytest.mark.filterwarnings("error")
    def test_without_the_only_one_that_survived_nothing_stands(self):
        losses = LOSSES.copy()
        losses[1] = INF
        some = standings(losses)
        assert np.isfinite(some.without[1].losses).all()
        np.testing.assert_array_equal(some.without[0].losses, INF)

    @pytest.mark.filterwarnings("error")
    def test_without_the_only_one_that_was_tried_too(self):
        (standing,) = standings(LOSSES[:1], LOSSES[:1]).without
        np.testing.assert_array_equal(standing.losses, np.full((2, 3), INF))
        np.testing.assert_array_equal(standing.elsewhere, np.full((2, 3), INF))

    def test_where_nothing_is_tuned_no_other_could_have_been_tried(self):
        assert standings(LOSSES, tuned=False).without == ()


class TestParts:
    def test_are_those_of_what_stands_for_an_arm(self):
        parts = np.stack([LOSSES / 4, LOSSES * 3 / 4], axis=-1)
        np.testing.assert_array_equal(standings(LOSSES, parts=parts).parts, [[[1.25, 3.75], [1, 3], [1.5, 4.5]]])

    def test_add_up_to_the_losses(self):
        some = standings(LOSSES, LOSSES + 1)
        np.testing.assert_allclose(some.parts.sum(axis=2), some.all.losses)

    @pytest.mark.filterwarnings("error")
    def test_are_zero_where_nothing_stands(self):
        losses = np.array([[1.0, INF, 3.0]])[:, :, None]
        parts = np.where(np.isfinite(losses), losses / 2, NAN)[..., None].repeat(2, axis=-1)
        np.testing.assert_array_equal(standings(losses, parts=parts).parts, [[[0.5, 0.5], [0, 0], [1.5, 1.5]]])

    def test_are_read_from_trials(self):
        trials = [make_trial(ARMS[0], number, split, [3.0, number + 1.0]) for number in (0, 1) for split in range(3)]
        np.testing.assert_array_equal(Standings(losses_of(trials), 3).parts, np.full((1, 3, 4), 0.25))


class TestWhole:
    """Whether something stands for an arm whichever configuration had not been tried, and whether it does now."""

    @pytest.mark.filterwarnings("error")
    def test_a_worked_example(self):
        survivor, lost = LOSSES.copy(), LOSSES.copy()
        survivor[0], lost[:, 1] = INF, INF
        always, now = standings(LOSSES, survivor, lost).whole
        assert (always.tolist(), now.tolist()) == ([True, False, False], [True, True, False])

    def test_of_one_configuration_each_arm_would_be_lost_without_it_unless_nothing_is_tuned(self):
        for tuned in (True, False):
            always, now = standings(LOSSES[:1], tuned=tuned).whole
            assert (always.tolist(), now.tolist()) == ([not tuned], [True])
