r"""Dropout: units are deleted at random in training, and all of them are used at test time.

Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 4. With a mask
$r \sim \text{Bernoulli}(1 - p)$ for every row and unit:

- classic: $r \odot x$ in training, $(1 - p)\,x$ at test time: the output is scaled by the share that was *kept*;
- inverted: $r \odot x / (1 - p)$ in training, $x$ at test time.

The two are one network written in two ways: exactly equal when the next layer's weights are multiplied
by the kept share.

The randomness is a hash of a counter instead of a stream: a mask is a function of the network's id, the step,
the layer, the row in the batch and the unit, whatever else is computed beside it; and it costs a few integer
operations an element, which a compiler fuses into the multiplication by the mask.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, UInt32

from goru.nn.architecture import DropoutForm, Hyperparameters
from goru.nn.arrays import Array, along, masked, namespace
from goru.nn.layers.layer import Activations, Context, Layer

_GOLDEN = np.uint32(0x9E3779B9)
_BITS = 24  # of the hash; a float32 holds no more, so a comparison with a rate is exact


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout (Srivastava et al. 2014, section 4); p is the hyperparameter `dropout_rate`, in [0, 1).

    **Arguments:**

    - `index`: which dropout layer of the network it is, so that each has masks of its own.
    - `form`: `"inverted"` (scaled up in training) or `"classic"` (scaled down at inference).
    """

    kind: ClassVar[str] = "dropout"
    index: int
    form: DropoutForm = "inverted"

    def rate(self, hyper: Hyperparameters) -> Any:
        """The share of the units that is deleted."""
        return hyper.dropout_rate

    def forward(self, learned: Any, x: Activations, context: Context) -> tuple[Activations, Any]:
        """Delete units, and scale up the others if the form is inverted.

        Without an id of the network none are, and all are scaled by the kept share if the form is classic.
        """
        given = self.rate(context.hyper)
        rate = along(given, x)
        if context.networks is None or (isinstance(given, float | np.ndarray) and not np.any(given)):
            return (x, None) if self.form == "inverted" else (x * (1 - rate), (None, 1 - rate))
        key = mask_key(context.networks, context.step, self.index, namespace(x))
        mask = keep_mask(key, x.shape[-2:], rate)
        scale = 1 / (1 - rate) if self.form == "inverted" else 1
        return masked(x, mask, scale), (mask, scale)

    def backward(
        self, learned: Any, kept: Any, gradient: Activations, out: Any = None, inputs: bool = True
    ) -> tuple[Any, Activations]:
        """Through the units that were kept."""
        if kept is None:
            return (), gradient
        mask, scale = kept
        return (), gradient * scale if mask is None else masked(gradient, mask, scale)

    def fold(self, learned: Any, statistics: Any, hyper: Hyperparameters) -> tuple[Any, Any]:
        """Inference as a factor, and nothing to add."""
        return (1 - np.asarray(self.rate(hyper)), 0) if self.form == "classic" else (1, 0)


def _mix(x: UInt32[Array | np.ndarray, "..."] | np.uint32) -> Any:
    """A bijection of 32-bit integers that lets every input bit reach every output bit; may overwrite its input.

    The constants are those of "lowbias32" (Wellons 2018, https://nullprogram.com/blog/2018/07/31/), found by
    a search for low bias.
    """
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return x


def mask_key(networks: Any, step: Any, layer: int, xp: Any = np) -> Any:
    """The 32-bit key of one mask, or `(networks,)`: a chain of mixings, so that no two coordinates can cancel out.

    **Arguments:**

    - `networks`, `step`, `layer`: the network's id, or `(networks,)`; the number of the step; the layer's index.
    - `xp`: `numpy` or `jax.numpy`.
    """
    key = xp.full(np.shape(networks), _GOLDEN, np.uint32)
    for word in (networks, step, layer):
        with np.errstate(over="ignore"):
            key = _mix(key ^ xp.asarray(word).astype(np.uint32)) + _GOLDEN
    return key


def uniforms(key: Any, count: int) -> Any:
    """Numbers between 0 and 1, neither included, `(count, *networks)`, of a `key` from `mask_key`."""
    xp = namespace(key)
    with np.errstate(over="ignore"):
        counters = xp.arange(1, count + 1, dtype=np.uint32) * _GOLDEN
        hashed = _mix(counters.reshape(count, *[1] * key.ndim) + key)
    bits = _BITS - 1  # and a half: as many as a float32 holds
    return ((hashed >> np.uint32(32 - bits)).astype(np.float32) + np.float32(0.5)) / np.float32(2**bits)


def keep_mask(key: Any, shape: tuple[int, ...], rate: Any) -> Bool[Array | np.ndarray, "*networks units rows"]:
    """True where a unit is kept: with probability 1 - rate, to within 2^-24.

    **Arguments:**

    - `key`: from `mask_key`.
    - `shape`: units and rows.
    - `rate`: the share deleted, in [0, 1); `(networks, 1, 1)` where there is that axis.
    """
    units, rows = shape
    xp = namespace(key)
    with np.errstate(over="ignore"):
        # The number of a unit in a row is row times units plus unit.
        counter = xp.arange(units, dtype=np.uint32)[:, None] + xp.arange(rows, dtype=np.uint32) * np.uint32(units)
        hashed = _mix(counter * _GOLDEN + key[..., None, None])
    # Whole numbers below a product, rounded up, are those below the product.
    least = xp.ceil(xp.asarray(rate, np.float32) * np.float32(2**_BITS)).astype(np.uint32)
    return (hashed >> np.uint32(32 - _BITS)) >= least
