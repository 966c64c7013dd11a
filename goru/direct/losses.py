"""Losses of outputs `(networks, rows, outputs)`, summed over the outputs of a row, and what outputs stand for.

Each loss goes with the inverse of its canonical link, so that its gradient with respect to an output is the
prediction minus the target.
"""

import numpy as np

from goru.direct.layers import sigmoid


def predictions(loss: str, outputs: np.ndarray) -> np.ndarray:
    """Probabilities (`"softmax_cross_entropy"`, `"binary_cross_entropy"`), or means."""
    match loss:
        case "softmax_cross_entropy":
            odds = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
            odds /= odds.sum(axis=-1, keepdims=True)
            return odds
        case "binary_cross_entropy":
            return sigmoid(outputs)
        case "squared_error":
            return outputs
        case "poisson":
            return np.exp(outputs)
    raise ValueError(f"unknown loss {loss!r}")


def row_losses(loss: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The loss of every row, `(networks, rows)`: cross-entropy in nats, half the squared error, half the deviance."""
    match loss:
        case "softmax_cross_entropy":
            highest = outputs.max(axis=-1)
            total = np.log(np.exp(outputs - highest[..., None]).sum(axis=-1)) + highest
            return total - (outputs * targets).sum(axis=-1)
        case "binary_cross_entropy":
            return (np.logaddexp(0, outputs) - targets * outputs).sum(axis=-1)
        case "squared_error":
            return 0.5 * np.square(outputs - targets).sum(axis=-1)
        case "poisson":
            from scipy.special import xlogy

            entropy = xlogy(targets, targets) - targets
            return (entropy - targets * outputs + np.exp(outputs)).sum(axis=-1)
    raise ValueError(f"unknown loss {loss!r}")


def factor_of_nn(loss: str, outputs: int) -> float:
    """What makes a loss of `goru.nn` of one here: there it is the mean over the outputs, and without the half."""
    return {"softmax_cross_entropy": 1.0, "squared_error": 2 / outputs}.get(loss, 1 / outputs)
