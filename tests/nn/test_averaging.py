"""Averaged weights: the recursion, by hand, and what an average is for."""

import jax
import numpy as np
import pytest
from trainings import ARCHITECTURE, HYPER, make_batches, train

from goru.nn.architecture import Recipe
from goru.nn.training import Training, average


def leaves(tree):
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]


def walk(steps, share, seed=0):
    """Numbers that wander; after every step, the training, and the average by the recursion."""
    rng = np.random.default_rng(seed)
    state = {"weight": rng.normal(size=(2, 3)).astype(np.float32)}, {"mean": rng.normal(size=3).astype(np.float32)}
    training = Training(*state, optimizer=None, averaged=state)
    expected = leaves(state)
    for step in range(steps):
        moved = jax.tree.map(lambda leaf: leaf + rng.normal(size=leaf.shape).astype(np.float32), state)
        state = moved
        training = average(training._replace(learned=state[0], running=state[1]), share, step)
        kept = min(share, (1 + step) / (10 + step))
        expected = [kept * old + (1 - kept) * new for old, new in zip(expected, leaves(state), strict=True)]
    return training, expected


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("steps", [1, 2, 25])
def test_it_is_the_recursion_of_weights_and_of_running_statistics(share, steps):
    training, expected = walk(steps, share)
    for found, wanted in zip(leaves(training.averaged), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_where_nothing_is_kept_it_is_the_network_itself():
    training, _ = walk(5, share=0.0)
    for found, wanted in zip(leaves(training.averaged), leaves((training.learned, training.running)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_where_the_network_stands_still_it_comes_to_stand_there_however_it_began():
    there = {"weight": np.ones(3, np.float32)}, ()
    training = Training(*there, None, averaged=({"weight": np.full(3, 100, np.float32)}, ()))
    for step in range(200):
        training = average(training, 0.99, step)
    np.testing.assert_allclose(training.averaged[0]["weight"], 1, atol=0.02)


def test_what_is_watched_is_the_average_with_its_own_statistics():
    training, _ = walk(3, share=0.9)
    assert training.watched.learned is training.averaged[0]
    assert training.watched.running is training.averaged[1]
    assert training.learned is not training.watched.learned


def test_without_averaging_there_is_none_and_the_network_itself_is_watched():
    assert Recipe().averaging is False
    _, _, training = train(ARCHITECTURE.layers, Recipe(), HYPER, make_batches()[:2])
    assert training.averaged == ()
    assert training.watched is training
