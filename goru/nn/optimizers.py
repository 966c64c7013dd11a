"""Optimisers and schedules, through Optax."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from goru.nn.affine import Affine
from goru.nn.architecture import Hyperparameters, Recipe, ScheduleName
from goru.nn.network import Network


def learning_rate(
    schedule: ScheduleName,
    initial: float | Float[Array, ""],
    step: int | Int[Array, ""],
    total_steps: int | Int[Array, ""],
) -> Float[Array, ""]:
    r"""The learning rate at a step, the first step being 0.

    - `"constant"`: the initial one.
    - `"cosine"`: $\frac12 \eta (1 + \cos(\pi t / T))$, Loshchilov & Hutter 2017,
      https://arxiv.org/abs/1608.03983, equation 5, without restarts.

    Not `optax.cosine_decay_schedule`, which wants the number of steps at compile time: here it is data,
    so that one program serves every length.
    """
    if schedule == "constant":
        return jnp.asarray(initial, jnp.float32)
    share = jnp.minimum(jnp.asarray(step, jnp.float32) / total_steps, 1.0)
    return 0.5 * initial * (1 + jnp.cos(jnp.pi * share))


def optimizer(recipe: Recipe, hyper: Hyperparameters, rate: float | Float[Array, ""]) -> optax.GradientTransformation:
    """The recipe's optimiser at one learning rate.

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


def _weights_only(network: Network) -> Any:
    """True at the weight matrices, False at biases, γ and β, which are not decayed."""
    return jax.tree.map(
        lambda node: Affine(True, False) if isinstance(node, Affine) else False,  # type: ignore[arg-type]
        network,
        is_leaf=lambda node: isinstance(node, Affine),
    )
