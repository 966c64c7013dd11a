"""From networks in training to networks in use: exact statistics of batch norm."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from goru.nn import network
from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Context, Learned
from goru.nn.network import Layers
from goru.nn.rows import columns
from goru.population.settings import own_settings
from goru.population.trained import TrainedBlock


class FinalNetworks(NamedTuple):
    """Networks that are done, stacked along a first axis.

    - `learned`: all learned numbers.
    - `statistics`: of every layer that has them, over all rows: batch norm's means and variances.
    - `hyper`: their numbers, `(networks,)` each.
    """

    learned: Learned
    statistics: Any
    hyper: Hyperparameters

    @property
    def networks(self) -> int:
        """How many networks."""
        return np.size(self.hyper.learning_rate)


def with_exact_statistics(trained: TrainedBlock, layers: Layers, width: int, rows: int | None = None) -> FinalNetworks:
    """Estimate the statistics of batch norm again over all training rows.

    With dropout the statistics are those of masked activations, as in training: the running ones, by which networks
    were compared, estimate these too, and the final model is then what was chosen.

    **Arguments:**

    - `trained`: a block whose networks were kept.
    - `layers`: theirs.
    - `width`: networks in a full block: a smaller one is padded to it, so that one program serves both.
    - `rows`: how many training rows to use, so that one program serves splits of slightly different sizes; by default
      all.
    """
    if not jax.tree.leaves(network.running(layers)):
        return FinalNetworks(trained.learned, network.running(layers), trained.hyper)
    block = trained.block
    ids = np.array([member.id for member in block.members], np.uint32)
    networks = len(ids)
    given = jax.tree.map(
        lambda leaf: np.concatenate([leaf, np.repeat(leaf[-1:], max(width - networks, 0), axis=0)]),
        (trained.learned, trained.hyper, ids),
    )
    with own_settings():
        found = _statistics(layers, *given, jnp.asarray(block.rows.x[block.rows.training[:rows]]))
        statistics = jax.tree.map(lambda leaf: np.asarray(leaf)[:networks], found)
    return FinalNetworks(trained.learned, statistics, trained.hyper)


@partial(jax.jit, static_argnums=0)
def _statistics(layers: Layers, learned: Learned, hyper: Hyperparameters, ids: jax.Array, x: jax.Array) -> Any:
    def one(member):
        learned, hyper, network_id = member
        return network.exact_statistics(layers, learned, columns(x), Context(hyper, network_id))

    # One after the other: all rows pass through a network at once, and memory should hold one network's.
    return jax.lax.map(one, (learned, hyper, ids))
