"""All arms beside one another, against arithmetic done by hand."""

import numpy as np
from experiments import ARMS, PLAIN, make_losses

from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.findings.arm_losses import arm_losses


def test_all_are_there_in_their_order_with_their_levels():
    found = arm_losses({arm: make_losses(np.ones((2, 2, 3))) for arm in ARMS}, 2)
    assert [each.arm for each in found] == [arm.name for arm in ARMS]
    assert [each.levels for each in found] == [dict(arm) for arm in ARMS]


def test_each_is_judged_in_every_split_by_what_is_best_on_the_other_folds():
    """Two configurations, two folds: the first is best in the second fold, so it stands for the arm in the first
    one."""
    score = [[[5.0, 6.0], [1.0, 2.0]], [[3.0, 0.5], [4.0, 7.0]]]
    # In the first split the configuration and epoch that lose 1 in the second, which lose 5 there; in the second split
    # those that lose 0.5 in the first, and 7 there.
    (found,) = arm_losses({PLAIN: make_losses(score)}, 2)
    assert (found.arm, found.losses) == ("plain", (5, 7))


def test_these_are_the_losses_that_effects_are_of():
    rng = np.random.default_rng(0)
    losses = {arm: make_losses(rng.random((4, 6, 5))) for arm in ARMS}
    for each, own in zip(arm_losses(losses, 3), losses.values(), strict=True):
        np.testing.assert_array_equal(each.losses, crossfitted(own.validation, 3))


def test_one_that_diverged_has_no_finite_loss_there():
    (found,) = arm_losses({PLAIN: make_losses([[[1.0], [np.inf], [2.0]]])}, 3)
    assert found.losses == (1, np.inf, 2)
