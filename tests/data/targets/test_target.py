import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.files.reading import read_table
from goru.data.targets.classes import remarks_on_classes
from goru.data.targets.target import Target
from goru.errors import InputError


def column(cells):
    return read_table(pd.DataFrame({"kind": cells})).frame["kind"]


def target(cells, **options):
    return Target.from_column(column(cells), source="t.csv", **options)


def refusal(cells, **options):
    with pytest.raises(InputError) as error:
        target(cells, **options)
    line = str(error.value)
    assert line.startswith("t.csv: ")
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["b", "a", "b", "a"], ("a", "b")),
        ([3, 1, 1, 3], (1, 3)),
        ([1.0, 0.0, 0.0, 1.0], (0, 1)),
        ([True, False, True, False], (False, True)),
        (["2", "10", "x", "2", "10", "x"], ("10", "2", "x")),
        ([0.5, 1.5, 0.5, 1.5], (0.5, 1.5)),
    ],
)
def test_classes_keep_their_type_and_are_sorted(cells, classes):
    found = target(cells, task="classification")
    assert found.classes == classes
    assert [type(label) for label in found.classes] == [type(label) for label in classes]
    assert json.loads(json.dumps(found.classes)) == list(classes)


def test_categories_keep_the_type_of_their_levels_and_levels_without_rows_are_no_classes():
    assert target(pd.Categorical([2, 1, 2, 1], categories=[1, 2, 3])).classes == (1, 2)


def test_codes_are_positions_among_the_classes_and_come_back():
    found = target(["b", "a", "b", "a"])
    codes = found.encode(column(["b", "a", "b"]))
    assert codes.dtype == np.int32
    assert codes.tolist() == [1, 0, 1]
    assert found.decode(codes).tolist() == ["b", "a", "b"]
    assert target([1, 3, 1, 3]).decode(np.array([0, 1])).tolist() == [1, 3]


def test_a_class_is_recognised_however_another_file_writes_it():
    assert target([0, 1, 0, 1]).encode(column(["1.0", "0", "1"])).tolist() == [1, 0, 1]
    assert target(["1", "x", "1", "x"]).encode(column([1, 1])).tolist() == [0, 0]


def test_a_class_that_was_not_there_before_is_refused_with_its_row():
    with pytest.raises(InputError, match=r"new\.csv: data row 2: target 'kind' is 'c', none of the classes 'a', 'b'"):
        target(["a", "b", "a", "b"]).encode(column(["a", "c"]), "new.csv")


def test_a_quantity_stays_what_it_is():
    found = target([0.5, 1.5, 2.5])
    assert (found.task, found.classes) == ("regression", None)
    assert found.encode(column(["1", " 2.5"])).tolist() == [1.0, 2.5]
    assert found.decode(np.array([1.5])).tolist() == [1.5]


def test_task_overrules_what_whole_numbers_look_like():
    assert target([0, 1, 2, 3] * 5, task="regression").task == "regression"
    assert len(target(list(range(30)) * 6, task="classification").classes) == 30


def test_regression_on_words_is_refused_with_the_first_row_of_words():
    line = refusal(["1", "2", "high", "3"], task="regression")
    assert "data row 3: target 'kind' is 'high'" in line
    assert "task='classification'" in line
    assert "regression needs a finite number" in refusal([True, False], task="regression")


def test_numbers_where_classes_are_wanted_are_refused():
    quantity = list(np.linspace(0, 1, 21)) * 5
    assert "numbers where classes are expected (21 different ones)" in refusal(quantity, task="classification")
    assert "Choose task='regression'" in refusal(list(range(100)), task="classification")


def test_text_that_differs_nearly_everywhere_is_no_class():
    assert "too many for classes" in refusal([f"name {i}" for i in range(50)])


def test_dates_are_refused():
    assert "holds dates" in refusal(pd.to_datetime(["2024-01-01", "2024-01-02"]))


def test_one_class_is_refused():
    assert "one class only, 'a'" in refusal(["a"] * 9)
    assert "one class only, '1'" in refusal([1] * 9)


def test_a_constant_quantity_is_refused():
    assert "the same value in every row" in refusal([0.5] * 9)


def test_an_infinite_quantity_is_refused_with_its_row():
    assert "data row 2: target 'kind' is 'inf'" in refusal([0.5, np.inf, 1.5])


def test_a_class_too_rare_is_refused_with_its_count_and_what_to_do():
    line = refusal(["a"] * 9 + ["b"] * 5, minimum=6)
    assert "class 'b' has 5 rows;" in line
    assert "need 6 of each" in line
    assert "merge_rare=True" in line
    assert target(["a"] * 9 + ["b"] * 6, minimum=6).classes == ("a", "b")


def test_several_rare_classes_are_counted_and_numbers_may_be_a_quantity():
    line = refusal([0] * 9 + [1] * 9 + [2, 3, 3], minimum=6)
    assert "class '2' has 1 row (1 other class is too rare as well)" in line
    assert "task='regression'" in line


def test_rare_classes_are_merged_when_wanted_and_this_is_said():
    found = target(["a"] * 9 + ["b"] * 8 + ["c"] * 4 + ["d"] * 2, minimum=6, merge_rare=True)
    assert found.classes == ("a", "b", "other")
    assert found.encode(column(["d", "c", "a"])).tolist() == [2, 2, 0]
    assert found.notes == ("Merged 2 rare classes to 'other': d, c.",)


def test_merged_classes_that_are_still_too_rare_take_in_the_next():
    found = target([1] * 20 + [2] * 9 + [3] * 7 + [4] * 2, minimum=6, merge_rare=True)
    assert found.classes == (1, 2, "other")
    assert found.merged == (4, 3)
    assert found.decode(np.array([0, 2])).tolist() == [1, "other"]


def test_a_class_called_other_takes_the_rare_ones_in():
    found = target(["a"] * 9 + ["other"] * 8 + ["c"], minimum=6, merge_rare=True)
    assert found.classes == ("a", "other")
    assert found.encode(column(["c", "other"])).tolist() == [1, 1]


def test_a_class_called_other_that_is_itself_too_rare_takes_in_the_next():
    found = target(["a"] * 9 + ["b"] * 8 + ["d"] * 7 + ["other"] * 2, minimum=6, merge_rare=True)
    assert (found.classes, found.merged) == (("a", "b", "other"), ("d",))


def test_merging_changes_nothing_where_no_class_is_rare():
    found = target(["a"] * 9 + ["b"] * 8, minimum=6, merge_rare=True)
    assert found == target(["a"] * 9 + ["b"] * 8)


def test_merging_down_to_one_class_is_refused():
    assert "one class only, 'other'" in refusal(["a"] * 3 + ["b"] * 3, minimum=6, merge_rare=True)


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "other"]), min_size=1, max_size=60),
    st.integers(1, 8),
)
def test_after_merging_every_class_has_the_rows_it_needs(labels, minimum):
    try:
        found = target(labels, minimum=minimum, merge_rare=True)
    except InputError:
        return
    counts = np.bincount(found.encode(column(labels)), minlength=len(found.classes))
    assert counts.min() >= minimum


@pytest.mark.parametrize(
    "found",
    [Target("y", "regression"), Target("y", "classification", (1, 2, "other"), (3, 4))],
)
def test_a_target_survives_json(found):
    assert Target.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"name": "y", "task": "guessing", "classes": None, "merged": []},
        {"name": "y", "task": "classification", "classes": [1], "merged": []},
        {"name": "y", "task": "classification", "classes": [1, []], "merged": []},
        {"name": "y", "task": "classification", "classes": [1, 2], "merged": [3]},
    ],
)
def test_a_damaged_target_is_refused(content):
    with pytest.raises(InputError, match="damaged model"):
        Target.from_json(content)


def test_an_infinite_label_is_one_that_json_knows():
    found = target([1, 2, np.inf] * 4, task="classification")
    assert found.classes == (1, 2, "inf")
    assert Target.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert found.encode(column([np.inf, 1, 2])).tolist() == [2, 0, 1]


@pytest.mark.parametrize("value", [1.7e308, -1e308, np.inf])
def test_a_quantity_from_whose_mean_no_distance_is_a_number_is_refused(value):
    assert "a finite number (of 1e+307 at most)" in refusal([value, -1.0] * 10, task="regression")
    assert target([1e307, -1e307] * 10, task="regression").task == "regression"


@pytest.mark.parametrize("content", [["1", 1], [1, 1.0], ["a", " a"], [0.5, float("inf")], [float("nan"), 1.0]])
def test_classes_that_cannot_be_told_apart_or_are_no_numbers_are_a_damaged_model(content):
    with pytest.raises(InputError, match="description of the target"):
        Target.from_json({"name": "kind", "task": "classification", "classes": content, "merged": []})


class TestNamesThatLookLikeNumbers:
    @pytest.mark.parametrize(
        "classes",
        [
            ("01", "02", "10"),
            ("007", "7"),
            ("1E5", "1e3"),
            ("+1", "-1"),
            ("-inf", "inf"),
            ("1.10", "1.20"),
            (9007199254740992, 9007199254740993),
            (-1, 9223372036854775808),
            (1234567890123450000, 1234567890123456789),
            (0.0, 1.0),
            (1, 2),
            (1, 10**400),
            ("FALSE", "TRUE"),
            ("false", "true"),
            (False, True),
            ("1", "True"),
        ],
        ids=str,
    )
    def test_come_back_as_they_are_written(self, classes):
        cells = column([str(label) for label in classes] * 5)
        found = Target.from_column(cells, task="classification", source="t.csv")
        assert found.classes == classes
        assert [type(label) for label in found.classes] == [type(label) for label in classes]
        predicted = found.decode(found.encode(cells))
        assert list(map(str, predicted)) == cells.tolist()
        assert Target.from_json(json.loads(json.dumps(found.to_json()))) == found

    def test_in_a_file_too(self, tmp_path):
        for classes in (("TRUE", "FALSE"), ("true", "false"), (True, False), ("1.0", "0.0"), (1, 0), ("+1", "-1")):
            path = tmp_path / "t.csv"
            path.write_text("kind,x\n" + "".join(f"{label},1\n" for label in classes * 5))
            cells = read_table(path).frame["kind"]
            found = Target.from_column(cells, source="t.csv")
            assert list(map(str, found.decode(found.encode(cells)))) == list(map(str, classes * 5))

    def test_true_and_false_are_recognised_in_any_case(self):
        found = target(["TRUE", "FALSE"] * 5)
        for cells in (["TRUE", "FALSE"], ["true", "False"], [True, False]):
            assert found.encode(column(cells)).tolist() == [1, 0]

    def test_and_are_classes_without_being_called_so(self):
        for cells in (["01", "02"], ["inf", "-inf"], ["9007199254740992", "9007199254740993"]):
            assert target(cells * 5).task == "classification"

    def test_are_recognised_where_another_file_has_lost_the_zeros(self):
        found = target(["01", "02"] * 5)
        assert found.encode(column([1, 2])).tolist() == [0, 1]
        assert found.encode(column(["1.0", "02"])).tolist() == [0, 1]

    def test_but_not_where_two_classes_are_that_number(self):
        found = target(["007", "7"] * 5)
        assert found.encode(column([7.0, 7.0])).tolist() == [1, 1]
        with pytest.raises(InputError, match="'07', none of the classes"):
            found.encode(column(["7", "07"]))

    def test_one_number_written_in_two_ways_is_one_class_called_as_it_mostly_is(self):
        found = target(["1", "1.0", "1.0", "2"] * 5)
        assert found.classes == (1.0, 2)
        assert found.encode(column(["1", "1.0", "2"])).tolist() == [0, 0, 1]

    def test_where_that_leaves_one_class_it_is_said_why(self):
        assert "'1' and '1.0' are one class of 'kind', as they mean the same" in refusal(["1", "1.0"] * 5)


class TestRemarksOnClasses:
    def test_one_class_written_in_two_ways_is_named(self):
        (remark,) = remarks_on_classes(column(["1", "1.0", "2"] * 5))
        assert remark.startswith("'1' and '1.0' are one class of 'kind'")

    def test_two_classes_that_are_one_number_are(self):
        (remark,) = remarks_on_classes(column(["007", "7", "8"] * 5))
        assert remark == "'007' and '7' are 2 classes of 'kind', though they are one number."

    def test_a_word_for_missing_is(self):
        (remark,) = remarks_on_classes(column(["a", "?", "b"] * 5))
        assert remark.startswith("'?' is a class of 'kind' (5 rows).")

    @pytest.mark.parametrize("cells", [["a", "b"], ["01", "02"], [1, 2], [1.0, 2.5], [True, False]], ids=str)
    def test_others_need_no_word(self, cells):
        assert remarks_on_classes(column(cells * 5)) == ()


@pytest.mark.parametrize(
    ("form", "what"), [("{:,.2f}", "a comma"), ("{:.2f} €", "a currency"), ("{:.1f}%", "a percent sign")]
)
def test_a_quantity_in_another_spelling_is_named_where_it_is_refused(form, what):
    assert what in refusal([form.format(1000 + 17.3 * number) for number in range(60)])


def test_a_quantity_with_words_in_it_is_too():
    line = refusal([*(str(number / 7) for number in range(60)), "ask"])
    assert "nearly all cells are numbers, but not 'ask' (1 row)" in line
