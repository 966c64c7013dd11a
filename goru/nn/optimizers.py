"""What a gradient changes: through Optax where it is compiled, in place where it is NumPy's."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from goru.nn.architecture import Hyperparameters, Recipe, ScheduleName
from goru.nn.network import weights_in


def learning_rate(
    schedule: ScheduleName,
    initial: float | Float[Array, ""],
    step: int | Int[Array, ""],
    total_steps: int | Int[Array, ""],
) -> Float[Array, ""]:
    r"""The learning rate, one number, at a `step` of `total_steps`, the first being 0; `initial` is that at first.

    `schedule` is one of two:

    - `"constant"`: the initial one.
    - `"cosine"`: $\frac12 \eta (1 + \cos(\pi t / T))$, Loshchilov & Hutter 2017,
      https://arxiv.org/abs/1608.03983, equation 5, without restarts.

    Not `optax.cosine_decay_schedule`, which wants the number of steps at compile time: here it is data,
    so that one program serves every length.
    """
    if schedule == "constant":
        return jnp.asarray(initial, jnp.float32)
    return initial * cosine(jnp.minimum(jnp.asarray(step, jnp.float32) / total_steps, 1.0))


def cosine(share: Any) -> Any:
    """What is left of the learning rate after a `share` of its schedule, from 0 to 1; it is 1 at first, 0 at last."""
    return 0.5 * (1 + (np if isinstance(share, np.ndarray | float | int) else jnp).cos(np.pi * share))


def optimizer(recipe: Recipe, hyper: Hyperparameters, rate: float | Float[Array, ""]) -> optax.GradientTransformation:
    """The recipe's optimiser at one learning rate, `rate`.

    Decoupled decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2) shrinks every
    weight matrix by the learning rate times λ, beside the gradient step instead of through it.
    """
    parts = []
    match recipe.optimizer:
        case "momentum":
            parts.append(optax.trace(decay=hyper.momentum))
        case "adam":
            parts.append(optax.scale_by_adam(b1=hyper.beta1, b2=hyper.beta2))
    if recipe.decay == "decoupled":
        parts.append(optax.add_decayed_weights(hyper.weight_decay, mask=_weights_only))
    return optax.chain(*parts, optax.scale_by_learning_rate(rate))


def _weights_only(tree: Any) -> Any:
    """True at the weight matrices, False at biases, γ and β, which are not decayed."""
    structure: Any = jax.tree.structure(tree)
    return structure.unflatten(weights_in(tree))


class Momentum:
    """Gradient descent with momentum, Nesterov's if wanted (Sutskever et al. 2013, equations 1 to 4).

    It changes numbers in place, and may overwrite their gradient. `settings` are its name and its numbers, `moments`
    what it remembers, `(networks, size)` each, and `steps` how many it has taken.

    **Arguments:**

    - `numbers`: that it will change, `(networks, size)`.
    - `momentum`: the share of the velocity that a step keeps; `nesterov`: whether it is Nesterov's.
    """

    moments: list[np.ndarray]

    def __init__(self, numbers: np.ndarray, momentum: float, nesterov: bool) -> None:
        self.settings = ("momentum", momentum, nesterov)
        self.moments = [np.zeros_like(numbers)]
        self.steps = 0

    def step(self, numbers: np.ndarray, gradient: np.ndarray, rates: np.ndarray) -> None:
        """One step of `numbers`, `(networks, size)`, by `gradient`, at a learning rate for each network, `rates`."""
        _, momentum, nesterov = self.settings
        self.steps += 1
        (velocity,) = self.moments
        gradient *= rates[:, None]
        velocity *= momentum
        velocity -= gradient
        if nesterov:
            numbers -= gradient
            numbers += momentum * velocity
        else:
            numbers += velocity


class Adam:
    """Kingma & Ba 2015, https://arxiv.org/abs/1412.6980, in the form at the end of section 2, which scikit-learn uses.

    There ε is added to a root that is not yet corrected; in algorithm 1, and so in Optax, to one that is. It is used
    as `Momentum` is.

    **Arguments:**

    - `numbers`: that it will change, `(networks, size)`.
    - `beta1`, `beta2`: the shares of the two moments that a step keeps; `epsilon`: ε.
    """

    moments: list[np.ndarray]

    def __init__(self, numbers: np.ndarray, beta1: float, beta2: float, epsilon: float) -> None:
        self.settings = ("adam", beta1, beta2, epsilon)
        self.moments = [np.zeros_like(numbers), np.zeros_like(numbers)]
        self.steps = 0
        self._work = np.empty_like(numbers)

    def step(self, numbers: np.ndarray, gradient: np.ndarray, rates: np.ndarray) -> None:
        """One step of `numbers` by `gradient`, both `(networks, size)`, at `rates`, `(networks,)`."""
        _, beta1, beta2, epsilon = self.settings
        self.steps += 1
        first, second = self.moments
        if self._work.shape != gradient.shape:  # networks may come to read other features
            self._work = np.empty_like(gradient)
        g, work = gradient, self._work
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
        correction = (1 - beta2**self.steps) ** 0.5 / (1 - beta1**self.steps)
        work *= (rates * correction).astype(work.dtype)[:, None]
        numbers -= work


def compiled(settings: tuple, weight_decay: Any, rate: Any, taken: Any) -> Any:
    """The step of an optimiser of NumPy's with these settings, and decoupled decay, by Optax: for `train_step`.

    **Arguments:**

    - `settings`: of the optimiser, its name and its numbers.
    - `weight_decay`: λ; 0.0 leaves decay out.
    - `rate`: the learning rate.
    - `taken`: the number of the step, the first one being 1.

    **Returns:** `update(gradient, moments, learned)`, which gives what is then learned, and the new moments.

    **Raises:** `ValueError`, when it is called, for an optimiser that there is not.
    """

    def update(gradient: Any, moments: tuple, learned: Any) -> tuple[Any, tuple]:
        match settings:
            case ("adam", beta1, beta2, epsilon):
                adam = optax.scale_by_adam(beta1, beta2, epsilon / jnp.sqrt(1 - beta2**taken))
                updates, state = adam.update(gradient, optax.ScaleByAdamState(taken - 1, *moments))
                updates, moments = optax.tree.scale(-rate, updates), (state.mu, state.nu)
            case ("momentum", momentum, nesterov):
                trace = optax.trace(momentum, nesterov)
                updates, state = trace.update(optax.tree.scale(-rate, gradient), optax.TraceState(*moments))
                moments = (state.trace,)
            case _:
                raise ValueError(f"unknown optimiser {settings}")
        if not isinstance(weight_decay, float) or weight_decay:  # a program may be given it
            decayed = optax.add_decayed_weights(-rate * weight_decay, mask=_weights_only)
            updates, _ = decayed.update(updates, decayed.init(learned), learned)
        return optax.apply_updates(learned, updates), moments

    return update
