"""From networks in training to networks in use: exact statistics, and batch norm folded away."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import Statistics
from goru.nn.fold import fold
from goru.nn.network import Network, population_statistics
from goru.population.trained import TrainedBlock


class Settled(NamedTuple):
    """Networks that are done, stacked along a first axis.

    - `network`: all learned numbers.
    - `statistics`: mean and variance of every batch norm layer's input over all rows; empty without batch norm.
    - `plain`: the same function without batch norm and dropout.
    """

    network: Network
    statistics: tuple[Statistics, ...]
    plain: tuple[Affine, ...]


def settle(trained: TrainedBlock, architecture: Architecture, width: int, rows: int | None = None) -> Settled:
    """Estimate the statistics of batch norm again over all fit rows, and fold it into the affine layers.

    With dropout the statistics are those of masked activations, as in training: the running ones, by which networks
    were compared, estimate these too, and what is handed over is then what was chosen.

    **Arguments:**

    - `trained`: a block whose networks were kept.
    - `architecture`: theirs.
    - `width`: networks in a full block: a smaller one is padded to it, so that one program serves both.
    - `rows`: how many fit rows to use, so that one program serves splits of slightly different sizes; by default all.
    """
    block = trained.block
    ids = np.array([member.id for member in block.members], np.uint32)
    networks = len(ids)
    given = jax.tree.map(
        lambda leaf: np.concatenate([leaf, np.repeat(leaf[-1:], max(width - networks, 0), axis=0)]),
        (trained.networks, trained.hyper, ids),
    )
    settled = _settle(architecture, *given, jnp.asarray(block.rows.x[block.rows.fit[:rows]]))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:networks], settled)


@partial(jax.jit, static_argnums=0)
def _settle(
    architecture: Architecture, network: Network, hyper: Hyperparameters, ids: jax.Array, x: jax.Array
) -> Settled:
    def one(member):
        network, hyper, network_id = member
        statistics = population_statistics(architecture, network, hyper, x, network_id)
        return Settled(network, statistics, fold(architecture, network, statistics, hyper))

    # One after the other: all rows pass through a network at once, and memory should hold one network's.
    return jax.lax.map(one, (network, hyper, ids))
