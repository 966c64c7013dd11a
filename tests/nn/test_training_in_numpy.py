"""Training steps in NumPy are those of the compiled program."""

import jax
import numpy as np
import pytest
from trainings import (
    ARCHITECTURE,
    CLASSES,
    HYPER,
    INPUTS,
    NETWORK_ID,
    STEPS,
    as_batch,
    begin,
    compiled_step,
    make_batches,
)

from goru.nn.architecture import Recipe
from goru.nn.arrays import along
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.layer import Context
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.losses import LOSSES
from goru.nn.training import Training, train_step

RESIDUAL = (
    Affine(INPUTS, 6),
    Residual((LayerNorm(6), Affine(6, 6, bias=False), BatchNorm(6), Activation("silu"), Affine(6, 6))),
    RMSNorm(6),
    Dropout(0, "classic"),
    Affine(6, CLASSES),
)


every_network = pytest.mark.parametrize("layers", [ARCHITECTURE.layers, RESIDUAL], ids=["plain", "residual"])


OF_SGD = Recipe(optimizer="sgd", schedule="constant", decay="l2_squared")  # Adam makes whole steps of rounding noise


IDS = np.array([NETWORK_ID, 7], np.uint32)


OF_EACH = HYPER._replace(learning_rate=np.float32([0.02, 0.05]), weight_decay=np.float32([0.4, 0.1]))


def two_networks(layers):
    both = (begin(layers, OF_SGD, HYPER, seed)[:2] for seed in (0, 1))
    return Training(*jax.tree.map(lambda *leaves: np.stack(leaves), *both), None)


@np.errstate(all="ignore")
def steps_in_numpy(layers, training, batches):
    def update(gradient, state, learned):
        rates = OF_EACH.learning_rate
        return jax.tree.map(
            lambda number, slope: number - along(rates, slope, slope.ndim - 1) * slope, learned, gradient
        ), state

    losses, loss = [], LOSSES["softmax_cross_entropy"]
    for step, batch in enumerate(batches):
        given = as_batch(*batch), Context(OF_EACH, IDS, step), OF_EACH.weight_decay
        training, of_batch = train_step(layers, loss, "l2_squared", update, training, *given)
        losses.append(of_batch)
    return np.array(losses), training


@every_network
def test_in_numpy_two_networks_take_the_steps_that_each_takes_compiled(layers):
    batches = make_batches()[:5]
    losses, together = steps_in_numpy(layers, two_networks(layers), batches)
    for index, network_id in enumerate(IDS):
        hyper = HYPER._replace(learning_rate=OF_EACH.learning_rate[index], weight_decay=OF_EACH.weight_decay[index])
        training = begin(layers, OF_SGD, hyper, seed=index)
        for step, batch in enumerate(batches):
            training, loss = compiled_step(layers, OF_SGD, hyper, training, as_batch(*batch), network_id, step, STEPS)
            assert losses[step, index] == pytest.approx(float(loss), rel=1e-4)
        for one, other in zip(jax.tree.leaves(together[:2]), jax.tree.leaves(training[:2]), strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one[index], other, rtol=1e-3, atol=1e-5)


@every_network
def test_a_network_that_diverged_does_not_spoil_the_other(layers):
    spoilt = two_networks(layers)
    for leaf in jax.tree.leaves(spoilt.learned):
        leaf[1] = np.nan
    losses, beside = steps_in_numpy(layers, spoilt, make_batches()[:3])
    expected, alone = steps_in_numpy(layers, two_networks(layers), make_batches()[:3])
    np.testing.assert_array_equal(losses[:, 0], expected[:, 0])
    assert not np.isfinite(losses[:, 1]).any()
    for one, other in zip(jax.tree.leaves(beside[:2]), jax.tree.leaves(alone[:2]), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
