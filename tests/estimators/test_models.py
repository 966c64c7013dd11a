"""Fitted estimators as models: they predict the same, are written without pickle, and are exported."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from studies_cv import MODELS, X, Y, fitted, predictions
from tables import IRIS, SPECIES, ignore_warnings, make_estimator, make_kind, quick_classifier, quick_regressor

import goru
from goru.errors import InputError, InputWarning

pytestmark = ignore_warnings
FRAME = pd.DataFrame({"size": X[:, 0], "colour": np.where(X[:, 1] > 0, "red", "blue"), "age": X[:, 2]})
SHAPES = (
    {},
    {"batch_norm": "after", "n_members": 3},
    {"norm": "layer", "residual": True, "hidden_layer_sizes": (6, 6)},
    {"scaling": None},
)


@pytest.mark.parametrize("given", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["binary", "classes", "numbers"])
@pytest.mark.parametrize("holes", [False, True], ids=["whole", "with holes"])
def test_a_model_predicts_what_the_estimator_does(kind, given, holes, tmp_path):
    y = {"binary": np.where(Y > 0, "yes", "no"), "classes": Y, "numbers": 50 + 10 * X[:, 0]}[kind]
    rows = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X) if holes else X
    model = (quick_regressor if kind == "numbers" else quick_classifier)(**given).fit(rows, y)
    loaded = goru.load(model.save(tmp_path / "model"))
    for one in (model.model_, loaded):
        if kind != "numbers":
            np.testing.assert_array_equal(one.predict(rows), model.predict(rows))
            np.testing.assert_allclose(one.predict_proba(rows), model.predict_proba(rows), rtol=1e-5, atol=1e-6)
        else:
            np.testing.assert_allclose(one.predict(rows), model.predict(rows), rtol=1e-5)


def test_so_does_that_of_a_frame_with_text(tmp_path):
    model = quick_classifier().fit(FRAME, Y)
    loaded = goru.load(model.save(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict_proba(FRAME), model.predict_proba(FRAME), rtol=1e-6)


def test_normalization_and_residual_blocks_are_predicted_with():
    """They are no part of `coefs_`, and were left out once."""
    for given in ({"norm": "layer"}, {"norm": "rms", "residual": True}, {"residual": True}):
        model = quick_classifier(hidden_layer_sizes=(8, 8), n_members=2, **given).fit(IRIS, SPECIES)
        outputs = model._learner.outputs(model._inputs.transform(IRIS, np.dtype(float)))
        shown = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        expected = (shown / shown.sum(axis=1, keepdims=True)).mean(axis=0).T
        np.testing.assert_allclose(model.predict_proba(IRIS), expected, rtol=1e-6)


@MODELS
def test_a_study_has_one_too(make, tmp_path):
    model = fitted(make, X=FRAME)
    loaded = goru.load(model.save(tmp_path / "model"))
    found = loaded.predict(FRAME) if loaded.target.classes is None else loaded.predict_proba(FRAME)
    np.testing.assert_array_equal(found, predictions(model, FRAME))


def test_classes_keep_their_names():
    model = fitted(y=np.array(["low", "middle", "high"])[Y])
    assert model.model_.target.classes == ("high", "low", "middle")
    np.testing.assert_array_equal(model.model_.predict(X), model.predict(X))


@pytest.mark.parametrize("kind", ["multilabel", "outputs", "poisson"])
def test_a_target_that_a_model_does_not_know_has_none(kind):
    model = make_estimator(kind, max_iter=2).fit(*make_kind(kind))
    with pytest.raises(AttributeError, match="model_: a model has one"):
        model.model_  # noqa: B018


def test_nothing_is_there_before_a_fit():
    assert not hasattr(goru.MLPClassifier(), "model_")
    assert not hasattr(goru.MLPClassifierCV(), "report_")


class TestSaving:
    @pytest.fixture
    def model(self):
        return quick_classifier().fit(IRIS, SPECIES)

    def test_replaces_a_model_alone_and_only_if_it_may(self, model, tmp_path):
        folder = model.save(tmp_path / "model")
        with pytest.raises(InputError, match=r"holds a model\. Give overwrite=True"):
            model.save(folder)
        assert model.save(str(folder), overwrite=True) == folder
        (tmp_path / "mine").mkdir()
        with pytest.raises(InputError, match="not a goru model"):
            model.save(tmp_path / "mine", overwrite=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "model"]

    @pytest.mark.parametrize(
        ("to", "name"), [("torch", "model.py"), ("safetensors", "folded.safetensors"), ("onnx", "m")]
    )
    def test_exports(self, model, tmp_path, to, name):
        written = model.export(to, tmp_path / "m")
        assert name in {path.name for path in written.files}


class TestAStudy:
    def test_has_a_report(self, iris):
        assert iris.report_.startswith("<!doctype html>")
        assert "n_networks" in iris.report_

    def test_of_sparse_rows_is_refused_with_the_reason(self):
        for rows in (sparse.csr_matrix(X), sparse.coo_array(X)):
            with pytest.raises(ValueError, match=r"X is sparse, .* trains on dense rows .* X\.toarray\(\)"):
                fitted(X=rows)
            with pytest.raises(ValueError, match="X is sparse"):
                fitted().predict(rows)

    def test_takes_a_budget_as_people_write_it(self, study_of):
        asked = study_of(n_networks=None, budget="2m").options
        assert (asked.budget, asked.networks) == (120, None)

    def test_without_a_budget_trains_a_number_of_networks(self, study_of):
        assert study_of(n_networks=None).options.networks == 900
        assert study_of(n_networks=None, cv=3).options.networks == 12 * 3 * 10
        assert study_of(n_networks=None, factors=["dropout"]).options.networks == 2 * 75

    def test_warns_where_that_is_many(self, study_of):
        rows = np.random.default_rng(0).normal(size=(4_000, 20))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            large = {"n_networks": None, "hidden_layer_sizes": (1024, 1024), "epochs": 100}
            asked = study_of(X=rows, y=(rows[:, 0] > 0).astype(int), **large)
        assert asked.options.networks == 108
        messages = [str(one.message) for one in caught if one.category is InputWarning]
        assert any("Give budget= where time matters" in message for message in messages)
