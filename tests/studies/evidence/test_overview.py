"""What columns and the target hold, of tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from goru.data.dataset import load_dataset
from goru.experiment.findings.overview import ColumnOverview, TableOverview
from goru.experiment.forms import as_read
from goru.studies.evidence import overview
from goru.studies.evidence.overview import describe_table

N = 400


def table(classes=True, **columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=N).round(3),
            "gaps": np.where(np.arange(N) % 4, rng.normal(size=N), np.nan),
            "capped": np.minimum(rng.normal(size=N), 1.0),
            "flag": rng.random(N) < 0.9,
            "kind": np.array(list("aaab"))[rng.integers(0, 4, N)],
            "when": pd.Timestamp("2020-03-01") + pd.to_timedelta(rng.integers(0, 1500, N), "D"),
            "same": "x",
            **columns,
        }
    )
    y = frame["number"] + rng.normal(size=N)
    return load_dataset(frame.assign(y=np.where(y > 1, "yes", "no") if classes else y), target="y")


@pytest.fixture(scope="module")
def dataset():
    return table()


@pytest.fixture(scope="module")
def found(dataset):
    return {one.name: one for one in describe_table(dataset).columns}


def test_numbers_have_their_range_by_the_development_rows(dataset, found):
    x = dataset.encoded_development.numeric[:, 0]
    number = found["number"]
    assert (number.low, number.median, number.high) == (x.min(), pytest.approx(np.median(x)), x.max())
    assert number.missing == 0
    assert number.remarks == ()


def test_missing_values_are_a_share_and_have_no_part_in_the_range(found):
    assert found["gaps"].missing == pytest.approx(0.25, abs=0.03)
    assert None not in (found["gaps"].low, found["gaps"].median, found["gaps"].high)


def test_a_pile_at_an_end_is_notable(found):
    assert found["capped"].remarks[0].endswith("% have the highest value, 1")


def test_so_is_one_value_in_nearly_all_rows():
    columns = {one.name: one for one in describe_table(table(nearly=np.arange(N) % 100 // 99)).columns}
    assert columns["nearly"].remarks == ("99% have the value 0",)


def test_of_categories_and_booleans_it_is_the_commonest_level(found):
    kind, flag = found["kind"], found["flag"]
    assert (kind.levels, kind.commonest, kind.share) == (2, "a", pytest.approx(0.75, abs=0.06))
    assert (flag.levels, flag.commonest, flag.share) == (2, "true", pytest.approx(0.9, abs=0.05))
    assert kind.low is None


def test_missing_and_rare_levels_are_none_of_a_category():
    rng = np.random.default_rng(1)
    many = rng.integers(0, 80, N).astype(str).astype(object)
    many[::2] = None
    columns = {one.name: one for one in describe_table(table(many=[value and f"l{value}" for value in many])).columns}
    assert (columns["many"].levels, columns["many"].other) == (49, True)
    assert columns["many"].missing == pytest.approx(0.5, abs=0.05)
    assert columns["many"].commonest not in ("(missing)", "(other)")


def test_dates_have_their_years(found):
    assert (found["when"].kind, found["when"].low, found["when"].high) == ("date", 2020, 2024)


def test_dropped_columns_are_named_and_no_more(found):
    assert found["same"] == ColumnOverview("same", "dropped")


def test_columns_are_in_the_order_of_the_table_and_of_very_many_the_first(dataset, monkeypatch):
    names = [one.name for one in describe_table(dataset).columns]
    assert names == ["number", "gaps", "capped", "flag", "kind", "when", "same"]
    monkeypatch.setattr(overview, "MOST_COLUMNS", 3)
    assert [one.name for one in describe_table(dataset).columns] == names[:3]


def test_classes_are_counted_in_the_development_rows(dataset):
    described = describe_table(dataset)
    assert described.rows == len(dataset.y_development)
    assert dict(described.target.classes) == {
        str(label): int((dataset.y_development == code).sum()) for code, label in enumerate(dataset.classes)
    }
    assert described.target.quartiles == ()


def test_a_number_to_predict_has_its_quartiles():
    dataset = table(classes=False)
    target = describe_table(dataset).target
    assert target.quartiles == tuple(np.quantile(dataset.y_development, (0, 0.25, 0.5, 0.75, 1)))
    assert target.classes == {}


def test_it_is_read_as_it_was_written(dataset):
    described = describe_table(dataset)
    assert isinstance(described, TableOverview)
    assert as_read(described) == described
