"""One thread for small products: several get in each other's way there, badly so on a busy machine."""

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

from goru.nn.layers.affine import Affine
from goru.nn.network import Layers, every

#: Floating-point operations of a matrix product from which a second thread pays.
WORTH_A_THREAD = 1e8


def threads_for(layers: Layers, rows: int) -> AbstractContextManager[Any]:
    """The libraries' threads while networks of these layers see so many rows at a time."""
    sizes = (layer.inputs * layer.outputs for layer in every(layers) if isinstance(layer, Affine))
    return nullcontext() if 2.0 * rows * max(sizes, default=0) > WORTH_A_THREAD else one_thread()


def one_thread() -> AbstractContextManager[Any]:
    """One thread for the libraries."""
    return _controller().limit(limits=1)


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes milliseconds, as long as a small fit.
    return ThreadpoolController()
