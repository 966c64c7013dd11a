"""The estimators inside scikit-learn's tools, and through files."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from tables import (
    IRIS,
    KINDS,
    SPECIES,
    first_predicted,
    ignore_warnings,
    make_estimator,
    make_frame,
    make_kind,
    quick_classifier,
    quick_regressor,
)

pytestmark = ignore_warnings
REGULARISED = {"batch_norm": "before", "dropout": 0.3, "weight_decay": 0.1, "n_members": 2}

COPIES = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "joblib": lambda model, folder: joblib.load(joblib.dump(model, folder / "model.joblib")[0]),
    "mmap": lambda model, folder: joblib.load(joblib.dump(model, folder / "model.joblib")[0], mmap_mode="c"),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
}
every_copy = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)


@every_copy
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_predicts_the_same_and_learns_on_as_the_original_does(kind, duplicate, tmp_path):
    X, y = make_kind(kind)
    model = make_estimator(kind, hidden_layer_sizes=(6,), max_iter=4, random_state=0, **REGULARISED).fit(X, y)
    twin = duplicate(model, tmp_path)
    np.testing.assert_array_equal(first_predicted(twin, X), first_predicted(model, X))
    for estimator in (model, twin):
        before = first_predicted(estimator, X)
        for _ in range(2):
            estimator.partial_fit(X[:40], y[:40])
        assert not np.array_equal(first_predicted(estimator, X), before)
    np.testing.assert_allclose(first_predicted(twin, X), first_predicted(model, X))


@every_copy
def test_a_copy_starts_warm_as_the_original_does(duplicate, tmp_path):
    model = quick_classifier(warm_start=True, **REGULARISED).fit(IRIS, SPECIES)
    twin = duplicate(model, tmp_path)
    np.testing.assert_allclose(
        twin.fit(IRIS, SPECIES).predict_proba(IRIS), model.fit(IRIS, SPECIES).predict_proba(IRIS)
    )


def test_clones_have_the_arguments_and_nothing_that_was_learned():
    model = quick_classifier(**REGULARISED).fit(IRIS, SPECIES)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "coefs_")
    np.testing.assert_array_equal(twin.fit(IRIS, SPECIES).predict_proba(IRIS), model.predict_proba(IRIS))


def test_scikit_learn_knows_what_they_are():
    assert is_classifier(quick_classifier())
    assert is_regressor(quick_regressor())


def test_a_pipeline_and_frames_out_of_transformers():
    frame, y = make_frame()
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["height"]), ("words", OneHotEncoder(sparse_output=False), ["colour", "size"])]
    ).set_output(transform="pandas")
    model = make_pipeline(columns, quick_classifier()).fit(frame, y)
    assert model[-1].feature_names_in_[0] == "numbers__height"
    assert model.predict_proba(frame).shape == (60, 2)
    plain = make_pipeline(clone(columns).set_output(transform="default"), quick_classifier()).fit(frame, y)
    np.testing.assert_allclose(model.predict_proba(frame), plain.predict_proba(frame))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search(n_jobs):
    grid = {"batch_norm": [None, "after"], "dropout": [0.0, 0.2], "hidden_layer_sizes": [(8,)]}
    search = GridSearchCV(quick_classifier(), grid, cv=3, n_jobs=n_jobs, error_score="raise").fit(IRIS, SPECIES)
    assert search.best_score_ > 0.5
    assert search.predict(IRIS).shape == (150,)


def test_a_grid_search_over_frames_in_other_processes_finds_what_one_does():
    frame, y = make_frame()
    found = [
        GridSearchCV(quick_classifier(), {"alpha": [0, 1]}, cv=3, n_jobs=n_jobs).fit(frame, y).cv_results_
        for n_jobs in (1, 2)
    ]
    np.testing.assert_allclose(found[0]["mean_test_score"], found[1]["mean_test_score"])


def test_cross_validation_and_meta_estimators():
    X, y = make_kind("regression")
    assert cross_val_score(quick_regressor(max_iter=150), X, y, cv=3).mean() > 0.5
    assert cross_val_predict(quick_classifier(), IRIS, SPECIES, method="predict_proba", cv=3).shape == (150, 3)
    calibrated = CalibratedClassifierCV(quick_classifier(), cv=2).fit(IRIS, SPECIES)
    np.testing.assert_allclose(calibrated.predict_proba(IRIS).sum(axis=1), 1)
    vote = VotingClassifier([("a", quick_classifier()), ("b", quick_classifier())], voting="soft").fit(IRIS, SPECIES)
    assert vote.score(IRIS, SPECIES) > 0.5
    assert BaggingClassifier(quick_classifier(), 2).fit(IRIS, SPECIES).predict(IRIS).shape == (150,)
    outputs = MultiOutputRegressor(quick_regressor()).fit(*make_kind("outputs"))
    assert outputs.predict(X).shape == (80, 3)
    logs = TransformedTargetRegressor(quick_regressor(), func=np.log, inverse_func=np.exp).fit(IRIS, SPECIES + 1.0)
    assert (logs.predict(IRIS) > 0).all()


def test_permutation_importance_finds_the_columns_that_matter():
    frame, y = make_frame(200)
    model = quick_classifier(max_iter=100).fit(frame, y)
    importance = permutation_importance(model, frame, y, n_repeats=3, random_state=0).importances_mean
    assert min(importance[:2]) > max(importance[2:])


def test_weights_are_routed_through_pipelines_and_searches():
    X, y = make_kind("binary")
    weight = np.where(y == 1, 20.0, 0.05)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = quick_classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipe = make_pipeline(FunctionTransformer(), asking)
        pipe.fit(X, y, sample_weight=weight)
        search = GridSearchCV(clone(pipe), {"mlpclassifier__alpha": [0.0, 1e-4]}, cv=3).fit(X, y, sample_weight=weight)
    expected = quick_classifier().fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(pipe.predict_proba(X), expected.predict_proba(X))
    assert search.predict_proba(X)[:, 1].mean() > quick_classifier().fit(X, y).predict_proba(X)[:, 1].mean()
