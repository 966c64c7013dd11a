import numpy as np
import pandas as pd
import pytest

from goru.data.schema.row_numbers import are_consecutive, counts_rows, differs_in_all_rows, names_rows


@pytest.mark.parametrize("first", [0, 1, 1000])
@pytest.mark.parametrize("kept", [slice(None), slice(None, None, -3), [9, 2, 30, 4, 5, 33, 17, 8, 21, 11, 12]])
def test_numbers_that_go_on_by_one_with_the_rows_of_their_table_count_them(first, kept):
    for numbers in (np.arange(first, first + 40), first + 40.0 - np.arange(40)):
        assert counts_rows(pd.Series(numbers).iloc[kept])


@pytest.mark.parametrize(
    "numbers",
    [range(0, 80, 2), [*range(39), 40], np.arange(40) + 0.5, np.zeros(40), [0, 1] * 20, range(9)],
    ids=["by two", "one left out", "broken", "constant", "truth values", "a few"],
)
def test_other_numbers_do_not(numbers):
    assert not counts_rows(pd.Series(numbers, dtype=float))


def test_an_index_of_no_whole_numbers_says_nothing_and_the_order_of_rows_counts():
    assert counts_rows(pd.Series(range(20), index=list("abcdefghijklmnopqrst")))
    assert counts_rows(pd.Series(range(20), index=pd.date_range("2024-01-01", periods=20)))


def test_numbers_that_differ_in_all_rows_are_whole():
    assert differs_in_all_rows(pd.Series([7, 3, 5, 100, 2, 4, 1, 8, 9, 0]))
    assert not differs_in_all_rows(pd.Series(np.arange(20) + 0.5))
    assert not differs_in_all_rows(pd.Series([1, 1, *range(2, 20)]))


def test_consecutive_numbers_in_any_order_name_rows_though_some_may_be_among_the_test_rows():
    rng = np.random.default_rng(0)
    numbers = pd.Series(rng.permutation(np.arange(1000, 1100)))
    assert are_consecutive(numbers)
    assert are_consecutive(numbers[:80])
    assert not are_consecutive(numbers[:40])
    assert not are_consecutive(3 * numbers)
    assert not are_consecutive(pd.Series(rng.integers(1000, 1100, 100)))


@pytest.mark.parametrize(
    "name",
    ["", "Unnamed: 0", "column 1", "index", "ID", "id", "row_id", "RowNumber", "row names", "S.No.", "#", "level_0"],
)
def test_names_that_name_rows(name):
    assert names_rows(name)


@pytest.mark.parametrize("name", ["age", "s", "width", "identity", "day", "rows_read", "number of rooms", "valid", "t"])
def test_names_that_do_not(name):
    assert not names_rows(name)
