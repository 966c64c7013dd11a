import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from goru.data.dataset import load_dataset
from goru.data.preparing import Preparation
from goru.data.splitting import folds
from goru.errors import InputError


def frame(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "colour": rng.choice(["red", "blue"], n),
            "patient": np.arange(n) // 4,
            "day": (pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(n), "D")).strftime("%Y-%m-%d"),
            "kind": np.where(np.arange(n) % 3 == 0, "a", "b"),
        }
    )


def refusal(source, **options):
    with pytest.raises(InputError) as error:
        load_dataset(source, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_built_in_table_is_ready_by_its_name():
    data = load_dataset("breast_cancer", seed=1)
    X, y = load_breast_cancer(return_X_y=True)
    development, test = train_test_split(np.arange(569), test_size=0.2, random_state=1, stratify=1 - y)
    assert (data.name, data.task, data.target_name, data.classes) == (
        *("breast_cancer", "classification", "target"),
        ("benign", "malignant"),
    )
    assert (data.n_rows, data.n_features, data.n_outputs) == (569, 30, 2)
    np.testing.assert_array_equal(data.development_rows, development)
    np.testing.assert_array_equal(data.test_rows, test)
    np.testing.assert_array_equal(data.encoded_development.numeric, X[development])
    np.testing.assert_array_equal(data.encoded_test.numeric, X[test])
    np.testing.assert_array_equal(data.y_test, 1 - y[test])
    assert data.y_development.dtype == np.int32
    assert data.notes == ()


def test_digits_are_ten_classes_and_their_empty_pixels_are_dropped():
    data = load_dataset("digits")
    assert data.classes == tuple(range(10))
    assert data.column_counts == {"numeric": 60, "categorical": 0, "date": 0, "dropped": 4}
    assert data.notes[0].endswith(": constant.")


def test_a_quantity_is_regression():
    data = load_dataset("diabetes")
    assert (data.task, data.classes, data.n_outputs) == ("regression", None, 1)
    assert data.y_development.dtype == np.float64


def test_a_file_and_its_frame_are_the_same_data(tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    from_file, from_frame = load_dataset(tmp_path / "t.csv"), load_dataset(frame())
    assert from_file.schema == from_frame.schema
    np.testing.assert_array_equal(from_file.encoded_test.numeric, from_frame.encoded_test.numeric)
    np.testing.assert_array_equal(from_file.y_development, from_frame.y_development)


def test_a_data_set_can_be_prepared_split_by_split():
    data = load_dataset(frame())
    for split in folds(data.y_development, data.task, 5, seed=0):
        x = Preparation.fit(data.encoded_development, split.training_rows).transform(data.encoded_development)
        assert x.shape == (48, data.n_features)
        assert x.dtype == np.float32


def test_test_rows_shape_nothing():
    """Other values in the test rows, never-seen levels and gaps included, leave schema and development rows alone."""
    before = load_dataset(frame(), drop=["day"])
    changed = frame()
    changed.loc[before.test_rows, "size"] = np.nan
    changed.loc[before.test_rows, "colour"] = "green"
    after = load_dataset(changed, drop=["day"])
    assert after.schema == before.schema
    np.testing.assert_array_equal(after.encoded_development.numeric, before.encoded_development.numeric)
    np.testing.assert_array_equal(after.encoded_development.codes, before.encoded_development.codes)
    assert (after.encoded_test.codes == -1).all()


def test_what_was_done_is_said():
    table = frame().assign(
        flat=1, empty=None, name=[f"n{i}" for i in range(60)], spike=[np.inf, *range(59)], kind=frame()["size"]
    )
    table.loc[3, "kind"] = np.nan
    notes = load_dataset(table, target="kind", drop=["patient"]).notes
    assert notes[-1].startswith("Test rows: 1 row lies well beyond the training rows in 'size'")
    assert notes[:-1] == (
        "Left out 1 row of the table without a target.",
        "Dropped 'patient': not wanted.",
        "Dropped 'flat': constant.",
        "Dropped 'empty': all values missing.",
        "Dropped 'name': an identifier (text in which more than 90 % of the values differ).",
        "The dates of 'day' became month, day, weekday.",
        "'spike' has 1 infinite value, taken as missing.",
    )


def test_a_guessed_target_is_said():
    assert load_dataset(frame()).notes[0] == "The target is the last column, 'kind'; name another with target."


def test_rows_without_a_target_are_left_out_and_the_others_keep_their_places():
    table = frame()
    table.loc[[0, 7], "kind"] = None
    data = load_dataset(table)
    assert data.n_rows == 58
    assert "Left out 2 rows of the table without a target." in data.notes
    assert not {0, 7} & {*data.development_rows, *data.test_rows}
    np.testing.assert_array_equal(data.encoded_test.numeric[:, 0], table["size"][data.test_rows])


def test_the_row_of_a_bad_cell_is_counted_in_the_file_whatever_was_left_out():
    table = frame()
    table["count"] = [str(i) for i in range(60)]
    table.loc[0, "kind"] = None
    bad = int(load_dataset(table, target="kind").test_rows[0])
    table.loc[bad, "count"] = "many"
    assert f"data row {bad + 1}: column 'count' is 'many', not a number" in refusal(table, target="kind")


def test_groups_stay_together_and_are_no_feature():
    data = load_dataset(frame(), groups="patient", target="kind")
    assert not set(data.development_rows // 4) & set(data.test_rows // 4)
    assert data.groups.tolist() == (data.development_rows // 4).tolist()
    assert "patient" not in data.schema.feature_names
    assert "Dropped 'patient': it holds the groups." in data.notes
    assert data.time is None
    assert data.test_groups.tolist() == (data.test_rows // 4).tolist()
    assert load_dataset(frame(), target="kind").test_groups is None


def test_groups_may_be_text():
    table = frame().assign(patient=[f"p{i // 4}" for i in range(60)])
    data = load_dataset(table, groups="patient", target="kind")
    assert data.groups.dtype == np.int32
    assert len(set(data.groups)) == 12


def test_the_past_comes_before_the_future_and_time_is_no_feature():
    table = frame()
    data = load_dataset(table, time="day", target="kind")
    assert table["day"][data.development_rows].max() < table["day"][data.test_rows].min()
    assert (np.diff(data.time) > np.timedelta64(0)).all()
    assert not any(name.startswith("day") for name in data.schema.feature_names)


def test_time_may_be_numbers():
    data = load_dataset(frame(), time="patient", target="kind")
    assert data.time.dtype == np.float64
    assert data.time.max() < 12


def test_a_class_that_only_the_future_knows_is_said():
    table = frame().assign(kind=["a"] * 30 + ["b"] * 23 + ["c"] * 7, t=range(60))
    assert (
        "No training row is of class 'c': it cannot be learned." in load_dataset(table, time="t", target="kind").notes
    )


def test_test_rows_may_come_from_a_file_of_their_own(tmp_path):
    frame(20, seed=1).assign(more=1).to_csv(tmp_path / "test.csv", index=False)
    data = load_dataset(frame(), target="kind", test=tmp_path / "test.csv")
    assert data.development_rows.tolist() == list(range(60))
    assert (len(data.y_test), data.n_rows) == (20, 80)
    assert "Test rows: Not used, as the model does not know them: 'more'." in data.notes


def test_test_rows_need_the_same_columns_target_and_classes():
    test = frame(20)
    assert "missing column 'size'" in refusal(frame(), test=test.drop(columns="size"))
    assert "no column 'kind', the target" in refusal(frame(), test=test.drop(columns="kind"))
    test.loc[4, "kind"] = "c"
    assert "data row 5: target 'kind' is 'c', none of the classes 'a', 'b'" in refusal(frame(), test=test)
    assert "no row has a target" in refusal(frame(), test=frame(20).assign(kind=None))


def test_a_class_needs_a_row_in_each_fold_and_one_among_the_test_rows():
    rare = frame().assign(kind=["a"] * 30 + ["b"] * 25 + ["c"] * 5)
    assert "class 'c' has 5 rows; the folds and the test rows need 6" in refusal(rare)
    assert load_dataset(rare, test=rare).classes == ("a", "b", "c")


def test_rare_classes_are_merged_when_wanted():
    rare = frame().assign(kind=["a"] * 30 + ["b"] * 25 + ["c"] * 3 + ["d"] * 2)
    data = load_dataset(rare, merge_rare=True)
    assert data.classes == ("a", "other")
    assert "Merged 3 rare classes to 'other': d, c, b." in data.notes


def test_columns_named_categorical_are_categories():
    data = load_dataset(frame(), target="kind", categorical=["patient"])
    assert data.column_counts["categorical"] == 2


def test_a_table_with_a_single_column_is_refused():
    assert "The target is the only column" in refusal(frame()[["kind"]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "knid"}, "no column 'knid' to predict. Did you mean 'kind'?"),
        ({"drop": ["colours"]}, "drop: no column 'colours'. Did you mean 'colour'?"),
        ({"categorical": ["sizes"]}, "categorical: no column 'sizes'. Did you mean 'size'?"),
        ({"groups": "patients"}, "groups: no column 'patients'. Did you mean 'patient'?"),
        ({"time": "dya"}, "time: no column 'dya'. Did you mean 'day'?"),
        ({"groups": "kind"}, "groups: 'kind' is the target"),
        ({"drop": ["kind"]}, "it cannot be dropped"),
        ({"groups": "patient", "time": "day"}, "Give one of groups and time"),
        ({"groups": "colour"}, "column 'colour': 2 groups cannot be split"),
        ({"time": "colour"}, "holds neither numbers nor ISO dates"),
        ({"task": "clustering"}, "unknown task"),
        ({"task": "regression"}, "regression needs a finite number"),
        ({"target": "size", "task": "classification"}, "numbers where classes are expected"),
        ({"drop": ["size", "colour", "patient", "day"]}, "no feature column remains"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    assert message in refusal(frame(), **options)


def test_rows_without_a_group_or_a_time_are_refused():
    table = frame()
    table.loc[8, "day"] = None
    table["patient"] = table["patient"].where(table.index != 3)
    assert "data row 9: no time in column 'day'" in refusal(table, time="day")
    assert "data row 4: no group in column 'patient'" in refusal(table, groups="patient")


def test_a_tiny_table_is_refused():
    assert "29 rows with a value of target 'kind'; at least 30 are needed" in refusal(frame(29))
    table = frame(40)
    table.loc[:15, "kind"] = None
    assert "24 rows with a value" in refusal(table)


def test_the_file_is_named_in_every_refusal(tmp_path):
    frame().assign(kind="a").to_csv(tmp_path / "t.csv", index=False)
    assert refusal(tmp_path / "t.csv").startswith("t.csv: ")


def test_importing_goru_data_imports_neither_pandas_nor_scikit_learn():
    code = "import sys, goru.data; sys.exit(bool({'pandas', 'sklearn', 'pyarrow', 'jax'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_group_on_both_sides_of_a_test_file_is_refused(tmp_path):
    patients = frame().assign(patient=[f"p{row // 4}" for row in range(len(frame()))])
    patients.to_csv(tmp_path / "fit.csv", index=False)
    with pytest.raises(InputError, match="1 group of 'patient'"):
        load_dataset(tmp_path / "fit.csv", groups="patient", test=patients.iloc[:4])
    others = patients.iloc[:4].assign(patient="another")
    assert len(load_dataset(tmp_path / "fit.csv", groups="patient", test=others).y_test) == 4


def test_groups_of_a_test_file_are_known_where_it_has_their_column_and_a_row_without_one_is_alone(tmp_path):
    table = frame().assign(patient=[f"p{row // 4}" for row in range(60)])
    table.to_csv(tmp_path / "fit.csv", index=False)
    test = table.iloc[:6].assign(patient=["x", None, "y", "x", None, "y"])
    found = load_dataset(tmp_path / "fit.csv", groups="patient", test=test).test_groups
    assert found.dtype == np.int32
    assert found[0] == found[3] != found[2] == found[5]
    assert len(set(found)) == 4
    without_target = test.assign(kind=[None, *test["kind"][1:]])
    assert len(load_dataset(tmp_path / "fit.csv", groups="patient", test=without_target).test_groups) == 5
    assert load_dataset(tmp_path / "fit.csv", groups="patient", test=test.drop(columns="patient")).test_groups is None


def test_the_fingerprint_knows_the_groups_of_test_rows():
    """Intervals of test losses depend on them."""
    data = load_dataset(frame(), groups="patient", target="kind")
    assert replace(data, test_groups=np.arange(len(data.y_test))).fingerprint() != data.fingerprint()
    assert replace(data, test_groups=data.test_groups.copy()).fingerprint() == data.fingerprint()


def test_a_row_that_decides_every_figure_is_named_before_anything_else():
    table = frame(200)
    table["size"] = table["patient"] + table["size"]
    table.loc[7, "size"] = 1e12
    notes = load_dataset(table, target="size").notes
    assert notes[0].startswith("data row 8: target 'size' is 1e+12, far from all others (")


def test_words_for_missing_among_the_values_of_a_quantity_are_no_values(tmp_path):
    table = frame(90)
    table["size"] = table["size"].astype(object)
    table.loc[[4, 9], "size"] = ["?", "n/a"]
    table.to_csv(tmp_path / "t.csv", index=False)
    data = load_dataset(tmp_path / "t.csv", target="size", test=table)
    assert (data.task, len(data.y_development), len(data.y_test)) == ("regression", 88, 88)
    assert "Left out 2 rows of t.csv without a target ('?', 'n/a' among them)." in data.notes
    assert any(note.startswith("Test rows: Left out 2 rows") for note in data.notes)


def test_a_column_that_counts_the_rows_is_seen_whatever_rows_are_set_aside():
    table = frame()
    table.insert(0, "Unnamed: 0", range(60))
    data = load_dataset(table.assign(t=range(100, 160)), target="kind")
    assert [column.kind for column in data.schema.columns].count("dropped") == 1
    assert any(note.startswith("Dropped 'Unnamed: 0': it counts the rows") for note in data.notes)
    assert "'t' counts the rows. If it is no feature, drop it." in data.notes


def test_test_rows_beyond_the_training_rows_are_counted_where_a_quantity_is_predicted():
    test = frame(20, seed=1)
    test.loc[:2, "patient"] = 10_000
    regression = load_dataset(frame(), target="size", test=test)
    (note,) = (note for note in regression.notes if "beyond" in note)
    assert note.startswith("Test rows: 3 rows lie well beyond the training rows in 'patient' (0 to 14)")
    assert not any("beyond" in note for note in load_dataset(frame(), target="kind", test=test).notes)


def test_labels_are_those_of_the_file(tmp_path):
    table = frame(90)
    for classes in (("01", "02"), ("007", "7"), ("inf", "-inf"), ("9007199254740993", "9007199254740992")):
        table.assign(kind=[classes[row % 2] for row in range(90)]).to_csv(tmp_path / "t.csv", index=False)
        data = load_dataset(tmp_path / "t.csv", target="kind")
        predicted = data.target.decode(data.y_development)
        assert list(map(str, predicted)) == [classes[row % 2] for row in data.development_rows]


def test_groups_that_are_named_with_zeros_are_apart(tmp_path):
    table = frame(90)
    table.assign(patient=[("7", "07", "007")[row % 3] + str(row % 5) for row in range(90)]).to_csv(
        tmp_path / "t.csv", index=False
    )
    data = load_dataset(tmp_path / "t.csv", target="kind", groups="patient")
    assert len(set(data.groups)) > 10
    with pytest.raises(InputError, match="'73' for one"):
        load_dataset(tmp_path / "t.csv", target="kind", groups="patient", test=table.assign(patient=73))


def test_times_that_are_not_read_are_named_as_what_they_are():
    days = pd.date_range("2024-01-01", periods=60)
    assert "dates written as '01.01.2024'" in refusal(frame().assign(day=days.strftime("%d.%m.%Y")), time="day")
    spoiled = [*days[:-1].strftime("%Y-%m-%d"), "someday"]
    assert "nearly all cells are dates, but not 'someday'" in refusal(frame().assign(day=spoiled), time="day")
