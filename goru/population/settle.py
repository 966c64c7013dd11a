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


class Settled(NamedTuple):
    """Networks that are done, stacked along a first axis.

    - `network`: all learned numbers.
    - `statistics`: mean and variance of every batch norm layer's input over all rows; empty without batch norm.
    - `plain`: the same function without batch norm and dropout.
    """

    network: Network
    statistics: tuple[Statistics, ...]
    plain: tuple[Affine, ...]


def settle(architecture: Architecture, network: Network, hyper: Hyperparameters, x: np.ndarray) -> Settled:
    """Estimate the statistics of batch norm again over all the given rows, and fold it into the affine layers.

    **Arguments:**

    - `network`, `hyper`: stacked along a first axis.
    - `x`: the rows that the networks were fitted on, `(rows, inputs)`.
    """
    return jax.tree.map(np.asarray, _settle(architecture, network, hyper, jnp.asarray(x)))


@partial(jax.jit, static_argnums=0)
def _settle(architecture: Architecture, network: Network, hyper: Hyperparameters, x: jax.Array) -> Settled:
    def one(network_and_hyper):
        network, hyper = network_and_hyper
        statistics = population_statistics(architecture, network, hyper, x)
        return Settled(network, statistics, fold(architecture, network, statistics, hyper))

    # One after the other: all rows pass through a network at once, and memory should hold one network's.
    return jax.lax.map(one, (network, hyper))
