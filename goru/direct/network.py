"""The forward and the backward pass of some networks at once, as `goru.nn.network` says them for one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goru.direct.layers import (
    Normalized,
    activate,
    back_through_activation,
    back_through_normalize,
    keep_mask,
    normalize,
    shaped,
)
from goru.direct.losses import predictions, row_losses
from goru.direct.parameters import Parameters
from goru.direct.rows import Features, times, transposed_times

STATISTICS_STEP = -1  # as in goru.nn.network
Statistics = list[tuple[np.ndarray, np.ndarray]]  # mean and variance of every batch norm layer, (networks, units) each


@dataclass(frozen=True)
class Form:
    """What is computed, apart from the learned numbers.

    **Arguments:**

    - `activation`, `loss`: by the names of `goru.nn`, or the activation `"identity"`.
    - `batch_norm`: `None`, `"before"` or `"after"` the activation.
    - `batch_norm_epsilon`, `batch_norm_momentum`: ε, and the share of the running statistics that is kept.
    - `dropout`: the share of hidden neurons deleted.

    Numbers may be arrays `(networks,)`, one a network.
    """

    activation: str = "relu"
    loss: str = "softmax_cross_entropy"
    batch_norm: str | None = None
    batch_norm_epsilon: Any = 1e-5
    batch_norm_momentum: Any = 0.9
    dropout: Any = 0.0

    @property
    def drops(self) -> bool:
        """Whether neurons are deleted in any network."""
        return bool(np.any(self.dropout))

    def of(self, network: int) -> "Form":
        """That of one of the networks."""

        def own(value: Any) -> float:
            return float(value[network] if np.ndim(value) else value)

        return replace(
            self,
            batch_norm_epsilon=own(self.batch_norm_epsilon),
            batch_norm_momentum=own(self.batch_norm_momentum),
            dropout=own(self.dropout),
        )


class Running:
    """Running means and variances of every batch norm layer's input; they start at zero, which is corrected."""

    def __init__(self, parameters: Parameters) -> None:
        self.means = [np.zeros_like(scale) for scale in parameters.scales]
        self.variances = [np.zeros_like(scale) for scale in parameters.scales]
        self.weight: float | np.ndarray = 0.0

    def follow(self, layer: int, seen: Normalized, rows: int, momentum: float | np.ndarray) -> None:
        """Let them follow a batch; the variance is the unbiased one."""
        unbiased = seen.variance[:, 0] * (rows / (rows - 1))
        kept = shaped(momentum, seen.mean[:, 0])
        for running, new in ((self.means[layer], seen.mean[:, 0]), (self.variances[layer], unbiased)):
            running *= kept
            running += (1 - kept) * new
        if layer == 0:
            self.weight = momentum * self.weight + 1 - momentum

    def statistics(self) -> Statistics:
        """Mean and variance of every layer, `(networks, units)` each; 0 and 1 where nothing has been seen."""
        if np.all(self.weight == 0):
            return [(mean, np.ones_like(mean)) for mean in self.means]
        return [
            (mean / shaped(self.weight, mean), variance / shaped(self.weight, variance))
            for mean, variance in zip(self.means, self.variances, strict=True)
        ]


def gradient(
    form: Form,
    parameters: Parameters,
    running: Running | None,
    x: Features,
    targets: np.ndarray,
    shares: np.ndarray,
    ids: np.ndarray,
    step: int,
    out: Parameters,
) -> np.ndarray:
    """The gradient of the loss on a batch, without any penalty.

    **Arguments:**

    - `running`: follows the batch, if given.
    - `targets`: `(rows, outputs)`.
    - `shares`: what each row's loss is multiplied by, `(rows,)`; if they sum to one, the loss is a mean.
    - `ids`, `step`: what the dropout masks are a function of.
    - `out`: the gradient is written there.

    **Returns:** the loss of every network, `(networks,)`.
    """
    last = parameters.layout.layers - 1
    inputs: list = [x]  # of every affine layer
    passed: list[tuple] = []  # what each hidden layer's way back needs
    for layer in range(last):
        z = _affine(inputs[-1], parameters, layer)
        before = after = mask = None
        if form.batch_norm == "before":
            before = normalize(z, form.batch_norm_epsilon)
            z = before.x_hat * parameters.scales[layer][:, None] + parameters.shifts[layer][:, None]
        a = h = activate(form.activation, z)
        if form.batch_norm == "after":
            after = normalize(a, form.batch_norm_epsilon)
            h = after.x_hat * parameters.scales[layer][:, None] + parameters.shifts[layer][:, None]
        if running is not None and (seen := before or after) is not None:
            running.follow(layer, seen, len(targets), form.batch_norm_momentum)
        if form.drops:
            mask = _scaled_mask(form, ids, step, layer, h)
            h = h * mask
        passed.append((z, a, before, after, mask))
        inputs.append(h)
    outputs = _affine(inputs[-1], parameters, last)
    losses = row_losses(form.loss, outputs, targets) @ shares

    delta = predictions(form.loss, outputs) - targets
    delta *= shares[:, None]
    for layer in range(last, -1, -1):
        if layer < last:
            z, a, before, after, mask = passed[layer]
            delta = np.matmul(delta, parameters.weights[layer + 1].transpose(0, 2, 1))
            if mask is not None:
                delta *= mask
            if after is not None:
                delta = _back_through_batch_norm(delta, after, parameters, layer, out)
            delta = back_through_activation(form.activation, delta, z, a)
            if before is not None:
                delta = _back_through_batch_norm(delta, before, parameters, layer, out)
        transposed_times(inputs[layer], delta, out.weights[layer])
        if form.batch_norm == "before" and layer < last:
            out.biases[layer][:] = 0  # batch norm takes the bias away again with the mean
        else:
            np.sum(delta, axis=1, out=out.biases[layer])
    return losses


def activations(
    form: Form,
    parameters: Parameters,
    statistics: Statistics,
    x: Features,
    masks: tuple[np.ndarray, int] | None = None,
) -> Iterator[np.ndarray]:
    """What every hidden layer puts out at test time, `(networks, rows, units)`, from the first layer to the last.

    **Arguments:**

    - `masks`: ids and a step; neurons are then deleted as in that step of training.
    """
    h: Any = x
    for layer in range(parameters.layout.layers - 1):
        h = _affine(h, parameters, layer)
        if form.batch_norm == "before":
            h = _batch_norm(form, parameters, layer, statistics[layer], h)
        h = activate(form.activation, h)
        if form.batch_norm == "after":
            h = _batch_norm(form, parameters, layer, statistics[layer], h)
        if masks is not None:
            h = h * _scaled_mask(form, *masks, layer, h)
        yield h


def outputs(
    form: Form,
    parameters: Parameters,
    statistics: Statistics,
    x: Features,
    masks: tuple[np.ndarray, int] | None = None,
) -> np.ndarray:
    """Outputs at test time, `(networks, rows, outputs)`: batch norm by the given statistics, no neuron deleted.

    **Arguments:**

    - `masks`: ids and a step; neurons are then deleted as in that step of training, the others scaled up.
    """
    h: Any = x
    for layer in activations(form, parameters, statistics, x, masks):
        h = layer
    return _affine(h, parameters, parameters.layout.layers - 1)


def population_statistics(form: Form, parameters: Parameters, x: Features, ids: np.ndarray) -> Statistics:
    """Means and variances of every batch norm layer's input over all rows, as `goru.nn.network` estimates them."""
    found: Statistics = []
    if form.batch_norm is None:
        return found
    h: Any = x
    for layer in range(parameters.layout.layers - 1):
        h = _affine(h, parameters, layer)
        if form.batch_norm == "after":
            h = activate(form.activation, h)
        mean = h.mean(axis=1)
        found.append((mean, np.square(h - mean[:, None]).mean(axis=1)))
        h = _batch_norm(form, parameters, layer, found[-1], h)
        if form.batch_norm == "before":
            h = activate(form.activation, h)
        if form.drops:
            h = h * _scaled_mask(form, ids, STATISTICS_STEP, layer, h)
    return found


def _scaled_mask(form: Form, ids: np.ndarray, step: int, layer: int, h: np.ndarray) -> np.ndarray:
    """What inverted dropout multiplies by: 0, or one over the kept share."""
    rate = shaped(form.dropout, h)
    return keep_mask(ids, step, layer, h.shape[1:], rate) * (1 / (1 - rate))


def _affine(x: Features, parameters: Parameters, layer: int) -> np.ndarray:
    product = times(x, parameters.weights[layer])
    product += parameters.biases[layer][:, None]
    return product


def _batch_norm(form, parameters, layer, statistics, x):
    mean, scale = statistics[0], _scale(form, parameters, layer, statistics)
    return (x - mean[:, None]) * scale[:, None] + parameters.shifts[layer][:, None]


def _scale(form, parameters, layer, statistics):
    """What batch norm multiplies by at test time: γ over the standard deviation."""
    variance = statistics[1]
    return parameters.scales[layer] / np.sqrt(variance + shaped(form.batch_norm_epsilon, variance))


def _back_through_batch_norm(delta, normalized, parameters, layer, out):
    """The gradients of γ and β are written to `out`."""
    np.einsum("mbf,mbf->mf", delta, normalized.x_hat, out=out.scales[layer])
    np.sum(delta, axis=1, out=out.shifts[layer])
    delta = delta * parameters.scales[layer][:, None]
    return back_through_normalize(delta, normalized)


def fold(form: Form, parameters: Parameters, statistics: Statistics) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and biases of the plain networks that compute what `outputs` does, as `goru.nn.fold` says."""
    weights, biases = [], []
    scale = shift = None  # of the features that the next affine layer reads
    for layer, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        if scale is not None and shift is not None:
            bias = bias + np.einsum("mi,mio->mo", shift, weight)
            weight = weight * scale[:, :, None]
            scale = shift = None
        if layer < len(statistics):
            s = _scale(form, parameters, layer, statistics[layer])
            t = parameters.shifts[layer] - s * statistics[layer][0]
            if form.batch_norm == "before":
                weight, bias = weight * s[:, None], bias * s + t
            else:
                scale, shift = s, t
        weights.append(weight.copy())
        biases.append(bias.copy())
    return weights, biases
