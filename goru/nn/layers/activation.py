"""The layer of activation functions, and their table: each with its derivative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from goru.nn.arrays import namespace
from goru.nn.layers.layer import Activations, Context, Layer


class Function(NamedTuple):
    """A function $y = f(x)$ of every element, `value(x)`, and its derivative, `slope(x, y)`."""

    value: Callable[[Any], Any]
    slope: Callable[[Any, Any], Any]


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow at either end."""
    return 0.5 * (namespace(x).tanh(0.5 * x) + 1)


def _normal_cdf(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        from scipy.special import ndtr

        return ndtr(x)
    import jax

    return jax.scipy.special.ndtr(x)


def _silu_slope(x: Any, y: Any) -> Any:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


def _mish(x: Any) -> Any:
    """x tanh(log(1 + exp x)), by a single exponential e: the hyperbolic tangent is e (e + 2) / (e (e + 2) + 2)."""
    e = namespace(x).exp(_bounded(x))
    n = e * (e + 2)
    return x * (n / (n + 2))


def _mish_slope(x: Any, y: Any) -> Any:
    z = _bounded(x)
    e = namespace(x).exp(z)
    n = e * (e + 2)
    return (n + z * (4 * e * (e + 1) / (n + 2))) / (n + 2)


def _bounded(x: Any) -> Any:
    """From there on mish is x, and its derivative 1, to the last digit; the square of the exponential is finite."""
    return namespace(x).minimum(x, 22)


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _selu(x: Any) -> Any:
    xp = namespace(x)
    return SELU_SCALE * xp.where(x > 0, x, SELU_ALPHA * xp.expm1(xp.minimum(x, 0)))


def _selu_slope(x: Any, y: Any) -> Any:
    return namespace(x).where(x > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA)


FUNCTIONS: dict[str, Function] = {
    "identity": Function(lambda x: x, lambda x, y: 1),
    "relu": Function(lambda x: namespace(x).maximum(x, 0), lambda x, y: y > 0),  # whose derivative at 0 is taken as 0
    "sigmoid": Function(sigmoid, lambda x, y: y * (1 - y)),
    "tanh": Function(lambda x: namespace(x).tanh(x), lambda x, y: 1 - y * y),
    # x Φ(x), exactly and not by tanh: Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415, section 2
    "gelu": Function(
        lambda x: x * _normal_cdf(x),
        lambda x, y: _normal_cdf(x) + x * namespace(x).exp(-0.5 * x * x) * (2 * np.pi) ** -0.5,
    ),
    "mish": Function(_mish, _mish_slope),  # Misra 2019, https://arxiv.org/abs/1908.08681
    "selu": Function(_selu, _selu_slope),  # Klambauer et al. 2017, https://arxiv.org/abs/1706.02515, equation 2
    "silu": Function(lambda x: x * sigmoid(x), _silu_slope),  # Elfwing et al. 2018; "swish"
}


@dataclass(frozen=True)
class Activation(Layer):
    """$y = f(x)$ of every element.

    **Arguments:**

    - `name`: of the function, one of `FUNCTIONS`.

    **Raises:** `ValueError` for another.
    """

    kind: ClassVar[str] = "activation"
    name: str

    def __post_init__(self) -> None:
        if self.name not in FUNCTIONS:
            raise ValueError(f"unknown activation {self.name!r}")

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """Every element by itself."""
        y = FUNCTIONS[self.name].value(x)
        return y, (x, y)

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Activations]:
        """The gradient times the derivative."""
        gradient *= FUNCTIONS[self.name].slope(*kept)
        return (), gradient
