"""Rows are handed over as the user gave them."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from user_functions import classes, shares, study

import goru
from goru.functions.rows import table_of

X, Y = classes()


class Dataset:
    """What PyTorch calls one: rows by their number."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        assert isinstance(index, int)
        return X[index]


def rows_of(X, y, indices=(5, 3, 8), **more):
    return table_of(X, y, **more).rows(np.array(indices))


def given(X, y=Y, **more):
    """All rows that a training function is given for its trials, for fitting and for validation."""
    seen = []

    def train(fit, validation, config, seed):
        seen.append((fit, validation))
        yield from shares(fit, validation, config, seed)

    study(train, X, y, **more)
    return seen[:10]


def test_an_array_stays_an_array():
    for fit, validation in given(X):
        assert isinstance(fit.X, np.ndarray)
        for rows in (fit, validation):
            np.testing.assert_array_equal(rows.X, X[rows.indices])
            np.testing.assert_array_equal(rows.y, Y[rows.indices])
            assert len(rows) == len(rows.indices)


def test_an_array_of_images_keeps_its_axes_and_type():
    images = np.zeros((len(X), 3, 2, 2), np.uint8)
    for fit, validation in given(images):
        assert fit.X.shape == (len(fit), 3, 2, 2)
        assert validation.X.dtype == np.uint8


def test_a_frame_keeps_its_columns_types_and_index():
    index = [f"row {place}" for place in range(len(X))]
    frame = pd.DataFrame({"a": X[:, 0], "kind": pd.Categorical(["u", "v"] * (len(X) // 2))}, index=index)
    target = pd.Series(Y, index=index, name="answer")
    for fit, validation in given(frame, target):
        for rows in (fit, validation):
            pd.testing.assert_frame_equal(rows.X, frame.iloc[rows.indices])
            pd.testing.assert_series_equal(rows.y, target.iloc[rows.indices])


def test_a_list_of_objects_stays_a_list():
    texts = [f"text {place}" for place in range(len(X))]
    for fit, validation in given(texts, list(Y)):
        assert [texts[index] for index in fit.indices] == fit.X
        assert [texts[index] for index in validation.indices] == validation.X


def test_targets_in_a_list_come_as_an_array_that_can_be_compared():
    fit, _ = given(X, list(Y))[0]
    assert isinstance(fit.y, np.ndarray)
    np.testing.assert_array_equal(fit.y == "yes", Y[fit.indices] == "yes")


def test_a_mapping_of_inputs_stays_one():
    for fit, validation in given({"image": X, "text": [str(row) for row in X]}):
        for rows in (fit, validation):
            np.testing.assert_array_equal(rows.X["image"], X[rows.indices])
            assert rows.X["text"] == [str(X[index]) for index in rows.indices]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "bsr", "dia"])
def test_a_sparse_matrix_stays_sparse(kind):
    for fit, validation in given(scipy.sparse.coo_matrix(X).asformat(kind)):
        for rows in (fit, validation):
            assert scipy.sparse.issparse(rows.X)
            np.testing.assert_array_equal(rows.X.toarray(), X[rows.indices])


def test_a_range_gives_the_indices_themselves():
    for fit, validation in given(range(len(X))):
        for rows in (fit, validation):
            np.testing.assert_array_equal(rows.X, rows.indices)
        assert not set(fit.X) & set(validation.X)


def test_what_can_be_indexed_row_by_row_gives_a_list_of_rows():
    for fit, _ in given(Dataset()):
        np.testing.assert_array_equal(np.stack(fit.X), X[fit.indices])


def test_indices_are_those_of_what_was_given_when_test_rows_are_set_aside():
    for fit, validation in given(X, test=True):
        for rows in (fit, validation):
            np.testing.assert_array_equal(rows.X, X[rows.indices])


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        (["b", "a", "b"], ["a", "b"]),
        ([2, 0, 2], [0, 2]),
        ([True, False, True], [False, True]),
        (pd.Series(["x", "y", "x"], dtype="category"), ["x", "y"]),
        (pd.Series(["x", "y", "x"], dtype="string"), ["x", "y"]),
    ],
)
def test_labels_are_coded_in_the_order_of_the_classes(y, labels):
    rows = rows_of(np.zeros((3, 1)), y, (2, 1), task="classification")
    assert list(rows.classes) == labels
    assert rows.codes.dtype == np.int64
    assert [labels[code] for code in rows.codes] == [list(y)[2], list(y)[1]]


def test_numbers_are_float64_and_have_no_classes():
    rows = rows_of(np.zeros((9, 1)), np.arange(9, dtype=np.float32) / 3)
    assert rows.classes is None
    assert rows.codes.dtype == np.float64
    np.testing.assert_allclose(rows.codes, np.array([5, 3, 8]) / 3, rtol=1e-6)


def test_a_column_is_a_target_too():
    assert list(rows_of(X, Y[:, None]).classes) == ["no", "yes"]
    assert list(rows_of(X, pd.DataFrame({"y": Y})).classes) == ["no", "yes"]


def test_weights_follow_their_rows():
    weights = np.arange(1, len(X) + 1)
    for fit, validation in given(X, sample_weight=list(weights)):
        for rows in (fit, validation):
            assert rows.weights.dtype == np.float64
            np.testing.assert_array_equal(rows.weights, weights[rows.indices])
    assert given(X)[0][0].weights is None


def test_without_a_target_a_function_measures_its_own_loss():
    def train(fit, validation, config, seed):
        assert fit.y is None
        assert fit.codes is None
        assert fit.classes is None
        yield goru.losses(np.abs(validation.X[:, 0]), training=0.5)

    result = study(train, X)
    assert result.answer.data.task == "loss"
    assert result.answer.judgement.plain_loss == pytest.approx(np.abs(X[:, 0]).mean(), rel=0.05)


@pytest.mark.parametrize(
    ("X", "y", "more", "words"),
    [
        ([], [], {}, "no rows. Give 10 or more"),
        (X, Y[:-1], {}, "80 rows and 79 targets"),
        (X, np.array(["a"] * len(X)), {}, "of one class, 'a'. Give rows of two classes"),
        (X, [None, *Y[1:]], {}, "missing"),
        (X, np.where(np.arange(len(X)) == 3, np.nan, X[:, 0]), {}, "missing"),
        (X, np.where(np.arange(len(X)) == 3, np.inf, X[:, 0]), {}, "infinite"),
        (X, Y, {"task": "regression"}, "task='regression' needs numbers. Convert them, or give task='classification'"),
        (X, Y, {"task": "regresion"}, "task"),
        (X, Y, {"sample_weight": np.ones(3)}, "sample_weight"),
        (X, Y, {"sample_weight": -np.ones(len(X))}, "sample_weight"),
        (X, Y, {"sample_weight": ["much"] * len(X)}, "sample_weight"),
        (X, 7, {}, "y"),
        (7, Y, {}, "range(n)"),
        ({}, Y, {}, "X"),
        ({"a": X, "b": X[:-1]}, Y, {}, "different numbers of rows: 'a' has 80, 'b' has 79"),
        ((row for row in X), Y, {}, "range(n)"),
        (X, [("a", 1)[place % 2] for place in range(len(X))], {}, ""),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_one_line(X, y, more, words):
    if words == "":
        study(shares, X, y, **more)  # labels of two kinds become texts, as NumPy has them
        return
    with pytest.raises(goru.InputError) as refused:
        study(shares, X, y, **more)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
