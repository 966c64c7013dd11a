"""Averaged weights and sharpness-aware steps in the compiled program, against a plain loop over goru's own steps."""

from functools import cache

import jax
import numpy as np
import pytest
from populations import (
    AFTER,
    CLASSIFY,
    PLAIN,
    SHAPE,
    alone,
    begin_plainly,
    block,
    by_name,
    different_bits,
    figures_in_numpy,
    member,
    outcome,
    plain_step,
    relative_error,
    table,
    train,
    train_plainly,
    trainer,
)

from goru.nn import network
from goru.nn.architecture import Recipe
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.training import Batch, gradient_of
from goru.population.batches import BatchOrder

EPOCHS = 3
AVERAGED = Recipe(averaging=True)
SHARP = Recipe(sharpness=True, optimizer="momentum")
SHARES = (0.95, 0.5, 0.0)


def members(**changes):
    return [member(number, averaging=share, **changes) for number, share in enumerate(SHARES)]


@cache
def averaged():
    (trained,) = train(trainer(AFTER, AVERAGED), block(*members(), epochs=EPOCHS))
    return trained


def averages_by_hand(one):
    """Of a network that trains as it would without: its average in float64."""
    training, step = begin_plainly(AFTER, CLASSIFY, one), plain_step(AFTER, CLASSIFY)
    rows, share = table(), one.hyper.averaging
    batches = BatchOrder((5,), rows.training, SHAPE.batch)
    total, kept, index = batches.steps(EPOCHS), None, 0
    for epoch in range(EPOCHS):
        for chosen in batches.batches(index, batches.steps(epoch + 1)):
            batch = Batch(rows.x[chosen].T, rows.y[chosen], np.full(SHAPE.batch, 1 / SHAPE.batch, np.float32))
            kept = kept or [np.float64(leaf) for leaf in jax.tree.leaves((training.learned, training.running))]
            training, _ = step(one.hyper, training, batch, one.id, index, total)
            share_of_old = min(share, (1 + index) / (10 + index))
            now = jax.tree.leaves((training.learned, training.running))
            kept = [
                share_of_old * old + (1 - share_of_old) * np.float64(new) for old, new in zip(kept, now, strict=True)
            ]
            index += 1
    return kept


class TestAveraged:
    @pytest.mark.parametrize("index", range(len(SHARES)))
    def test_what_is_handed_over_is_the_running_average_of_what_a_plain_loop_learns(self, index):
        trained = averaged()
        own = members()[index]
        expected = averages_by_hand(own)
        watched = jax.tree.map(lambda leaf: leaf[index], trained.training.watched)
        for found, wanted in zip(jax.tree.leaves((watched.learned, watched.running)), expected, strict=True):
            assert relative_error(found, wanted) < 1e-5
        for found, wanted in zip(
            jax.tree.leaves(jax.tree.map(lambda leaf: leaf[index], trained.learned)),
            jax.tree.leaves(watched.learned),
            strict=True,
        ):
            np.testing.assert_array_equal(found, wanted)

    def test_the_curves_are_those_of_the_average(self):
        trained, rows = averaged(), table()
        for index, own in enumerate(members()):
            watched = jax.tree.map(lambda leaf: leaf[index], trained.training.watched)  # noqa: B023
            for part, scored in enumerate([rows.training_scored, rows.validation]):
                expected = figures_in_numpy(AFTER, watched, own.hyper, rows.x[scored], rows.y[scored])
                np.testing.assert_allclose(trained.curves[index, -1, part], expected, rtol=1e-5)

    def test_the_network_itself_trains_on_as_it_would_without(self):
        trained = averaged()
        for index, own in enumerate(members()):
            plain = by_name(train_plainly(AFTER, CLASSIFY, own, table(), (5,), EPOCHS)[-1])
            ours = by_name(jax.tree.map(lambda leaf: leaf[index], trained.training))  # noqa: B023
            errors = {leaf: relative_error(ours[leaf], plain[leaf]) for leaf in plain}
            assert max(errors.values()) < 1e-5, errors

    def test_where_nothing_is_kept_it_is_the_network_of_the_last_step(self):
        last = jax.tree.map(lambda leaf: leaf[SHARES.index(0.0)], averaged().training)
        for found, wanted in zip(
            jax.tree.leaves(last.averaged), jax.tree.leaves((last.learned, last.running)), strict=True
        ):
            np.testing.assert_allclose(found, wanted, rtol=1e-6)

    def test_without_averaging_nothing_is_kept_and_nothing_changes(self):
        (trained,) = train(trainer(AFTER), block(*members(), epochs=EPOCHS))
        assert trained.training.averaged == ()
        assert trained.learned is trained.training.learned
        with_share, without = (alone(trainer(AFTER), member(0, averaging=share), epochs=EPOCHS) for share in (0.9, 0.0))
        assert different_bits(with_share, without) == []


def sharp_by_hand(one, epochs):
    """What a network has learned by momentum along the gradient one radius uphill, in float64."""
    hyper, rows = one.hyper, table()
    leaves, structure = jax.tree.flatten(begin_plainly(PLAIN, SHARP, one).learned)
    leaves, decayed = [np.float64(leaf) for leaf in leaves], network.weights_in(structure.unflatten(leaves))
    velocity = [0.0] * len(leaves)
    batches = BatchOrder((5,), rows.training, SHAPE.batch)
    total = batches.steps(epochs)
    for step, chosen in enumerate(batches.batches(0, total)):
        batch = Batch(np.float64(rows.x[chosen].T), rows.y[chosen], np.full(SHAPE.batch, 1 / SHAPE.batch))

        def slopes(leaves, batch=batch, step=step):
            learned, context = structure.unflatten(leaves), Context(hyper, np.uint32(one.id), step)
            loss = LOSSES["softmax_cross_entropy"]
            return jax.tree.leaves(
                gradient_of(PLAIN.layers, loss, "decoupled", learned, batch, context, 0.0).of_learned
            )

        here = slopes(leaves)
        length = np.sqrt(sum((slope**2).sum() for slope in here))
        there = slopes([leaf + hyper.sam_radius * slope / length for leaf, slope in zip(leaves, here, strict=True)])
        rate = hyper.learning_rate * 0.5 * (1 + np.cos(np.pi * step / total))
        velocity = [hyper.momentum * old + slope for old, slope in zip(velocity, there, strict=True)]
        leaves = [
            leaf - rate * (moved + hyper.weight_decay * is_weight * leaf)
            for leaf, moved, is_weight in zip(leaves, velocity, decayed, strict=True)
        ]
    return leaves


class TestSharp:
    def test_with_momentum_it_is_a_loop_over_two_gradients_a_step(self):
        ours = [member(0, sam_radius=0.1), member(1, sam_radius=0.02), member(2, sam_radius=0.0)]
        (trained,) = train(trainer(PLAIN, SHARP), block(*ours, epochs=2))
        for index, one in enumerate(ours):
            found = jax.tree.leaves(jax.tree.map(lambda leaf: leaf[index], trained.learned))  # noqa: B023
            for leaf, expected in zip(found, sharp_by_hand(one, epochs=2), strict=True):
                assert relative_error(leaf, expected) < 1e-4

    def test_a_network_does_not_depend_on_the_radius_of_its_neighbours(self):
        one = member(0, sam_radius=0.1)
        (together,) = train(trainer(PLAIN, SHARP), block(one, member(1, sam_radius=0.5), epochs=2))
        assert different_bits(outcome(together, 0), alone(trainer(PLAIN, SHARP), one, epochs=2)) == []
