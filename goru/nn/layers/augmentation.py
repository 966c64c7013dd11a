r"""Rows that are changed in training, so that a network never reads the same one twice: mixup, CutMix, cutout.

Mixup and CutMix mix every row with the one before it in its mini-batch, whose order is random anyway, and its target
with that one's: a network's loss is then $\lambda L(y_i) + (1 - \lambda) L(y_{i-1})$, with $\lambda$ the share of a
row that is its own. At inference all of them do nothing. What is random is a hash of the network's id and the step, as
dropout's masks are.

On tables, as Kadra et al. 2021, https://arxiv.org/abs/2106.11189, appendix A: columns stand for pixels.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from goru.nn.arrays import Array, along, namespace
from goru.nn.layers.dropout import Dropout, keep_mask, mask_key, uniforms
from goru.nn.layers.layer import Activations, Context, Layer

# Which masks of a network these are: no hidden layer has such a number.
_INPUTS, _MIXUP, _CUTMIX, _CUTOUT = 0xA0, 0xA1, 0xA2, 0xA3
CUT_ROWS = 0.5  # the share of the rows that cutout changes


def symmetric_beta(u: Any, v: Any, alpha: Any) -> Any:
    r"""$\text{Beta}(\alpha, \alpha)$ of two uniform numbers, `u` and `v`; `alpha` is α, above zero.

    $T = \sqrt{2\alpha (u^{-1/\alpha} - 1)} \cos 2\pi v$ has Student's distribution with $2\alpha$ degrees of freedom
    (Bailey 1994, https://doi.org/10.1090/S0025-5718-1994-1219706-0), and $\frac12 + \frac12 T / \sqrt{2\alpha + T^2}$
    is what is wanted. Written so that no power is too large for a float32.
    """
    xp = namespace(u)
    left = u ** (1 / alpha)
    cosine = xp.cos(2 * np.pi * v)
    below = left + (1 - left) * cosine * cosine
    return xp.clip(0.5 + 0.5 * cosine * xp.sqrt((1 - left) / xp.maximum(below, 1e-30)), 0, 1)  # rounding may lead out


@dataclass(frozen=True)
class Mixup(Layer):
    r"""$\lambda x_i + (1 - \lambda) x_{i-1}$, with $\lambda \sim \text{Beta}(\alpha, \alpha)$ for a mini-batch; α is
    the hyperparameter `mixup_alpha`, above zero.

    Zhang et al. 2018, https://arxiv.org/abs/1710.09412, equation 1. It may stand behind the first affine layer as well
    as before it, which computes the same: there all networks of a block still read the same rows.
    """

    kind: ClassVar[str] = "mixup"
    mixes: ClassVar[bool] = True

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The mixed rows; without an id of the network, the rows."""
        if context.networks is None:
            return x, None
        u, v = uniforms(mask_key(context.networks, context.step, _MIXUP, namespace(x)), 2).astype(x.dtype)
        share = symmetric_beta(u, v, _number(context.hyper.mixup_alpha, x))
        own = along(share, x)
        return own * x + (1 - own) * _before(x), share

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Activations]:
        """To both rows."""
        if kept is None:
            return (), gradient
        own = along(kept, gradient)
        return (), own * gradient + _after((1 - own) * gradient)

    def own_share(self, kept: Any) -> Any:
        """λ."""
        return kept

    def fold(self, learned: Any, statistics: Any, hyper: Any) -> tuple[Any, Any]:
        """Nothing, at inference."""
        return 1, 0


@dataclass(frozen=True)
class CutMix(Layer):
    r"""Some columns of a row are those of the row before it: in a share of the steps, `cutmix_rate`, each with
    probability $1 - u$, $u$ uniform; λ is the share of the columns that are a row's own.

    Yun et al. 2019, https://arxiv.org/abs/1905.04899, equation 1, with $\alpha = 1$.
    """

    kind: ClassVar[str] = "cutmix"
    mixes: ClassVar[bool] = True

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The rows with other rows' columns; without an id of the network, the rows."""
        if context.networks is None:
            return x, None
        xp = namespace(x)
        key = mask_key(context.networks, context.step, _CUTMIX, xp)
        applied, share = uniforms(key, 2)
        lost = xp.where(applied < _number(context.hyper.cutmix_rate, applied), 1 - share, 0)
        own = keep_mask(mask_key(key, context.step, _CUTMIX, xp), (x.shape[-2], 1), lost[..., None, None])
        return xp.where(own, x, _before(x)), (own, own.mean(axis=(-2, -1)).astype(x.dtype))

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Activations]:
        """To the row that each column is of."""
        if kept is None:
            return (), gradient
        own, _ = kept
        return (), own * gradient + _after(~own * gradient)

    def own_share(self, kept: Any) -> Any:
        """λ."""
        return None if kept is None else kept[1]

    def fold(self, learned: Any, statistics: Any, hyper: Any) -> tuple[Any, Any]:
        """Nothing, at inference."""
        return 1, 0


@dataclass(frozen=True)
class Cutout(Layer):
    """Some columns of half of the rows are zero, which is a prepared column's mean: a share of them, `cutout_rate`.

    DeVries & Taylor 2017, https://arxiv.org/abs/1708.04552, section 3. Dropout of inputs scales up what is left, and
    this does not.
    """

    kind: ClassVar[str] = "cutout"

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """The rows with holes; without an id of the network, the rows."""
        if context.networks is None:
            return x, None
        xp = namespace(x)
        key = mask_key(context.networks, context.step, _CUTOUT, xp)
        whole = keep_mask(key, (1, x.shape[-1]), CUT_ROWS)
        rate = along(context.hyper.cutout_rate, x)
        mask = whole | keep_mask(mask_key(key, context.step, _CUTOUT, xp), x.shape[-2:], rate)
        return xp.where(mask, x, 0), mask

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Activations]:
        """Through the columns that are left."""
        return (), gradient if kept is None else kept * gradient

    def fold(self, learned: Any, statistics: Any, hyper: Any) -> tuple[Any, Any]:
        """Nothing, at inference."""
        return 1, 0


@dataclass(frozen=True)
class InputDropout(Dropout):
    """Dropout of the columns of a row, by a rate of its own: the hyperparameter `input_dropout_rate`.

    **Arguments:** `index` and `form` as of [`Dropout`][goru.nn.layers.dropout.Dropout].
    """

    kind: ClassVar[str] = "input_dropout"
    index: int = _INPUTS

    def rate(self, hyper: Any) -> Any:
        """The share of the columns that is deleted."""
        return hyper.input_dropout_rate


def _number(value: Any, like: Any) -> Any:
    """A hyperparameter of all networks, or of each, to be combined with what is one number a network."""
    return along(value, like, 0)


def _before(x: Float[Array | np.ndarray, "... rows"]) -> Any:
    """Every row's predecessor in the mini-batch; of the first, the last."""
    return namespace(x).roll(x, 1, axis=-1)


def _after(x: Float[Array | np.ndarray, "... rows"]) -> Any:
    return namespace(x).roll(x, -1, axis=-1)
