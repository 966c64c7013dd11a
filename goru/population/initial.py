"""Networks before their first step, made without a compiler: drawing is done sooner than a program that draws."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from goru.nn import network
from goru.nn.architecture import Hyperparameters, Recipe
from goru.nn.network import Layers
from goru.nn.optimizers import optimizer
from goru.nn.training import Training
from goru.population.member import Member
from goru.population.settings import own_settings


def initial(layers: Layers, recipe: Recipe, members: Sequence[Member]) -> Training:
    """Networks, as NumPy arrays stacked along a first axis.

    Initial weights are functions of a member's seed: those that share it share them, but for their `weight_std`.
    """
    drawn: dict[Any, Any] = {}  # members of one seed are drawn once
    for member in members:
        key = member.seed, _of_initial(member.hyper)
        if key not in drawn:
            generator = np.random.default_rng(np.random.SeedSequence(member.seed))
            drawn[key] = network.init(layers, generator, member.hyper)
    of_members = [drawn[member.seed, _of_initial(member.hyper)] for member in members]
    learned = jax.tree.map(lambda *leaves: np.stack(leaves, dtype=np.float32), *of_members)
    running = zeros(network.running(layers), len(members))
    averaged = (learned, running) if recipe.averaging else ()
    return Training(learned, running, zeros(_state(layers, recipe), len(members)), averaged)


def zeros(tree: Any, networks: int) -> Any:
    """As many zeros as the tree has, for so many networks: running statistics and optimisers start from them."""
    return jax.tree.map(lambda leaf: np.zeros((networks, *leaf.shape), leaf.dtype), tree)


def _of_initial(hyper: Hyperparameters) -> tuple:
    """The numbers on which an initial network depends."""
    return hyper.weight_std, hyper.batch_norm_scale, hyper.batch_norm_shift


@lru_cache(maxsize=64)
def _state(layers: Layers, recipe: Recipe) -> Any:
    """The shapes of the optimiser's state."""
    learned = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, np.float32),
        network.init(layers, np.random.default_rng(0), Hyperparameters()),
    )
    with own_settings():
        return jax.eval_shape(optimizer(recipe, Hyperparameters(), 0.0).init, learned)
