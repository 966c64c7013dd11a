"""`goru.live.shapes`: points of two classes, the same for the same seed."""

import numpy as np
import pytest

from goru.live.rows import of_shape, shape
from goru.live.shapes import draw
from goru.live.state import CHOICES, ShapeData

NAMES = CHOICES["data.name"]


@pytest.mark.parametrize("name", NAMES)
def test_two_classes_of_one_size_near_the_middle(name):
    x, labels = draw(ShapeData(name, 401, noise=0))
    assert x.shape == (401, 2)
    assert x.dtype == np.float32
    assert np.bincount(labels).tolist() == [201, 200]
    assert np.abs(x).max() < 1.6
    np.testing.assert_array_equal(draw(ShapeData(name, 401, noise=0))[0], x)
    assert not np.array_equal(draw(ShapeData(name, 401, noise=0, seed=1))[0], x)


@pytest.mark.parametrize("name", NAMES)
def test_without_noise_the_classes_do_not_touch(name):
    x, labels = draw(ShapeData(name, 2000, noise=0))
    between = np.linalg.norm(x[labels == 0][:, None] - x[labels == 1][None], axis=2)
    assert between.min() > 0.02


def test_noise_and_useless_columns_are_of_their_sizes():
    clean, noisy = (draw(ShapeData("xor", 4000, noise, 3))[0] for noise in (0.0, 0.5))
    assert np.std(noisy[:, :2] - clean[:, :2]) == pytest.approx(0.5, rel=0.05)
    assert noisy.shape == (4000, 5)
    assert np.std(noisy[:, 2:]) == pytest.approx(1, rel=0.05)


def test_half_are_trained_on_and_all_are_in_one_part():
    rows = of_shape(ShapeData(rows=301))
    assert (len(rows.training), len(rows.validation)) == (151, 150)
    assert sorted([*rows.training, *rows.validation]) == list(range(301))
    np.testing.assert_array_equal(shape(rows=301).x, rows.x)
