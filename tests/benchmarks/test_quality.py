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


def measured(model: str, losses: dict[str, float], **more) -> list[dict]:
    return [
        {"table": table, "split": split, "model": model, "loss": loss, "accuracy": 0.9, "r2": np.nan, "seconds": 1.0}
        | more
        for table, loss in losses.items()
        for split in (0, 1)
    ]


def test_the_table_names_the_best_and_ranks_all():
    models = dict(zip(MODELS, (0.4, 0.3, 0.2), strict=True))
    rows = [row for model, loss in models.items() for row in measured(model, {"sonar": loss, "car": 0.5 - loss})]
    text = quality.report(pd.DataFrame(rows))
    assert "| sonar | 0.4000 | 0.3000 | **0.2000** |" in text
    assert "| mean rank | 2.00 | 2.00 | 2.00 |" in text


def test_goru_is_compared_to_each_other_by_ratios_with_an_interval_over_tables():
    tables = dict.fromkeys(("sonar", "vehicle", "segment", "splice"), 0.2)
    rows = [
        *measured("CatBoost", tables | {"car": 0.1}),
        *measured("goru CV", {"sonar": 0.4, **dict.fromkeys(("vehicle", "segment", "splice"), 0.1), "car": 1e-6}),
    ]
    text = quality.report(pd.DataFrame(rows))
    assert "goru CV is better than CatBoost on 4 of 5 tables" in text
    assert "without car: 0.707 (95 % over tables: 0.235 to 2.131)" in text  # 2 to the power of -1/2
    assert "sonar, 2.00 times the loss" in text


def test_what_studies_answered_is_summed_over_splits():
    answer = {"effects": 5, "decided": 2, "likely": 1, "half": 0.1, "recommended": "dropout"}
    text = quality.report(pd.DataFrame(measured("goru CV", {"sonar": 0.4}, **answer)))
    assert "| sonar | 40% | 60% | 10% | 1 | dropout; dropout |" in text
    assert "Of 10 main effects 40% are decided and 60% decided or likely" in text


def test_a_study_says_what_it_answered(data):
    X, y = quality.read(data, "sonar")
    model = quality.MAKE["goru CV"](True, 0, 1.0).set_params(budget=None, n_networks=108, epochs=2).fit(X, y)
    found = quality.answered(model)
    assert set(found) == set(quality.STUDY)
    assert found["decided"] + found["likely"] <= found["effects"] == 5
    assert quality.answered(object()) == {}
