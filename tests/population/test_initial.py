"""`goru.population.initial`: networks before their first step, as `goru.nn` begins them."""

from dataclasses import replace
from typing import get_args

import jax
import numpy as np
import pytest
from populations import ARCHITECTURES, PLAIN, member

from goru.nn.architecture import Architecture, DecayForm, OptimizerName, Recipe
from goru.nn.network import init_affines
from goru.nn.training import init_training
from goru.population.initial import initial

MEMBERS = [member(0), member(1, weight_std=2.0, batch_norm_scale=0.5, batch_norm_shift=-0.3), member(2)]


@pytest.mark.parametrize("decay", get_args(DecayForm))
@pytest.mark.parametrize("optimizer", get_args(OptimizerName))
@pytest.mark.parametrize("name", [*ARCHITECTURES, "linear"])
def test_a_network_begins_as_goru_nn_begins_it(name, optimizer, decay):
    """All of it: weights by the member's seed, γ and β by its numbers, and what an optimiser remembers."""
    architecture = ARCHITECTURES.get(name) or Architecture(6, (), 3)
    recipe = Recipe(optimizer=optimizer, decay=decay)
    stacked = initial(architecture, recipe, MEMBERS)
    for index, one in enumerate(MEMBERS):
        generator = np.random.default_rng(np.random.SeedSequence(one.seed))
        affines = init_affines(architecture, generator, one.hyper.weight_std)
        expected = init_training(architecture, recipe, one.hyper, affines)
        ours = jax.tree.map(lambda leaf: leaf[index], stacked)  # noqa: B023
        assert jax.tree.structure(ours) == jax.tree.structure(expected)
        for leaf, other in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            assert leaf.dtype == other.dtype
            np.testing.assert_array_equal(leaf, other)


def test_the_arrays_may_be_written_to_and_are_not_shared_between_networks():
    stacked = initial(PLAIN, Recipe(), [member(0), member(0)])
    weight = stacked.network.output.weight
    weight[0] = 7
    assert not (weight[1] == 7).any()
    assert not (initial(PLAIN, Recipe(), [member(0)]).network.output.weight == 7).any()


def test_networks_that_share_a_seed_are_drawn_once(monkeypatch):
    drawn = []

    def watched(architecture, generator):
        drawn.append(architecture)
        return init_affines(architecture, generator)

    monkeypatch.setattr("goru.population.initial.init_affines", watched)
    twins = [replace(member(0), id=number) for number in range(5)]
    initial(PLAIN, Recipe(), [*twins, member(1)])
    assert drawn == [PLAIN, PLAIN]
