r"""One network once more, laid out for speed: the rows of a mini-batch are the columns of every matrix.

`goru.nn` writes a layer as $y = x W + b$, a row of $x$ for every row of the table. Here it is $Y = W^\top X + b$, with
weights stored as `(outputs, inputs)` and activations as `(units, rows)`. The numbers are those of `goru.nn`, masks to
the bit, all else but for rounding. What differs is what the processor is asked to do once `jax.vmap` has added
the networks: weights of many networks that read the same rows, `(networks, outputs, inputs)`, are one matrix as they
stand, so that the first layer is one large product, and its gradient another, where the other layout has to copy the
weights first; a neuron's activations lie side by side, so that batch norm adds up what is adjacent.
"""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from goru.nn.activations import ACTIVATIONS
from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import BatchNorm, RunningStatistics, Statistics, follow
from goru.nn.dropout import dropout_inference, dropout_key, dropout_train, kept_of
from goru.nn.network import Counter, Network

Tree = TypeVar("Tree")


def transposed(tree: Tree) -> Tree:
    """The other layout of all affine layers in a tree: of a network, of an optimiser's state, of many stacked."""

    def turn(node: Any) -> Any:
        return Affine(node.weight.swapaxes(-1, -2), node.bias) if isinstance(node, Affine) else node

    return jax.tree.map(turn, tree, is_leaf=lambda node: isinstance(node, Affine))


def forward_train(
    architecture: Architecture,
    network: Network,
    running: tuple[RunningStatistics, ...],
    hyper: Hyperparameters,
    x: Float[Array, "rows inputs"],
    network_id: Counter,
    step: Counter,
) -> tuple[Float[Array, "rows outputs"], tuple[RunningStatistics, ...]]:
    """As [`goru.nn.network.forward_train`][], of a network in this layout."""
    activation, place = ACTIVATIONS[architecture.activation], architecture.batch_norm
    activations, followed = None, []

    def batch_norm(index, layer, x, offset):
        y, mean, variance = normalize(layer, x, hyper.batch_norm_epsilon)
        mean, variance = jax.lax.stop_gradient((mean + offset, variance))
        followed.append(follow(running[index], mean, variance, x.shape[1], hyper.batch_norm_momentum))
        return y

    for index, layer in enumerate(network.hidden):
        z = _product(layer.affine, x, activations)
        if place == "before":
            # Batch norm would take the bias away again with the mean: only the running mean gets to see it.
            activations = activation(batch_norm(index, layer.batch_norm, z, layer.affine.bias))
        else:
            activations = activation(z + layer.affine.bias[:, None])
        if place == "after":
            activations = batch_norm(index, layer.batch_norm, activations, 0.0)
        if architecture.dropout:
            mask = _mask(network_id, step, index, activations, hyper)
            activations = dropout_train(activations, mask, hyper.dropout_rate, architecture.dropout_form)
    outputs = _product(network.output, x, activations) + network.output.bias[:, None]
    return outputs.T, tuple(followed)


def forward_inference(
    architecture: Architecture,
    network: Network,
    statistics: tuple[Statistics, ...],
    hyper: Hyperparameters,
    x: Float[Array, "rows inputs"],
) -> Float[Array, "rows outputs"]:
    """As [`goru.nn.network.forward_inference`][], of a network in this layout."""
    activation, place = ACTIVATIONS[architecture.activation], architecture.batch_norm
    activations = None

    def batch_norm(index, layer, x):
        mean, variance = statistics[index]
        scale = layer.scale * jax.lax.rsqrt(variance + hyper.batch_norm_epsilon)
        return (x - mean[:, None]) * scale[:, None] + layer.shift[:, None]

    for index, layer in enumerate(network.hidden):
        z = _product(layer.affine, x, activations) + layer.affine.bias[:, None]
        activations = activation(batch_norm(index, layer.batch_norm, z) if place == "before" else z)
        if place == "after":
            activations = batch_norm(index, layer.batch_norm, activations)
        if architecture.dropout:
            activations = dropout_inference(activations, hyper.dropout_rate, architecture.dropout_form)
    return (_product(network.output, x, activations) + network.output.bias[:, None]).T


@jax.custom_vjp
def normalize(
    layer: BatchNorm, x: Float[Array, "units rows"], epsilon: float | Float[Array, ""]
) -> tuple[Float[Array, "units rows"], Float[Array, " units"], Float[Array, " units"]]:
    """As [`goru.nn.batch_norm.normalize`][], whose docstring has the formulas.

    The backward pass makes the normalised activations anew from `x`, instead of keeping a second matrix.
    """
    return _normalize_forward(layer, x, epsilon)[0]


def _normalize_forward(layer, x, epsilon):
    mean = jnp.mean(x, axis=1)
    variance = jnp.mean(jnp.square(x - mean[:, None]), axis=1)
    rstd = jax.lax.rsqrt(variance + epsilon)
    y = (x - mean[:, None]) * (rstd * layer.scale)[:, None] + layer.shift[:, None]
    return (y, mean, variance), (x, mean, rstd, layer.scale)


def _normalize_backward(residuals, gradients):
    x, mean, rstd, scale = residuals
    g, _, _ = gradients
    rows = g.shape[1]
    normalized = (x - mean[:, None]) * rstd[:, None]
    of_shift, of_scale = jnp.sum(g, axis=1), jnp.sum(g * normalized, axis=1)
    of_x = (g - (of_shift / rows)[:, None] - normalized * (of_scale / rows)[:, None]) * (scale * rstd)[:, None]
    return BatchNorm(of_scale, of_shift), of_x, None


normalize.defvjp(_normalize_forward, _normalize_backward)


def _product(layer: Affine, x: Array, activations: Array | None) -> Float[Array, "outputs rows"]:
    """The products of weights with the layer below, or with rows of the table where there is none."""
    if activations is None:
        return jax.lax.dot_general(layer.weight, x, (((1,), (1,)), ((), ())))
    return multiply(layer.weight, activations)


@jax.custom_vjp
def multiply(weight: Float[Array, "outputs inputs"], x: Float[Array, "inputs rows"]) -> Float[Array, "outputs rows"]:
    """Their matrix product.

    For the gradient of `x` the weights are turned over first, which costs little: XLA's fast products want the sums to
    run along the rows of the left matrix.
    """
    return weight @ x


def _multiply_forward(weight, x):
    return weight @ x, (weight, x)


def _multiply_backward(residuals, gradient):
    weight, x = residuals
    turned = jax.lax.optimization_barrier(weight.T)  # or XLA would put the turning into the product again
    return gradient @ x.T, turned @ gradient


multiply.defvjp(_multiply_forward, _multiply_backward)


def _mask(network_id, step, layer: int, x: Array, hyper: Hyperparameters) -> Bool[Array, "units rows"]:
    """That of `goru.nn.dropout.keep_mask`, turned: the counter of a row and a neuron is the same."""
    units, rows = x.shape
    counter = jnp.arange(units, dtype=jnp.uint32)[:, None] + jnp.arange(rows, dtype=jnp.uint32) * jnp.uint32(units)
    return kept_of(dropout_key(network_id, step, layer), counter, hyper.dropout_rate)
