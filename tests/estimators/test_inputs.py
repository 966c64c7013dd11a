"""Arrays, sparse matrices and frames: what the estimators read, and what they make of gaps and of what is new."""

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
from scipy import sparse
from tables import (
    IRIS,
    SPECIES,
    first_predicted,
    ignore_warnings,
    make_frame,
    make_kind,
    quick_classifier,
    quick_regressor,
)

pytestmark = ignore_warnings

SPARSE = [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array, sparse.coo_array]
COUNTS = np.random.default_rng(0).poisson(0.6, (70, 6)).astype(float)
LABELS = (COUNTS[:, 0] + COUNTS[:, 1] > 1).astype(int)
ARGUMENTS = [{}, {"scaling": None}, {"batch_norm": "before"}, {"batch_norm": "after", "n_members": 2}]


@pytest.mark.parametrize("container", SPARSE, ids=lambda container: container.__name__)
@pytest.mark.parametrize("given", ARGUMENTS, ids=str)
def test_sparse_rows_are_as_the_same_rows_written_out(given, container):
    """Sums in another order, in double precision.

    Plain gradient descent multiplies what rounding leaves by little at each step. Adam divides gradients by their size,
    and so would make whole steps of one that is rounding alone.
    """
    X = COUNTS + np.array([0, 0, 5, 0, -1, 0])  # two columns without zeros
    given = {"solver": "sgd", "learning_rate_init": 0.05, **given}
    dense = quick_classifier(**given).fit(X, LABELS)
    for_sparse = quick_classifier(**given).fit(container(X), LABELS)
    for one, other in zip(for_sparse.coefs_, dense.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    expected = dense.predict_proba(X)
    assert np.ptp(expected[:, 0]) > 0.5
    for model in (dense, for_sparse):
        for rows in (X, container(X)):
            np.testing.assert_allclose(model.predict_proba(rows), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("container", [pd.DataFrame, polars.from_pandas, pa.Table.from_pandas])
def test_columns_that_are_no_features_are_left_out_and_named(container):
    frame, y = make_frame()
    odd = frame.assign(tags=[[1, 2]] * len(frame), raw=[b"\xff"] * len(frame))
    with pytest.warns(UserWarning, match="Left out, as they hold no numbers, text or dates: 'tags', 'raw'"):
        model = quick_classifier().fit(container(odd), y)
    expected = quick_classifier().fit(frame, y).predict_proba(frame)
    np.testing.assert_allclose(model.predict_proba(container(odd)), expected, atol=1e-6)


def test_sparse_rows_stay_sparse_where_an_array_with_gaps_was_fitted_on(monkeypatch):
    gaps = np.where(np.random.default_rng(0).random(COUNTS.shape) < 0.1, np.nan, COUNTS)
    model = quick_classifier().fit(gaps, LABELS)
    expected = model.predict_proba(COUNTS)
    rows = sparse.csr_array(COUNTS)
    monkeypatch.setattr(type(rows), "toarray", None)
    np.testing.assert_allclose(model.predict_proba(rows), expected, atol=1e-6)


def test_sparse_rows_are_refused_where_a_frame_with_text_was_fitted_on():
    frame = pd.DataFrame({"a": COUNTS[:, 0], "b": np.where(COUNTS[:, 1] > 0, "x", "y")})
    with pytest.raises(ValueError, match=r"X is sparse, .* Give a frame"):
        quick_classifier().fit(frame, LABELS).predict(sparse.csr_array(COUNTS[:, :2]))


def test_sparse_rows_with_entries_given_twice_are_as_those_written_out():
    twice = sparse.csr_array((np.ones(8), np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array([0, 2, 4, 4, 8])), shape=(4, 2))
    y = [1.0, 2.0, 3.0, 4.0]
    for_sparse, dense = quick_regressor().fit(twice, y), quick_regressor().fit(twice.toarray(), y)
    np.testing.assert_allclose(for_sparse.predict(twice), dense.predict(twice.toarray()), atol=1e-6)
    np.testing.assert_allclose(dense.predict(twice), dense.predict(twice.toarray()), atol=1e-6)


def test_sparse_rows_can_be_weighed_validation_and_learned_from_bit_by_bit():
    weight = np.arange(70) % 3
    for X in (COUNTS, sparse.csr_array(COUNTS)):
        found = quick_classifier(early_stopping=True).fit(X, LABELS, sample_weight=weight).predict_proba(X)
        bitwise = quick_classifier().partial_fit(X[:40], LABELS[:40], classes=[0, 1]).partial_fit(X[40:], LABELS[40:])
        if isinstance(X, np.ndarray):
            expected, expected_bitwise = found, bitwise.predict_proba(X)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(bitwise.predict_proba(X), expected_bitwise, atol=1e-6)


def test_a_sparse_target_of_several_labels():
    X, Y = make_kind("multilabel")
    dense, for_sparse = quick_classifier().fit(X, Y), quick_classifier().fit(X, sparse.csr_matrix(Y))
    np.testing.assert_allclose(for_sparse.predict_proba(X), dense.predict_proba(X))
    assert sparse.issparse(for_sparse.predict(X))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression", "outputs", "poisson"])
def test_a_frame_of_numbers_is_as_an_array(kind):
    X, y = make_kind(kind)
    make = quick_classifier if kind in ("binary", "multiclass", "multilabel") else quick_regressor
    given = {"loss": "poisson"} if kind == "poisson" else {}
    names = [f"column {k}" for k in range(X.shape[1])]
    frames = [pd.DataFrame(X, columns=names), polars.DataFrame(X, schema=names)]
    expected = first_predicted(make(**given).fit(X, y), X)
    for frame in frames:
        model = make(**given).fit(frame, y)
        assert list(model.feature_names_in_) == names
        assert model.n_features_in_ == X.shape[1]
        for rows in frames:
            np.testing.assert_allclose(first_predicted(model, rows), expected)
        with pytest.warns(UserWarning, match="feature names"):
            np.testing.assert_allclose(first_predicted(model, X), expected)


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_fitted_on_an_array_a_model_reads_frames():
    model = quick_classifier().fit(IRIS, SPECIES)
    for frame in (pd.DataFrame(IRIS).add_prefix("x"), polars.DataFrame(IRIS)):
        np.testing.assert_allclose(model.predict_proba(frame), model.predict_proba(IRIS))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_fitted_on_a_frame_with_categories_that_are_numbers_a_model_reads_arrays():
    frame = pd.DataFrame({"a": IRIS[:, 0], "kind": pd.Categorical(SPECIES)})
    model = quick_classifier().fit(frame, SPECIES)
    np.testing.assert_allclose(model.predict_proba(np.c_[IRIS[:, 0], SPECIES]), model.predict_proba(frame))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_fitted_on_a_frame_with_text_a_model_reads_arrays_of_objects():
    frame, y = make_frame()
    model = quick_classifier().fit(frame, y)
    np.testing.assert_allclose(model.predict_proba(frame.to_numpy(dtype=object)), model.predict_proba(frame))


def test_frames_with_text_categories_gaps_and_truth_values_are_learned_from():
    frame, y = make_frame(200)
    model = quick_classifier(max_iter=150).fit(frame, y)
    assert model.score(frame, y) > 0.9
    assert model.n_features_in_ == 4
    fresh, labels = make_frame(200, seed=1)
    assert model.score(fresh, labels) > 0.8
    assert quick_regressor(max_iter=150).fit(frame, y * 1.0).score(frame, y) > 0.5


def test_a_polars_frame_with_text_is_as_the_pandas_frame():
    frame, y = make_frame()
    frame = frame.astype({"size": str})
    twin = polars.DataFrame(
        {name: values.astype(object).where(values.notna(), None).tolist() for name, values in frame.items()}
    )
    expected = quick_classifier().fit(frame, y).predict_proba(frame)
    model = quick_classifier().fit(twin, y)
    np.testing.assert_allclose(model.predict_proba(twin), expected)
    np.testing.assert_allclose(model.predict_proba(frame), expected)
    assert list(model.feature_names_in_) == list(frame.columns)


def test_the_index_of_a_frame_does_not_matter():
    frame, y = make_frame()
    expected = quick_classifier().fit(frame, y).predict_proba(frame)
    odd = frame.set_axis(np.arange(len(frame))[::-1] * 3)
    found = quick_classifier().fit(odd, pd.Series(y, index=np.arange(len(y)) + 7)).predict_proba(odd)
    np.testing.assert_array_equal(found, expected)


def test_a_category_that_was_never_seen_is_as_no_category():
    frame, y = make_frame()
    model = quick_classifier().fit(frame, y)
    rows = frame[frame["colour"].notna()]
    found = model.predict_proba(rows.assign(colour="octarine"))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, model.predict_proba(rows.assign(colour="mauve")))


@pytest.mark.parametrize("scaling", ["robust", None])
def test_gaps_in_arrays_are_learned_from(scaling):
    """Whether the number is there is all that there is to know."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 3)), rng.integers(2, size=120)
    X[y == 1, 1] = np.nan
    model = quick_classifier(scaling=scaling, max_iter=150).fit(X, y)
    assert model.score(X, y) == 1
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("scaling", ["robust", None])
def test_what_is_not_finite_is_missing_whether_a_model_has_met_such_or_not(scaling, odd):
    X = IRIS.copy()
    X[::9, 2] = odd
    gaps = np.where(np.isfinite(X), X, np.nan)
    met, not_met = (
        quick_classifier(scaling=scaling).fit(X, SPECIES),
        quick_classifier(scaling=scaling).fit(IRIS, SPECIES),
    )
    for model in (met, not_met):
        assert np.isfinite(model.predict_proba(X)).all()
        np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(gaps))
    median = np.where(np.isfinite(X), X, np.quantile(IRIS[:, 2], 0.5, method="inverted_cdf"))
    np.testing.assert_allclose(not_met.predict_proba(X), not_met.predict_proba(median))


def test_nullable_columns_of_pandas_are_numbers_with_gaps():
    values = pd.DataFrame(
        {"a": pd.array([1, 2, None, 4] * 10, dtype="Int64"), "b": pd.array([True, None] * 20, dtype="boolean")}
    )
    floats = pd.DataFrame({name: column.to_numpy(float, na_value=np.nan) for name, column in values.items()})
    y = [0, 1] * 20
    np.testing.assert_allclose(
        quick_classifier().fit(values, y).predict_proba(values), quick_classifier().fit(floats, y).predict_proba(floats)
    )


def test_an_outlier_cannot_move_a_scaled_model_far():
    X = IRIS.copy()
    X[0, 0] = 1e12
    assert quick_classifier(max_iter=100).fit(X, SPECIES).score(X, SPECIES) > 0.9


def test_what_cannot_be_read_is_refused():
    frame, y = make_frame()
    model = quick_classifier().fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["colour", "height", "size", "new"]])
    with pytest.raises(ValueError, match="colour"):
        model.predict(frame.drop(columns="colour"))
    with pytest.raises(ValueError, match="height"):
        model.predict(frame.assign(height="tall"))
    with pytest.raises(ValueError, match="3 features"):
        model.predict(IRIS[:, :3])
    with pytest.raises(ValueError, match="samples"):
        quick_classifier().fit(frame, y[:-1])
    with pytest.raises(ValueError, match="NaN"):
        quick_classifier().fit(IRIS, np.where(SPECIES == 2, np.nan, SPECIES))
    with pytest.raises(ValueError, match="NaN"):
        quick_regressor().fit(IRIS, np.where(SPECIES == 2, np.nan, SPECIES))
    with pytest.raises(ValueError, match="below 0"):
        quick_regressor(loss="poisson").fit(IRIS, SPECIES - 1.0)


def test_whole_numbers_that_no_float_holds_are_refused_as_other_bad_input_is():
    X, huge = np.arange(24, dtype=object).reshape(8, 3), 10**400
    y = [0, 1] * 4
    with pytest.raises(ValueError, match="too large"):
        quick_classifier().fit(np.where(X == 5, huge, X), y)
    with pytest.raises(ValueError, match="too large"):
        quick_regressor().fit(X, [*y[1:], huge])
    with pytest.raises(ValueError, match="too large"):
        quick_classifier().fit(X, y, sample_weight=[*y[1:], huge])
    with pytest.raises(ValueError, match="too large"):
        quick_classifier().fit(X, y).predict(np.where(X == 5, huge, X))
