"""Estimators that pick their own regularisation: what rows count for, by `sample_weight` and by `class_weight`."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold
from studies_cv import EVERY, LEARNS, MODELS, X, Y, fitted, predictions, same, target_of


class TestWeights:
    @MODELS
    def test_rows_that_count_for_nothing_have_no_influence(self, make):
        weight = (EVERY >= 15).astype(float)
        wild, y = X.copy(), target_of(make).copy()
        wild[:15], y[:15] = 1e6, y[15]
        one = fitted(make, fit={"sample_weight": weight})
        assert same(one, fitted(make, X=wild, y=y, fit={"sample_weight": weight}))
        assert one.study_.answer.data.rows == 45

    @MODELS
    def test_nor_have_they_with_splits_that_are_given(self, make):
        weight = (EVERY % 4 > 0).astype(float)
        model = fitted(make, cv=KFold(3), fit={"sample_weight": weight})
        assert model.study_.answer.data.rows == 45

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
        assert weighted.study_.answer.plan == fitted(make).study_.answer.plan

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
            (np.r_[1.0, 1.0, np.zeros(58)], "^sample_weight: all rows of weight above zero are of one class"),
        ],
    )
    def test_weights_that_make_no_sense_are_refused(self, weight, said):
        with pytest.raises(ValueError, match=said):
            fitted(fit={"sample_weight": weight})

    def test_it_is_said_which_weights_leave_no_row(self):
        with pytest.raises(ValueError, match=r"^class_weight: all rows have a weight of zero"):
            fitted(class_weight={0: 0, 1: 0, 2: 0})


class TestClassWeight:
    def test_balanced_is_the_studys_own(self, study_of):
        study = study_of(class_weight="balanced")
        assert study.options.class_weight == "balanced"
        assert study.dataset.weights is None
        assert fitted(class_weight="balanced").study_.answer.class_weight == "balanced"

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
        assert model.study_.answer.data.rows == (Y != 1).sum()
