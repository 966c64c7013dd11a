"""A network, layer after layer: affine, batch norm, activation, batch norm, dropout, ..., affine.

Populations are trained by the same network laid out for speed, `goru.population.columns`, which is tested against this.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from goru.nn.activations import ACTIVATIONS
from goru.nn.affine import Affine, affine
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import (
    BatchNorm,
    RunningStatistics,
    Statistics,
    batch_norm_inference,
    batch_norm_train,
    batch_statistics,
    init_batch_norm,
    init_running_statistics,
)
from goru.nn.dropout import dropout_inference, dropout_key, dropout_train, keep_mask
from goru.nn.initializers import init_affine

STATISTICS_STEP = -1  # a step that no training reaches: its masks are those of the statistics
Counter = int | Int[Array, ""] | UInt32[Array, ""]


class HiddenLayer(NamedTuple):
    """Learned numbers of one hidden layer; `batch_norm` is `None` in a network without."""

    affine: Affine
    batch_norm: BatchNorm | None


class Network(NamedTuple):
    """All learned numbers of a network."""

    hidden: tuple[HiddenLayer, ...]
    output: Affine


def init_affines(
    architecture: Architecture, generator: np.random.Generator, weight_std: float = 1.0
) -> tuple[Affine, ...]:
    """The affine layers of a new network: random weights, biases of zero.

    They depend on the generator, the widths and the initializer alone, so that networks which differ in batch norm
    or dropout start from the same ones.
    """
    widths = zip(architecture.widths, architecture.widths[1:], strict=False)
    return tuple(
        init_affine(generator, architecture.weight_init, inputs, outputs, weight_std) for inputs, outputs in widths
    )


def init_network(architecture: Architecture, hyper: Hyperparameters, affines: tuple[Affine, ...]) -> Network:
    """A new network of the given affine layers, γ and β at their initial values."""
    *hidden, output = affines
    return Network(
        hidden=tuple(
            HiddenLayer(
                layer,
                init_batch_norm(layer.bias.shape[0], hyper.batch_norm_scale, hyper.batch_norm_shift)
                if architecture.batch_norm
                else None,
            )
            for layer in hidden
        ),
        output=output,
    )


def init_running(architecture: Architecture) -> tuple[RunningStatistics, ...]:
    """Running statistics of every batch norm layer, nothing seen yet; empty without batch norm."""
    return tuple(init_running_statistics(width) for width in architecture.hidden if architecture.batch_norm)


def weight_matrices(network: Network) -> Sequence[Float[Array | np.ndarray, "_ _"]]:
    """The matrices that weight decay acts on, from the first layer to the last."""
    return [layer.affine.weight for layer in network.hidden] + [network.output.weight]


def forward_train(
    architecture: Architecture,
    network: Network,
    running: tuple[RunningStatistics, ...],
    hyper: Hyperparameters,
    x: Float[Array, "rows inputs"],
    network_id: Counter,
    step: int | Int[Array, ""],
) -> tuple[Float[Array, "rows outputs"], tuple[RunningStatistics, ...]]:
    """Outputs in training: batch norm by the batch's own statistics, dropout by the masks of this step.

    **Arguments:**

    - `network_id`, `step`: what the dropout masks are a function of, with the layer and the neuron.

    **Returns:** the outputs (before softmax, sigmoid or exponential), and the new running statistics.
    """
    activation = ACTIVATIONS[architecture.activation]
    followed = []

    def normalize(index, layer, x):
        x, new = batch_norm_train(layer, running[index], x, hyper.batch_norm_epsilon, hyper.batch_norm_momentum)
        followed.append(new)
        return x

    for index, layer in enumerate(network.hidden):
        if architecture.batch_norm == "before":
            # Batch norm takes the bias away again with the mean, so that its gradient is zero. Computed, it would be
            # rounding noise, which Adam scales up to whole steps: the bias would wander, the running mean behind it.
            bias = jax.lax.stop_gradient(layer.affine.bias)
            x = normalize(index, layer.batch_norm, affine(Affine(layer.affine.weight, bias), x))
        else:
            x = affine(layer.affine, x)
        x = activation(x)
        if architecture.batch_norm == "after":
            x = normalize(index, layer.batch_norm, x)
        if architecture.dropout:
            mask = keep_mask(dropout_key(network_id, step, index), (x.shape[0], x.shape[1]), hyper.dropout_rate)
            x = dropout_train(x, mask, hyper.dropout_rate, architecture.dropout_form)
    return affine(network.output, x), tuple(followed)


def forward_inference(
    architecture: Architecture,
    network: Network,
    statistics: tuple[Statistics, ...],
    hyper: Hyperparameters,
    x: Float[Array, "rows inputs"],
) -> Float[Array, "rows outputs"]:
    """Outputs at test time: batch norm by the given statistics, no neuron deleted."""
    for index, layer in enumerate(network.hidden):
        x = _hidden_inference(architecture, layer, statistics[index] if statistics else None, hyper, x)
    return affine(network.output, x)


def population_statistics(
    architecture: Architecture,
    network: Network,
    hyper: Hyperparameters,
    x: Float[Array, "rows inputs"],
    network_id: Counter | None = None,
) -> tuple[Statistics, ...]:
    """Exact means and variances of every batch norm layer's input over all the given rows.

    Layer after layer, the layers below normalised by their own exact statistics. Running averages estimate the same,
    but from few batches, and lag behind the weights.

    **Arguments:**

    - `network_id`: with it, neurons are deleted as in training, by masks of their own, so that the layer meets the
      statistics that it was trained with. Without it no neuron is deleted, as at test time; the variance is then
      smaller (Li et al. 2018, https://arxiv.org/abs/1801.05134).
    """
    if architecture.batch_norm is None:
        return ()
    estimated = []
    for index, layer in enumerate(network.hidden):
        x = _up_to_batch_norm(architecture, layer, x)
        estimated.append(batch_statistics(x))
        x = _from_batch_norm_on(architecture, layer, estimated[-1], hyper, x)
        if architecture.dropout and network_id is not None:
            key = dropout_key(network_id, STATISTICS_STEP, index)
            mask = keep_mask(key, (x.shape[0], x.shape[1]), hyper.dropout_rate)
            x = dropout_train(x, mask, hyper.dropout_rate, architecture.dropout_form)
        elif architecture.dropout:
            x = dropout_inference(x, hyper.dropout_rate, architecture.dropout_form)
    return tuple(estimated)


def _hidden_inference(architecture, layer, statistics, hyper, x):
    x = _up_to_batch_norm(architecture, layer, x)
    x = _from_batch_norm_on(architecture, layer, statistics, hyper, x)
    return dropout_inference(x, hyper.dropout_rate, architecture.dropout_form) if architecture.dropout else x


def _up_to_batch_norm(architecture, layer, x):
    """What batch norm reads: the affine layer's outputs, or the activations."""
    x = affine(layer.affine, x)
    return x if architecture.batch_norm == "before" else ACTIVATIONS[architecture.activation](x)


def _from_batch_norm_on(architecture, layer, statistics, hyper, x):
    """From there to what dropout reads; without batch norm, nothing is left to do."""
    if architecture.batch_norm is None:
        return x
    x = batch_norm_inference(layer.batch_norm, statistics, x, hyper.batch_norm_epsilon)
    return ACTIVATIONS[architecture.activation](x) if architecture.batch_norm == "before" else x
