"""Batch after batch: what the first ones look like does not hold for ever."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from tables import ignore_warnings, quick_classifier, quick_regressor

from goru.errors import InputError
from goru.estimators.inputs import Inputs
from goru.estimators.samples import ENOUGH

pytestmark = ignore_warnings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3)) * [1, 1e3, 1e-3] + [0, 5e4, 2]
Z = (X - X.mean(axis=0)) / X.std(axis=0)
CLASSES = (Z[:, 0] - Z[:, 1] > 0).astype(int)
VALUES = 50 + 10 * (Z[:, 0] - Z[:, 2])


def learned(model, X, y, size, epochs, **first):
    """The model after so many passes over the rows, in batches of that size."""
    for _ in range(epochs):
        for start in range(0, len(y), size):
            part = slice(start, start + size)
            model.partial_fit(X.iloc[part] if hasattr(X, "iloc") else X[part], y[part], **first)
    return model


def prepared(inputs: Inputs, X) -> np.ndarray:
    found = inputs.transform(X, np.dtype(np.float64))
    return found if isinstance(found, np.ndarray) else found.sparse.toarray() + found.constant


def followed(batches) -> Inputs:
    inputs = Inputs("robust")
    for batch in batches:
        inputs.follow(batch, np.ones(batch.shape[0]))
    return inputs


def fitted(X) -> Inputs:
    inputs = Inputs("robust")
    inputs.fit(X, np.ones(X.shape[0]))
    return inputs


@pytest.mark.parametrize(("size", "epochs"), [(1, 2), (10, 15), (100, 100)])
def test_the_size_of_batches_is_a_matter_of_taste(size, epochs):
    classifier = learned(quick_classifier(), X, CLASSES, size, epochs, classes=[0, 1])
    assert classifier.score(X, CLASSES) > 0.95
    assert learned(quick_regressor(), X, VALUES, size, epochs).score(X, VALUES) > 0.95


def test_a_column_that_is_constant_in_the_first_batch_is_learned_from_once_it_varies():
    late = X.copy()
    late[:100, 0] = 5.0
    labels = (late[:, 0] > 0).astype(int)
    model = learned(quick_classifier(), late, labels, 100, 60, classes=[0, 1])
    assert model.score(late[100:], labels[100:]) > 0.95


def test_so_is_one_that_was_constant_for_more_rows_than_are_followed_and_in_fit():
    constant = X.copy()
    constant[:, 0] = 5.0
    for model in (
        learned(quick_classifier(), constant, CLASSES, 300, 5, classes=[0, 1]),
        quick_classifier().fit(constant, CLASSES),
        quick_classifier(warm_start=True).fit(constant, CLASSES),
    ):
        assert learned(model, X, CLASSES, 100, 60).score(X, CLASSES) > 0.95
    warm = quick_classifier(warm_start=True, max_iter=100).fit(constant, CLASSES).fit(X, CLASSES)
    assert warm.score(X, CLASSES) > 0.95


def test_a_target_that_is_constant_at_first_is_scaled_once_it_varies():
    for rows in (10, 2 * ENOUGH):
        model = quick_regressor().partial_fit(np.resize(X, (rows, 3)), np.full(rows, 50.0))
        assert learned(model, X, 1e4 * VALUES, 100, 150).score(X, 1e4 * VALUES) > 0.95


class TestFollowing:
    """Medians and scales are those that `fit` finds in the rows so far, until they are enough."""

    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
    def test_so_far_they_are_those_of_all_rows(self, make):
        rows = np.where(RNG.random(X.shape) < 0.7, X, 0)
        batches = [make(rows[start : start + 50]) for start in range(0, 300, 50)]
        np.testing.assert_allclose(
            prepared(followed(batches), make(rows)), prepared(fitted(make(rows)), make(rows)), rtol=1e-12
        )

    def test_a_column_that_was_constant_counts_from_where_it_varies(self):
        late = X.copy()
        late[:100, 0] = 7.0
        found = prepared(followed([late[:50], late[50:100], late[100:200], late[200:]]), late[100:])
        expected = prepared(fitted(late[99:]), late[100:])  # the constant is one value of it
        np.testing.assert_allclose(found[:, 0], expected[:, 0], rtol=1e-12)

    def test_of_enough_rows_they_stay(self):
        many = RNG.normal(size=(ENOUGH, 3))
        inputs = followed([many[: ENOUGH // 2], many[ENOUGH // 2 :]])
        before = prepared(inputs, many)
        assert inputs.follow(9 * many + 4, np.ones(ENOUGH)) is None
        np.testing.assert_array_equal(prepared(inputs, many), before)

    def test_rows_count_by_their_weights(self):
        weight = RNG.integers(1, 4, 300).astype(float)
        inputs, twice = Inputs("robust"), Inputs("robust")
        for part in (slice(0, 150), slice(150, 300)):
            inputs.follow(X[part], weight[part])
            repeated = np.repeat(X[part], weight[part].astype(int), axis=0)
            twice.follow(repeated, np.ones(len(repeated)))
        np.testing.assert_allclose(prepared(inputs, X), prepared(twice, X), rtol=1e-12)

    def test_a_stream_may_come_in_one_array_that_is_filled_again_and_again(self):
        buffer, inputs = np.empty((100, 3)), Inputs("robust")
        for start in (0, 100, 200):
            buffer[:] = X[start : start + 100]
            inputs.follow(buffer, np.ones(100))
        np.testing.assert_array_equal(prepared(inputs, X), prepared(followed([X[:100], X[100:200], X[200:]]), X))

    def test_a_column_of_which_nothing_was_known_is_learned(self):
        gap = X.copy()
        gap[:100, 1] = np.nan
        inputs = followed([gap[:100], gap[100:]])
        np.testing.assert_allclose(prepared(inputs, X)[:, 1], prepared(fitted(X[100:]), X)[:, 1], rtol=1e-12)

    def test_numbers_that_are_left_as_they_are_stay_so(self):
        model = learned(quick_classifier(scaling=None), Z, CLASSES, 50, 1, classes=[0, 1])
        np.testing.assert_array_equal(prepared(model._inputs, Z), Z)


class TestNewFeatures:
    def test_a_number_that_is_missing_later_gets_its_indicator(self):
        labels, gaps = np.arange(300) % 2, X.copy()
        gaps[labels == 1, 1] = np.nan  # which says all
        model = quick_classifier(batch_norm="before", n_members=2).partial_fit(X[:50], labels[:50], classes=[0, 1])
        assert learned(model, gaps, labels, 50, 30).score(gaps, labels) > 0.95
        assert model.coefs_[0].shape == (2, 4, 8)

    def test_what_was_learned_of_rows_without_them_stays(self):
        colours = pd.DataFrame({"colour": ["red", "blue"] * 50, "size": ["s", "m", "m", "s"] * 25})
        model = quick_classifier(learning_rate_init=1e-12).partial_fit(colours, np.arange(100) % 2, classes=[0, 1])
        before = model.predict_proba(colours)
        model.partial_fit(pd.DataFrame({"colour": ["green"] * 40, "size": ["m", "l"] * 20}), np.arange(40) % 2)
        assert model.coefs_[0].shape == (6, 8)
        np.testing.assert_allclose(model.predict_proba(colours), before, rtol=1e-9)

    def test_levels_that_come_one_after_the_other_are_all_learned(self):
        colour = np.sort(RNG.choice(["blue", "green", "red"], 300))
        frame = pd.DataFrame({"colour": colour, "number": Z[:, 0]})
        labels = (colour != "green").astype(int)
        model = learned(quick_classifier(), frame, labels, 60, 60, classes=[0, 1])
        assert model.score(frame, labels) > 0.95

    def test_so_are_those_of_categories_that_are_declared_batch_by_batch(self):
        first = pd.DataFrame({"k": pd.Categorical(["1", "2"] * 20)})
        second = pd.DataFrame({"k": pd.Categorical(["3", "2"] * 20)})
        model = quick_classifier().partial_fit(first, [0, 1] * 20, classes=[0, 1]).partial_fit(second, [1, 0] * 20)
        assert model.coefs_[0].shape == (3, 8)

    def test_a_frame_that_says_nothing_yet_is_refused_and_may_be_longer(self):
        frame = pd.DataFrame({"k": ["a", "b"] * 20})
        model = quick_classifier()
        with pytest.raises(InputError, match="no feature column remains in the first rows"):
            model.partial_fit(frame[:1], [0], classes=[0, 1])
        with pytest.raises(NotFittedError):
            model.predict(frame)
        assert model.partial_fit(frame, [0, 1] * 20).coefs_[0].shape == (2, 8)

    def test_numbers_of_a_frame_may_be_constant_at_first(self):
        frame = pd.DataFrame({"k": ["a", "b"] * 150, "x": X[:, 0], "there": [True] * 2 + [False, True] * 149})
        labels = (X[:, 0] > 0).astype(int)
        model = learned(quick_classifier().partial_fit(frame[:1], labels[:1], classes=[0, 1]), frame, labels, 20, 20)
        assert model.score(frame, labels) > 0.95


def test_a_model_that_is_still_learning_can_be_pickled():
    model = quick_classifier().partial_fit(X[:10], CLASSES[:10], classes=[0, 1])
    again = pickle.loads(pickle.dumps(model))
    for one in (model, again):
        one.partial_fit(X[10:], CLASSES[10:])
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


class TestClassWeights:
    def test_balanced_counts_the_rows_of_all_batches(self):
        y = np.repeat([0, 1, 0, 2, 1], [40, 10, 20, 5, 25])
        balanced, by_row = quick_classifier(class_weight="balanced"), quick_classifier()
        for start in range(0, 100, 20):
            counts = np.bincount(y[: start + 20], minlength=3)
            own = y[start : start + 20]
            weight = counts.sum() / (np.count_nonzero(counts) * counts[own])
            balanced.partial_fit(X[start : start + 20], own, classes=[0, 1, 2])
            by_row.partial_fit(X[start : start + 20], own, sample_weight=weight, classes=[0, 1, 2])
        np.testing.assert_allclose(balanced.predict_proba(X), by_row.predict_proba(X))

    def test_of_several_labels_too(self):
        Y = np.stack([np.arange(100) % 4 == 0, np.arange(100) < 60], axis=1).astype(int)
        balanced, by_row = quick_classifier(class_weight="balanced"), quick_classifier()
        for part in (slice(0, 50), slice(50, 100)):
            ones = Y[: part.stop].sum(axis=0)
            each = np.where(Y[part] == 1, part.stop / (2 * ones), part.stop / (2 * np.maximum(part.stop - ones, 1)))
            # A label that all rows so far have is one class, which is balanced.
            weight = np.where(ones == part.stop, 1.0, each).prod(axis=1)
            balanced.partial_fit(X[part], Y[part], classes=[0, 1])
            by_row.partial_fit(X[part], Y[part], sample_weight=weight, classes=[0, 1])
        np.testing.assert_allclose(balanced.predict_proba(X[:100]), by_row.predict_proba(X[:100]))

    def test_a_batch_of_a_class_that_has_no_weight_of_its_own_is_no_mistake(self):
        model = quick_classifier(class_weight={0: 2, 1: 3})
        model.partial_fit(X[:100], np.arange(100) % 3, classes=[0, 1, 2]).partial_fit(X[:10], np.full(10, 2))
        with pytest.raises(ValueError, match="not in class_weight"):
            quick_classifier(class_weight={0: 2, 5: 3}).partial_fit(X, np.arange(300) % 3, classes=[0, 1, 2])
