"""What rows count for: by `sample_weight`, and by `class_weight`."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight
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
)

pytestmark = ignore_warnings
FULL = {"hidden_layer_sizes": (6,), "max_iter": 8, "random_state": 0, "batch_size": 10_000, "shuffle": False}
every_kind = pytest.mark.parametrize("kind", KINDS)
clipped = pytest.mark.filterwarnings("ignore:Got `batch_size`")


@clipped
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@every_kind
def test_a_row_of_weight_2_is_as_two_rows_and_one_of_weight_0_as_none(kind, solver):
    X, y = make_kind(kind)
    times = np.arange(len(X)) % 3
    weighted = make_estimator(kind, **FULL, solver=solver).fit(X, y, sample_weight=times)
    repeated = make_estimator(kind, **FULL, solver=solver).fit(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0))
    np.testing.assert_allclose(first_predicted(weighted, X), first_predicted(repeated, X), rtol=1e-3, atol=1e-5)


@clipped
@every_kind
def test_rows_of_weight_0_are_as_if_they_were_not_there_with_batch_norm_too(kind):
    X, y = make_kind(kind)
    given = {**FULL, "batch_norm": "after", "dropout": 0.3}
    weight = np.ones(len(X))
    weight[1::4] = 0
    odd = X.copy()
    odd[1::4] = 1e6
    weighted = make_estimator(kind, **given).fit(odd, y, sample_weight=weight)
    without = make_estimator(kind, **given).fit(X[weight > 0], y[weight > 0])
    np.testing.assert_allclose(first_predicted(weighted, X), first_predicted(without, X), rtol=1e-9)


def test_weights_of_one_change_nothing_and_their_scale_only_the_penalty():
    plain, ones, tens = (
        quick_classifier(alpha=0.0).fit(IRIS, SPECIES, sample_weight=weight)
        for weight in (None, np.ones(150), np.full(150, 10.0))
    )
    np.testing.assert_allclose(ones.predict_proba(IRIS), plain.predict_proba(IRIS))
    np.testing.assert_allclose(tens.predict_proba(IRIS), plain.predict_proba(IRIS))


def test_frames_are_weighed_too():
    frame, y = make_frame()
    weight = (np.arange(len(frame)) % 2).astype(float)
    weighted = quick_classifier(batch_size=100).fit(frame, y, sample_weight=weight)
    without = quick_classifier(batch_size=100).fit(frame[weight > 0], y[weight > 0])
    np.testing.assert_allclose(weighted.predict_proba(frame), without.predict_proba(frame))


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1, 1: 5, 2: 0.5}], ids=str)
def test_class_weights_are_weights_of_the_rows_of_a_class(class_weight):
    X, y = IRIS[:120], SPECIES[:120]
    own = np.linspace(0.5, 2, 120)
    by_row = compute_sample_weight(class_weight, y)
    by_class = quick_classifier(class_weight=class_weight)
    np.testing.assert_allclose(
        by_class.fit(X, y).predict_proba(X), quick_classifier().fit(X, y, sample_weight=by_row).predict_proba(X)
    )
    np.testing.assert_allclose(
        by_class.fit(X, y, sample_weight=own).predict_proba(X),
        quick_classifier().fit(X, y, sample_weight=by_row * own).predict_proba(X),
    )


def test_a_class_of_weight_0_counts_for_nothing_whatever_the_batches():
    model = quick_classifier(class_weight={0: 0, 1: 1, 2: 1}, batch_size=4, max_iter=30).fit(IRIS, SPECIES)
    assert not (model.predict(IRIS[50:]) == 0).any()


def test_class_weights_serve_a_batch_without_some_of_the_classes():
    model = quick_classifier(class_weight={0: 1, 1: 2, 2: 3})
    model.partial_fit(IRIS[:50], SPECIES[:50], classes=[0, 1, 2]).partial_fit(IRIS[50:], SPECIES[50:])
    assert model.predict_proba(IRIS).shape == (150, 3)


def test_it_is_said_which_weights_leave_no_row():
    nothing = {0: 0, 1: 0, 2: 0}
    with pytest.raises(ValueError, match=r"^class_weight: all rows have a weight of zero"):
        quick_classifier(class_weight=nothing).fit(IRIS, SPECIES)
    with pytest.raises(ValueError, match=r"^sample_weight and class_weight: all rows have a weight of zero"):
        quick_classifier(class_weight=nothing).fit(IRIS, SPECIES, sample_weight=np.ones(150))


@pytest.mark.parametrize(
    "weight", [np.zeros(150), np.full(150, -1.0), np.ones(3), np.full(150, np.nan)], ids=["0", "-1", "3", "nan"]
)
def test_weights_that_make_no_sense_are_refused(weight):
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        quick_classifier().fit(IRIS, SPECIES, sample_weight=weight)
