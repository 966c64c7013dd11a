"""Estimators that pick their own regularisation: what they are fitted to, and what they refuse."""

import numpy as np
import pandas as pd
import polars
import pytest
import sklearn
from studies_cv import EVERY, LEARNS, MODELS, T, X, Y, classifier, fitted, predictions, regressor, same, target_of
from tables import make_frame


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


BAD = [
    ("budget", -1),
    ("budget", 0),
    ("budget", float("nan")),
    ("budget", True),
    ("budget", "soon"),
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
