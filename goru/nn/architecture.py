"""What is fixed when a network is compiled, and the numbers that are not."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from jaxtyping import Array, Float

ActivationName = Literal["relu", "sigmoid", "tanh", "gelu", "silu", "identity"]
BatchNormPlace = Literal["before", "after"]
DropoutForm = Literal["inverted", "classic"]
LossName = Literal["softmax_cross_entropy", "binary_cross_entropy", "squared_error", "poisson"]
OptimizerName = Literal["sgd", "momentum", "adam"]
ScheduleName = Literal["constant", "cosine"]
DecayForm = Literal["decoupled", "l2_squared", "l2_norm"]
WeightInit = Literal["normal", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform"]


@dataclass(frozen=True)
class Architecture:
    """The static shape of a network; networks of one architecture share a compiled program.

    A hidden block is: affine, [batch norm before], activation, [batch norm after], [dropout].
    The last layer is affine alone; the loss applies the softmax, the sigmoid or the exponential.

    **Arguments:**

    - `inputs`, `outputs`: numbers of features and of outputs.
    - `hidden`: the widths of the hidden layers; empty for a linear model.
    - `activation`: of the hidden layers.
    - `batch_norm`: `None`, `"before"` or `"after"` the activation.
    - `dropout`: whether hidden neurons are deleted at random in training.
    - `dropout_form`: `"inverted"` (scaled up in training) or `"classic"` (scaled down at test time).
    - `weight_init`: the distribution of the initial weights.
    """

    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    activation: ActivationName = "relu"
    batch_norm: BatchNormPlace | None = None
    dropout: bool = False
    dropout_form: DropoutForm = "inverted"
    weight_init: WeightInit = "he_normal"

    def __post_init__(self) -> None:
        if min(self.inputs, self.outputs, *self.hidden) < 1:
            raise ValueError(f"every width must be at least 1, got {self.widths}")
        _check(self, activation=ActivationName, dropout_form=DropoutForm, weight_init=WeightInit)
        if self.batch_norm not in (None, *get_args(BatchNormPlace)):
            raise ValueError(f"batch_norm must be None, 'before' or 'after', got {self.batch_norm!r}")

    @property
    def widths(self) -> tuple[int, ...]:
        """All layer widths, from the inputs to the outputs."""
        return (self.inputs, *self.hidden, self.outputs)

    @property
    def n_parameters(self) -> int:
        """Learned numbers: weights, biases, and γ and β where there is batch norm."""
        affine = sum((i + 1) * o for i, o in zip(self.widths, self.widths[1:], strict=False))
        return affine + (2 * sum(self.hidden) if self.batch_norm else 0)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, as far as it is compiled into the program."""

    loss: LossName = "softmax_cross_entropy"
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    decay: DecayForm = "decoupled"

    def __post_init__(self) -> None:
        _check(self, loss=LossName, optimizer=OptimizerName, schedule=ScheduleName, decay=DecayForm)


def _check(settings: object, **choices: Any) -> None:
    """Raise ValueError for a setting that is none of its choices."""
    for name, allowed in choices.items():
        if getattr(settings, name) not in get_args(allowed):
            raise ValueError(f"{name} must be one of {get_args(allowed)}, got {getattr(settings, name)!r}")


class Hyperparameters(NamedTuple):
    """The numbers of one network. Each may differ from network to network in one program.

    - `learning_rate`: at the start of the schedule.
    - `weight_decay`: λ; its meaning is the recipe's `decay`.
    - `dropout_rate`: the share of hidden neurons deleted, in [0, 1).
    - `momentum`: of the optimiser `"momentum"`.
    - `beta1`, `beta2`: of Adam.
    - `weight_std`: the standard deviation of `weight_init="normal"`; a factor on the others.
    - `batch_norm_epsilon`, `batch_norm_momentum`: ε, and the share of the running statistics that is kept.
    - `batch_norm_scale`, `batch_norm_shift`: the initial γ and β.
    """

    learning_rate: float | Float[Array, ""] = 1e-3
    weight_decay: float | Float[Array, ""] = 0.0
    dropout_rate: float | Float[Array, ""] = 0.0
    momentum: float | Float[Array, ""] = 0.9
    beta1: float | Float[Array, ""] = 0.9
    beta2: float | Float[Array, ""] = 0.99
    weight_std: float | Float[Array, ""] = 1.0
    batch_norm_epsilon: float | Float[Array, ""] = 1e-5
    batch_norm_momentum: float | Float[Array, ""] = 0.9
    batch_norm_scale: float | Float[Array, ""] = 1.0
    batch_norm_shift: float | Float[Array, ""] = 0.0
