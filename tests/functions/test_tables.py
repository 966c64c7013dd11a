"""Rows for a training function from a file."""

import pandas as pd
import pytest

import goru
from goru.functions.files import Experiment
from goru.functions.tables import sources_of

EXPERIMENT = Experiment(lambda *given: iter(()), goru.Design({"dropout": [False, True]}))


@pytest.fixture
def table(tmp_path):
    frame = pd.DataFrame(
        {
            "a": [1.5, None, *range(28)],
            "kind": ["x", "y"] * 15,
            "bank": list(range(15)) * 2,
            "day": pd.date_range("2020-01-01", periods=30).strftime("%Y-%m-%d"),
            "label": [None, "no", "yes"] * 10,
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    frame.iloc[:15].to_csv(tmp_path / "test.csv", index=False)
    frame.assign(label=[None, 0.0, 1.0] * 10).to_parquet(tmp_path / "rows.parquet")
    return str(tmp_path / "rows.csv")


def test_features_are_a_frame_and_rows_without_a_target_are_left_out(table):
    sources, asked = sources_of(EXPERIMENT, table, "label")
    assert list(sources.X.columns) == ["a", "kind", "bank", "day"]
    assert len(sources.X) == len(sources.y) == 20
    assert set(sources.y) == {"no", "yes"}
    assert sources.task == "classification"
    assert (sources.name, sources.target, sources.test) == ("rows.csv", "label", True)
    assert asked["target"] == "label"


def test_classes_that_are_whole_numbers_are_such(table):
    sources, _ = sources_of(EXPERIMENT, table.replace(".csv", ".parquet"), "label", "classification")
    assert sources.y.tolist() == [0, 1] * 10
    assert sources.y.dtype.kind == "i"


def test_groups_and_times_are_no_features(table):
    sources, _ = sources_of(EXPERIMENT, table, "label", groups="bank", drop=["a"])
    assert list(sources.X.columns) == ["kind", "day"]
    assert len(sources.groups) == 20
    sources, _ = sources_of(EXPERIMENT, table, "label", time="day")
    assert list(sources.X.columns) == ["a", "kind", "bank"]


def test_numbers_are_predicted_as_numbers(table):
    sources, _ = sources_of(EXPERIMENT, table, "a", "regression")
    assert sources.task == "regression"
    assert sources.y.dtype.kind == "f"


def test_test_rows_from_a_file_have_the_same_columns(table):
    sources, _ = sources_of(EXPERIMENT, table, "label", test=table.replace("rows.csv", "test.csv"))
    pd.testing.assert_frame_equal(sources.test[0], sources.X.iloc[:10], check_dtype=False)
    assert list(sources.test[1]) == ["no", "yes"] * 5


@pytest.mark.parametrize(
    "more", [{"target": "lable"}, {"groups": "none"}, {"time": "none"}, {"drop": ["none"]}, {"test": "none.csv"}]
)
def test_columns_and_files_that_are_not_there_are_refused(table, more):
    with pytest.raises(goru.InputError, match=r"none|lable"):
        sources_of(EXPERIMENT, table, **{"target": "label", **more})
