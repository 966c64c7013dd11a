"""Estimators that pick their own regularisation: a whole study inside `fit`."""

import pickle
from functools import partial

import joblib
import numpy as np
import pandas as pd
import polars
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tables import IRIS, SPECIES, make_frame

import goru
from goru.study.design import ARMS
from goru.study.laboratory import Laboratory
from goru.study.study import Study

GIVEN = {"n_networks": 36, "hidden_layer_sizes": (4,), "epochs": 3, "numbers": "scaled", "random_state": 0}
LEARNS = {"hidden_layer_sizes": (16,), "epochs": 15, "batch_size": 8}
classifier = partial(goru.MLPClassifierCV, **GIVEN)
regressor = partial(goru.MLPRegressorCV, **GIVEN)
MODELS = pytest.mark.parametrize("make", [classifier, regressor], ids=["classes", "numbers"])

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.digitize(X[:, 0] + X[:, 1], [-0.6, 0.6])
T = 50 + 10 * X[:, 0] - 4 * X[:, 1]
EVERY = np.arange(60)


def target_of(make):
    return T if make is regressor else Y


def fitted(make=classifier, X=X, y=None, fit=None, **given):
    return make(**given).fit(X, target_of(make) if y is None else y, **(fit or {}))


def predictions(model, X=X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def same(one, other, X=X) -> bool:
    return np.array_equal(predictions(one, X), predictions(other, X))


class StoppedError(Exception):
    """Raised where a study would begin to train."""


@pytest.fixture
def study_of(monkeypatch):
    """Fit, and return the study that would be run; nothing is trained."""

    def stop(study, *args, **kwargs):
        raise StoppedError(study)

    def study_of(*args, **given) -> Study:
        with monkeypatch.context() as patch:
            patch.setattr(Study, "run", stop)
            with pytest.raises(StoppedError) as stopped:
                fitted(*args, **given)
        return stopped.value.args[0]

    return study_of


@pytest.fixture(scope="module")
def iris():
    return goru.MLPClassifierCV(n_networks=36, hidden_layer_sizes=(16,), epochs=15, random_state=0).fit(IRIS, SPECIES)


class TestFitted:
    def test_it_predicts_what_it_has_learned(self, iris):
        assert iris.score(IRIS, SPECIES) > 0.9
        assert fitted(regressor, **LEARNS | {"epochs": 40}).score(X, T) > 0.6

    def test_probabilities_sum_to_one_and_the_most_probable_class_is_predicted(self, iris):
        found = iris.predict_proba(IRIS)
        assert found.shape == (150, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
        assert (found >= 0).all()
        np.testing.assert_array_equal(iris.predict(IRIS), iris.classes_[found.argmax(axis=1)])
        np.testing.assert_allclose(np.exp(iris.predict_log_proba(IRIS)), found)

    def test_what_was_found_is_printed_as_a_whole(self, iris):
        printed = str(iris.study_)
        assert len(printed.splitlines()) > 10
        assert iris.study_.answer["advice"] in " ".join(printed.split())

    def test_a_row_of_the_trials_is_a_network(self, iris):
        trials = iris.study_.trials
        assert isinstance(trials, pd.DataFrame)
        assert len(trials) == iris.study_.answer["trained"]["networks"]
        assert set(trials["arm"]) == {arm.name for arm in ARMS}
        assert not trials.duplicated(["arm", "draw", "split"]).any()

    @MODELS
    def test_a_row_of_the_effects_is_a_question(self, make):
        model = fitted(make)
        assert isinstance(model.effects_, pd.DataFrame)
        assert len(model.effects_) == 7
        assert {"name", "change", "low", "high", "verdict"} <= set(model.effects_)
        assert model.effects_.to_dict("records") == pd.DataFrame(model.study_.answer["effects"]).to_dict("records")
        pd.testing.assert_frame_equal(model.effects_, model.study_.effects)

    def test_what_is_recommended_is_what_the_networks_are_made_of(self, iris):
        assert iris.recommended_ == iris.study_.answer["recommended"]
        assert sum(kind["networks"] for kind in iris.recommended_) == 8
        assert iris.n_iter_ == max(kind["epochs"] for kind in iris.recommended_) <= 15

    def test_the_columns_and_the_classes_are_remembered(self, iris):
        assert iris.n_features_in_ == 4
        assert iris.classes_.tolist() == [0, 1, 2]
        assert not hasattr(iris, "feature_names_in_")
        model = fitted(X=pd.DataFrame(X, columns=list("abcd")))
        assert model.feature_names_in_.tolist() == list("abcd")

    @MODELS
    def test_one_network_may_be_all_there_is(self, make):
        single, bag = fitted(make, single=True), fitted(make)
        assert sum(kind["networks"] for kind in single.recommended_) == 1
        assert single.study_.answer["options"]["single"] is True
        assert not same(single, bag)
        pd.testing.assert_frame_equal(single.effects_, bag.effects_)

    def test_before_there_is_a_fit_nothing_is_predicted(self):
        for model, methods in (
            (classifier(), ("predict", "predict_proba", "predict_log_proba")),
            (regressor(), ("predict",)),
        ):
            for method in methods:
                with pytest.raises(NotFittedError):
                    getattr(model, method)(X)

    def test_a_second_fit_forgets_the_first(self):
        model = fitted()
        model.fit(X[:, :2], np.where(Y > 0, "yes", "no"))
        assert model.n_features_in_ == 2
        assert model.classes_.tolist() == ["no", "yes"]
        assert same(model, classifier().fit(X[:, :2], np.where(Y > 0, "yes", "no")), X[:, :2])


class TestRandomState:
    @MODELS
    def test_a_number_of_networks_gives_the_same_result_on_every_run(self, make):
        first, second = fitted(make), fitted(make)
        assert same(first, second)
        pd.testing.assert_frame_equal(first.study_.trials, second.study_.trials)
        assert not same(first, fitted(make, random_state=1))

    def test_a_random_state_may_be_a_generator_of_numbers(self):
        first, second = (fitted(random_state=np.random.RandomState(3)) for _ in range(2))
        assert same(first, second)
        state = np.random.RandomState(3)
        assert not same(fitted(random_state=state), fitted(random_state=state))

    def test_what_was_given_is_not_changed(self):
        X_before, Y_before = X.copy(), Y.copy()
        weight = np.arange(60) % 3.0
        fitted(fit={"sample_weight": weight})
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(Y, Y_before)
        np.testing.assert_array_equal(weight, np.arange(60) % 3.0)


class TestOptions:
    def test_they_reach_the_study(self, study_of):
        asked = study_of(
            activation="logistic", batch_size=16, search_batch_norm=True, class_weight="balanced", numbers="pieces"
        ).options
        assert (asked.activation, asked.batch_size, asked.numbers) == ("sigmoid", 16, "pieces")
        assert (asked.networks, asked.budget, asked.hidden, asked.epochs) == (36, None, (4,), 3)
        assert (asked.search_batch_norm, asked.class_weight, asked.seed) == (True, "balanced", 0)

    def test_a_time_may_be_given_or_nothing(self, study_of):
        assert study_of(n_networks=None, budget=30).options.budget == 30
        nothing = study_of(n_networks=None, hidden_layer_sizes=None).options
        assert (nothing.budget, nothing.networks, nothing.hidden) == (None, None, None)
        assert nothing.batch_size is None

    def test_hidden_layers_are_given_as_sequences_or_a_number(self, study_of):
        for given, expected in ((7, (7,)), ([5, 3], (5, 3)), (np.array([4, 2]), (4, 2))):
            assert study_of(hidden_layer_sizes=given).options.hidden == expected

    def test_in_pieces_it_still_predicts_from_arrays(self):
        model = fitted(numbers="pieces")
        assert model.study_.answer["network"]["numbers"] == "pieces"
        assert fitted(numbers="auto").study_.answer["network"]["first_look"] is not None
        np.testing.assert_allclose(predictions(model).sum(axis=1), 1, atol=1e-6)

    def test_fewer_networks_than_there_have_to_be_are_more(self):
        assert same(fitted(n_networks=1), fitted(n_networks=36))


class TestQuiet:
    @MODELS
    def test_nothing_is_said_unless_asked(self, make, capsys):
        fitted(make)
        assert capsys.readouterr() == ("", "")

    @MODELS
    def test_if_asked_what_was_found_is_printed(self, make, capsys):
        model = fitted(make, verbose=True)
        assert str(model.study_) in capsys.readouterr().out


class TestScoring:
    @pytest.mark.parametrize("scoring", ["accuracy", "roc_auc_ovr", "neg_log_loss"])
    def test_a_name_chooses_the_arm(self, scoring):
        model = fitted(scoring=scoring)
        answer = model.study_.answer
        assert answer["chosen_by"] == "score"
        assert set(answer["scores"]) == {arm.name for arm in ARMS}
        best = max(answer["scores"].values())
        assert {answer["scores"][kind["arm"]] for kind in model.recommended_} == {best}

    @pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
    def test_so_it_does_for_numbers(self, scoring):
        answer = fitted(regressor, scoring=scoring).study_.answer
        best = max(answer["scores"].values())
        assert {answer["scores"][kind["arm"]] for kind in answer["recommended"]} == {best}

    def test_without_one_the_loss_does(self):
        answer = fitted().study_.answer
        assert (answer["chosen_by"], answer["scores"]) == ("loss", {})

    @MODELS
    def test_a_scorer_is_given_predictions_for_all_rows_and_the_target_as_it_was(self, make):
        y, seen = np.array(["u", "v", "w"])[Y] if make is classifier else T, []

        def scorer(estimator, X, y):
            seen.append((estimator.predict(X), np.asarray(y), len(X)))
            return -len(seen)  # the first is the best

        model = fitted(make, y=y, scoring=scorer)
        assert len(seen) == len(ARMS)
        for predicted, target, rows in seen:
            assert rows == 60 == len(predicted)
            np.testing.assert_array_equal(target, y)
            if make is classifier:
                assert set(predicted) <= set(y)
        scores = model.study_.answer["scores"]
        assert scores[model.recommended_[0]["arm"]] == -1

    def test_a_scorer_sees_probabilities_and_classes(self):
        def scorer(estimator, X, y):
            np.testing.assert_allclose(estimator.predict_proba(X).sum(axis=1), 1, atol=1e-6)
            assert estimator.classes_.tolist() == [0, 1, 2]
            return accuracy_score(y, estimator.predict(X))

        named, own = fitted(scoring="accuracy"), fitted(scoring=scorer)
        made = fitted(scoring=make_scorer(accuracy_score))
        assert named.study_.answer["scores"] == own.study_.answer["scores"] == made.study_.answer["scores"]

    def test_a_scorer_that_knows_weights_gets_them(self):
        weight, seen = np.arange(1.0, 61), []

        def metric(y, predicted, sample_weight=None):
            seen.append(sample_weight)
            return 0.0

        fitted(scoring=make_scorer(metric), fit={"sample_weight": weight})
        assert len(seen) == len(ARMS)
        for own in seen:
            np.testing.assert_array_equal(own, weight)

    def test_a_scorer_that_does_not_is_not_given_any(self):
        weight = np.arange(1.0, 61)
        model = fitted(scoring=lambda estimator, X, y: estimator.score(X, y), fit={"sample_weight": weight})
        assert model.study_.answer["chosen_by"] == "score"

    def test_several_scores_at_once_are_refused_before_anything_is_trained(self, monkeypatch):
        monkeypatch.setattr(Study, "run", lambda *args, **kwargs: pytest.fail("it was trained"))
        with pytest.raises(ValueError, match="scoring"):
            fitted(scoring=["accuracy", "f1_macro"])


class TestWeights:
    @MODELS
    def test_rows_that_count_for_nothing_have_no_influence(self, make):
        weight = (EVERY >= 15).astype(float)
        wild, y = X.copy(), target_of(make).copy()
        wild[:15], y[:15] = 1e6, y[15]
        one = fitted(make, fit={"sample_weight": weight})
        assert same(one, fitted(make, X=wild, y=y, fit={"sample_weight": weight}))
        assert one.study_.answer["data"]["rows"] == 45

    @MODELS
    def test_nor_have_they_with_splits_that_are_given(self, make):
        weight = (EVERY % 4 > 0).astype(float)
        model = fitted(make, cv=KFold(3), fit={"sample_weight": weight})
        assert model.study_.answer["data"]["rows"] == 45

    @MODELS
    def test_whole_numbers_lists_and_series_are_weights(self, make):
        weight = 1 + EVERY % 3
        found = [
            fitted(make, fit={"sample_weight": kind})
            for kind in (weight, weight.tolist(), pd.Series(weight, index=EVERY + 7), weight * 1.0, weight * 4.0)
        ]
        assert all(same(found[0], other) for other in found[1:4])
        np.testing.assert_allclose(predictions(found[4]), predictions(found[0]), rtol=1e-3, atol=1e-3)

    @MODELS
    def test_rows_that_count_alike_are_as_rows_without_weights(self, make):
        weighted = fitted(make, fit={"sample_weight": np.ones(60)})
        assert weighted.study_.answer["plan"] == fitted(make).study_.answer["plan"]

    def test_a_class_whose_rows_count_for_more_is_predicted_more_often(self):
        chance = np.random.default_rng(0).normal(size=(60, 4))
        y = EVERY % 2
        found = []
        for favoured in (0, 1):
            weight = np.where(y == favoured, 20, 1)
            found.append(
                fitted(X=chance, y=y, **LEARNS, fit={"sample_weight": weight}).predict_proba(chance)[:, 1].mean()
            )
        assert found[0] < 0.3 < 0.7 < found[1]

    @pytest.mark.parametrize(
        ("weight", "said"),
        [
            (np.r_[-1.0, np.ones(59)], "Negative values in sample_weight"),
            (np.zeros(60), "non-zero"),
            (np.ones(59), "sample_weight|Sample weights|inconsistent"),
            (np.r_[np.nan, np.ones(59)], "sample_weight contains NaN"),
            (np.r_[1.0, 1.0, np.zeros(58)], "one class only"),
        ],
    )
    def test_weights_that_make_no_sense_are_refused(self, weight, said):
        with pytest.raises(ValueError, match=said):
            fitted(fit={"sample_weight": weight})


class TestClassWeight:
    def test_balanced_is_the_studys_own(self, study_of):
        study = study_of(class_weight="balanced")
        assert study.options.class_weight == "balanced"
        assert study.dataset.weights is None
        assert fitted(class_weight="balanced").study_.answer["options"]["class_weight"] == "balanced"

    def test_a_dict_says_what_the_rows_of_a_class_count_for(self, study_of):
        y = np.array(["u", "v", "w"])[Y]
        study = study_of(y=y, class_weight={"u": 1, "v": 2.5, "w": 4})
        np.testing.assert_array_equal(study.dataset.weights, np.array([1, 2.5, 4])[Y])

    def test_and_is_multiplied_by_the_weight_of_the_row(self, study_of):
        weight = 1.0 + EVERY % 3
        study = study_of(class_weight={0: 1, 1: 2, 2: 3}, fit={"sample_weight": weight})
        np.testing.assert_array_equal(study.dataset.weights, weight * (1 + Y))

    def test_a_dict_is_as_the_weights_it_stands_for(self):
        by_class = fitted(class_weight={0: 1, 1: 2, 2: 5})
        assert same(by_class, fitted(fit={"sample_weight": np.array([1.0, 2, 5])[Y]}))

    def test_a_class_may_count_for_nothing(self):
        model = fitted(class_weight={0: 1, 1: 0, 2: 1})
        assert model.classes_.tolist() == [0, 1, 2]
        assert model.study_.answer["data"]["rows"] == (Y != 1).sum()


class TestInputs:
    @pytest.mark.parametrize(
        "labels", [["a", "b", "c"], [-1, 5, 7], [0.0, 1.0, 2.0], ["ä", "lang und mit Leerzeichen", ""]], ids=str
    )
    def test_labels_may_be_anything_that_can_be_sorted(self, labels):
        y = np.array(labels)[Y]
        model = fitted(y=y)
        assert model.classes_.tolist() == sorted(labels)
        assert model.classes_.dtype == y.dtype
        assert set(model.predict(X)) <= set(labels)
        assert fitted(y=(Y > 1)).predict(X).dtype == bool

    def test_of_classes_in_another_order_columns_of_probabilities_are_too(self):
        names = np.array(["c", "b", "a"])
        model = fitted(y=names[Y], **LEARNS)
        assert (model.predict(X) == names[Y]).mean() > 0.6

    def test_the_target_may_be_a_series_a_list_or_a_column(self):
        expected = fitted()
        for y in (Y.tolist(), pd.Series(Y, index=EVERY + 3), polars.Series(Y)):
            assert same(fitted(y=y), expected)
        with pytest.warns(sklearn.exceptions.DataConversionWarning):
            assert same(fitted(y=Y[:, None]), expected)

    def test_frames_with_text_categories_gaps_and_truth_values(self):
        frame, y = make_frame(120)
        model = fitted(X=frame, y=y, **LEARNS)
        assert model.n_features_in_ == 4
        assert model.feature_names_in_.tolist() == list(frame)
        assert model.score(frame, y) > 0.75
        fresh = frame.iloc[:3].assign(colour=["violet", None, "red"], height=[np.nan, 1e9, 170])
        assert np.isfinite(model.predict_proba(fresh)).all()
        assert np.isfinite(fitted(regressor, X=frame, y=y * 1.0).predict(fresh)).all()

    @pytest.mark.filterwarnings("ignore:X does not have valid feature names")
    def test_fitted_on_a_frame_a_model_reads_arrays(self):
        frame, y = make_frame()
        for table in (frame, frame[["height"]].assign(other=X[:, 0])):
            model = fitted(X=table, y=y)
            np.testing.assert_allclose(
                model.predict_proba(table.to_numpy(dtype=object if len(table.columns) > 2 else float)),
                model.predict_proba(table),
            )

    def test_a_polars_frame_is_as_the_pandas_frame(self):
        frame, y = make_frame()
        frame = frame.astype({"size": str})
        twin = polars.DataFrame(
            {name: values.astype(object).where(values.notna(), None).tolist() for name, values in frame.items()}
        )
        one, other = fitted(X=frame, y=y), fitted(X=twin, y=y)
        np.testing.assert_allclose(other.predict_proba(twin), one.predict_proba(frame))
        np.testing.assert_allclose(one.predict_proba(twin), other.predict_proba(frame))
        assert other.feature_names_in_.tolist() == list(frame)

    def test_polars_frames_of_numbers_are_as_arrays(self):
        for frame in (polars.DataFrame(X, schema=list("abcd")), pd.DataFrame(X, columns=list("abcd"))):
            model = fitted(X=frame)
            assert model.feature_names_in_.tolist() == list("abcd")
            np.testing.assert_allclose(model.predict_proba(frame), fitted().predict_proba(X))

    def test_columns_in_another_order_are_refused(self):
        frame = pd.DataFrame(X, columns=list("abcd"))
        with pytest.raises(ValueError, match="feature names"):
            fitted(X=frame).predict(frame[list("dcba")])
        with pytest.raises(ValueError, match="features"):
            fitted().predict(X[:, :3])

    @MODELS
    @pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
    def test_sparse_rows_are_as_the_same_rows_written_out(self, make, container):
        counts = np.random.default_rng(0).poisson(0.7, (60, 5)).astype(float)
        for_sparse, dense = fitted(make, X=container(counts)), fitted(make, X=counts)
        for rows in (counts, container(counts)):
            np.testing.assert_allclose(predictions(for_sparse, rows), predictions(dense, counts))

    @MODELS
    def test_missing_values_are_learned_from_and_predicted(self, make):
        gaps = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
        model = fitted(make, X=gaps)
        assert np.isfinite(predictions(model, gaps)).all()
        assert np.isfinite(predictions(model, np.full((2, 4), np.nan))).all()
        assert np.isfinite(predictions(fitted(make), gaps)).all()

    def test_constant_columns_add_nothing(self):
        more = np.c_[X[:, :2], np.ones(60), X[:, 2:]]
        model = fitted(X=more)
        assert model.n_features_in_ == 5
        np.testing.assert_allclose(model.predict_proba(more), fitted().predict_proba(X))

    def test_rows_are_predicted_one_by_one_as_together(self):
        model = fitted(numbers="pieces")
        one_by_one = np.concatenate([model.predict_proba(X[[row]]) for row in range(9)])
        np.testing.assert_allclose(one_by_one, model.predict_proba(X[:9]), atol=1e-6)

    def test_float32_and_whole_numbers_are_read(self):
        for dtype in (np.float32, np.int64):
            rows = (10 * X).astype(dtype)
            assert np.isfinite(predictions(fitted(X=rows), rows)).all()


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
        assert (
            search.best_estimator_.study_.answer["network"]["widths"][1] == search.best_params_["hidden_layer_sizes"][0]
        )

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
        seen, rows = [], Laboratory.rows

        def spying(laboratory, split):
            seen.append((laboratory.dataset, split))
            return rows(laboratory, split)

        monkeypatch.setattr(Laboratory, "rows", spying)
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
            if len(split.score_rows):
                assert not set(own[split.fit_rows]) & set(own[split.score_rows])

    def test_a_pipeline_hands_weights_and_groups_on(self):
        given = {"mlpclassifiercv__sample_weight": 1.0 + EVERY, "mlpclassifiercv__groups": EVERY % 10}
        pipeline = make_pipeline(StandardScaler(), classifier()).fit(X, Y, **given)
        scaled = StandardScaler().fit_transform(X)
        alone = fitted(X=scaled, fit={"sample_weight": 1.0 + EVERY, "groups": EVERY % 10})
        np.testing.assert_array_equal(pipeline.predict_proba(X), alone.predict_proba(scaled))


BAD = [
    ("budget", -1),
    ("budget", 0),
    ("budget", float("nan")),
    ("budget", "1m"),
    ("n_networks", 0),
    ("n_networks", 1.5),
    ("n_networks", True),
    ("cv", "x"),
    ("hidden_layer_sizes", (0,)),
    ("hidden_layer_sizes", (4, -1)),
    ("hidden_layer_sizes", "x"),
    ("hidden_layer_sizes", (2.5,)),
    ("hidden_layer_sizes", ()),
    ("numbers", "x"),
    ("numbers", None),
    ("batch_size", 0),
    ("batch_size", 1),
    ("batch_size", 1000),
    ("batch_size", "x"),
    ("epochs", 0),
    ("epochs", 2.5),
    ("activation", "x"),
    ("scoring", "x"),
    ("single", "x"),
    ("search_batch_norm", 1),
    ("verbose", "x"),
    ("random_state", "x"),
    ("random_state", -1),
    ("random_state", 2**32),
]


class TestRefused:
    @MODELS
    @pytest.mark.parametrize(("name", "value"), BAD, ids=lambda value: repr(value))
    def test_an_argument_that_makes_no_sense_is_named(self, make, name, value):
        given = {"n_networks": None} if name == "budget" else {}
        with pytest.raises(ValueError, match=name):
            fitted(make, **given | {name: value})

    @pytest.mark.parametrize("value", ["x", 3, {0: -1.0}, {7: 1.0}, {0: "much"}], ids=repr)
    def test_so_is_a_weight_of_classes(self, value):
        with pytest.raises(ValueError, match=r"class_weight|sample_weight|could not convert"):
            fitted(class_weight=value)

    @MODELS
    def test_a_time_and_a_number_of_networks_exclude_each_other(self, make):
        with pytest.raises(ValueError, match=r"budget.*n_networks"):
            fitted(make, budget=10, n_networks=36)

    def test_one_class_is_not_enough(self):
        with pytest.raises(ValueError, match="one class"):
            fitted(y=np.zeros(60, int))

    @MODELS
    def test_nor_are_three_rows(self, make):
        y = np.array([0, 1, 0]) if make is classifier else np.arange(3.0)
        with pytest.raises(ValueError, match="n_samples=3"):
            fitted(make, X=X[:3], y=y)
        assert fitted(make, X=X[:4], y=np.array([0, 1, 0, 1])).n_iter_ >= 1

    @MODELS
    def test_several_targets_are_refused(self, make):
        with pytest.raises(ValueError, match="1d array"):
            fitted(make, y=np.c_[Y > 0, Y > 1].astype(int))

    def test_quantities_are_no_classes(self):
        with pytest.raises(ValueError, match="continuous"):
            fitted(y=T)

    @MODELS
    @pytest.mark.parametrize("hole", [np.nan, np.inf])
    @pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
    def test_a_target_with_holes_is_refused(self, make, hole):
        y = target_of(make).astype(float)
        y[3] = hole
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            fitted(make, y=y)

    @MODELS
    def test_a_target_is_needed_with_a_value_a_row(self, make):
        with pytest.raises(ValueError, match="requires y"):
            make().fit(X, None)
        with pytest.raises(ValueError, match="inconsistent"):
            make().fit(X, target_of(make)[:-1])

    def test_columns_without_any_difference_are_refused(self):
        with pytest.raises(ValueError, match="no feature column remains"):
            fitted(X=np.ones((60, 2)))
