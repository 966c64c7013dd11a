"""What is fixed when a network is compiled, and the numbers that are not."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from goru.nn.arrays import Array

if TYPE_CHECKING:
    from goru.nn.layers.layer import Layer
    from goru.nn.network import Layers

ActivationName = Literal["relu", "sigmoid", "tanh", "gelu", "silu", "mish", "selu", "identity"]
BatchNormPlace = Literal["before", "after"]
NormName = Literal["layer", "rms"]
MixName = Literal["mixup", "cutmix"]
DropoutForm = Literal["inverted", "classic"]
LossName = Literal["softmax_cross_entropy", "binary_cross_entropy", "squared_error", "poisson"]
OptimizerName = Literal["sgd", "momentum", "adam"]
ScheduleName = Literal["constant", "cosine"]
DecayForm = Literal["decoupled", "l2_squared", "l2_norm"]
WeightInit = Literal["normal", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform"]


@dataclass(frozen=True)
class Architecture:
    """The static shape of a network; networks of one architecture share a compiled program.

    A hidden block is: affine, [batch norm before, layer norm or RMS norm], activation, [batch norm after], [dropout].
    An affine layer below batch norm has no bias.
    The last layer is affine alone; the loss applies the softmax, the sigmoid or the exponential.

    **Arguments:**

    - `inputs`, `outputs`: numbers of features and of outputs.
    - `hidden`: the widths of the hidden layers; empty for a linear model.
    - `activation`: of the hidden layers.
    - `batch_norm`: `None`, `"before"` or `"after"` the activation.
    - `dropout`: whether hidden neurons are deleted at random in training.
    - `dropout_form`: `"inverted"` (scaled up in training) or `"classic"` (scaled down at test time).
    - `weight_init`: the distribution of the initial weights, or the standard deviation of normal ones.
    - `norm`: `"layer"` or `"rms"` normalization before the activation, where there is no batch norm.
    - `residual`: whether a hidden block that puts out as many units as it reads is added to what it reads.
    - `input_dropout`, `cutout`: whether inputs are deleted at random in training; see `goru.nn.layers.augmentation`.
    - `column_scales`: the factor by which the first hidden layer learns a scale for every input, see
      `goru.nn.layers.scaled_affine`; 0: it learns none.
    - `mix`: `"mixup"` or `"cutmix"`: whether rows are mixed in training.

    **Raises:** `ValueError` for a width below 1, an unknown word, or two norms at once.
    """

    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    activation: ActivationName = "relu"
    batch_norm: BatchNormPlace | None = None
    dropout: bool = False
    dropout_form: DropoutForm = "inverted"
    weight_init: WeightInit | float = "he_normal"
    norm: NormName | None = None
    residual: bool = False
    input_dropout: bool = False
    cutout: bool = False
    column_scales: float = 0.0
    mix: MixName | None = None

    def __post_init__(self) -> None:
        if min(self.inputs, self.outputs, *self.hidden) < 1:
            raise ValueError(f"every width must be at least 1, got {self.widths}")
        _check(self, activation=ActivationName, dropout_form=DropoutForm)
        if not isinstance(self.weight_init, int | float):
            _check(self, weight_init=WeightInit)
        if self.batch_norm not in (None, *get_args(BatchNormPlace)):
            raise ValueError(f"batch_norm must be None, 'before' or 'after', got {self.batch_norm!r}")
        for name, allowed in (("norm", NormName), ("mix", MixName)):
            if getattr(self, name) not in (None, *get_args(allowed)):
                raise ValueError(f"{name} must be None or one of {get_args(allowed)}, got {getattr(self, name)!r}")
        if self.norm is not None and self.batch_norm is not None:
            raise ValueError("norm and batch_norm cannot be combined")

    @property
    def widths(self) -> tuple[int, ...]:
        """All layer widths, from the inputs to the outputs."""
        return (self.inputs, *self.hidden, self.outputs)

    @property
    def n_parameters(self) -> int:
        """Learned numbers: weights, biases, γ and β where there is batch norm, and scales of columns."""
        weights = sum(i * o for i, o in pairwise(self.widths))
        a_unit = {None: 1, "before": 2, "after": 3}[self.batch_norm] + {None: 0, "layer": 2, "rms": 1}[self.norm]
        scales = self.inputs if self.column_scales and self.hidden else 0
        return weights + a_unit * sum(self.hidden) + self.outputs + scales

    @cached_property
    def layers(self) -> "Layers":
        """The network, layer after layer: what says in which order a block stands."""
        from goru.nn.layers.activation import Activation
        from goru.nn.layers.affine import Affine
        from goru.nn.layers.augmentation import CutMix, Cutout, InputDropout, Mixup
        from goru.nn.layers.batch_norm import BatchNorm
        from goru.nn.layers.dropout import Dropout
        from goru.nn.layers.layer_norm import LayerNorm
        from goru.nn.layers.residual import Residual
        from goru.nn.layers.rms_norm import RMSNorm
        from goru.nn.layers.scaled_affine import ScaledAffine

        found: list[Layer] = [
            *[Mixup()] * (self.mix == "mixup" and not self.hidden),
            *[CutMix()] * (self.mix == "cutmix"),
            *[Cutout()] * self.cutout,
            *[InputDropout()] * self.input_dropout,
        ]
        for index, (inputs, units) in enumerate(pairwise(self.widths[:-1])):
            batch_norm = [BatchNorm(units)]
            norms: dict[str | None, list[Layer]] = {"layer": [LayerNorm(units)], "rms": [RMSNorm(units)]}
            affine = inputs, units, self.batch_norm != "before", self.weight_init
            scaled = self.column_scales and index == 0
            block: list[Layer] = [
                ScaledAffine(*affine, float(self.column_scales)) if scaled else Affine(*affine),
                *[Mixup()] * (self.mix == "mixup" and index == 0),  # here, networks read the same rows
                *batch_norm * (self.batch_norm == "before"),
                *norms.get(self.norm, []),
                Activation(self.activation),
                *batch_norm * (self.batch_norm == "after"),
                *[Dropout(index, self.dropout_form)] * self.dropout,
            ]
            found += [Residual(tuple(block))] if self.residual and index and inputs == units else block
        return (*found, Affine(self.widths[-2], self.outputs, weight_init=self.weight_init))


@dataclass(frozen=True)
class Stack:
    """The static shape of a network of any layers, one after the other.

    **Arguments:**

    - `inputs`: the number of features.
    - `layers`: the last one puts out what the loss reads.
    """

    inputs: int
    layers: "Layers"


Shape = Architecture | Stack


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, as far as it is compiled into the program.

    - `loss`: `"softmax_cross_entropy"`, `"binary_cross_entropy"`, `"squared_error"` or `"poisson"`.
    - `optimizer`: `"sgd"`, `"momentum"` or `"adam"`.
    - `schedule`: of the learning rate, `"constant"` or `"cosine"` (Loshchilov & Hutter 2017).
    - `decay`: of weights, `"decoupled"` (Loshchilov & Hutter 2019), or the penalty `"l2_squared"` or `"l2_norm"`.
    - `label_smoothing`: whether targets of classes are smoothed.
    - `averaging`: whether the network that is watched is the average of those of the last steps.
    - `sharpness`: whether the gradient is taken where the loss is highest nearby; both: see `goru.nn.training`.

    **Raises:** `ValueError` for an unknown word.
    """

    loss: LossName = "softmax_cross_entropy"
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    decay: DecayForm = "decoupled"
    label_smoothing: bool = False
    averaging: bool = False
    sharpness: bool = False

    def __post_init__(self) -> None:
        _check(self, loss=LossName, optimizer=OptimizerName, schedule=ScheduleName, decay=DecayForm)


def _check(settings: object, **choices: Any) -> None:
    """Raise ValueError for a setting that is none of its choices."""
    for name, allowed in choices.items():
        if getattr(settings, name) not in get_args(allowed):
            raise ValueError(f"{name} must be one of {get_args(allowed)}, got {getattr(settings, name)!r}")


Number = float | Float[Array | np.ndarray, "*networks"]


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
    - `smoothing`: ε of label smoothing, the share of the target that is of all classes alike.
    - `input_dropout_rate`, `cutout_rate`, `cutmix_rate`, `mixup_alpha`: see `goru.nn.layers.augmentation`.
    - `averaging`: β, the share of the average that is kept in a step.
    - `sam_radius`: ρ, how far away the loss is highest.
    """

    learning_rate: Number = 1e-3
    weight_decay: Number = 0.0
    dropout_rate: Number = 0.0
    momentum: Number = 0.9
    beta1: Number = 0.9
    beta2: Number = 0.99
    weight_std: Number = 1.0
    batch_norm_epsilon: Number = 1e-5
    batch_norm_momentum: Number = 0.9
    batch_norm_scale: Number = 1.0
    batch_norm_shift: Number = 0.0
    smoothing: Number = 0.0
    input_dropout_rate: Number = 0.0
    cutout_rate: Number = 0.0
    cutmix_rate: Number = 0.0
    mixup_alpha: Number = 1.0
    averaging: Number = 0.0
    sam_radius: Number = 0.0
