"""Estimators that pick their own regularisation, inside scikit-learn's tools and through files."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from studies_cv import EVERY, MODELS, X, Y, classifier, fitted, regressor, same, target_of
from tables import IRIS, SPECIES

import goru
from goru.studies.laboratory import NetworkLaboratory


class TestComposition:
    @MODELS
    def test_a_pipeline(self, make):
        pipeline = make_pipeline(StandardScaler(), make()).fit(X, target_of(make))
        assert np.isfinite(pipeline.predict(X)).all()
        assert np.isfinite(pipeline.score(X, target_of(make)))

    def test_a_grid_of_hidden_layers(self):
        search = GridSearchCV(classifier(epochs=3), {"hidden_layer_sizes": [(3,), (6,)]}, cv=2).fit(X, Y)
        assert search.best_params_["hidden_layer_sizes"] in [(3,), (6,)]
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert search.best_estimator_.study_.answer.network.widths[1] == search.best_params_["hidden_layer_sizes"][0]

    @MODELS
    def test_cross_validation(self, make):
        found = cross_val_score(make(), X, target_of(make), cv=3)
        assert found.shape == (3,)
        assert np.isfinite(found).all()

    @MODELS
    def test_a_clone_is_unfitted_and_has_the_same_arguments(self, make):
        model = fitted(make, cv=KFold(3), scoring="r2" if make is regressor else "accuracy")
        twin = clone(model)
        assert not hasattr(twin, "study_")
        assert {name: str(value) for name, value in twin.get_params().items()} == {
            name: str(value) for name, value in model.get_params().items()
        }
        assert same(twin.fit(X, target_of(make)), model)

    def test_arguments_are_kept_as_they_were_given(self):
        sizes = [4, 3]
        model = goru.MLPClassifierCV(hidden_layer_sizes=sizes, n_networks=36, epochs=2, random_state=0).fit(X, Y)
        assert model.hidden_layer_sizes is sizes
        assert repr(goru.MLPRegressorCV(budget=5)) == "MLPRegressorCV(budget=5)"

    @pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
    def test_calibration(self, method):
        found = CalibratedClassifierCV(classifier(epochs=3), method=method, cv=2).fit(X, Y).predict_proba(X)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)

    def test_permutation_importance(self, iris):
        found = permutation_importance(iris, IRIS, SPECIES, n_repeats=3, random_state=0).importances_mean
        assert set(np.argsort(found)[2:]) <= {1, 2, 3}
        assert found[2] > found[0]

    @MODELS
    @pytest.mark.parametrize("keep", ["pickle", "joblib"])
    def test_it_survives_being_kept(self, make, keep, tmp_path):
        model = fitted(make, numbers="pieces")
        if keep == "pickle":
            again = pickle.loads(pickle.dumps(model))
        else:
            joblib.dump(model, tmp_path / "model")
            again = joblib.load(tmp_path / "model")
        assert same(model, again)
        assert str(again.study_) == str(model.study_)
        pd.testing.assert_frame_equal(again.effects_, model.effects_)
        pd.testing.assert_frame_equal(again.study_.trials, model.study_.trials)

    def test_groups_and_weights_are_routed(self, monkeypatch):
        seen, rows = [], NetworkLaboratory.rows

        def spying(laboratory, split):
            seen.append((laboratory.dataset, split))
            return rows(laboratory, split)

        monkeypatch.setattr(NetworkLaboratory, "rows", spying)
        groups, weight = EVERY % 10, 1.0 + EVERY
        with sklearn.config_context(enable_metadata_routing=True):
            model = classifier().set_fit_request(groups=True, sample_weight=True).set_score_request(sample_weight=False)
            cross_validate(model, X, Y, cv=GroupKFold(2), params={"groups": groups, "sample_weight": weight})
        by_weight = dict(zip(weight, groups, strict=True))
        assert seen
        for dataset, split in seen:
            own = np.array([by_weight[value] for value in dataset.weights])
            assert len(own) == 30
            assert len(set(own)) == 5
            if len(split.validation_rows):
                assert not set(own[split.training_rows]) & set(own[split.validation_rows])

    def test_a_pipeline_hands_weights_and_groups_on(self):
        given = {"mlpclassifiercv__sample_weight": 1.0 + EVERY, "mlpclassifiercv__groups": EVERY % 10}
        pipeline = make_pipeline(StandardScaler(), classifier()).fit(X, Y, **given)
        scaled = StandardScaler().fit_transform(X)
        alone = fitted(X=scaled, fit={"sample_weight": 1.0 + EVERY, "groups": EVERY % 10})
        np.testing.assert_array_equal(pipeline.predict_proba(X), alone.predict_proba(scaled))
