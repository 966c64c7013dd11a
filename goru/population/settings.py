"""JAX's settings are the user's, and goru's programs are made for some of their own: those they have while they run."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import jax

T = TypeVar("T")


@contextmanager
def own_settings() -> Iterator[None]:
    """Settings by which programs run as they are meant to, bit-for-bit reproducible, in this thread.

    Others are left as they are: where work is done (`jax_default_device`), what is logged, cached or optimised, and
    random numbers, of which JAX's are not used.
    """
    settings = (
        jax.set_mesh(None),
        jax.enable_x64(False),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        jax.default_matmul_precision(None),
        jax.disable_jit(False),
        # A network that diverges is no error, and what has not been computed yet is NaN.
        jax.debug_nans(False),
        jax.debug_infs(False),
        jax.check_tracer_leaks(False),
        jax.thread_guard(False),
        jax.transfer_guard("allow"),
    )
    with ExitStack() as stack:
        for setting in settings:
            stack.enter_context(setting)
        yield


def each_by_own_settings(things: Iterable[T]) -> Iterator[T]:
    """The same things, each made by goru's settings and used by the user's."""
    made = iter(things)
    while True:
        with own_settings():
            try:
                thing = next(made)
            except StopIteration:
                return
        yield thing
