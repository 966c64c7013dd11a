"""Every arm with its loss and an interval, against what effects are made of."""

import numpy as np
import pytest
from experiments import ARMS, PLAIN, make_losses

from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.effects.effects import Compared
from goru.experiment.findings.leaderboard import arm_entries, loss_with_interval


def random_losses(configurations: int = 3):
    rng = np.random.default_rng(0)
    return {arm: make_losses(1 + rng.random((configurations, 6, 5))) for arm in ARMS}


def test_a_loss_is_the_mean_of_what_was_chosen_on_the_other_folds():
    losses = random_losses()
    for entry, (arm, of_arm) in zip(arm_entries(losses, 3, True), losses.items(), strict=True):
        assert (entry.model, entry.kind) == (arm.name, "combination")
        assert entry.loss == pytest.approx(crossfitted(of_arm.validation, 3).mean())
        assert entry.low < entry.loss < entry.high


def test_with_few_configurations_of_something_that_is_tuned_no_interval_is_known():
    losses = random_losses(2)
    assert {entry.low for entry in arm_entries(losses, 3, True)} == {None}
    assert None not in {entry.low for entry in arm_entries(losses, 3, False)}


def test_what_diverged_has_no_loss():
    (entry,) = arm_entries({PLAIN: make_losses([[[1.0], [np.inf], [2.0]]])}, 3, False)
    assert (entry.loss, entry.low, entry.high) == (None, None, None)


def test_one_split_says_nothing_about_others():
    one = Compared(np.array([0.5]), np.full((1, 4), 0.125), np.empty(0))
    assert loss_with_interval(one, np.full((1, 4), 0.25)) == (0.5, None, None)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    """Ten parts of rows whose losses are independent, in two folds."""
    rng, held = np.random.default_rng(0), 0
    shares = np.kron(np.eye(2), np.full(5, 0.2))
    for _ in range(400):
        parts = shares * (1 + 0.5 * rng.standard_normal((2, 10)))
        _, low, high = loss_with_interval(Compared(parts.sum(axis=1), parts, np.empty(0)), shares)
        held += low <= 1 <= high
    assert 0.9 < held / 400 <= 1


def test_an_interval_of_what_is_never_negative_ends_at_zero():
    parts = np.array([[0.1, 0.0, 0.0, 0.0], [0.9, 0.0, 0.0, 0.0]])
    assert loss_with_interval(Compared(parts.sum(axis=1), parts, np.empty(0)), np.full((2, 4), 0.25))[1] == 0
