"""`goru.live.rows`: what networks read, of shapes and of tables."""

import numpy as np
import pytest
from live_states import PLAIN, make_frame

from goru.errors import InputError
from goru.live.rows import MOST_POINTS, Source, shape, table
from goru.live.state import State, StateError


@pytest.mark.parametrize(
    ("kind", "loss", "outputs", "classes"),
    [
        ("two", "binary_cross_entropy", 1, ("no", "yes")),
        ("three", "softmax_cross_entropy", 3, ("p", "q", "r")),
        ("number", "squared_error", 1, None),
    ],
)
def test_a_table_is_prepared_and_split(kind, loss, outputs, classes):
    rows = table(make_frame(kind=kind))
    assert (rows.loss, rows.outputs, rows.classes) == (loss, outputs, classes)
    assert rows.x.dtype == np.float32
    assert np.isfinite(rows.x).all()
    assert len(rows.x) == 90
    assert (len(rows.training), len(rows.validation)) == (72, 18)
    assert not set(rows.training) & set(rows.validation)
    assert not rows.plane


def test_columns_are_prepared_by_training_rows_alone():
    frame = make_frame()
    rows = table(frame)
    numeric = rows.x[rows.training, 0]
    assert np.median(numeric) == pytest.approx(0, abs=1e-6)


def test_a_number_is_scaled_by_training_rows_alone():
    rows = table(make_frame(kind="number"))
    assert rows.y[rows.training].mean() == pytest.approx(0, abs=1e-5)
    assert rows.y[rows.training].std() == pytest.approx(1, abs=1e-5)
    assert rows.prior_loss == pytest.approx(1, abs=1e-4)


def test_prior_loss_is_that_of_the_class_shares():
    rows = table(make_frame(kind="three"))
    share = np.bincount(rows.labels[rows.training]) / len(rows.training)
    assert rows.prior_loss == pytest.approx(-(share * np.log(share)).sum())


def test_of_many_rows_some_are_drawn_and_counted():
    rows = table(make_frame(200), most_rows=50)
    assert (len(rows.training), len(rows.validation)) == (50, 25)
    assert Source(rows).described() == {
        "name": "the table",
        "rows": 75,
        "of_rows": 200,
        "columns": rows.x.shape[1],
        "classes": ["no", "yes"],
        "task": "classification",
    }


def test_a_table_that_cannot_be_used_is_refused():
    with pytest.raises(InputError, match="no such"):
        table("nothing.csv")


def test_a_table_is_drawn_by_its_principal_components():
    rows = table(make_frame(kind="three"))
    x, y = rows.picture.T
    assert np.var(x[rows.training]) > np.var(y[rows.training])
    left, right, bottom, top = rows.extent
    assert left < x.min() < x.max() < right
    assert bottom < y.min() < y.max() < top
    np.testing.assert_array_equal(rows.picture, table(make_frame(kind="three")).picture)


def test_a_table_of_one_feature_has_a_picture_too():
    frame = make_frame()[["c", "y"]]
    assert table(frame).picture[:, 1].tolist() == [0] * 90


def test_points_are_few_and_say_which_validate():
    rows = shape(rows=3000)
    points = rows.points()
    assert {len(values) for values in points.values()} == {MOST_POINTS}
    assert 0.4 < np.mean(points["validation"]) < 0.6
    few = shape(rows=41).points()
    assert few["validation"] == [False] * 21 + [True] * 20
    assert few["label"] == shape(rows=41).labels.tolist()


def test_extent_of_the_plane_is_a_square_around_all():
    left, right, bottom, top = shape("moons").extent
    assert right - left == pytest.approx(top - bottom)
    x = shape("moons").x
    assert left < x[:, 0].min()
    assert top > x[:, 1].max()


@pytest.mark.parametrize(
    ("field", "value", "bound"),
    [
        ("name", "x", "circles"),
        ("rows", -1, "20"),
        ("rows", 0, "20"),
        ("rows", 300.5, "whole"),
        ("noise", "a", "number"),
        ("noise", np.nan, "number"),
        ("useless", True, "whole"),
        ("seed", -1, "0"),
    ],
)
def test_a_shape_that_a_page_has_not_is_refused_in_one_line(field, value, bound):
    with pytest.raises(InputError, match=rf"^{field} must be .*{bound}.*\. Got {value!r} instead\.$"):
        shape(**{field: value})


def test_a_shape_may_be_given_in_numbers_of_numpy():
    np.testing.assert_array_equal(shape(rows=np.int64(40), noise=np.float32(0.5)).x, shape(rows=40, noise=0.5).x)


def test_a_source_keeps_what_it_has_drawn_last():
    source = Source()
    assert source.rows(PLAIN) is source.rows(PLAIN)
    assert source.described() is None
    with pytest.raises(StateError, match="no table"):
        source.rows(State(None))
