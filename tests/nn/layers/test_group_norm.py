"""Group norm beside layer norm; what every layer does is in test_layers.py."""

import numpy as np
import pytest

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.group_norm import GroupNorm
from goru.nn.layers.layer import Context
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.scaling import ScaleShift

CONTEXT = Context(Hyperparameters())


def test_one_group_is_layer_norm():
    x, learned = np.random.default_rng(0).normal(size=(6, 9)), ScaleShift(np.arange(6.0), np.ones(6))
    y, _ = GroupNorm(1, 6).forward(learned, x, CONTEXT)
    np.testing.assert_allclose(y, LayerNorm(6).forward(learned, x, CONTEXT)[0], rtol=1e-12)


def test_every_group_of_a_row_has_mean_0_and_variance_1():
    layer = GroupNorm(3, 12, epsilon=0.0)
    x = np.random.default_rng(0).normal(5, 3, size=(12, 9)) * np.arange(1, 13)[:, None]
    y, _ = layer.forward(layer.init(np.random.default_rng(0), CONTEXT.hyper), x, CONTEXT)
    of_groups = y.reshape(3, 4, 9)
    np.testing.assert_allclose(of_groups.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(of_groups.var(axis=1), 1)


@pytest.mark.parametrize("groups", [0, -1, 4])
def test_units_that_are_not_so_many_groups_are_refused(groups):
    with pytest.raises(ValueError, match="6 units are not"):
        GroupNorm(groups, 6)
