"""Small networks with random numbers everywhere, for `goru.direct`, and the same ones for `goru.nn`."""

from itertools import product

import jax.numpy as jnp
import numpy as np

from goru.direct.layers import ACTIVATIONS
from goru.direct.network import Form
from goru.direct.parameters import Layout, Parameters
from goru.nn.affine import Affine
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.batch_norm import BatchNorm
from goru.nn.network import HiddenLayer, Network

INPUTS, HIDDEN, OUTPUTS, ROWS = 5, (7, 6), 3, 11
IDS = np.array([3, 4_000_000_000], np.uint32)
LOSSES = ("softmax_cross_entropy", "binary_cross_entropy", "squared_error", "poisson")
PLACES = (None, "before", "after")

#: Every activation, every place of batch norm, with and without dropout; no usual numbers, so that a forgotten one
#: shows.
FORMS = [
    Form(activation, "squared_error", place, batch_norm_epsilon=1e-3, batch_norm_momentum=0.8, dropout=rate)
    for activation, place, rate in product(ACTIVATIONS, PLACES, (0.0, 0.3))
]


def name(form: Form) -> str:
    return f"{form.activation}, batch norm {form.batch_norm}, dropout {form.dropout}"


def make_layout(form: Form, hidden=HIDDEN) -> Layout:
    return Layout((INPUTS, *hidden, OUTPUTS), bool(form.batch_norm))


def make_parameters(form: Form, dtype=np.float64, networks=2, seed=0, hidden=HIDDEN) -> Parameters:
    rng = np.random.default_rng(seed)
    layout = make_layout(form, hidden)
    parameters = Parameters(layout, rng.normal(0, 0.6, (networks, layout.size)).astype(dtype))
    for scale in parameters.scales:
        scale[:] = rng.uniform(0.5, 2, scale.shape)
    return parameters


def make_rows(dtype=np.float64, rows=ROWS, seed=1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, INPUTS)).astype(dtype)


def make_targets(loss: str, dtype=np.float64, rows=ROWS, seed=2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    match loss:
        case "softmax_cross_entropy":
            targets = np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=rows)]
        case "binary_cross_entropy":
            targets = rng.integers(2, size=(rows, OUTPUTS))
        case "squared_error":
            targets = rng.normal(size=(rows, OUTPUTS))
        case "poisson":
            targets = rng.poisson(2, size=(rows, OUTPUTS))
    return targets.astype(dtype)


def make_shares(dtype=np.float64, rows=ROWS, seed=3) -> np.ndarray:
    weights = np.random.default_rng(seed).uniform(0.2, 3, rows)
    return (weights / weights.sum()).astype(dtype)


def architecture_of(form: Form, hidden=HIDDEN) -> Architecture:
    return Architecture(
        INPUTS, hidden, OUTPUTS, activation=form.activation, batch_norm=form.batch_norm, dropout=form.dropout > 0
    )


def hyper_of(form: Form) -> Hyperparameters:
    return Hyperparameters(
        dropout_rate=form.dropout,
        batch_norm_epsilon=form.batch_norm_epsilon,
        batch_norm_momentum=form.batch_norm_momentum,
    )


def network_of(parameters: Parameters, index: int) -> Network:
    """One of the networks, as `goru.nn` has it."""

    def affine(layer):
        weight, bias = parameters.weights[layer][index], parameters.biases[layer][index]
        return Affine(jnp.asarray(weight, jnp.float32), jnp.asarray(bias, jnp.float32))

    def batch_norm(layer):
        if not parameters.scales:
            return None
        scale, shift = parameters.scales[layer][index], parameters.shifts[layer][index]
        return BatchNorm(jnp.asarray(scale, jnp.float32), jnp.asarray(shift, jnp.float32))

    last = parameters.layout.layers - 1
    return Network(tuple(HiddenLayer(affine(layer), batch_norm(layer)) for layer in range(last)), affine(last))


def labels_or_targets(loss: str, targets: np.ndarray):
    """As `goru.nn.losses` wants them."""
    return jnp.asarray(targets.argmax(axis=1)) if loss == "softmax_cross_entropy" else jnp.asarray(targets)


def summed(loss: str, row_losses):
    """Losses of `goru.nn`, means over outputs without a factor ½, in the units of `goru.direct`."""
    return row_losses * {"softmax_cross_entropy": 1, "squared_error": OUTPUTS / 2}.get(loss, OUTPUTS)
