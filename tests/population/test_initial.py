"""`goru.population.initial`: networks before their first step, as `goru.nn` begins them."""

from dataclasses import replace
from typing import get_args

import jax
import numpy as np
import pytest
from populations import ARCHITECTURES, PLAIN, begin_plainly, member

from goru.nn import network
from goru.nn.architecture import Architecture, DecayForm, OptimizerName, Recipe
from goru.population.initial import initial

MEMBERS = [member(0), member(1, weight_std=2.0, batch_norm_scale=0.5, batch_norm_shift=-0.3), member(2)]


@pytest.mark.parametrize("decay", get_args(DecayForm))
@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
@pytest.mark.parametrize("name", [*ARCHITECTURES, "linear"])
def test_a_network_begins_as_goru_nn_begins_it(name, optimizer, decay):
    """All of it: weights by the member's seed, γ and β by its numbers, and what an optimiser remembers."""
    architecture = ARCHITECTURES.get(name) or Architecture(6, (), 3)
    recipe = Recipe(optimizer=optimizer, decay=decay)
    stacked = initial(architecture.layers, recipe, MEMBERS)
    for index, one in enumerate(MEMBERS):
        expected = begin_plainly(architecture, recipe, one)
        ours = jax.tree.map(lambda leaf: leaf[index], stacked)  # noqa: B023
        assert jax.tree.structure(ours) == jax.tree.structure(expected)
        for leaf, other in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            assert leaf.dtype == other.dtype
            np.testing.assert_array_equal(leaf, other)


def test_the_arrays_may_be_written_to_and_are_not_shared_between_networks():
    stacked = initial(PLAIN.layers, Recipe(), [member(0), member(0)])
    weight = stacked.learned[-1].weight
    weight[0] = 7
    assert not (weight[1] == 7).any()
    assert not (initial(PLAIN.layers, Recipe(), [member(0)]).learned[-1].weight == 7).any()


def test_networks_that_share_a_seed_are_drawn_once(monkeypatch):
    twins = [replace(member(0), id=number) for number in range(5)]
    initial(PLAIN.layers, Recipe(), twins)  # what is known of the layers alone is found out once
    drawn, init = [], network.init

    def watched(layers, *given):
        drawn.append(layers)
        return init(layers, *given)

    monkeypatch.setattr("goru.population.initial.network.init", watched)
    initial(PLAIN.layers, Recipe(), [*twins, member(1)])
    assert drawn == [PLAIN.layers, PLAIN.layers]


def test_networks_that_share_a_seed_begin_with_the_same_weights_but_for_their_scale():
    begun = initial(PLAIN.layers, Recipe(), [member(0, weight_std=1.0), member(0, weight_std=2.0)])
    weight = begun.learned[0].weight
    np.testing.assert_array_equal(2 * weight[0], weight[1])
