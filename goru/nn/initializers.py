"""Initial weights."""

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import WeightInit


def weight_scale(init: WeightInit, inputs: int, outputs: int) -> float:
    r"""The standard deviation of an initial weight of a layer with so many `inputs` and `outputs`; `init` is one of:

    - `"normal"`: 1, to be multiplied by the hyperparameter `weight_std`.
    - `"glorot_*"` (Xavier): $\sqrt{2 / (n_\text{in} + n_\text{out})}$,
      Glorot & Bengio 2010, equation 12 (for `"glorot_uniform"`: equation 16, the same variance).
    - `"he_*"`: $\sqrt{2 / n_\text{in}}$, He et al. 2015, https://arxiv.org/abs/1502.01852, equation 10.
    """
    match init:
        case "normal":
            return 1.0
        case "glorot_normal" | "glorot_uniform":
            return (2 / (inputs + outputs)) ** 0.5
        case "he_normal" | "he_uniform":
            return (2 / inputs) ** 0.5


def draw_weights(
    init: WeightInit | float, generator: np.random.Generator, inputs: int, outputs: int
) -> Float[np.ndarray, "outputs inputs"]:
    """The weights of a layer in float64, `(outputs, inputs)`, drawn by the `generator`.

    `init` is the standard deviation of normal ones, or a name: then the deviation is that of `weight_scale`.

    They are drawn by NumPy: a program that draws them takes longer to compile than they take to draw.
    """
    shape = inputs, outputs  # the order in which they are drawn
    if not isinstance(init, str):
        return generator.normal(0, init, shape).T
    deviation = weight_scale(init, inputs, outputs)
    if init.endswith("uniform"):
        # A uniform variable on [-√3, √3] has variance 1.
        return generator.uniform(-(3**0.5) * deviation, 3**0.5 * deviation, shape).T
    return generator.normal(0, deviation, shape).T
