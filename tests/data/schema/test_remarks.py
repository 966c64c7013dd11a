import numpy as np
import pandas as pd

from goru.data.schema.columns import CategoricalColumn, DroppedColumn, NumericColumn
from goru.data.schema.encoding import Schema

RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(60, 220, 200).astype(str)


def schema(cells, name="c", **options):
    """Of a table with that column, and one that is nothing special."""
    frame = pd.DataFrame({name: cells})
    return Schema.from_frame(frame.assign(other=RNG.normal(size=len(frame))), **options)


def with_cells(*words):
    cells = NUMBERS.copy().astype(object)
    cells[10 : 10 + len(words)] = words
    return cells


def test_a_few_words_among_numbers_make_a_category_and_are_named():
    found = schema(with_cells("ask", "ask", "about 90"))
    assert isinstance(found.columns[0], CategoricalColumn)
    (remark,) = found.remarks
    assert remark.startswith(
        "'c' is treated as a category: nearly all cells are numbers, but not 'ask', 'about 90' (3 rows)"
    )
    assert remark in found.notes
    assert remark in found.warnings


def test_numbers_in_another_spelling_are_named_where_they_become_a_category():
    found = schema([f"{number}kg" for number in NUMBERS])
    assert isinstance(found.columns[0], CategoricalColumn)
    assert "'c' is treated as a category: numbers with a unit" in found.remarks[0]


def test_and_where_they_are_dropped():
    found = schema([f"{number:,.2f}" for number in np.exp(RNG.normal(8, 1, 200))])
    assert isinstance(found.columns[0], DroppedColumn)
    assert found.warnings[0].startswith("Dropped 'c': numbers with a comma in them ('")


def test_a_category_of_a_few_levels_needs_no_word_whatever_they_look_like():
    assert schema(["10ml", "20ml"] * 100).remarks == ()
    assert schema(["2", "4", "5more"] * 50).remarks == ()


def test_a_category_that_is_asked_for_needs_none_either():
    assert schema(with_cells("ask"), categorical=["c"]).remarks == ()
    assert schema(pd.Categorical(with_cells("ask"))).remarks == ()


def test_words_for_missing_that_are_levels_are_named_with_their_rows():
    found = schema(["red", "blue", "?", "None"] * 20)
    assert found.columns[0].levels == ("?", "None", "blue", "red")
    assert found.remarks == ("Taken for levels, though they may mean missing: '?', 'None' in 'c' (40 rows).",)


def test_a_column_that_counts_the_rows_is_named():
    found = schema(range(5, 205), "t")
    assert found.columns[0] == NumericColumn("t")
    assert found.remarks == ("'t' counts the rows. If it is no feature, drop it.",)


def test_and_dropped_where_it_is_called_as_what_only_names_rows():
    for name in ("Unnamed: 0", "id"):
        for cells in (range(200), [f"{number:04}" for number in range(1, 201)]):
            found = schema(cells, name)
            assert found.columns[0].reason.startswith("it counts the rows")
            assert found.warnings[0].startswith(f"Dropped '{name}'")


def test_an_identifier_of_numbers_is_named():
    found = schema(RNG.permutation(10_000)[:200], "id")
    assert found.columns[0] == NumericColumn("id")
    assert found.remarks[0].startswith("'id' has another number in every row.")
    assert schema(RNG.permutation(10_000)[:200], "area").remarks == ()


def test_whole_numbers_that_floats_do_not_tell_apart_are_named():
    ids = [9007199254740992, 9007199254740993] * 100
    for cells in (ids, [str(number) for number in ids]):
        (note,) = schema(cells).notes
        assert "too long for a float" in note
        remarks = schema([*cells[:-1], 5] if cells is ids else [*cells[:-1], "5"]).remarks
        assert "'c'" in remarks[0]
        assert "too long for a float" in remarks[0]
    assert schema([2**60, 2**61] * 100).remarks == ()
    assert schema(["7", "7.0"] * 100).notes == ("Dropped 'c': constant.",)


def test_constant_and_empty_columns_are_no_cause_for_a_warning():
    found = schema([7] * 200)
    assert found.notes == ("Dropped 'c': constant.",)
    assert found.warnings == ()


def test_remarks_are_not_stored():
    found = schema(range(200), "t")
    again = Schema.from_json(found.to_json())
    assert again == found
    assert again.remarks == ()


def test_consecutive_numbers_in_any_order_are_named_whatever_they_are_called():
    found = schema(RNG.permutation(np.arange(1000, 1200)), "customer")
    assert found.remarks[0].startswith("'customer' has another number in every row.")
