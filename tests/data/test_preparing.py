import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from goru.data.preparing import Preparation, TargetScaling
from goru.data.schema.encoding import Encoded
from goru.errors import InputError


def encoded(numeric, codes=(), widths=(), indicators=()):
    numeric = np.asarray(numeric, dtype=np.float64)
    n = len(numeric)
    return Encoded(
        numeric,
        np.asarray(indicators, dtype=np.float32).reshape(n, -1),
        np.asarray(codes, dtype=np.int32).reshape(n, -1),
        tuple(widths),
    )


def column(*values):
    return encoded(np.array(values)[:, None])


def smooth_clip(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


def prepared(rows, training_rows=None):
    training_rows = np.arange(len(rows)) if training_rows is None else np.array(training_rows)
    return Preparation.fit(rows, training_rows).transform(rows)


def test_numbers_are_centred_at_the_median_scaled_by_the_quartiles_and_smoothly_clipped():
    x = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 100])
    expected = smooth_clip((x - 4) / (6 - 2))
    result = prepared(column(*x))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[:, 0], expected, rtol=1e-6)


def test_a_column_whose_quartiles_are_equal_is_scaled_by_the_values_that_differ_from_its_median():
    x = np.array([0.0] * 15 + [1, -2, 3, -4, 100])
    np.testing.assert_allclose(prepared(column(*x))[:, 0], smooth_clip(x / 4), rtol=1e-6)


def test_a_column_that_is_constant_in_the_training_rows_is_zero_everywhere():
    assert prepared(column(5, 5, 5, 9), [0, 1, 2])[:, 0].tolist() == [0, 0, 0, 0]


def test_an_outlier_however_far_out_is_clipped_to_three():
    np.testing.assert_allclose(prepared(column(0, 1, 2, 3, 1e300, -1e300))[4:, 0], [3, -3], rtol=1e-6)


def test_quartiles_further_apart_than_the_largest_number_keep_their_signs():
    rows = column(-1.7e308, -1.6e308, 0, 1.6e308, 1.7e308)
    assert np.sign(prepared(rows)[:, 0]).tolist() == [-1, -1, 0, 1, 1]
    assert np.isfinite(Preparation.fit(rows, np.arange(5)).scales).all()


def test_missing_numbers_become_the_median_which_is_zero():
    result = prepared(column(1, np.nan, 2, 3))
    assert result[1, 0] == 0
    np.testing.assert_allclose(result[[0, 2, 3], 0], smooth_clip(np.array([-1.0, 0, 1])), rtol=1e-6)


def test_a_column_that_is_missing_in_all_training_rows_is_zero():
    assert prepared(column(np.nan, np.nan, 7), [0, 1])[:, 0].tolist() == [0, 0, 0]


def test_indicators_and_one_hot_levels_follow_the_numbers():
    rows = encoded([[1.0], [2], [3]], codes=[[0, 1], [2, -1], [1, 0]], widths=(3, 2), indicators=[[0], [1], [0]])
    assert prepared(rows)[:, 1:].tolist() == [
        [0, 1, 0, 0, 0, 1],
        [1, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 1, 0],
    ]


def test_the_number_of_features_does_not_depend_on_the_training_rows():
    rows = encoded([[1.0, np.nan], [1, 2], [3, 4]], codes=[[0], [0], [1]], widths=(2,))
    shapes = {prepared(rows, fit).shape for fit in ([0], [1, 2], [0, 1, 2])}
    assert shapes == {(3, 4)}


def test_large_tables_are_prepared_in_blocks_with_the_same_result(monkeypatch):
    rng = np.random.default_rng(0)
    rows = encoded(rng.normal(size=(50, 3)), codes=rng.integers(-1, 2, (50, 1)), widths=(2,))
    whole = prepared(rows)
    monkeypatch.setattr("goru.data.preparing._BLOCK_CELLS", 35)
    np.testing.assert_array_equal(prepared(rows), whole)


@given(st.integers(0, 2**32 - 1))
def test_changing_validation_values_changes_nothing_fitted(seed):
    rng = np.random.default_rng(seed)
    numeric, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    numeric[rng.random(numeric.shape) < 0.2] = np.nan
    rows = rng.permutation(20)
    fit, validation = rows[:14], rows[14:]
    before = Preparation.fit(encoded(numeric), fit), TargetScaling.fit(y, fit)
    numeric[validation], y[validation] = rng.normal(size=(6, 3)) * 1e6, 1e6
    assert (Preparation.fit(encoded(numeric), fit), TargetScaling.fit(y, fit)) == before


@given(hnp.arrays(np.float64, (7, 2), elements=st.floats(allow_infinity=False)))
def test_whatever_the_numbers_prepared_features_are_finite_and_within_three(numeric):
    result = prepared(encoded(numeric))
    assert np.isfinite(result).all()
    assert np.abs(result).max() <= 3


def test_rows_of_another_schema_are_not_prepared():
    preparation = Preparation.fit(column(1, 2, 3), np.arange(3))
    with pytest.raises(ValueError, match="another schema"):
        preparation.transform(encoded(np.ones((3, 2))))


@given(hnp.arrays(np.float64, (5, 2), elements=st.floats(allow_infinity=False)))
def test_a_preparation_survives_json_to_the_last_bit(numeric):
    fitted = Preparation.fit(
        encoded(numeric, codes=np.zeros((5, 1)), widths=(2,), indicators=np.zeros((5, 1))), np.arange(5)
    )
    assert Preparation.from_json(json.loads(json.dumps(fitted.to_json(), allow_nan=False))) == fitted


@pytest.mark.parametrize(
    "change",
    [
        {"medians": [0.0, 1.0]},
        {"medians": [float("nan")]},
        {"scales": [-1.0]},
        {"scales": ["1"]},
        {"lows": [0.0]},
        {"lows": [0.0], "highs": [float("inf")]},
        {"lows": [0.0, 1.0], "highs": [0.0, 1.0]},
        {"widths": [0]},
        {"widths": [True]},
        {"n_indicators": -1},
        {"n_indicators": None},
    ],
)
def test_a_damaged_preparation_is_refused(change):
    content = {"medians": [0.0], "scales": [1.0], "n_indicators": 0, "widths": [2]}
    assert Preparation.from_json(content).n_features == 3
    with pytest.raises(InputError, match="damaged model"):
        Preparation.from_json(content | change)


def test_the_ends_of_the_training_rows_are_kept_and_older_models_have_none():
    numeric = np.array([[3.0], [np.nan], [-1.0], [900.0]])
    fitted = Preparation.fit(encoded(numeric), np.array([0, 1, 2]))
    assert (fitted.lows, fitted.highs) == ((-1.0,), (3.0,))
    older = {name: value for name, value in fitted.to_json().items() if name not in ("lows", "highs")}
    assert Preparation.from_json(older).lows == ()


def test_a_quantity_is_scaled_to_mean_0_and_deviation_1_over_the_training_rows():
    y = np.array([1.0, 3, 5, 100])
    scaling = TargetScaling.fit(y, np.array([0, 1, 2]))
    z = scaling.transform(y)
    assert z.dtype == np.float32
    assert z[:3].mean() == pytest.approx(0, abs=1e-6)
    assert z[:3].std() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(scaling.inverse(z), y, rtol=1e-6)


def test_a_quantity_that_is_constant_in_the_training_rows_is_only_shifted():
    assert TargetScaling.fit(np.array([5.0, 5, 7]), np.array([0, 1])).transform(np.array([5.0, 7])).tolist() == [0, 2]


@given(hnp.arrays(np.float64, 6, elements=st.floats(-1e300, 1e300)))
def test_any_finite_quantity_is_scaled_to_finite_numbers_and_survives_json(y):
    scaling = TargetScaling.fit(y, np.arange(6))
    assert np.isfinite(scaling.transform(y)).all()
    assert TargetScaling.from_json(json.loads(json.dumps(scaling.to_json(), allow_nan=False))) == scaling


@pytest.mark.parametrize("content", [None, {"mean": 0.0}, {"mean": 0.0, "std": 0.0}, {"mean": "0", "std": 1.0}])
def test_a_damaged_scaling_is_refused(content):
    with pytest.raises(InputError, match="damaged model"):
        TargetScaling.from_json(content)
