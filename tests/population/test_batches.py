"""Mini-batches: all of one size, no row lost, each a function of the seed and its number alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goru.population.batches import BatchOrder


@st.composite
def orders(draw):
    """What an order is made of; the rows are not simply 0, 1, 2, ..."""
    n = draw(st.integers(1, 40))
    rows = np.arange(n) * 3 + draw(st.integers(0, 5))
    seed = tuple(draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=3)))
    return seed, rows, draw(st.integers(1, n))


@given(orders(), st.integers(1, 5))
@settings(max_examples=100)
def test_every_row_is_drawn_once_before_any_is_drawn_again(made_of, passes):
    order, (_, rows, batch) = BatchOrder(*made_of), made_of
    drawn = order.batches(0, -(-passes * len(rows) // batch)).reshape(-1)
    for start in range(0, passes * len(rows), len(rows)):
        np.testing.assert_array_equal(np.sort(drawn[start : start + len(rows)]), rows)


@given(orders(), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
@settings(max_examples=100)
def test_a_batch_is_a_function_of_the_seed_and_its_number_whatever_is_asked_for_with_it(made_of, a, b, c):
    order = BatchOrder(*made_of)
    first, last, beyond = sorted((a, b, c))
    np.testing.assert_array_equal(order.batches(first, last), order.batches(0, beyond)[first:last])


@given(orders(), st.integers(0, 20))
@settings(max_examples=100)
def test_after_some_passes_as_many_steps_are_done_as_full_batches_have_been_drawn(made_of, passes):
    order, (_, rows, batch) = BatchOrder(*made_of), made_of
    steps = order.steps(passes)
    assert steps * batch <= passes * len(rows) < (steps + 1) * batch


@pytest.mark.parametrize(("first", "last"), [(0, 1), (0, 9), (4, 11)])
def test_all_batches_are_of_one_size_though_the_rows_cannot_be_divided_by_it(first, last):
    batches = BatchOrder((1,), np.arange(10), 4).batches(first, last)
    assert batches.shape == (last - first, 4)
    assert batches.dtype == np.int32


def test_a_batch_may_hold_the_end_of_one_permutation_and_the_start_of_the_next():
    drawn = BatchOrder((1,), np.arange(10), 4).batches(0, 5)
    assert set(drawn[2, :2]) | set(drawn[0]) | set(drawn[1]) == set(range(10))
    assert set(drawn[2, 2:]) | set(drawn[3]) | set(drawn[4]) == set(range(10))


def test_one_permutation_is_not_like_the_next():
    drawn = BatchOrder((1,), np.arange(50), 50).batches(0, 3)
    assert len({tuple(batch) for batch in drawn}) == 3


def test_orders_of_one_seed_are_equal_and_of_two_seeds_are_not():
    rows = np.arange(50)
    one, same, other = (BatchOrder(seed, rows, 10).batches(0, 5) for seed in [(3, 1), (3, 1), (3, 2)])
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_no_batches_are_an_empty_array_of_the_batch_size():
    assert BatchOrder((1,), np.arange(10), 4).batches(3, 3).shape == (0, 4)


@pytest.mark.parametrize("batch", [0, -1, 11])
def test_a_batch_of_no_rows_or_of_more_than_there_are_is_refused(batch):
    with pytest.raises(ValueError, match=f"batch of {batch} cannot be drawn from 10 rows"):
        BatchOrder((1,), np.arange(10), batch)
