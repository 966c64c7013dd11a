"""Initial weights."""

import numpy as np
from jaxtyping import Float

from goru.nn.affine import Affine
from goru.nn.architecture import WeightInit


def weight_scale(init: WeightInit, inputs: int, outputs: int) -> float:
    r"""The standard deviation of an initial weight.

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
) -> Float[np.ndarray, "inputs outputs"]:
    """The weights of a layer in float64: normal of a given standard deviation, or by name of that of `weight_scale`."""
    if not isinstance(init, str):
        return generator.normal(0, init, (inputs, outputs))
    deviation = weight_scale(init, inputs, outputs)
    if init.endswith("uniform"):
        # A uniform variable on [-√3, √3] has variance 1.
        return generator.uniform(-(3**0.5) * deviation, 3**0.5 * deviation, (inputs, outputs))
    return generator.normal(0, deviation, (inputs, outputs))


def init_affine(
    generator: np.random.Generator, init: WeightInit, inputs: int, outputs: int, weight_std: float = 1.0
) -> Affine:
    """An affine layer with random weights and biases of zero, float32.

    They are drawn by NumPy: a program that draws them takes longer to compile than they take to draw.

    **Arguments:**

    - `generator`: of random numbers; it is moved on.
    - `init`: the distribution.
    - `weight_std`: multiplies every weight. With `init="normal"` it is their standard deviation.
    """
    weight = draw_weights(init, generator, inputs, outputs).astype(np.float32)
    return Affine(weight * np.float32(weight_std), np.zeros(outputs, np.float32))
