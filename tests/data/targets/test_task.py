import pandas as pd
import pytest

from goru.data.files.reading import read_table
from goru.data.table import RawTable
from goru.data.targets.task import choose_target, recognise_task, without_gaps_of_quantity
from goru.errors import InputError


def table(*names, hint=None):
    return RawTable(pd.DataFrame([range(len(names))], columns=list(names)), "t.csv", hint)


def recognised(cells):
    return recognise_task(read_table(pd.DataFrame({"target": cells})).frame["target"])


def test_the_target_named_goes_before_everything():
    assert choose_target(table("a", "target", hint="target"), "a") == ("a", "")


def test_a_target_that_is_not_there_is_refused_and_the_nearest_name_is_offered():
    with pytest.raises(InputError, match=r"t\.csv: no column 'Prize' to predict\. Did you mean 'price'\?"):
        choose_target(table("price", "size"), "Prize")


def test_the_sources_own_hint_goes_before_the_names():
    assert choose_target(table("target", "a", hint="a"), None) == ("a", "")


@pytest.mark.parametrize("name", ["target", "Class", "LABEL", "y"])
def test_a_column_with_a_usual_name_is_the_target(name):
    assert choose_target(table("a", name, "b"), None) == (name, "")


def test_otherwise_the_last_column_is_the_target_and_this_is_said():
    name, note = choose_target(table("a", "b", "price"), None)
    assert name == "price"
    assert note == "The target is the last column, 'price'; name another with target."


@pytest.mark.parametrize(
    "cells",
    [["a", "b", None], [True, False], [0, 1, 1], list(range(20)), [0.0, 1.0, None], ["1", "2", "1"], ["true", "false"]],
)
def test_text_booleans_and_few_whole_numbers_are_classes(cells):
    assert recognised(cells) == "classification"


@pytest.mark.parametrize("cells", [["01", "02"], ["inf", "-inf"], ["9007199254740993", "-1"], ["1E5", "1e3"]])
def test_names_that_look_like_numbers_are_classes(cells):
    assert recognised(cells) == "classification"


def gaps(cells, task=None):
    values = read_table(pd.DataFrame({"target": cells})).frame["target"]
    return without_gaps_of_quantity(values, task).isna().tolist()


def test_words_for_missing_are_missing_in_a_quantity():
    assert gaps(["0.5", "?", "1.25"]) == [False, True, False]
    assert gaps(["1", "?", "2"], "regression") == [False, True, False]


@pytest.mark.parametrize("cells", [["a", "?", "b"], ["1", "?", "2"], ["0.5", "?", "high"], ["?", "?", "-"], [1, 2, 3]])
def test_and_classes_otherwise(cells):
    assert gaps(cells) == [False, False, False]
    assert gaps(["0.5", "?", "1.25"], "classification") == [False, False, False]


def test_categories_are_classes():
    assert recognised(pd.Categorical(range(30))) == "classification"


@pytest.mark.parametrize("cells", [[0.5, 1.0], list(range(21)), ["0.5", "1"], [1.0, float("inf")]])
def test_fractions_and_many_whole_numbers_are_a_quantity(cells):
    assert recognised(cells) == "regression"
