"""What a layer is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from goru.nn.architecture import Hyperparameters
from goru.nn.arrays import Array

# What stands before is the networks' axis, or nothing; networks that read the same rows share those without it.
Activations = Float[Array | np.ndarray, "... units rows"]
Learned = Any  # a tree of arrays: a NamedTuple of the layer's file, or () where nothing is learned


class Context(NamedTuple):
    """What a layer may want to know in training, beside its own numbers.

    - `hyper`: the network's numbers; arrays `(networks,)` where there is that axis.
    - `networks`: the id of the network, or `(networks,)`; `None` where nothing is to be deleted at random.
    - `step`: the number of the step.
    """

    hyper: Hyperparameters
    networks: Any = None
    step: Any = 0


@dataclass(frozen=True)
class Layer:
    """A layer of one network or of many; what is fixed when it is compiled.

    Nothing that is handed in is changed, but for the gradient that `backward` is given: it may be overwritten.

    What methods take, in every layer:

    - `generator`: draws the first numbers, and is moved on by it. `hyper`: the network's numbers.
    - `learned`: what the layer has learned, a tree of arrays; `()` where that is nothing.
    - `x`: what it reads, `(..., units, rows)`.
    - `context`: see [`Context`][goru.nn.layers.layer.Context].
    - `statistics`: what `seen` says of a batch, but of the population; `()` in most layers.
    - `kept`: what `forward` has kept for the way back.
    - `gradient`: that of the loss with respect to the output, `(..., units, rows)`.
    - `out`: a tree like `learned` of NumPy arrays, to write the gradient into; or `None`.
    - `inputs`: whether the gradient of the input is wanted; if not, it may be `None`.
    """

    kind: ClassVar[str]  # its name in files
    #: `backward(learned, kept, gradient, out, inputs)`: the gradient of what is learned, in a tree like it, and that
    #: of the input, given that of the output. `out` is such a tree of NumPy arrays to write into, or `None`; `inputs`
    #: is false where nobody asks for the gradient of the input. A layer without it is trained by JAX's own derivative.
    backward: ClassVar[Callable[..., tuple[Learned, Any]] | None] = None
    mixes: ClassVar[bool] = False  # whether rows are mixed with each other in training, by one number for all of them

    def init(self, generator: np.random.Generator, hyper: Hyperparameters) -> Learned:
        """What one new network has learned: nothing, in most layers. The generator is moved on."""
        return ()

    def forward(self, learned: Learned, x: Any, context: Context) -> tuple[Any, Any]:
        """The output in training, `(..., units, rows)`, and what the way back needs."""
        raise NotImplementedError

    def infer(self, learned: Learned, x: Any, statistics: Any, context: Context) -> Any:
        """The output at inference, `(..., units, rows)`.

        **Arguments:**

        - `context`: without ids, unless units are to be deleted as in training.
        """
        return self.forward(learned, x, context)[0]

    def simplified(
        self, learned: Learned, statistics: Any, hyper: Hyperparameters, units: int | None
    ) -> tuple["Layer", Learned]:
        """The layer as it is at inference, for `goru.nn.fold`: itself, but for one that holds others.

        **Arguments:**

        - `units`: how many it reads, as far as that is known.
        """
        return self, learned

    def own_share(self, kept: Any) -> Any:
        """Of a layer that mixes rows, the share of each that is its own, of all networks or `(networks,)`, from what
        `forward` has kept; the rest is the row's before it, and so much of the loss is by that row's target."""
        return None

    def seen(self, kept: Any) -> Any:
        """The statistics of the batch that inference will want of all rows, from what `forward` has kept: none."""
        return ()

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """The numbers of units that are read and put out, one pair after the other; none: any number, and as many."""
        units = getattr(self, "units", None)
        return () if units is None else ((units, units),)

    @property
    def running(self) -> Any:
        """Running statistics of one network before its first batch: none."""
        return ()
