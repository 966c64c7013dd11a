"""Networks before their first step, made without a compiler: drawing is done sooner than a program that draws."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np

from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.batch_norm import BatchNorm
from goru.nn.network import HiddenLayer, Network, init_affines
from goru.nn.training import Training, init_training
from goru.population.member import Member
from goru.population.trained import stack_hyper


def initial(architecture: Architecture, recipe: Recipe, members: Sequence[Member]) -> Training:
    """What `goru.nn.training.init_training` makes of every member, as NumPy arrays stacked along a first axis.

    Initial weights are functions of a member's seed: those that share it share them, but for their `weight_std`.
    """
    drawn = {seed: _draw(architecture, seed) for seed in {member.seed for member in members}}
    hyper: Any = stack_hyper([member.hyper for member in members])
    zeros = _zeros(architecture, recipe, len(members))

    def affine(layer: int, empty: Affine) -> Affine:
        weights = [drawn[member.seed][layer].weight * np.float32(member.hyper.weight_std) for member in members]
        return Affine(np.stack(weights), empty.bias)

    def batch_norm(empty: BatchNorm | None) -> BatchNorm | None:
        if empty is None:
            return None
        given, width = (hyper.batch_norm_scale, hyper.batch_norm_shift), empty.scale.shape[1]
        return BatchNorm(*(np.repeat(value[:, None], width, axis=1) for value in given))

    *hidden, output = [*(layer.affine for layer in zeros.network.hidden), zeros.network.output]
    network = Network(
        hidden=tuple(
            HiddenLayer(affine(index, empty), batch_norm(layer.batch_norm))
            for index, (empty, layer) in enumerate(zip(hidden, zeros.network.hidden, strict=True))
        ),
        output=affine(len(hidden), output),
    )
    return zeros._replace(network=network)


def _draw(architecture: Architecture, seed: tuple[int, ...]) -> tuple[Affine, ...]:
    return init_affines(architecture, np.random.default_rng(np.random.SeedSequence(seed)))


def _zeros(architecture: Architecture, recipe: Recipe, networks: int) -> Training:
    """Running statistics and the states of all optimisers start from zero."""
    return jax.tree.map(
        lambda leaf: np.zeros((networks, *leaf.shape), leaf.dtype), _shapes_of_one(architecture, recipe)
    )


@lru_cache(maxsize=64)
def _shapes_of_one(architecture: Architecture, recipe: Recipe) -> Any:
    affines = tuple(
        Affine(*(jax.ShapeDtypeStruct(shape, np.float32) for shape in ((inputs, outputs), (outputs,))))  # type: ignore
        for inputs, outputs in zip(architecture.widths, architecture.widths[1:], strict=False)
    )
    return jax.eval_shape(partial(init_training, architecture, recipe), Hyperparameters(), affines)
