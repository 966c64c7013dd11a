"""What a model makes of its columns, and where it is wrong: of models whose answer is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from goru.data.dataset import load_dataset
from goru.studies.evidence import inspection
from goru.studies.evidence.inspection import inspect, places

N = 600


def table(classes=False):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 3))
    frame = pd.DataFrame(x, columns=["used", "idle", "noise"])
    frame["twin"] = frame["idle"] + 0.01 * rng.normal(size=N)
    frame.loc[::20, "noise"] = np.nan
    frame["kind"] = np.array(list("abc"))[rng.integers(0, 3, N)]
    frame["when"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 700, N), "D")
    y = 2 * frame["used"] + (frame["kind"] == "a")
    frame["y"] = np.where(y > 0.3, "yes", "no") if classes else y
    return load_dataset(frame, target="y", seed=0)


def model_of(dataset, wrong=0.0):
    """That knows `used` and `kind` and nothing else; of kind `b` it is wrong by this."""
    where, kinds = places(dataset.schema), next(iter(dataset.schema.categorical)).level_names

    def values(encoded):
        codes = encoded.codes[:, where["kind"].codes[0]]
        known = 2 * encoded.numeric[:, where["used"].numeric[0]] + (codes == kinds.index("a"))
        return known + wrong * (codes == kinds.index("b"))

    def probabilities(encoded):
        yes = 1 / (1 + np.exp(-4 * (values(encoded) - 0.3)))
        return np.stack([1 - yes, yes], axis=1)

    networks = SimpleNamespace(arrays={"weights": np.zeros((8, 10, 10))})
    return SimpleNamespace(schema=dataset.schema, networks=networks, values=values, probabilities=probabilities)


def inspected(dataset, **options):
    model = model_of(dataset, **options)
    predict = model.probabilities if dataset.classes is not None else model.values  # noqa: PD011
    return inspect(model, dataset, predict(dataset.encoded_test), 0)


class TestImportances:
    def test_are_by_what_the_model_uses(self):
        found = {one.columns: one for one in inspected(table()).importances}
        used, kind = found["used",], found["kind",]
        assert used.low > kind.low > 0
        assert [found[name].change for name in (("noise",), ("when",))] == [0, 0]

    def test_of_squared_errors_are_twice_the_variance_that_a_column_explains(self):
        # Shuffled, y - f(x') differs by two draws of the column: E(2 u - 2 u')² = 8 Var u, in units of the target's.
        dataset = table()
        (used,) = (one for one in inspected(dataset).importances if one.columns == ("used",))
        u = dataset.encoded_test.numeric[:, places(dataset.schema)["used"].numeric[0]]
        assert used.low < 8 * u.var() / dataset.y_development.var() < used.high

    def test_columns_that_say_the_same_are_shuffled_together(self):
        groups = [one.columns for one in inspected(table()).importances]
        assert ("idle", "twin") in groups
        assert sorted(name for group in groups for name in group) == sorted(
            ["used", "idle", "twin", "noise", "kind", "when"]
        )

    def test_of_more_columns_than_there_is_time_for_are_left_out(self, monkeypatch):
        monkeypatch.setattr(inspection, "WORK", 1e4)
        found = inspected(table())
        assert found.importances == found.dependences == ()
        assert found.wrong

    def test_are_the_same_every_time(self):
        assert inspected(table()) == inspected(table())


class TestDependences:
    def test_of_a_linear_model_are_straight_lines(self):
        (used,) = (one for one in inspected(table()).dependences if one.column == "used")
        slopes = np.diff(used.curves["predicted"]) / np.diff(used.values)
        np.testing.assert_allclose(slopes, 2, rtol=1e-4)

    def test_of_a_category_are_by_its_levels(self):
        (kind,) = (one for one in inspected(table()).dependences if one.column == "kind")
        means = dict(zip(kind.values, kind.curves["predicted"], strict=True))
        assert means["a"] - means["b"] == pytest.approx(1, abs=1e-5)
        assert means["b"] == pytest.approx(means["c"])

    def test_of_two_classes_are_the_probability_of_the_second(self):
        (used, *_) = inspected(table(classes=True)).dependences
        assert (used.column, list(used.curves)) == ("used", ["yes"])
        assert (np.diff(used.curves["yes"]) > 0).all()


class TestWhereItIsWrong:
    def test_a_slice_that_the_model_is_wrong_about_comes_first(self):
        first, *_ = inspected(table(), wrong=2.0).slices
        assert (first.column, first.values) == ("kind", "b")  # noqa: PD011
        assert first.low <= first.loss <= first.high

    def test_rows_are_named_as_the_table_counts_them(self):
        dataset = table()
        found = inspected(dataset, wrong=2.0)
        losses = [one.loss for one in found.wrong]
        assert losses == sorted(losses, reverse=True)
        assert {one.row - 1 for one in found.wrong} <= set(dataset.test_rows.tolist())
        assert {one.probability for one in found.wrong} == {None}

    def test_classes_have_the_probability_of_the_true_one(self):
        for one in inspected(table(classes=True), wrong=3.0).wrong:
            assert one.loss == pytest.approx(-np.log(one.probability), rel=1e-3)

    def test_missing_values_are_a_slice(self):
        dataset = table()
        noise = places(dataset.schema)["noise"]
        column = next(column for column in dataset.schema.numeric if column.name == "noise")
        slices = dict(inspection._slices(column, noise, dataset.encoded_test))
        assert slices["missing"].sum() == np.isnan(dataset.encoded_test.numeric[:, noise.numeric[0]]).sum() > 0
        assert np.sum(list(slices.values())) == len(dataset.y_test)


def test_nothing_is_said_of_predictions_that_are_no_numbers():
    dataset = table()
    assert inspect(model_of(dataset), dataset, np.full(len(dataset.y_test), np.inf), 0) is None


def test_a_single_test_row_says_nothing():
    dataset = table()
    one = replace(
        dataset,
        encoded_test=dataset.encoded_test.take(np.array([0])),
        y_test=dataset.y_test[:1],
        test_rows=dataset.test_rows[:1],
    )
    assert inspect(model_of(one), one, np.zeros(1), 0) is None
