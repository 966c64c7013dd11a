"""Optimisers: what a gradient changes. They hold one moment or two of every number of every network."""

from typing import Protocol

import numpy as np

from goru.direct.parameters import Parameters


class Optimizer(Protocol):
    """Changes parameters by a gradient, which may be overwritten.

    - `settings`: its name and its numbers.
    - `moments`: what it remembers, `(networks, size)` each.
    - `steps`: how many it has taken.
    """

    settings: tuple
    moments: list[np.ndarray]
    steps: int

    def corrections(self, steps: int) -> np.ndarray:
        """What the moments are divided by in the next so many steps, `(steps, moments)`."""

    def step(self, parameters: Parameters, gradient: Parameters, rates: np.ndarray) -> None:
        """One step, with a learning rate for each network, `(networks,)`."""


class Momentum:
    """Gradient descent with momentum, Nesterov's if wanted (Sutskever et al. 2013, equations 1 to 4)."""

    def __init__(self, parameters: Parameters, momentum: float, nesterov: bool) -> None:
        self.settings = ("momentum", momentum, nesterov)
        self.moments = [np.zeros_like(parameters.flat)]
        self.steps = 0

    def corrections(self, steps: int) -> np.ndarray:
        """None are needed."""
        return np.ones((steps, 1))

    def step(self, parameters: Parameters, gradient: Parameters, rates: np.ndarray) -> None:
        """One step."""
        _, momentum, nesterov = self.settings
        self.steps += 1
        (velocity,) = self.moments
        taken = gradient.flat
        taken *= rates[:, None]
        velocity *= momentum
        velocity -= taken
        if nesterov:
            parameters.flat -= taken
            parameters.flat += momentum * velocity
        else:
            parameters.flat += velocity


class Adam:
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, in the form at the end of section 2, which scikit-learn uses.

    There ε is added to a root that is not yet corrected; in algorithm 1, and so in Optax, to one that is.
    """

    def __init__(self, parameters: Parameters, beta1: float, beta2: float, epsilon: float) -> None:
        self.settings = ("adam", beta1, beta2, epsilon)
        self.moments = [np.zeros_like(parameters.flat), np.zeros_like(parameters.flat)]
        self.steps = 0
        self._work = np.empty_like(parameters.flat)

    def corrections(self, steps: int) -> np.ndarray:
        """One minus β to the number of the step: the moments start at zero."""
        _, beta1, beta2, _ = self.settings
        count = self.steps + 1 + np.arange(steps)
        return np.stack([1 - beta1**count, 1 - beta2**count], axis=1)

    def step(self, parameters: Parameters, gradient: Parameters, rates: np.ndarray) -> None:
        """One step."""
        _, beta1, beta2, epsilon = self.settings
        ((correction1, correction2),) = self.corrections(1)
        self.steps += 1
        first, second = self.moments
        g, work = gradient.flat, self._work
        first *= beta1
        np.multiply(g, 1 - beta1, out=work)
        first += work
        g *= g
        g *= 1 - beta2
        second *= beta2
        second += g
        np.sqrt(second, out=work)
        work += epsilon
        np.divide(first, work, out=work)
        work *= (rates * (correction2**0.5 / correction1)).astype(work.dtype)[:, None]
        parameters.flat -= work


def decay(parameters: Parameters, rates: np.ndarray, weight_decay: float | np.ndarray) -> None:
    """Shrink every weight matrix by rate times λ (Loshchilov & Hutter 2019, algorithm 2); before the step."""
    kept = (1 - rates * weight_decay)[:, None, None]
    for weight in parameters.weights:
        weight *= kept.astype(weight.dtype)


def add_l2(parameters: Parameters, gradient: Parameters, strength: float) -> np.ndarray:
    """Add the gradient of ½ λ ‖W‖² of all weight matrices, and return the penalty of every network."""
    penalty = np.zeros(len(parameters))
    for weight, slope in zip(parameters.weights, gradient.weights, strict=True):
        slope += weight.dtype.type(strength) * weight
        penalty += np.einsum("mio,mio->m", weight, weight)
    return 0.5 * strength * penalty
