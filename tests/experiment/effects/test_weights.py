"""How much each arm counts in a question."""

import numpy as np
import pytest
from experiments import make_losses

from goru.experiment.design import Design
from goru.experiment.effects.standings import Standings
from goru.experiment.effects.weights import weights
from goru.experiment.knobs import uniform
from goru.experiment.questions import Contrast

INF = np.inf
SQUARE = Design({"a": [0, 1], "b": [0, 1]}, {"rate": uniform(0, 1)})
NEITHER, B, A, AB = SQUARE.arms
(A_EFFECT, B_EFFECT, BEST), (PAIR,), (WITHOUT_A, WITHOUT_B) = SQUARE.asked


def standings(losses, configurations=2, folds=3) -> Standings:
    """Of four arms with equal configurations and one epoch, by their losses in the splits; in the order of `losses`."""
    return Standings(
        {
            arm: make_losses(np.reshape([by_split] * configurations, (configurations, -1, 1)))
            for arm, by_split in losses.items()
        },
        folds,
    )


# On the other folds: for the first split A has 0.95 and both 0.7; for the second A has 0.7 and both 0.85; for the third
# A has 1.25 and both 0.75.
SOME = standings({NEITHER: [2.0, 2.1, 2.2], B: [1.9, 1.8, 1.7], A: [1.0, 1.5, 0.4], AB: [0.9, 0.6, 0.8]})


@pytest.mark.parametrize(
    ("asked", "expected"),  # of neither, b, a, both
    [
        (A_EFFECT, [[-0.5, -0.5, 0.5, 0.5]] * 3),
        (B_EFFECT, [[-0.5, 0.5, -0.5, 0.5]] * 3),
        (PAIR, [[1, -1, -1, 1]] * 3),
        (BEST, [[-1, 0, 0, 1], [-1, 0, 1, 0], [-1, 0, 0, 1]]),
        (WITHOUT_A, [[0, -1, 0, 1], [-1, 0, 1, 0], [0, -1, 0, 1]]),
        (WITHOUT_B, [[0, 0, -1, 1], [0, 0, 0, 0], [0, 0, -1, 1]]),  # the best may have no b to take out
        (Contrast("", (A,), (B,)), [[0, -1, 1, 0]] * 3),
        (Contrast("", (A, AB), (NEITHER, B)), [[0, -1, 0, 1], [0, -1, 1, 0], [0, -1, 0, 1]]),
    ],
    ids=["main effect", "of the other", "interaction", "best", "removal", "nothing to remove", "arms", "best of each"],
)
def test_a_worked_example(asked, expected):
    np.testing.assert_array_equal(weights(asked, SOME, SOME.all), expected)


def test_places_are_those_of_the_standings():
    backwards = standings({AB: [0.9, 0.6, 0.8], A: [1.0, 1.5, 0.4], B: [1.9, 1.8, 1.7], NEITHER: [2.0, 2.1, 2.2]})
    for asked in (A_EFFECT, PAIR, BEST, WITHOUT_A):
        np.testing.assert_array_equal(weights(asked, backwards, backwards.all), weights(asked, SOME, SOME.all)[:, ::-1])


def test_the_best_is_chosen_anew_without_a_configuration():
    losses = {arm: np.array([[3.0] * 2, [4.0] * 2]) for arm in SQUARE.arms}
    losses[A][0], losses[B][1] = 1.0, 2.0
    some = Standings({arm: make_losses(by_split[..., None]) for arm, by_split in losses.items()}, 2)
    assert weights(BEST, some, some.all).tolist() == [[-1, 0, 1, 0]] * 2
    assert weights(BEST, some, some.without[0]).tolist() == [[-1, 1, 0, 0]] * 2
    assert weights(WITHOUT_A, some, some.without[0]).tolist() == [[0] * 4] * 2


def test_they_add_up_to_nothing_so_that_what_all_arms_have_in_common_does_not_count():
    design = Design({"norm": [None, "before", "after"], "dropout": [False, True], "decay": [False, True]}, SQUARE.knobs)
    rng = np.random.default_rng(0)
    some = Standings({arm: make_losses(rng.random((3, 6, 2))) for arm in design.arms}, 3)
    for asked in (question for kind in design.asked for question in kind):
        for standing in (some.all, *some.without):
            by_split = weights(asked, some, standing)
            assert by_split.shape == (6, 12)
            np.testing.assert_allclose(by_split.sum(axis=1), 0, atol=1e-12)


class TestLostArms:
    ONES = dict.fromkeys(SQUARE.arms, [1.0] * 3)

    def test_a_pair_of_which_one_is_lost_has_no_say(self):
        some = standings(self.ONES | {AB: [1.0, INF, 1.0]})
        assert weights(A_EFFECT, some, some.all).tolist() == [[-1, 0, 1, 0]] * 3
        assert weights(B_EFFECT, some, some.all).tolist() == [[-1, 1, 0, 0]] * 3

    def test_nor_has_one_that_would_be_lost_without_a_configuration(self):
        losses = {arm: make_losses(np.ones((2, 3, 1))) for arm in SQUARE.arms}
        losses[AB].validation[1] = INF
        some = Standings(losses, 3)
        for standing in (some.all, *some.without):
            assert weights(A_EFFECT, some, standing).tolist() == [[-1, 0, 1, 0]] * 3

    def test_unless_all_would_be(self):
        losses = {arm: make_losses(np.ones((2, 3, 1))) for arm in SQUARE.arms}
        losses[A].validation[:] = INF
        losses[AB].validation[1] = INF
        some = Standings(losses, 3)
        assert weights(A_EFFECT, some, some.all).tolist() == [[0, -1, 0, 1]] * 3  # it stands as things are

    def test_where_all_are_lost_all_count(self):
        some = standings(self.ONES | {A: [INF] * 3, AB: [INF] * 3})
        assert weights(A_EFFECT, some, some.all).tolist() == [[-0.5, -0.5, 0.5, 0.5]] * 3
        assert weights(PAIR, some, some.all).tolist() == [[1, -1, -1, 1]] * 3

    def test_one_that_diverged_is_not_the_best(self):
        some = standings(self.ONES | {B: [INF] * 3, A: [0.5] * 3, AB: [INF] * 3})
        assert weights(BEST, some, some.all).tolist() == [[-1, 0, 1, 0]] * 3
        assert weights(WITHOUT_B, some, some.all).tolist() == [[0] * 4] * 3


def test_an_arm_from_which_a_factor_cannot_be_taken_is_not_the_best_of_its_removal():
    design = Design(SQUARE.factors, SQUARE.knobs, exclude=[{"a": 0, "b": 1}])
    some = standings({arm: [3.0 - arm["a"] - arm["b"]] * 2 for arm in design.arms}, folds=2)  # neither, a, both
    a, b = design.asked[2]
    assert weights(a, some, some.all).tolist() == [[-1, 1, 0]] * 2
    assert weights(b, some, some.all).tolist() == [[0, -1, 1]] * 2
