"""What makes a network the one it is: its seed (initial weights), its id (dropout masks) and its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from populations import (
    ARCHITECTURES,
    BEFORE_DROPOUT,
    CLASSIFY,
    PLAIN,
    ROWS,
    SHAPE,
    alone,
    block,
    cpus,
    different_bits,
    member,
    outcome,
    table,
    train,
    trainer,
)

from goru.nn import network
from goru.nn.layers.affine import Weights
from goru.population.member import Member, PreparedRows
from goru.population.trainer import Trainer


def initial_weights(architecture, *members):
    """The affine layers of untrained networks."""
    (untrained,) = train(trainer(architecture), block(*members, epochs=0))
    return [layer for layer in untrained.learned if isinstance(layer, Weights)]


def test_initial_weights_are_those_that_goru_nn_draws_from_the_members_seed():
    members = [member(0), member(1, weight_std=2.0)]
    ours = initial_weights(PLAIN, *members)
    for index, one in enumerate(members):
        generator = np.random.default_rng(np.random.SeedSequence(one.seed))
        drawn = network.init(PLAIN.layers, generator, one.hyper)
        for layer, reference in zip(ours, [layer for layer in drawn if layer], strict=True):
            np.testing.assert_array_equal(layer.weight[index], np.float32(reference.weight))
            np.testing.assert_array_equal(layer.bias[index], 0)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "none"])
def test_initial_weights_are_the_same_whatever_stands_between_the_affine_layers(name):
    members = [member(0), member(1)]
    for layer, plain in zip(
        initial_weights(ARCHITECTURES[name], *members), initial_weights(PLAIN, *members), strict=True
    ):
        np.testing.assert_array_equal(layer.weight, plain.weight)


def test_networks_that_share_a_seed_share_their_initial_weights_and_others_do_not():
    one, twin, other = Member(1, (3, 4), member(0).hyper), Member(2, (3, 4), member(1).hyper), member(2)
    for layer in initial_weights(PLAIN, one, twin, other):
        np.testing.assert_array_equal(layer.weight[0], layer.weight[1])
        assert (layer.weight[0] != layer.weight[2]).any()


def test_the_id_changes_the_training_of_a_network_with_dropout():
    program = trainer(BEFORE_DROPOUT)
    (trained,) = train(program, block(member(0), replace(member(0), id=101)))
    assert "curves" in different_bits(outcome(trained, 0), outcome(trained, 1))


def test_the_id_changes_nothing_in_a_network_without_dropout():
    program = trainer(PLAIN)
    (trained,) = train(program, block(member(0), replace(member(0), id=101)))
    assert different_bits(outcome(trained, 0), outcome(trained, 1)) == []


def test_an_id_may_use_all_32_bits():
    program = trainer(BEFORE_DROPOUT)
    largest, low_half = replace(member(0), id=2**32 - 1), replace(member(0), id=2**16 - 1)
    assert "curves" in different_bits(alone(program, largest), alone(program, low_half))


@pytest.mark.parametrize(
    ("hyper", "value"),
    [
        ("learning_rate", 0.05),
        ("weight_decay", 2.0),
        ("dropout_rate", 0.6),
        ("beta1", 0.5),
        ("beta2", 0.9),
        ("weight_std", 0.5),
        ("batch_norm_epsilon", 0.1),
        ("batch_norm_momentum", 0.5),
        ("batch_norm_scale", 0.5),
        ("batch_norm_shift", 0.5),
    ],
)
def test_each_network_has_its_own(hyper, value):
    program = trainer(BEFORE_DROPOUT)
    usual, changed = member(0), member(0, **{hyper: value})
    (together,) = train(program, block(usual, changed))
    assert different_bits(outcome(together, 0), alone(program, usual)) == []
    assert different_bits(outcome(together, 1), alone(program, changed)) == []
    assert "curves" in different_bits(outcome(together, 0), outcome(together, 1))


def test_dropout_at_rate_zero_is_the_network_without_dropout():
    with_dropout = alone(trainer(ARCHITECTURES["after-dropout"]), member(0, dropout_rate=0.0))
    without = alone(trainer(ARCHITECTURES["after"]), member(0))
    np.testing.assert_allclose(with_dropout["curves"], without["curves"], rtol=1e-5)


def test_a_table_is_copied_to_a_device_once():
    rows = table()
    fresh = PreparedRows(rows.x, rows.y, rows.training, rows.training_scored, rows.validation)
    one, other = cpus(2)
    assert fresh.on(one, "x", ROWS) is fresh.on(one, "x", ROWS)
    assert fresh.on(one, "x", ROWS).devices() == {one}
    assert fresh.on(other, "x", ROWS).devices() == {other}
    np.testing.assert_array_equal(fresh.on(one, "y", ROWS)[0], rows.y)


def test_parts_are_copied_to_a_device_once_and_are_all_the_first_where_there_are_none():
    parted = table()
    (device,) = cpus(1)
    for rows, expected in [(replace(parted, part=None), np.zeros(len(parted.x))), (parted, parted.part)]:
        assert rows.on(device, "part", ROWS) is rows.on(device, "part", ROWS)
        assert rows.on(device, "part", ROWS).dtype == np.int32
        np.testing.assert_array_equal(rows.on(device, "part", ROWS)[0], expected)


def test_weights_are_copied_to_a_device_once_and_are_ones_where_there_are_none():
    without, weighted = table(), table(weighted=True)
    (device,) = cpus(1)
    for rows, expected in [(without, np.ones(len(without.x))), (weighted, weighted.weight)]:
        assert rows.on(device, "weight", ROWS) is rows.on(device, "weight", ROWS)
        assert rows.on(device, "weight", ROWS).dtype == np.float32
        np.testing.assert_array_equal(rows.on(device, "weight", ROWS)[0], expected)


def test_what_a_program_has_room_for_beyond_the_table_is_zero():
    rows = table(weighted=True)
    (device,) = cpus(1)
    for name in ("x", "y", "weight", "part"):
        roomy = rows.on(device, name, ROWS + 8)[0]
        np.testing.assert_array_equal(roomy[:ROWS], getattr(rows, name))
        np.testing.assert_array_equal(roomy[ROWS:], 0)
        assert roomy.dtype == getattr(rows, name).dtype


def test_room_for_more_rows_changes_no_bit():
    usual = trainer(BEFORE_DROPOUT)
    roomy = Trainer(BEFORE_DROPOUT, CLASSIFY, SHAPE, ROWS + 8, devices=cpus(2))
    assert different_bits(alone(roomy, member(0)), alone(usual, member(0))) == []
