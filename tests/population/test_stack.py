"""Networks of any layers: other norms, a residual block, a layer that brings no way back."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
import pytest
from populations import (
    CLASSES,
    CLASSIFY,
    INPUTS,
    SHAPE,
    alone,
    block,
    by_name,
    different_bits,
    figures_in_numpy,
    member,
    outcome,
    outputs_in_numpy,
    relative_error,
    table,
    train,
    train_plainly,
    trainer,
)

from goru.nn.architecture import Stack
from goru.nn.arrays import namespace, row_dots
from goru.nn.fold import apply, fold
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout, keep_mask, mask_key
from goru.nn.layers.layer import Layer
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.network import STATISTICS_STEP
from goru.population.immediate.interpreted import Interpreter

UNITS, EPOCHS = 9, 4


class Slope(NamedTuple):
    slope: Any


@dataclass(frozen=True)
class PReLU(Layer):
    """He et al. 2015, https://arxiv.org/abs/1502.01852, equation 1."""

    kind: ClassVar[str] = "prelu"
    units: int

    def init(self, generator, hyper):
        return Slope(np.full(self.units, 0.25))

    def forward(self, learned, x, context):
        return namespace(x).where(x > 0, x, learned.slope[..., None] * x), x


@dataclass(frozen=True)
class PReLUByHand(PReLU):
    def backward(self, learned, kept, gradient, out=None, inputs=True):
        found = Slope(row_dots(gradient, kept * (kept <= 0), out.slope if out else None))
        return found, gradient * namespace(kept).where(kept > 0, 1, learned.slope[..., None])


def stack(rectifier: type[PReLU]) -> Stack:
    block = Residual((Affine(UNITS, UNITS, bias=False), BatchNorm(UNITS), rectifier(UNITS), Dropout(1)))
    norms = LayerNorm(UNITS), Activation("tanh"), Dropout(0), block, RMSNorm(UNITS)
    return Stack(INPUTS, (Affine(INPUTS, UNITS), *norms, Affine(UNITS, CLASSES)))


ANY, BY_HAND = stack(PReLU), stack(PReLUByHand)
MEMBERS = member(0), member(1, dropout_rate=0.4, batch_norm_epsilon=1e-2, batch_norm_momentum=0.5)


@pytest.fixture(scope="module")
def trained():
    (found,) = train(trainer(ANY), replace(block(*MEMBERS, epochs=EPOCHS), snapshots=(0, 2, EPOCHS)))
    return found


def one_of(stacked, index):
    return jax.tree.map(lambda leaf: leaf[index], stacked)


def test_a_network_in_a_population_learns_what_it_learns_by_itself(trained):
    rows = table()
    for index, one in enumerate(MEMBERS):
        begun, *states = train_plainly(ANY, CLASSIFY, one, rows, (5,), EPOCHS)
        plain, ours, first = by_name(states[-1]), outcome(trained, index), by_name(begun)
        errors = {leaf: relative_error(ours[leaf], plain[leaf]) for leaf in plain}
        assert ".learned[4][0].weight" in errors
        assert max(errors.values()) < 1e-5, errors
        assert different_bits(first, {leaf: ours[leaf] for leaf in first}) == [*first]  # everything has learned
        for epoch, training in enumerate(states):
            for part, scored in enumerate([rows.training_scored, rows.validation]):
                expected = figures_in_numpy(ANY, training, one.hyper, rows.x[scored], rows.y[scored])
                np.testing.assert_allclose(trained.curves[index, epoch, part], expected, rtol=1e-5)


def test_its_bits_depend_on_nothing_but_the_network(trained):
    program, others = trainer(ANY), (member(2), member(3))
    (other_way,) = train(program, block(*others, *MEMBERS[::-1], epochs=EPOCHS))
    for index, one in enumerate(MEMBERS):
        assert different_bits(outcome(trained, index), outcome(other_way, 3 - index)) == []
        assert different_bits(outcome(trained, index), alone(program, one)) == []


def test_snapshots_are_those_of_a_training_that_ends_there(trained):
    for epoch in trained.snapshots:
        shorter = block(*MEMBERS, epochs=epoch, schedule_epochs=EPOCHS)
        (ended,) = train(trainer(ANY), shorter)
        assert different_bits(by_name(trained.snapshots[epoch]), by_name(ended.training)) == []
    assert [*trained.snapshots] == [0, 2, EPOCHS]


def test_final_networks_have_exact_statistics_and_can_be_folded(trained):
    final, rows = trainer(ANY).with_exact_statistics(trained), table()
    layers, folded = fold(ANY.layers, *final)
    assert [layer.kind for layer in layers[3].layers] == ["affine", "prelu"]
    outputs = apply(layers, folded, rows.x.T)
    for index, one in enumerate(MEMBERS):
        learned, statistics, _ = one_of(final, index)
        x = outputs_in_numpy(ANY.layers[:3], learned[:3], statistics[:3], one.hyper, rows.x[rows.training].T)
        mask = keep_mask(mask_key(one.id, STATISTICS_STEP, 0), x.shape, one.hyper.dropout_rate)
        x = np.float64(learned[4][0].weight) @ (x * mask / (1 - one.hyper.dropout_rate))
        mean, variance = statistics[4][1]
        np.testing.assert_allclose(mean, x.mean(axis=1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(variance, x.var(axis=1), rtol=1e-5, atol=1e-7)
        by_hand = outputs_in_numpy(ANY.layers, learned, statistics, one.hyper, rows.x.T)
        np.testing.assert_allclose(outputs[index], by_hand, rtol=1e-4, atol=1e-5)


def test_without_a_compiler_it_is_the_same_network_where_every_layer_has_a_way_back(trained):
    """What is written by hand is JAX's derivative, too."""
    interpreter = Interpreter(BY_HAND, CLASSIFY, SHAPE)
    (interpreted,) = train(interpreter, trained.block)
    np.testing.assert_allclose(interpreted.curves, trained.curves, rtol=2e-4, atol=2e-4)
    assert [*interpreted.snapshots] == [*trained.snapshots]

    def close(ours, reference):
        np.testing.assert_allclose(ours, reference, rtol=1e-3, atol=1e-3)

    jax.tree.map(close, interpreted.training[:2], trained.training[:2])
    jax.tree.map(close, interpreter.with_exact_statistics(interpreted), trainer(ANY).with_exact_statistics(trained))


def test_a_layer_without_a_way_back_is_named_where_there_is_no_compiler():
    with pytest.raises(TypeError, match="PReLU has no backward"):
        train(Interpreter(ANY, CLASSIFY, SHAPE), block(*MEMBERS))
