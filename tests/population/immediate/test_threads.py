"""How many threads products of matrices may have."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from goru.nn.layers.affine import Affine
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.population.immediate.threads import WORTH_A_THREAD, one_thread, threads_for

ROWS = 100
WIDE = int((WORTH_A_THREAD / (2 * ROWS)) ** 0.5) + 1


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize(
    ("layers", "several"),
    [
        ((), False),
        ((Affine(WIDE, WIDE),), True),
        ((Affine(WIDE, 3), LayerNorm(WIDE)), False),
        ((Residual((Affine(WIDE, WIDE),)),), True),
        ((Affine(2, 2), Residual((Residual((Affine(WIDE, WIDE),)),))), True),
    ],
    ids=["none", "a wide layer", "a wide norm", "in a block", "in a block of a block"],
)
def test_several_pay_for_wide_affine_layers_wherever_they_stand(layers, several):
    with threadpool_limits(2, "blas"):
        before = threads()
        with threads_for(layers, ROWS):
            assert threads() == (before if several else {1})
        assert threads() == before


def test_of_several_who_want_one_thread_the_last_to_leave_gives_the_others_back():
    with threadpool_limits(2, "blas"):
        before = threads()
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == before


def test_it_does_not_matter_which_thread_of_python_comes_and_which_goes():
    """threadpoolctl would heed the first that has set a limit alone, as long as it lives."""
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other, threadpool_limits(2, "blas"):
        before = threads()
        one.submit(one_thread().__enter__).result()
        one.submit(one_thread().__exit__, None, None, None).result()
        assert threads() == before
        other.submit(one_thread().__enter__).result()
        assert threads() == {1}
        one.submit(one_thread().__exit__, None, None, None).result()
        assert threads() == before
