"""`goru.population.immediate.flat`: all that networks have learned in one array, and in a tree of views of it."""

import copy
import pickle

import jax
import numpy as np
import pytest
from learners import NORMED, make_learned

from goru.population.immediate.flat import Numbers


def same(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_the_tree_has_the_numbers_that_were_given_and_leaves_those_as_they_are():
    given = make_learned(NORMED)
    numbers = Numbers(given)
    same(numbers.tree, given)
    assert jax.tree.structure(numbers.tree) == jax.tree.structure(given)
    assert numbers.flat.shape == (2, sum(leaf[0].size for leaf in jax.tree.leaves(given)))
    numbers.flat[:] = 0
    same(given, make_learned(NORMED))


@pytest.mark.parametrize(
    "duplicate",
    [lambda it: it, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))],
    ids=["original", "copy", "pickle"],
)
def test_whatever_changes_the_array_changes_the_tree_and_the_other_way_round_also_in_a_copy(duplicate):
    original = Numbers(make_learned(NORMED))
    numbers = duplicate(original)
    numbers.flat *= 2
    same(numbers.tree, jax.tree.map(lambda leaf: 2 * leaf, make_learned(NORMED)))
    numbers.tree[-1].weight[1] = 7
    numbers.weights[0][0] = 8
    assert (numbers.flat[1] == 7).sum() == numbers.tree[-1].weight[1].size
    assert (numbers.flat[0] == 8).sum() == numbers.tree[0].weight[0].size
    if numbers is not original:
        same(original.tree, make_learned(NORMED))


def test_another_array_is_seen_by_the_same_names():
    numbers = Numbers(make_learned(NORMED))
    other = np.zeros_like(numbers.flat)
    jax.tree.map(np.copyto, numbers.tree_of(other), numbers.tree)
    np.testing.assert_array_equal(other, numbers.flat)


def test_the_weights_are_the_matrices_also_of_layers_within_a_layer():
    numbers = Numbers(make_learned(NORMED))
    within = numbers.tree[4][0].weight
    assert [weight.shape for weight in numbers.weights] == [(2, 7, 5), (2, 7, 7), (2, 3, 7)]
    assert np.shares_memory(numbers.weights[1], within)
