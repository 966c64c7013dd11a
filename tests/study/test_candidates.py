"""What may be handed over, and how many networks of what: ranked and shared out by hand."""

import numpy as np
import pytest
from studies import make_losses

from goru.nn.architecture import Hyperparameters
from goru.study import defaults
from goru.study.candidates import Candidate, no_worse_than_plain, rank, rivals, shares, shortlist
from goru.study.design import ARMS, PLAIN, Arm

DROPOUT, NORMED = Arm(dropout=True), Arm("before")
NAN, INF = float("nan"), float("inf")


def drawn(*learning_rates: float) -> list[Hyperparameters]:
    return [Hyperparameters(learning_rate=rate) for rate in learning_rates]


def candidate(arm: Arm, loss: float, draw: int = 0) -> Candidate:
    return Candidate(arm, draw, Hyperparameters(), 1, loss)


class TestRank:
    def test_the_lowest_mean_held_out_loss_comes_first_each_draw_at_its_best_epoch(self):
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
        assert [(best.arm, best.draw, best.epochs) for best in ranked] == [
            (DROPOUT, 0, 3),
            (DROPOUT, 1, 1),
            (PLAIN, 0, 2),  # of two epochs alike the first: less to train
        ]
        assert [best.loss for best in ranked] == pytest.approx([0.2, 0.4, 0.6])
        assert [best.hyper.learning_rate for best in ranked] == [0.2, 0.3, 0.1]

    def test_a_draw_that_did_not_go_on_to_the_second_partition_is_no_candidate(self):
        """Its mean would be over other rows than those of the others, and over luckier ones."""
        losses = make_losses(
            [
                [[0.6, 0.5], [0.6, 0.5], [0.9, 0.9], [0.8, 0.8]],
                [[0.1, 0.1], [0.1, 0.1], [NAN, NAN], [NAN, NAN]],
                [[0.7, 0.6], [0.7, 0.6], [0.5, 0.4], [0.5, 0.4]],
            ]
        )
        ranked = rank({PLAIN: losses}, {PLAIN: drawn(0.1, 0.2, 0.3)})
        assert [(best.draw, best.hyper.learning_rate, best.epochs) for best in ranked] == [(2, 0.3, 2), (0, 0.1, 2)]
        assert [best.loss for best in ranked] == pytest.approx([0.5, 0.675])

    def test_draws_that_were_never_trained_need_not_be_there(self):
        """A study draws more than it has time for."""
        (only,) = rank({PLAIN: make_losses([[[0.5]]])}, {PLAIN: drawn(0.1, 0.2, 0.3)})
        assert (only.draw, only.hyper.learning_rate) == (0, 0.1)

    def test_a_draw_that_diverged_comes_last(self):
        ranked = rank({PLAIN: make_losses([[[INF, INF]], [[0.9, 0.8]]])}, {PLAIN: drawn(0.1, 0.2)})
        assert [(best.draw, best.loss) for best in ranked] == [(1, 0.8), (0, INF)]

    def test_the_numbers_are_pythons_own(self):
        """They are written as JSON."""
        (only,) = rank({PLAIN: make_losses([[[0.5]]])}, {PLAIN: drawn(0.1)})
        assert [type(value) for value in (only.draw, only.epochs, only.loss)] == [int, int, float]


class TestNoWorseThanPlain:
    """Three folds, one epoch: of an arm's draws, in each fold, the one that is best on the two others is judged."""

    ALIKE = np.full((2, 3, 1), 0.5)

    def kept(self, losses, folds=3):
        losses = {arm: make_losses(score) for arm, score in losses.items()}
        ranked = rank(losses, {arm: drawn(0.1, 0.2, 0.3) for arm in losses})
        return [(each.arm, each.draw) for each in no_worse_than_plain(ranked, losses, folds)]

    def test_arms_that_do_better_on_folds_that_have_not_chosen_stay_in_order(self):
        losses = {PLAIN: self.ALIKE, DROPOUT: self.ALIKE - 0.1, NORMED: self.ALIKE - 0.2}
        assert [arm for arm, _ in self.kept(losses)] == [NORMED] * 2 + [DROPOUT] * 2 + [PLAIN] * 2

    def test_one_that_does_worse_there_is_not_recommended_however_low_the_mean_of_its_luckiest_draw(self):
        # Each draw is good in two folds, and so is chosen for the third, where it is bad: means of 0.4, judged 0.8.
        lucky = np.full((3, 3, 1), 0.2) + 0.6 * np.eye(3)[:, :, None]
        kept = self.kept({PLAIN: self.ALIKE, DROPOUT: lucky, NORMED: self.ALIKE - 0.05})
        assert kept == [(NORMED, 0), (NORMED, 1), (PLAIN, 0), (PLAIN, 1)]

    def test_where_every_plain_network_diverged_all_others_stay(self):
        losses = {PLAIN: np.full((1, 3, 1), INF), DROPOUT: self.ALIKE[:1]}
        assert self.kept(losses) == [(DROPOUT, 0), (PLAIN, 0)]


class TestShortlist:
    def test_it_is_the_best_draw_and_those_of_its_arm_that_are_nearly_as_good(self):
        best, near, far = (candidate(PLAIN, loss, draw) for draw, loss in enumerate((1.0, 1.04, 1.06)))
        assert shortlist([best, near, far]) == [best, near]
        assert shortlist([best, far]) == [best]
        assert shortlist([best]) == [best]

    def test_draws_of_other_arms_are_not_looked_at_however_good_they_are(self):
        best, near = candidate(PLAIN, 1.0), candidate(PLAIN, 1.04, draw=1)
        assert shortlist([best, candidate(DROPOUT, 1.0), candidate(NORMED, 1.01), near]) == [best, near]
        assert shortlist([candidate(DROPOUT, 0.99), best, near]) == [candidate(DROPOUT, 0.99)]

    def test_it_holds_a_few_at_most(self):
        alike = [candidate(PLAIN, 1.0, draw) for draw in range(5)]
        assert shortlist(alike) == alike[: defaults.BAG_DRAWS]

    def test_nearly_as_good_has_its_meaning_for_losses_below_zero_too(self):
        best, near, far = (candidate(PLAIN, loss, draw) for draw, loss in enumerate((-1.0, -0.96, -0.94)))
        assert shortlist([best, near, far]) == [best, near]
        assert shortlist([best, far]) == [best]


class TestRivals:
    def test_they_are_the_best_draws_of_the_other_arms_the_best_first(self):
        chosen = [candidate(PLAIN, 1.0), candidate(PLAIN, 1.04, draw=1)]
        dropout, normed = candidate(DROPOUT, 1.02, draw=3), candidate(NORMED, 2.0, draw=2)
        ranked = [chosen[0], dropout, candidate(DROPOUT, 1.03), chosen[1], normed, candidate(NORMED, 2.1, draw=1)]
        assert rivals(ranked, chosen) == [dropout, normed]

    def test_there_are_a_few_at_most(self):
        ranked = [candidate(arm, 1 + index) for index, arm in enumerate(ARMS)]
        assert rivals(ranked, ranked[:1]) == ranked[1 : 1 + defaults.RIVALS]

    def test_an_arm_of_which_every_draw_diverged_is_no_rival(self):
        ranked = [candidate(PLAIN, 1.0), candidate(DROPOUT, INF), candidate(DROPOUT, INF, draw=1)]
        assert rivals(ranked, ranked[:1]) == []


class TestShares:
    @pytest.mark.parametrize(
        ("size", "candidates", "expected"),
        [(8, 1, [8]), (8, 2, [4, 4]), (8, 3, [3, 3, 2]), (5, 2, [3, 2]), (1, 2, [1, 0]), (3, 3, [1, 1, 1])],
    )
    def test_a_uniform_bag_is_shared_out_evenly_and_the_first_get_what_is_left(self, size, candidates, expected):
        ranked = [candidate(PLAIN, 1.0, draw) for draw in range(candidates)]
        shared = shares(ranked, size)
        assert list(shared) == ranked
        assert list(shared.values()) == expected


def test_a_candidate_is_the_same_whoever_made_it():
    """Shares are looked up by it."""
    one, other = (Candidate(NORMED, 1, Hyperparameters(learning_rate=np.float64(0.1)), 5, 0.5) for _ in range(2))
    assert {one: 3}[other] == 3
