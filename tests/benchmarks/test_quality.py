"""The benchmark of quality: it goes on where it ended, and its table says what was measured."""

import sys

import numpy as np
import pandas as pd
import pytest
import quality

MODELS = ["scikit-learn MLP", "boosted trees", "goru MLP"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two small tables, one of classes and one of numbers, with a category, a gap and an identifier."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    X["kind"] = rng.choice(["x", "y"], 80)
    X["name"] = [f"row {index}" for index in range(80)]
    X.loc[3, "a"] = np.nan
    value = X["b"] - X["c"] + (X["kind"] == "x")
    X.assign(target=np.where(value > 0.5, "yes", "no")).to_csv(folder / "sonar.csv", index=False)
    X.assign(target=value).to_csv(folder / "housing.csv", index=False)
    return folder


def run(monkeypatch, data, out, *more):
    tables = ["--tables", "sonar", "housing", "--splits", "0", "1"]
    monkeypatch.setattr(sys, "argv", ["quality", "--data", str(data), "--out", str(out), *tables, *more])
    quality.main()


def test_it_measures_each_model_once_and_goes_on_where_it_ended(monkeypatch, data, tmp_path, capsys):
    out = tmp_path / "quality.csv"
    run(monkeypatch, data, out, "--models", *MODELS[:2])
    first = pd.read_csv(out)
    assert len(first) == 2 * 2 * 2
    run(monkeypatch, data, out, "--models", *MODELS)
    found = pd.read_csv(out)
    pd.testing.assert_frame_equal(found[: len(first)], first)
    assert set(found["model"][len(first) :]) == {"goru MLP"}
    assert not found.duplicated(["table", "split", "model"]).any()
    assert found.loc[found["table"] == "sonar", "accuracy"].between(0, 1).all()
    np.testing.assert_allclose(found["loss"][found["table"] == "housing"], 1 - found["r2"].dropna())
    assert "mean rank" in capsys.readouterr().out


def test_identifiers_and_the_target_are_no_features(data):
    X, y = quality.read(data, "sonar")
    assert list(X) == ["a", "b", "c", "kind"]
    assert isinstance(X["kind"].dtype, pd.CategoricalDtype)
    assert set(y) == {"yes", "no"}


def test_the_table_names_the_best_and_counts_who_is_better():
    rows = [
        (table, split, model, loss, 0.9, np.nan, 1.0)
        for table, losses in (("sonar", (0.4, 0.3, 0.2)), ("car", (0.1, 0.3, 0.2)))
        for model, loss in zip(MODELS, losses, strict=True)
        for split in (0, 1)
    ]
    text = quality.report(pd.DataFrame(rows, columns=list(quality.FIELDS)))
    assert "| sonar | 0.4000 | 0.3000 | **0.2000** |" in text
    assert "| mean rank | 2.00 | 2.50 | 1.50 |" in text
    assert "goru MLP is better than scikit-learn MLP on 1 of 2 tables." in text
