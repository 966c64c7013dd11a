"""Sparse rows multiply as the same rows written out do."""

import numpy as np
import pytest
from scipy import sparse

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.layer import Context
from goru.nn.rows import SparseRows, columns

LAYER, CONTEXT = Affine(5, 4), Context(Hyperparameters())


def make_rows(dtype=np.float64):
    made = sparse.random_array((9, 5), density=0.4, format="csr", rng=np.random.default_rng(0), dtype=np.float64)
    constant = np.array([0, 1.5, 0, -2, 0.25])
    return SparseRows(made.astype(dtype), constant.astype(dtype)), (made.toarray() + constant).astype(dtype)


def make_weights(networks, dtype=np.float64):
    rng = np.random.default_rng(1)
    return Weights(rng.normal(size=(*networks, 4, 5)).astype(dtype), rng.normal(size=(*networks, 4)).astype(dtype))


def test_rows_are_columns_to_a_network():
    rows, written = make_rows()
    np.testing.assert_array_equal(columns(written), written.T)
    assert columns(rows) is rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("networks", [(), (1,), (3,)], ids=str)
def test_products_are_those_of_the_rows_written_out(networks, dtype):
    rows, written = make_rows(dtype)
    weights = make_weights(networks, dtype)
    gradient = np.random.default_rng(2).normal(size=(*networks, 4, 9)).astype(dtype)
    tolerance = {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}

    y, kept = LAYER.forward(weights, rows, CONTEXT)
    out = Weights(*(np.full_like(array, np.nan) for array in weights))
    found, towards_x = LAYER.backward(weights, kept, gradient.copy(), out, False)

    expected, kept = LAYER.forward(weights, columns(written), CONTEXT)
    np.testing.assert_allclose(y, expected, **tolerance)
    assert y.dtype == dtype
    assert towards_x is None
    assert found.weight is out.weight
    for one in found, LAYER.backward(weights, rows, gradient.copy(), None, False)[0]:
        for a, b in zip(one, LAYER.backward(weights, kept, gradient.copy())[0], strict=True):
            np.testing.assert_allclose(a, b, **tolerance)
            assert a.dtype == dtype


@pytest.mark.parametrize("chosen", [slice(2, 6), slice(0, 0), np.array([8, 0, 3, 3])], ids=str)
def test_rows_are_chosen_as_of_an_array(chosen):
    rows, written = make_rows()
    part, weights = rows[chosen], make_weights((1,))
    assert len(part) == len(written[chosen])
    assert part.shape == written[chosen].shape
    expected = LAYER.forward(weights, written[chosen].T, CONTEXT)[0]
    np.testing.assert_allclose(LAYER.forward(weights, part, CONTEXT)[0], expected)


def test_precision_can_be_changed():
    rows, written = make_rows()
    product, _ = LAYER.forward(Weights(np.ones((1, 4, 5), np.float32), None), rows.astype(np.float32), CONTEXT)
    assert product.dtype == np.float32
    np.testing.assert_allclose(product[0, 0], written.sum(axis=1), rtol=1e-5)
