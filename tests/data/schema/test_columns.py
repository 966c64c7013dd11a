import numpy as np
import pandas as pd
import pytest

from goru.data.schema import columns
from goru.data.schema.columns import CategoricalColumn, DateColumn, DroppedColumn, NumericColumn, decide_columns
from goru.data.table import tidy


def decide(cells, **options):
    (column,) = decide_columns(tidy(pd.DataFrame({"c": cells})), **options)
    return column


def test_numbers_are_numeric():
    assert decide([1.5, 2.5, 3.5]) == NumericColumn("c")


def test_few_whole_numbers_stay_numeric_unless_they_are_named_categorical():
    assert decide([0, 1, 1, 0]) == NumericColumn("c")
    assert decide([3, 1, 1, 3, 1], categorical=["c"]) == CategoricalColumn("c", ("1", "3"))


def test_text_of_numbers_is_numeric():
    assert decide(["1", " 2.5 ", "NA", "3"]) == NumericColumn("c", missing=True)


@pytest.mark.parametrize("word", ["?", "-", "--", ".", "None", "n/a", "<NA>", "#N/A", "\u2014"])
def test_a_word_for_missing_among_numbers_dates_or_truth_values_is_missing(word):
    assert decide(["1", word, "2.5", "3"]) == NumericColumn("c", missing=True)
    assert decide(["true", "false", word, "true"]) == NumericColumn("c", missing=True, boolean=True)
    assert decide(["2024-01-01", "2024-02-05", word]) == DateColumn("c", ("month", "day"), missing=True)


def test_among_words_it_is_a_word_and_so_it_is_where_a_category_is_asked_for():
    assert decide(["a", "b", "?"] * 5) == CategoricalColumn("c", ("?", "a", "b"))
    assert decide(["1", "2", "?"] * 5, categorical=["c"]) == CategoricalColumn("c", ("1", "2", "?"))
    assert decide(["?", "?"]) == DroppedColumn("c", "constant")


def test_a_minus_of_typesetters_is_a_minus():
    assert decide(["1", "\u22122.5", "3"]) == NumericColumn("c")


def test_names_that_look_like_numbers_are_levels_as_they_are_written():
    assert decide(["007", "7", "1E5", "7.0", "7"], categorical=["c"]).levels == ("7", "007", "1E5")


def test_booleans_are_one_numeric_column_of_0_and_1():
    assert decide([True, False, True]) == NumericColumn("c", boolean=True)
    assert decide(["true", "false", "true", ""]) == NumericColumn("c", boolean=True, missing=True)


def test_missing_and_infinite_numbers_ask_for_an_indicator():
    assert decide([1.0, np.nan, 3.0]) == NumericColumn("c", missing=True)
    assert decide([1.0, -np.inf, 3.0]) == NumericColumn("c", missing=True)


@pytest.mark.parametrize("cells", [[7, 7, 7], ["x", "x", "x"], [True, True], pd.Categorical(["x", "x"])])
def test_a_constant_column_is_dropped(cells):
    assert decide(cells) == DroppedColumn("c", "constant")


def test_a_value_or_none_is_not_constant():
    assert decide([7, None, 7]) == NumericColumn("c", missing=True)
    assert decide(["x", None, "x"]) == CategoricalColumn("c", ("x",), missing=True)


@pytest.mark.parametrize(
    "cells", [[None, None], [np.nan, np.nan], ["", "NA"], [np.inf, np.nan], pd.to_datetime([None, None])]
)
def test_a_column_without_values_is_dropped(cells):
    assert decide(cells) == DroppedColumn("c", "all values missing")


def test_text_in_which_more_than_nine_tenths_of_the_values_differ_is_an_identifier():
    differing = [f"id{i}" for i in range(91)]
    assert decide(differing + ["id0"] * 9).reason.startswith("an identifier")
    assert isinstance(decide(differing[:90] + ["id0"] * 10), CategoricalColumn)


def test_missing_values_do_not_hide_an_identifier():
    assert decide([f"id{i}" for i in range(20)] + [None] * 80).reason.startswith("an identifier")


def test_an_identifier_that_is_a_spoiled_column_of_numbers_names_the_spoiler():
    reason = decide([*(str(i / 7) for i in range(50)), "ask"]).reason
    assert reason.startswith("nearly all cells are numbers, but not 'ask' (1 row)")


def test_a_category_that_is_asked_for_is_never_an_identifier():
    assert isinstance(decide([f"id{i}" for i in range(20)], categorical=["c"]), CategoricalColumn)


def test_levels_stand_with_the_most_common_first_and_ties_by_text():
    assert decide(["b", "c", "a", "c", "b", "a", "d", "d", "d"]).levels == ("d", "a", "b", "c")


def test_levels_that_are_one_number_are_one_level():
    assert decide(["2", "2.0", "5more", "5more", "5more"]).levels == ("5more", "2")


def test_a_missing_category_is_a_level_of_its_own_where_it_occurs():
    column = decide(["a", None, "b", "a"])
    assert column.level_names == ("a", "b", "(missing)")
    assert column.width == 3


def test_beyond_fifty_levels_those_of_four_rows_are_kept():
    column = decide([f"v{i:02}" for i in range(60)] * 4 + ["rare"] * 3)
    assert column.levels == tuple(f"v{i:02}" for i in range(60))
    assert column.level_names[-1] == "(other)"
    assert decide([f"v{i:02}" for i in range(60)] * 4).other is False


def test_up_to_500():
    names = [f"v{i:03}" for i in range(500)] * 10
    assert (decide(names).width, decide(names).other) == (500, False)
    column = decide(names + ["one more"] * 10)
    assert (column.width, column.other) == (500, True)


def test_all_categories_together_have_no_more_than_there_are_cells_for(monkeypatch):
    names = [f"v{i:03}" for i in range(200)] * 10
    frame = tidy(pd.DataFrame({"a": names, "b": names, "few": ["x", "y"] * 1_000}))
    monkeypatch.setattr(columns, "MOST_CELLS", 2 * 70 * len(names))
    assert [len(column.levels) for column in decide_columns(frame)] == [70, 70, 2]
    assert [column.other for column in decide_columns(frame)] == [True, True, False]
    monkeypatch.setattr(columns, "MOST_CELLS", 0)
    assert [column.width for column in decide_columns(frame)] == [50, 50, 2]


def test_fifty_levels_are_all_kept_and_of_more_the_49_most_common():
    assert decide([f"v{i}" for i in range(50)] * 2).width == 50
    column = decide([f"v{i:02}" for i in range(60)] * 2 + ["v59"])
    assert column.levels == ("v59", *(f"v{i:02}" for i in range(48)))
    assert column.level_names[-1] == "(other)"
    assert column.width == 50


def test_dates_keep_the_parts_that_vary():
    assert decide(["2024-01-01", "2024-02-05", "2024-03-04"]) == DateColumn("c", ("month", "day"))
    assert decide(pd.to_datetime(["2024-01-01T10:00", "2024-01-01T11:00"])) == DateColumn("c", ("hour",))


def test_missing_dates_ask_for_an_indicator():
    assert decide(["2023-01-01", "2024-01-01", ""]) == DateColumn("c", ("year", "weekday"), missing=True)


def test_dates_that_are_all_the_same_are_dropped():
    assert decide(["2024-01-01T10:00", "2024-01-01T10:30"]).reason.startswith("constant")


def test_one_cell_that_is_no_date_makes_the_column_text():
    assert isinstance(decide(["2024-01-01", "2024-01-02", "unknown"] * 9), CategoricalColumn)


def test_columns_to_drop_keep_their_reason():
    assert decide([1, 2, 3], drop={"c": "not wanted"}) == DroppedColumn("c", "not wanted")


def test_a_pandas_category_of_numbers_is_a_category():
    assert decide(pd.Categorical([1, 2, 2], categories=[1, 2, 3])) == CategoricalColumn("c", ("2", "1"))
