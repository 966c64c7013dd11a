"""Trials as arrays of losses."""

import numpy as np
import pytest
from studies import make_trial

from goru.study.design import PLAIN, Arm
from goru.study.trial import fit_losses, score_losses

INF, NAN = np.inf, np.nan
DROPOUT = Arm(dropout=True)


def test_losses_stand_by_arm_draw_split_and_epoch():
    trials = [make_trial(arm, draw, split) for split in range(3) for arm in (DROPOUT, PLAIN) for draw in (1, 0)]
    scored, fitted = score_losses(trials), fit_losses(trials)
    assert scored.keys() == fitted.keys() == {PLAIN, DROPOUT}
    for trial in trials:
        np.testing.assert_array_equal(fitted[trial.arm][trial.draw, trial.split], trial.curves[:, 0, 0])
        np.testing.assert_array_equal(scored[trial.arm][trial.draw, trial.split], trial.curves[:, 1, 0])


@pytest.mark.parametrize("diverged", [NAN, INF, -INF])
def test_what_is_not_finite_is_an_infinite_loss(diverged):
    (losses,) = score_losses([make_trial(curves=[0.5, diverged, diverged])]).values()
    np.testing.assert_array_equal(losses, [[[0.5, INF, INF]]])


def test_a_trial_that_is_missing_is_an_infinite_loss_and_never_a_good_one():
    losses = score_losses([make_trial(draw=0, split=0), make_trial(draw=1, split=1)])[PLAIN]
    assert np.isinf(losses[0, 1]).all()
    assert np.isinf(losses[1, 0]).all()


@pytest.mark.parametrize(
    ("losses", "best"), [([0.5, 0.3, 0.4], 0.3), ([0.5, NAN, 0.4], 0.4), ([0.5, -INF, INF], 0.5), ([NAN, INF], INF)]
)
def test_the_best_loss_is_the_lowest_finite_one(losses, best):
    assert make_trial(curves=losses).best == pytest.approx(best)
