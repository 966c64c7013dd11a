"""Effects that add up, by least squares on levels."""

import numpy as np
import pytest
from experiments import PLAIN, arm_of

from goru.experiment.effects.additive import levels_model

ARMS = [arm_of(place, dropout=dropout) for place in (None, "before", "after") for dropout in (False, True)]


def test_losses_that_are_sums_of_effects_are_explained():
    effects = {"before": -0.2, "after": 0.1, True: -0.05}
    losses = np.array([0.5 + sum(effects.get(level, 0.0) for _, level in arm.levels) for arm in ARMS])
    model = levels_model(ARMS)
    assert model @ np.linalg.lstsq(model, losses, rcond=None)[0] == pytest.approx(losses)


def test_an_interaction_is_left_unexplained():
    losses = np.array([0.5 - 0.3 * (arm == ARMS[-1]) for arm in ARMS])
    model = levels_model(ARMS)
    own = losses - model @ np.linalg.lstsq(model, losses, rcond=None)[0]
    assert own[-1] == pytest.approx(-0.1)  # of six arms, what four parameters leave of one


def test_an_arm_that_is_alone_is_explained_by_itself():
    assert levels_model([PLAIN]).shape == (1, 1 + len(PLAIN.levels))
