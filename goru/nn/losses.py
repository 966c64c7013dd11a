"""Losses of the rows of a mini-batch, each with its gradient and with what outputs stand for.

Each goes with the inverse of its canonical link, so that its gradient with respect to an output is the prediction minus
the target, over the number of outputs where it is their mean. A network's loss is the mean over the rows.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from jaxtyping import Array, Float, Int

from goru.nn.arrays import along, namespace
from goru.nn.layers.activation import sigmoid

Outputs = Float[Array | np.ndarray, "*networks outputs rows"]
Targets = Float[Array | np.ndarray, "outputs rows"] | Int[Array | np.ndarray, " rows"]
PerRow = Float[Array | np.ndarray, "*networks rows"]


class Loss(ABC):
    """A loss of outputs `(..., outputs, rows)`; targets are `(outputs, rows)`."""

    @abstractmethod
    def predictions(self, outputs: Outputs) -> Any:
        """Probabilities, or means, `(..., outputs, rows)`."""

    @abstractmethod
    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """The loss of every row, `(..., rows)`."""

    def with_gradient(self, outputs: Outputs, targets: Targets, smoothing: Any = 0.0) -> tuple[PerRow, Outputs]:
        """The loss of every row, and its gradient with respect to the outputs.

        **Arguments:**

        - `smoothing`: of labels, see the cross-entropies, which alone know it; of all networks, or `(networks,)`.
        """
        gradient = (self.predictions(outputs) - targets) * (1 / outputs.shape[-2])
        return self.of_rows(outputs, targets), gradient


class SoftmaxCrossEntropy(Loss):
    r"""$-\log \text{softmax}(z)_y = \log \sum_k e^{z_k} - z_y$, in nats; targets are class indices `(rows,)`.

    With label smoothing ε the target is $1 - \varepsilon$ of the label and $\varepsilon$ of all K classes alike:
    $\log \sum_k e^{z_k} - (1 - \varepsilon) z_y - \frac{\varepsilon}{K} \sum_k z_k$ (Szegedy et al. 2016,
    https://arxiv.org/abs/1512.00567, section 7).
    """

    def predictions(self, outputs: Outputs) -> Any:
        """Probabilities, which sum to one over the classes."""
        odds = namespace(outputs).exp(outputs - outputs.max(axis=-2, keepdims=True))
        return odds / odds.sum(axis=-2, keepdims=True)

    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """Cross-entropy."""
        return self.with_gradient(outputs, targets)[0]

    def with_gradient(self, outputs: Outputs, targets: Targets, smoothing: Any = 0.0) -> tuple[PerRow, Outputs]:
        """Cross-entropy, and probabilities less the target."""
        xp = namespace(outputs)
        # A comparison instead of an indexed read: it fuses.
        chosen = targets == np.arange(outputs.shape[-2])[:, None]
        highest = outputs.max(axis=-2, keepdims=True)
        gradient = xp.exp(outputs - highest)
        total = gradient.sum(axis=-2, keepdims=True)
        losses = (xp.log(total) + highest)[..., 0, :] - xp.where(chosen, outputs, 0).sum(axis=-2)
        gradient /= total
        if isinstance(smoothing, float) and smoothing == 0:
            gradient -= chosen
            return losses, gradient
        share = along(smoothing, outputs)
        gradient -= (1 - share) * chosen + share / outputs.shape[-2]
        of_label = xp.where(chosen, outputs, 0).sum(axis=-2)
        return losses + along(smoothing, losses, 1) * (of_label - outputs.mean(axis=-2)), gradient


class BinaryCrossEntropy(Loss):
    r"""$\log(1 + e^z) - t z$ per output, the outputs' mean: several labels a row, none excluding another."""

    def predictions(self, outputs: Outputs) -> Any:
        """Probabilities, each for itself."""
        return sigmoid(outputs)

    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """The mean cross-entropy of a row's labels."""
        return (namespace(outputs).logaddexp(0, outputs) - targets * outputs).mean(axis=-2)

    def with_gradient(self, outputs: Outputs, targets: Targets, smoothing: Any = 0.0) -> tuple[PerRow, Outputs]:
        r"""With label smoothing ε a label's target is $(1 - \varepsilon) t + \varepsilon / 2$."""
        if not isinstance(smoothing, float) or smoothing:
            share = along(smoothing, outputs)
            targets = (1 - share) * targets + share / 2
        return super().with_gradient(outputs, targets)


class SquaredError(Loss):
    r"""$(y - t)^2$, the outputs' mean. No factor ½: the figure shown is the mean squared error."""

    def predictions(self, outputs: Outputs) -> Any:
        """The outputs themselves."""
        return outputs

    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """The mean squared error of a row."""
        return namespace(outputs).square(outputs - targets).mean(axis=-2)

    def with_gradient(self, outputs: Outputs, targets: Targets, smoothing: Any = 0.0) -> tuple[PerRow, Outputs]:
        """The gradient has the factor 2."""
        losses, gradient = super().with_gradient(outputs, targets)
        return losses, gradient * 2


class Poisson(Loss):
    r"""Half the Poisson deviance of the mean $e^z$: $t \log t - t z - t + e^z$, the outputs' mean; 0 at best."""

    def predictions(self, outputs: Outputs) -> Any:
        """Means, above zero."""
        return namespace(outputs).exp(outputs)

    def of_rows(self, outputs: Outputs, targets: Targets) -> Any:
        """The mean of a row's half deviances."""
        if isinstance(outputs, np.ndarray):
            from scipy.special import xlogy
        else:
            from jax.scipy.special import xlogy
        entropy = xlogy(targets, targets) - targets
        return (entropy - targets * outputs + namespace(outputs).exp(outputs)).mean(axis=-2)


LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "squared_error": SquaredError(),
    "poisson": Poisson(),
}
