"""One thread for small products: several get in each other's way there, badly so on a busy machine."""

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

from goru.nn.layers.affine import Affine
from goru.nn.layers.scaled_affine import ScaledAffine
from goru.nn.network import Layers, every

#: Floating-point operations of a matrix product from which a second thread pays.
WORTH_A_THREAD = 1e8


def threads_for(layers: Layers, rows: int) -> AbstractContextManager[Any]:
    """The libraries' threads while networks of these layers see so many rows at a time."""
    sizes = (layer.inputs * layer.outputs for layer in every(layers) if isinstance(layer, Affine | ScaledAffine))
    return nullcontext() if 2.0 * rows * max(sizes, default=0) > WORTH_A_THREAD else one_thread()


@lru_cache(maxsize=1)
def one_thread() -> AbstractContextManager[Any]:
    """One thread for linear algebra, until the last of those who want that has done; trees may have theirs."""
    return _OneThread()


class _OneThread:
    """Several may enter at a time, and leave in any order: the limit is one for the whole process."""

    def __init__(self) -> None:
        self._controller = ThreadpoolController()  # finding the libraries takes milliseconds, as long as a small fit
        self._lock, self._inside = Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                _take_over()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                _take_over()
                self._limit.restore_original_limits()


def _take_over() -> None:
    """Be heard: threadpoolctl heeds one Python thread alone, the first that has set a limit, as long as it lives, since
    OpenBLAS has one pool for the whole process. Here it is whoever's turn it is."""
    getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)(force=True)  # older ones heed all
