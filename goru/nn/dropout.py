r"""Dropout: hidden neurons are deleted at random in training, and all of them are used at test time.

Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 4. With a mask
$r \sim \text{Bernoulli}(1 - p)$ for every row and neuron:

- classic: $r \odot x$ in training, $(1 - p)\,x$ at test time: the output is scaled by the share that was *kept*;
- inverted: $r \odot x / (1 - p)$ in training, $x$ at test time.

The two are one network written in two ways: exactly equal when the next layer's weights are multiplied
by the kept share.

The randomness is a hash of a counter instead of a stream: a mask is a function of the network's id, the step,
the layer, the row in the batch and the neuron, whatever else is computed beside it; and it costs a few integer
operations an element, which the compiler fuses into the multiplication by the mask.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt32

from goru.nn.architecture import DropoutForm


def _mix(x: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    """A bijection of 32-bit integers that lets every input bit reach every output bit.

    The constants are those of "lowbias32" (Wellons 2018, https://nullprogram.com/blog/2018/07/31/), found by
    a search for low bias.
    """
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


def dropout_key(
    network: int | Int[Array, ""] | UInt32[Array, ""],
    step: int | Int[Array, ""],
    layer: int,
) -> UInt32[Array, ""]:
    """The 32-bit key of one mask: a chain of mixings, so that no two coordinates can cancel out."""
    key = jnp.uint32(0x9E3779B9)
    for word in (network, step, layer):
        key = _mix(key ^ jnp.asarray(word).astype(jnp.uint32)) + jnp.uint32(0x9E3779B9)
    return key


def keep_mask(
    key: UInt32[Array, ""], shape: tuple[int, int], rate: float | Float[Array, ""]
) -> Bool[Array, "rows units"]:
    """True where a neuron is kept: with probability 1 - rate, to within 2^-24.

    **Arguments:**

    - `key`: from `dropout_key`.
    - `shape`: rows and units.
    - `rate`: the share deleted, in [0, 1).
    """
    rows, units = shape
    counter = jnp.arange(rows, dtype=jnp.uint32)[:, None] * jnp.uint32(units)
    return kept_of(key, counter + jnp.arange(units, dtype=jnp.uint32), rate)


def kept_of(
    key: UInt32[Array, ""], counter: UInt32[Array, "*shape"], rate: float | Float[Array, ""]
) -> Bool[Array, "*shape"]:
    """Which of the elements with these numbers are kept; that of a neuron in a row is row times units plus unit."""
    # 24 bits, since a float32 holds no more: the comparison is then exact.
    uniform = (_mix(counter * jnp.uint32(0x9E3779B9) + key) >> 8).astype(jnp.float32)
    return uniform >= jnp.asarray(rate, jnp.float32) * 2.0**24


def dropout_train(
    x: Float[Array, "rows units"],
    mask: Bool[Array, "rows units"],
    rate: float | Float[Array, ""],
    form: DropoutForm = "inverted",
) -> Float[Array, "rows units"]:
    """Delete the neurons outside the mask; scale up the others if the form is inverted."""
    scale = 1 / (1 - rate) if form == "inverted" else 1.0
    return jnp.where(mask, x * scale, 0)


def dropout_inference(
    x: Float[Array, "rows units"], rate: float | Float[Array, ""], form: DropoutForm = "inverted"
) -> Float[Array, "rows units"]:
    """All neurons, scaled by the kept share if the form is classic."""
    return x * (1 - rate) if form == "classic" else x
