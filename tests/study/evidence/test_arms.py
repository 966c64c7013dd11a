"""All arms beside one another and in pairs, against arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t
from studies import make_losses

from goru.study.crossfit import Judged, judge
from goru.study.design import ARMS, PLAIN, Arm
from goru.study.effects import error
from goru.study.evidence.arms import PAIRS, describe_arms, interactions, together

DROPOUT, DECAY, BOTH = Arm(dropout=True), Arm(weight_decay=True), Arm(dropout=True, weight_decay=True)
NAMES = [
    "dropout and weight decay",
    "batch norm before and dropout",
    "batch norm before and weight decay",
    "batch norm after and dropout",
    "batch norm after and weight decay",
]


def constant(losses: dict[Arm, float] | None = None, splits: int = 2):
    """Arms with two draws that lose as much after every epoch of every split; those that are not given lose 1."""
    return {arm: make_losses(np.full((2, splits, 3), (losses or {}).get(arm, 1.0))) for arm in ARMS}


def by_split(losses: dict[Arm, list[float]]):
    """Arms with two draws alike and one epoch; those that are not given lose 1 in every split."""
    splits = len(next(iter(losses.values())))
    return {arm: make_losses(np.reshape([losses.get(arm, [1.0] * splits)] * 2, (2, splits, 1))) for arm in ARMS}


class TestArms:
    def test_all_twelve_are_described_in_their_order(self):
        found = describe_arms(constant(), 2)
        assert [each["arm"] for each in found] == [arm.name for arm in ARMS]
        assert [Arm(each["batch_norm"], each["dropout"], each["weight_decay"]) for each in found] == list(ARMS)

    def test_each_is_judged_in_every_split_by_what_is_best_on_the_other_folds(self):
        """Two draws, two folds: the first is best in the second fold, so it stands for the arm in the first one."""
        score = [[[5.0, 6.0], [1.0, 2.0]], [[3.0, 0.5], [4.0, 7.0]]]
        # In the first split the draw and epoch that lose 1 in the second, which lose 5 there; in the second split
        # those that lose 0.5 in the first, and 7 there.
        (found,) = describe_arms({PLAIN: make_losses(score)}, 2)
        assert found == {"arm": "plain", "batch_norm": None, "dropout": False, "weight_decay": False, "losses": [5, 7]}

    def test_these_are_the_losses_that_effects_are_of(self):
        rng = np.random.default_rng(0)
        losses = {arm: make_losses(rng.random((4, 6, 5))) for arm in ARMS}
        for each, (_, own) in zip(describe_arms(losses, 3), losses.items(), strict=True):
            np.testing.assert_array_equal(each["losses"], judge(own, 3).losses)

    def test_one_that_diverged_has_no_finite_loss_there(self):
        (found,) = describe_arms({PLAIN: make_losses([[[1.0], [np.inf], [2.0]]])}, 3)
        assert found["losses"] == [1, np.inf, 2]


class TestInteractions:
    def test_are_of_every_two_techniques(self):
        assert [pair.name for pair in interactions(constant(), 2, 0.02)] == NAMES

    def test_are_what_both_change_less_what_each_changes(self):
        losses = {
            DROPOUT: 0.9,
            DECAY: 0.8,
            BOTH: 0.4,  # -0.6, and not -0.1 - 0.2
            Arm("before"): 0.5,
            Arm("before", dropout=True): 0.5,  # -0.5, and not -0.5 - 0.1
            Arm("before", weight_decay=True): 0.3,  # -0.7, as -0.5 - 0.2
            Arm("after"): 1.5,
            Arm("after", dropout=True): 2.0,  # 1, and not 0.5 - 0.1
            Arm("after", weight_decay=True): 0.1,  # -0.9, and not 0.5 - 0.2
        }
        found = interactions(constant(losses), 2, 0.02)
        assert [pair.change for pair in found] == pytest.approx([-0.3, 0.1, 0.0, 0.6, -1.2])
        assert [pair.verdict for pair in found] == ["helps", "hurts", "no effect worth having", "hurts", "helps"]

    def test_arms_of_three_techniques_have_no_say(self):
        losses = {arm: 100.0 for arm in ARMS if arm.batch_norm and arm.dropout and arm.weight_decay}
        assert [pair.change for pair in interactions(constant(losses), 2, 0.02)] == [0] * 5

    def test_intervals_hold_together_and_are_worked_out_by_hand(self):
        losses = {PLAIN: [1.0, 1.1, 1.2], DROPOUT: [0.9, 1.0, 0.8], DECAY: [0.7, 0.8, 0.9], BOTH: [0.5, 0.9, 0.7]}
        found = interactions(by_split(losses), 3, 0.02)[0]
        # Both and plain, less each: -0.1, 0.2, 0.2. Of variance 0.03, over three splits 0.01; parts of the rows agree.
        assert found.change == pytest.approx(0.1)
        assert (found.rows, found.networks, found.search) == pytest.approx((0, 0.1, 0), abs=1e-12)
        half = t.ppf(1 - 0.05 / 5 / 2, 2) * 0.1
        assert (found.low, found.high) == pytest.approx((0.1 - half, 0.1 + half))
        assert found.verdict == "undecided"

    def test_what_makes_a_split_hard_for_all_arms_makes_no_interval_wider(self):
        hard = by_split({arm: [1.0, 50.0, 3.0, 7.0] for arm in ARMS})
        for pair in interactions(hard, 2, 0.02):
            assert (pair.change, pair.low, pair.high) == pytest.approx((0, 0, 0), abs=1e-6)

    def test_how_lucky_four_searches_were_adds_up(self):
        """Of each arm the second draw is worse by 0.1, 0.2, 0.3 and 0.4."""
        distances = {PLAIN: 0.1, DROPOUT: 0.2, DECAY: 0.3, BOTH: 0.4}
        losses = {
            arm: make_losses(np.stack([np.ones((3, 1)), np.full((3, 1), 1 + distances.get(arm, 0.0))])) for arm in ARMS
        }
        found = interactions(losses, 3, 0.02)[0]
        # A quarter of the squares: 0.01 + 0.04 + 0.09 + 0.16.
        assert found.search == pytest.approx(np.sqrt(0.30 / 4))
        assert (found.change, found.networks) == pytest.approx((0, 0), abs=1e-12)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("arm", [PLAIN, DROPOUT, DECAY, BOTH], ids=lambda arm: arm.name)
    @pytest.mark.parametrize("splits", [[0], [0, 1, 2]], ids=["in one split", "everywhere"])
    def test_where_one_of_the_four_arms_diverged_nothing_is_said(self, arm, splits):
        losses = constant(splits=3)
        losses[arm].score[:, splits] = np.inf
        parts = np.array(losses[arm].parts)
        parts[:, splits] = np.nan
        losses[arm] = replace(losses[arm], parts=parts)
        pair, *others = interactions(losses, 3, 0.02)
        assert (pair.change, pair.low, pair.high, pair.verdict) == (np.inf, -np.inf, np.inf, "undecided")
        assert [bool(np.isinf(other.change)) for other in others] == [arm in (PLAIN, *pair) for pair in PAIRS[1:]]

    losses_of_four = arrays(np.float64, (4, 3), elements=st.floats(0.1, 2))

    @given(losses_of_four)
    def test_which_technique_is_named_first_does_not_matter(self, four):
        one, swapped = (
            interactions(by_split(dict(zip(order, four, strict=True))), 3, 0.02)[0]
            for order in ((PLAIN, DROPOUT, DECAY, BOTH), (PLAIN, DECAY, DROPOUT, BOTH))
        )
        assert (one.change, one.low, one.high) == pytest.approx((swapped.change, swapped.low, swapped.high))

    @given(losses_of_four)
    def test_techniques_that_only_add_up_do_not_interact(self, four):
        plain, dropout, decay, _ = four
        four = {PLAIN: plain, DROPOUT: dropout, DECAY: decay, BOTH: dropout + decay - plain}
        found = interactions(by_split(four), 3, 0.02)[0]
        assert (found.change, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-5)


class TestTogether:
    ONE = Judged(np.array([1.0, 2.0]), np.array([[0.5, 0.5], [1.5, 0.5]], np.float32), np.full((2, 2), 0.5), 0.3)
    OTHER = Judged(np.array([3.0, 5.0]), np.array([[1.0, 2.0], [2.0, 3.0]], np.float32), np.full((2, 2), 0.5), 0.4)

    def test_losses_and_what_parts_add_to_them_are_summed(self):
        both = together(self.ONE, self.OTHER)
        assert both.losses.tolist() == [4, 7]
        assert both.parts.tolist() == [[1.5, 2.5], [3.5, 3.5]]
        assert both.shares is self.ONE.shares
        assert both.search == pytest.approx(0.5)  # 3, 4, 5

    def test_the_error_of_a_difference_of_sums_is_that_of_the_differences(self):
        """Rows and networks by the differences of differences themselves."""
        rng = np.random.default_rng(0)
        shares = np.full((4, 6), 1 / 6)
        arms = [Judged(parts.sum(axis=1), parts, shares, 0.1) for parts in rng.random((4, 4, 6))]
        found = error(together(arms[0], arms[1]), together(arms[2], arms[3]))
        parts = arms[0].parts + arms[1].parts - arms[2].parts - arms[3].parts
        expected = error(Judged(parts.sum(axis=1), parts, shares, 0.2), Judged(np.zeros(4), 0 * parts, shares, 0.0))
        assert (found.rows, found.networks, found.search, found.freedom) == pytest.approx(
            (expected.rows, expected.networks, expected.search, expected.freedom)
        )
