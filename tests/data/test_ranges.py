import numpy as np

from goru.data.ranges import ends_of, notes_on_rows_beyond

NUMERIC = np.array([[0.0, 5.0, np.nan, 7.0], [10.0, np.nan, np.nan, 7.0]])
LOWS, HIGHS = ends_of(NUMERIC)
NAMES = ["a", "b", "c", "d", "a is missing"]


def notes(*rows):
    return notes_on_rows_beyond(np.array(rows, dtype=float), LOWS, HIGHS, NAMES)


def test_ends_are_those_of_the_numbers_that_are_there():
    np.testing.assert_array_equal(LOWS, [0, 5, np.nan, 7])
    np.testing.assert_array_equal(HIGHS, [10, 5, np.nan, 7])


def test_rows_beyond_either_end_are_counted_once_and_columns_named_with_their_ends():
    (note,) = notes([-5, 5, 0, 7], [20, 5, 0, 7], [5, 5, 0, 7])
    assert note.startswith("2 rows lie well beyond the training rows in 'a' (0 to 10)")
    (note,) = notes_on_rows_beyond(np.array([[30.0, 30.0]]), [0, 0], [10, 20], ["a", "b"])
    assert note.startswith("1 row lies well beyond the training rows in 'a' (0 to 10), 'b' (0 to 20)")


def test_rows_within_or_near_the_ends_or_missing_need_no_word():
    assert notes([0, 5, 0, 7], [10.9, 5, 0, 7], [-0.9, 5, 0, 7], [np.nan, np.nan, np.nan, np.nan]) == ()


def test_nor_do_columns_that_networks_have_learned_nothing_from():
    assert notes([5, 900, 900, 900]) == ()


def test_nobody_knows_where_no_ends_are_known():
    assert notes_on_rows_beyond(np.array([[1e9]]), (), (), ["a"]) == ()


def test_extreme_ends_are_no_trouble():
    with np.errstate(all="raise"):
        assert notes_on_rows_beyond(np.array([[1e308]]), (-1.7e308,), (1.7e308,), ["a"]) == ()
